"""A crawl is paused, goes on, is stopped: each answers with what is true then."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from linkcrawl.frontier import Books, CrawlState, Frontier
from linkcrawl.records import EndState
from linkcrawl.status import found

LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """How the crawl stands."""

    state: CrawlState
    books: Books
    workers: int


async def standing(frontier: Frontier) -> Standing:
    """How the crawl stands now. Raises LinkcrawlError if there is none."""
    state = await found(frontier)
    return Standing(state, await frontier.books(), len(await frontier.workers()))


async def pause(frontier: Frontier) -> Standing:
    """Give no leases; what is leased goes on."""
    await found(frontier)
    await frontier.pause()
    return await standing(frontier)


async def resume(frontier: Frontier) -> Standing:
    """Give leases again: after a pause, and after an operator's stop."""
    state = await found(frontier)
    await frontier.resume()
    if state.end_state is EndState.STOPPED:
        await frontier.reopen()
    return await standing(frontier)


async def stop(frontier: Frontier) -> Standing:
    """Drain: no lease is given any more, and workers end what they hold. A crawl that ended keeps its end."""
    await found(frontier)
    await frontier.end(EndState.STOPPED)
    return await standing(frontier)


async def wait_until_left(frontier: Frontier, told: Callable[[Standing], None]) -> Standing:
    """Return when no worker is left: those that died are gone after the reclaim time. told: of each look."""
    while True:
        now = await standing(frontier)
        if not now.workers:
            return now
        told(now)
        await asyncio.sleep(LOOK_EVERY_S)
