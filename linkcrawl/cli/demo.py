"""`linkcrawl demo`: the main job on a small web of its own."""

import argparse
import contextlib
import shlex
import sys
import tempfile
from collections.abc import Iterator

from linkcrawl.cli import crawl as crawl_command
from linkcrawl.cli import links as links_command
from linkcrawl.demo.server import DemoWeb, serve_demo


def run(arguments: argparse.Namespace) -> int:
    """Serve, crawl with the very command that a real crawl takes, print what was found."""
    from linkcrawl.cli.parser import build_parser

    with serve_demo() as web, _out(arguments.out) as out:
        command = ["crawl", *web.seeds, "--watch", *web.watch, "-o", out, *_for_the_demo(web)]
        print(f"$ {shlex.join(['linkcrawl', *command])}\n", flush=True)
        parsed = build_parser().parse_args(command)
        code = crawl_command.carry_out(crawl_command.plan_of(parsed))
        for target in web.watch if code == 0 else ():
            shown = ["links", target, out]
            print(f"\n$ {shlex.join(['linkcrawl', *shown])}\n", flush=True)
            code = code or links_command.run(build_parser().parse_args(shown))
    if code == 0:
        print("\nA crawl of your own: linkcrawl crawl SEED... --watch DOMAIN... -o OUT")
        if arguments.out is None:
            print("(The demo's datasets are gone now; linkcrawl demo -o OUT keeps them.)")
    sys.stdout.flush()
    return code


def _for_the_demo(web: DemoWeb) -> list[str]:
    """What only a web on this machine needs: every host leads here, and nobody is hurried."""
    mapped = ["--connect-to", web.connect_to, "--delay", "50ms", "--retry-wait", "500ms"]
    return [*mapped, "--contact", "https://you.example/crawler"]


@contextlib.contextmanager
def _out(given: str | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="linkcrawl-demo-") as folder:
        yield folder
