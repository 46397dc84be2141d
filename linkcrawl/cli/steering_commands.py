"""The flags of the commands that see and steer a running crawl."""

import argparse
from typing import Any

from linkcrawl.cli.flags import add_command, add_crawl_address
from linkcrawl.records import Outcome

HERE = "--redis redis://host:6379/0 --name spring"


def add_to(commands: Any) -> None:
    """Add them to the command line."""
    _status(commands)
    _why(commands)
    _watch(commands)
    _block(commands)
    _running(commands)
    _retry(commands)
    _delete(commands)


def _command(
    commands: Any, name: str, help_: str, examples: str, module: str | None = None
) -> argparse.ArgumentParser:
    parser = add_command(commands, name, help_, examples.replace("HERE", HERE), module=module)
    add_crawl_address(parser)
    return parser


def _status(commands: Any) -> None:
    parser = _command(
        commands,
        "status",
        "how a running crawl stands: redrawn each second on a terminal, one report elsewhere",
        "examples:\n  linkcrawl status HERE\n"
        "  linkcrawl status HERE --json | jq .urls.queued\n"
        "  linkcrawl status HERE --site blog.example\n\n"
        "Ctrl-C leaves it; the crawl goes on. The keys of --json are listed in linkcrawl/status/__init__.py: keys may\n"
        "come, none goes or changes its meaning.",
    )
    parser.add_argument("--site", metavar="S", help="of this site alone")
    parser.add_argument("--once", action="store_true", help="one report, on a terminal too")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _why(commands: Any) -> None:
    parser = _command(
        commands,
        "why",
        "where a URL is, what became of it, or why it never came in",
        "example:\n  linkcrawl why https://blog.example/post HERE",
    )
    parser.add_argument("url", metavar="URL", help="a URL, or a bare domain as seeds are written")
    parser.add_argument(
        "-o", "--out", metavar="OUT", help="where the datasets are here (default: the crawl's)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _watch(commands: Any) -> None:
    parser = add_command(
        commands,
        "watch",
        "change the watch list of a running crawl, or list it",
        f"examples:\n  linkcrawl watch add mysite.example {HERE}\n"
        f"  linkcrawl watch remove old.txt {HERE}\n  linkcrawl watch list {HERE}\n\n"
        "Workers take the new list up within seconds; pages that were read before are not read again for it.",
    )
    verbs = parser.add_subparsers(title="what to do", metavar="add|remove|list", required=True, dest="verb")
    for verb, text in (("add", "watch these too"), ("remove", "watch these no longer")):
        one = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument(
            "pattern",
            nargs="+",
            metavar="PATTERN|FILE",
            help="a domain (with all below it), =host, or domain/path/ prefix; or a file of them",
        )
        add_crawl_address(one)
    add_crawl_address(verbs.add_parser("list", help="the patterns", description="One pattern a line."))


def _block(commands: Any) -> None:
    parser = _command(
        commands,
        "block",
        "stop all workers on a domain and all below it, within seconds",
        "examples:\n  linkcrawl block angry.example HERE\n  linkcrawl block --remove angry.example HERE\n"
        "  linkcrawl block --list HERE\n\n"
        "What is queued of it is settled as blocked_domain, unfetched; --remove does not bring that back\n"
        "(`linkcrawl retry --outcome blocked_domain` does).",
    )
    parser.add_argument("domain", nargs="*", metavar="DOMAIN")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--remove", action="store_true", help="crawl it again")
    which.add_argument("--list", action="store_true", help="the blocked domains, one a line")


def _running(commands: Any) -> None:
    told = {
        "pause": ("give no more work out; what workers hold goes on", ""),
        "resume": ("go on after a pause, or after a stop", ""),
        "stop": (
            "end the crawl: workers finish what they hold, and what is queued stays for later",
            "\n  linkcrawl stop --wait HERE",
        ),
    }
    for verb, (text, more) in told.items():
        parser = _command(commands, verb, text, f"example:\n  linkcrawl {verb} HERE{more}", "running")
        parser.set_defaults(verb=verb)
        if verb == "stop":
            parser.add_argument(
                "--wait", action="store_true", help="until no worker is left, then the totals"
            )


def _retry(commands: Any) -> None:
    parser = _command(
        commands,
        "retry",
        "queue URLs again whose newest visit ended badly",
        "examples:\n  linkcrawl retry --outcome timeout --outcome connect_error HERE\n"
        "  linkcrawl retry --status 503 --site shop.example --since 2d HERE\n\n"
        "It reads the datasets at OUT, and opens a crawl that has ended. Given twice, it queues nothing twice.\n"
        f"Outcomes: {', '.join(Outcome)}.".replace(", redirect_", ", redirect_"),
    )
    parser.add_argument(
        "--outcome", action="append", default=[], metavar="OUTCOME", help="of these; may be repeated"
    )
    parser.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="N",
        help="http_error of this HTTP status; repeatable",
    )
    parser.add_argument("--site", metavar="S", help="of this site alone")
    parser.add_argument(
        "--since", metavar="D", help="visited since: 2026-01-31, 2026-01-31T12:00:00Z, or an age: 2h, 7d"
    )
    parser.add_argument(
        "-o", "--out", metavar="OUT", help="where the datasets are here (default: the crawl's)"
    )


def _delete(commands: Any) -> None:
    parser = _command(
        commands,
        "delete",
        "remove a crawl from the frontier; its datasets stay",
        "example:\n  linkcrawl delete HERE",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also while workers are alive: they then stop")
