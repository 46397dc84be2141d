"""Every command, flag and default, as argparse knows them. A command imports what it needs when it runs."""

import argparse
from typing import Any

from linkcrawl import __version__
from linkcrawl.cli import sharing_commands, steering_commands
from linkcrawl.cli.flags import add_command, add_settings

DESCRIPTION = (
    "A self-hosted backlink index: crawl sites, find every link to the domains you watch, keep it as Parquet."
)
CRAWL_EXAMPLES = """examples:
  linkcrawl crawl blog.example news.example --watch mysite.example -o out
  linkcrawl crawl --seeds seeds.txt --watch watch.txt -o s3://bucket/links --workers 4 --max-pages 100000

Every option can stand in a TOML file (--config) as max_pages = 1000, and in the environment as
LINKCRAWL_MAX_PAGES=1000. A flag wins over a variable, a variable over the file.
Ctrl-C stops cleanly, and the same command goes on where it stopped; a second Ctrl-C stops at once.
"""
INSPECT_SETTINGS = (
    "tracking_param",
    "user_agent",
    "contact",
    "proxy",
    "ca_file",
    "insecure",
    "connect_to",
    "allow_private",
    "timeout",
    "max_body",
)
FORMATS = ("table", "csv", "json", "parquet")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="linkcrawl", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"linkcrawl {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _crawl(commands)
    sharing_commands.add_to(commands)
    steering_commands.add_to(commands)
    _demo(commands)
    _links(commands)
    _inspect(commands)
    _normalize(commands)
    _robots(commands)
    return parser


def _crawl(commands: Any) -> None:
    parser = add_command(
        commands, "crawl", "find the links from the seeds' sites to the watched domains", CRAWL_EXAMPLES
    )
    parser.add_argument("seed", nargs="*", metavar="SEED", help="URL or bare domain to start from")
    parser.add_argument("--config", metavar="FILE", help="settings from a TOML file")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the summary")
    add_settings(parser)


def _demo(commands: Any) -> None:
    parser = add_command(
        commands,
        "demo",
        "the main job on a small web of its own, on this machine",
        "example:\n  linkcrawl demo\n  linkcrawl demo -o /tmp/demo",
    )
    parser.add_argument(
        "-o", "--out", metavar="OUT", help="keep the datasets there (default: a folder that goes)"
    )


def _links(commands: Any) -> None:
    parser = add_command(
        commands,
        "links",
        "who links to a target: the rows that the datasets hold",
        "examples:\n  linkcrawl links mysite.example out\n"
        "  linkcrawl links mysite.example/blog/ out --format csv",
    )
    parser.add_argument("target", metavar="TARGET", help="domain, =host, domain/path/ or URL")
    parser.add_argument("out", metavar="OUT", help="folder or URL of the datasets")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N rows")


def _inspect(commands: Any) -> None:
    parser = add_command(
        commands,
        "inspect",
        "how a page is read: one line of JSON for each, no crawl",
        "examples:\n  linkcrawl inspect page.html --base-url https://example.com/\n"
        "  linkcrawl inspect https://example.com/ --header 'Accept-Language: de'\n\n"
        "Links that only JavaScript makes are not seen, here as in a crawl.",
    )
    parser.add_argument("page", nargs="+", metavar="FILE|URL")
    parser.add_argument("--base-url", metavar="U", help="the URL that a file is read as")
    parser.add_argument(
        "--header",
        action="append",
        default=None,
        metavar="'K: V'",
        help="for a file: a header it came with; for a URL: a header to send",
    )
    parser.add_argument("--watch", nargs="+", action="extend", metavar="DOMAIN", help="mark links to these")
    parser.add_argument("--pretty", action="store_true", help="indented, for people")
    add_settings(parser, INSPECT_SETTINGS)


def _normalize(commands: Any) -> None:
    parser = add_command(
        commands,
        "normalize",
        "URLs on standard input -> JSON lines: url, normalized, host, site, error",
        "example:\n  echo 'HTTP://Example.COM:80/?utm_source=x' | linkcrawl normalize",
    )
    add_settings(parser, ("tracking_param",))


def _robots(commands: Any) -> None:
    parser = add_command(
        commands,
        "robots",
        "allow or disallow, and the rule that decided, for each URL",
        "example:\n  linkcrawl robots robots.txt --agent linkcrawl https://example.com/private/",
    )
    parser.add_argument("file", metavar="FILE", help="a robots.txt; - for standard input")
    parser.add_argument("--agent", default="linkcrawl", metavar="A", help="default: linkcrawl")
    parser.add_argument("url", nargs="+", metavar="URL", help="a URL, or a path with its query")
