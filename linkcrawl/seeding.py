"""Seeds into the frontier: in a stream, over outages, with what came of them."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.client import Frontier
from linkcrawl.intake import Seeds
from linkcrawl.records import Candidate, Refusal, Seed
from linkcrawl.scope import Scope, ScopeRule
from linkcrawl.urls.seeds import SeedUrl

FILLING_MS, FILLING_SAID_EVERY_S = 30_000, 5.0
SUBMITTED_AT_ONCE = 3
"""Batches: while the server works on one, the next is packed."""
SCOPE_REMEMBERED = 200_000
"""Sites (or hosts) that are not added to the scope twice by one command."""
PATIENCE_S = 120.0
"""How long a server that does not answer is waited for while seeds are submitted."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of the seeds of one command."""

    seeds: int = 0
    """As given."""
    new: int = 0
    """Those that the crawl did not know."""
    refused: Counter[Refusal] = field(default_factory=Counter)
    """Those refused for another reason than being known."""
    interrupted: bool = False
    """The server was away meanwhile: some that it took in just before count as known."""

    @property
    def known(self) -> int:
        """Those that the crawl knew, or that were given twice."""
        return self.seeds - self.new - sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Watched:
    """Whom to tell while seeds are submitted."""

    submitted: Callable[[int], None]
    """Told now and then how many are in."""
    log: Callable[[str], None]


@contextlib.asynccontextmanager
async def filling(frontier: Frontier) -> AsyncIterator[None]:
    """While this lasts, no worker takes the crawl for complete."""

    async def say() -> None:
        while True:
            await asyncio.sleep(FILLING_SAID_EVERY_S)
            with contextlib.suppress(FrontierUnavailable):
                await frontier.filling(FILLING_MS)

    await frontier.filling(FILLING_MS)
    saying = asyncio.get_running_loop().create_task(say())
    try:
        yield
    finally:
        saying.cancel()
        # Should this not arrive, it runs out by itself.
        with contextlib.suppress(FrontierUnavailable):
            await frontier.filling(0)


async def submit_seeds(frontier: Frontier, seeds: Seeds, watched: Watched, *, durably: bool) -> Submitted:
    """Submit all of them, waiting for a server that is away; durably: return when they are on its disk.

    Raises FrontierUnavailable if it stays away: what is in stays in, and the same command does the rest.
    """
    new = 0
    give_up_at: float | None = None
    while True:
        stream = _Stream(frontier, seeds, watched.submitted)
        try:
            refused = await stream.run()
            if durably:
                await frontier.barrier()
        except FrontierUnavailable as why:
            # From the start: those that are in are refused as known, those that the server forgot are not.
            new += stream.new
            if give_up_at is None:
                give_up_at = time.monotonic() + PATIENCE_S
                watched.log(f"{why}: waiting")
            elif time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(1)
            continue
        new = min(new + stream.new, seeds.count)
        return Submitted(seeds.count, new, refused, interrupted=give_up_at is not None)


class _Stream:
    """One pass over the seeds."""

    def __init__(self, frontier: Frontier, seeds: Seeds, submitted: Callable[[int], None]) -> None:
        self.new = 0
        self._frontier = frontier
        self._batches = seeds.batches()
        self._scope = Scope(ScopeRule(frontier.spec.scope))
        self._in_scope: set[int] = set()
        self._refused: Counter[Refusal] = Counter()
        self._done = 0
        self._told = submitted

    async def run(self) -> Counter[Refusal]:
        """What was refused, those that were known left out."""
        tasks = [asyncio.create_task(self._submit()) for _ in range(SUBMITTED_AT_ONCE)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        return self._refused

    async def _submit(self) -> None:
        for batch in self._batches:
            await self._widen_scope(batch)
            answers = await self._frontier.submit([_candidate(seed) for seed in batch])
            counted = Counter(answers)
            accepted = counted.pop(None, 0)
            if accepted:
                self.new += accepted
                await self._frontier.count_seeds(accepted)
            counted.pop(Refusal.SEEN, None)
            self._refused.update({reason: times for reason, times in counted.items() if reason is not None})
            self._done += len(batch)
            self._told(self._done)

    async def _widen_scope(self, batch: Iterable[SeedUrl]) -> None:
        if self._scope.rule is ScopeRule.WEB:
            return
        keys = {self._scope.key(seed.host, seed.site) for seed in batch}
        fresh = [key for key in keys if hash(key) not in self._in_scope]
        if fresh:
            await self._frontier.add_scope(sorted(fresh))
        if len(self._in_scope) > SCOPE_REMEMBERED:
            self._in_scope.clear()
        self._in_scope.update(map(hash, fresh))


def _candidate(seed: SeedUrl) -> Candidate:
    kind = Seed.HTTPS_FIRST if seed.https_first else Seed.YES
    return Candidate(seed.url, seed.host, seed.site, depth=0, seed=kind)
