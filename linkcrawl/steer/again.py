"""`retry`: URLs whose newest visit ended badly are queued again, in a new round.

A URL's round is the first that began after its newest visit: a URL that an earlier retry queued and that was not
visited since is then known already (`seen`), so that the command may be given twice, or again after it was cut.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from linkcrawl.dataset.location import Location
from linkcrawl.frontier import Frontier
from linkcrawl.index.visits import Visited, Wanted, newest_visits_that
from linkcrawl.records import Candidate, EndState, Kind, Refusal, Seed
from linkcrawl.status import found


@dataclass(slots=True)
class Retried:
    """What came of it."""

    round: int
    submitted: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    opened: EndState | None = None
    """How the crawl had ended before this opened it again."""
    limit_reached: int | None = None
    """The crawl's limit of pages, where it leaves none for the URLs."""


async def retry(frontier: Frontier, location: Location, wanted: Wanted) -> Retried:
    """Submit them. Raises LinkcrawlError, FrontierLost, FrontierUnavailable, DatasetError."""
    state = await found(frontier)
    starts = await frontier.begin_round()
    done = Retried(len(starts))
    with newest_visits_that(location, wanted) as batches:
        while batch := await asyncio.to_thread(next, batches, None):
            candidates = [candidate(visit, starts) for visit in batch]
            answers = await frontier.submit(candidates)
            done.submitted += answers.count(None)
            done.refused.update(answer for answer in answers if answer is not None)
    if done.submitted:
        await _open(frontier, done, state.end_state)
    return done


async def _open(frontier: Frontier, done: Retried, ended: EndState | None) -> None:
    """A finished crawl was opened by the first URL that it took; other ends are taken back here."""
    if ended is not None:
        await frontier.reopen()
        done.opened = ended
    most = frontier.spec.max_pages
    if most is not None and (await frontier.books()).pages >= most:
        done.limit_reached = most


def candidate(visit: Visited, starts: Sequence[int]) -> Candidate:
    """The URL of a visit as it is submitted again. starts: when each round began, us; the last one is the newest."""
    return Candidate(
        visit.url,
        visit.host,
        visit.site,
        visit.depth,
        visit.discovered_from,
        visit.redirect_hops,
        Kind(visit.kind),
        # What a seed leads to keeps its depth: all of depth 0 are seeds, or what they redirected to.
        Seed.YES if visit.depth == 0 else Seed.NO,
        min(bisect_right(starts, visit.visited_at_us) + 1, len(starts)),
    )
