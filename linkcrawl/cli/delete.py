"""`linkcrawl delete`."""

import argparse
import sys

from linkcrawl.cli.steering import steer
from linkcrawl.errors import UsageError
from linkcrawl.frontier import Frontier
from linkcrawl.steer import removing
from linkcrawl.units import times


def run(arguments: argparse.Namespace) -> int:
    """Show what would go, ask, delete."""
    asks = sys.stdin.isatty() and not arguments.yes
    if not asks and not arguments.yes:
        raise UsageError(
            "a crawl is deleted for good: without a terminal to ask at, say --yes; nothing was deleted"
        )
    if asks:
        print(_described(steer(arguments, removing.look)))
        print("Its datasets stay. Delete it from the frontier? Type yes: ", end="", flush=True)
        if sys.stdin.readline().strip().lower() != "yes":
            print("Nothing was deleted.")
            return 1

    async def delete(frontier: Frontier) -> tuple[str, bool]:
        await removing.delete(frontier, force=arguments.force)
        return frontier.name, await frontier.pushed_seeds()

    name, left = steer(arguments, delete)
    print(f"the crawl {name!r} is deleted from the frontier; its datasets stay")
    if left:
        print(f"{name}:start_urls, to which seeds were pushed, is no key of the crawl and is left")
    return 0


def _described(doomed: removing.Doomed) -> str:
    if doomed.standing is None:
        return f"It can not be read: {doomed.damage}."
    state, books = doomed.standing.state, doomed.standing.books
    how = state.end_state or ("paused" if state.paused else "not finished")
    return (
        f"The crawl {state.spec.name!r} ({state.spec.crawl_id}), {how}: {times(books.pages, 'page')} settled, "
        f"{times(books.queued + books.delayed, 'URL')} queued, {times(doomed.standing.workers, 'live worker')}."
    )
