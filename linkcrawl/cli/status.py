"""`linkcrawl status`."""

import argparse
import asyncio
import sys
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from linkcrawl.cli.flags import crawl_address
from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import Frontier
from linkcrawl.report.status import WORKERS_SHOWN, picture, site_picture
from linkcrawl.report.text import json_safe
from linkcrawl.status import Gauge, Status, as_json, found, read_site
from linkcrawl.steer.connect import connected
from linkcrawl.steer.names import site_named
from linkcrawl.urls.identity import IdentityRules

EVERY_S = 1.0
READINGS_APART_S = 1.0
HEADROOM = 26
"""Lines of the live table that are not workers."""


def run(arguments: argparse.Namespace) -> int:
    """One report, one JSON object, or a table that is redrawn until Ctrl-C."""
    config = crawl_address(arguments)
    console = Console(highlight=False)
    live = console.is_terminal and not (arguments.once or arguments.json or arguments.site)

    async def show() -> None:
        async with connected(config) as frontier:
            await found(frontier)
            if arguments.site:
                await _show_site(frontier, arguments, console)
            elif live:
                await _redraw(Gauge(frontier), console)
            else:
                _print(await _once(Gauge(frontier)), arguments, console)

    try:
        asyncio.run(show())
    except KeyboardInterrupt:
        if not live:
            raise
    return 0


async def _once(gauge: Gauge) -> Status:
    status = await gauge.read()
    if status.pages_a_second is None:
        # The workers do not tell their pace: two readings do.
        await asyncio.sleep(READINGS_APART_S)
        status = await gauge.read()
    return status


def _print(status: Status, arguments: argparse.Namespace, console: Console) -> None:
    if arguments.json:
        sys.stdout.write(json_safe(as_json(status).decode()) + "\n")
    else:
        _print_plain(picture(status, workers_shown=1_000), console)


def _print_plain(picture_: RenderableType, console: Console) -> None:
    """Without the blanks that fill the lines up."""
    with console.capture() as captured:
        console.print(picture_)
    for line in captured.get().splitlines():
        print(line.rstrip())


async def _show_site(frontier: Frontier, arguments: argparse.Namespace, console: Console) -> None:
    host, site = site_named(arguments.site, IdentityRules())
    status = await read_site(frontier, site, host)
    if arguments.json:
        sys.stdout.write(json_safe(as_json(status).decode()) + "\n")
    else:
        _print_plain(site_picture(status), console)


async def _redraw(gauge: Gauge, console: Console) -> None:
    """Until Ctrl-C, or until the crawl has ended and nobody works on it."""
    last: Status | None = None
    heard = time.monotonic()
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            try:
                last, heard = await gauge.read(), time.monotonic()
                live.update(picture(last, workers_shown=_rows(console)), refresh=True)
            except FrontierUnavailable as why:
                if last is None:
                    raise
                away = Text(f"! {why} (for {time.monotonic() - heard:.0f} s)", "red")
                live.update(Group(picture(last, workers_shown=_rows(console)), away), refresh=True)
            if last.crawl.ended_at is not None and not last.workers:
                return
            await asyncio.sleep(EVERY_S)


def _rows(console: Console) -> int:
    """Workers that fit the terminal."""
    return max(3, min(WORKERS_SHOWN, console.size.height - HEADROOM))
