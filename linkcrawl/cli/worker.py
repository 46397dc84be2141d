"""`linkcrawl worker`."""

import argparse
import asyncio
import sys

from linkcrawl.cli import EXIT_INTERRUPTED
from linkcrawl.cli.flags import crawl_address
from linkcrawl.cli.progress import Ticker
from linkcrawl.records import EndState
from linkcrawl.service import Order, Result, Told, serve
from linkcrawl.units import spoken_duration

PLAIN_EVERY_S = 60.0
"""Its log is kept for months."""

SAID = {
    EndState.FINISHED: "The crawl finished: every URL in scope has its outcome.",
    EndState.LIMIT: "The crawl ended at a limit. linkcrawl submit, with a higher limit, opens it again.",
    EndState.STOPPED: "The crawl was stopped. linkcrawl submit opens it again.",
    None: "Stopped. The crawl goes on without this worker.",
}


def run(arguments: argparse.Namespace) -> int:
    """Work for the crawl to its end -> exit code."""
    config = crawl_address(arguments)
    ticker = Ticker(quiet=arguments.quiet, plain_every_s=PLAIN_EVERY_S)
    with ticker:
        order = Order(config, stay=arguments.stay, log_level=arguments.log_level)
        result = asyncio.run(serve(order, Told(ticker.progress, ticker.log)))
    sys.stdout.write(summary_of(result))
    return EXIT_INTERRUPTED if result.at_once else 0


def summary_of(result: Result) -> str:
    """How the crawl ended, and what this machine did for it."""
    said = (
        "Ended at once. What was not written yet is fetched again." if result.at_once else SAID[result.state]
    )
    took = spoken_duration(result.seconds * 1000)
    return f"{said}\n  here       {result.pages:,} pages, {result.links:,} links in {took}\n"
