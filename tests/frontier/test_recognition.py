"""A server that comes back without its last moments has forgotten who asks which site: nobody else asks it too soon."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import Frontier, Release, ServerAddress
from linkcrawl.records import Lease, SiteHold
from tests.crawl.server import RestartableServer
from tests.frontier.conftest import Crawl, OpenCrawl, a_spec, url
from tests.frontier.test_moves import lease_until, leases_of
from tests.frontier.test_worker import Scene, a_web

DELAY_MS = 30_000
LOWEST_MS = 15_000
"""A delay that began a moment ago has more left than this, on however slow a machine."""


class Forgetful:
    """A server that loses what was written after a moment of the test's choice, and a crawl on it."""

    def __init__(self, server: RestartableServer, crawl: Crawl) -> None:
        self.server = server
        self.crawl = crawl
        self._kept = 0

    async def remember(self, client: Frontier) -> None:
        """What was written so far, by any client, outlives the crash."""
        await client.barrier(client.breaks)
        self._kept = self._log().stat().st_size

    def crash(self) -> None:
        """Go and come back, without the rest."""
        self.server.kill()
        assert self._log().stat().st_size > self._kept, "nothing would be lost"
        os.truncate(self._log(), self._kept)
        self.server.start()

    def _log(self) -> Path:
        [log] = (self.server.folder / "appendonlydir").glob("*.incr.aof")
        return log


@asynccontextmanager
async def forgetful(**limits: Any) -> AsyncIterator[Forgetful]:
    """One site is queued, its delay is long, the reclaim time is two seconds."""
    with RestartableServer() as server:
        values = {"delay_ms": DELAY_MS, "reclaim_after_ms": 2_000, "partitions": 1} | limits
        crawl = Crawl(ServerAddress.from_url(server.url), a_spec(**values))
        try:
            operator = await crawl.client()
            await operator.create(crawl.spec)
            await operator.submit([url("a.example", f"/{i}") for i in range(4)])
            yield Forgetful(server, crawl)
        finally:
            await crawl.close()


async def back(worker: Frontier, leases: Sequence[Lease] = (), holds: Sequence[SiteHold] = ()) -> set[str]:
    """A worker hears of the crash and reconciles; the sites that it has to drop."""
    async with asyncio.timeout(20):
        while True:
            try:
                await worker.beat([])
                result = await worker.reconcile(leases, holds)
            except FrontierUnavailable:
                continue
            assert result.alive
            return {hold.site for hold in result.dropped_holds}


@pytest.mark.parametrize("newcomer", [False, True])
def test_a_site_that_another_worker_may_ask_is_not_leased(newcomer: bool) -> None:
    async def scenario() -> None:
        async with forgetful() as scene:
            first, second = await scene.crawl.worker("first"), await scene.crawl.worker("second")
            await scene.remember(second)
            [hold] = await first.lease(1, 1)
            await first.beat([])
            assert first.may_start(), "it knows nothing of what comes"
            scene.crash()
            if newcomer:
                second = await scene.crawl.worker("newcomer")
            else:
                await back(second)
            assert await second.lease(1, 1) == []
            assert 0 < (second.next_due_in_ms or 0) <= 1_001
            [again] = await lease_until(second, 1, 1)
            assert again.site == hold.site
            assert not first.may_start(), "though it has not heard of the crash"
            assert LOWEST_MS < again.ready_in_ms <= DELAY_MS
            assert await back(first, leases_of([hold]), [hold]) == {hold.site}
            assert (await first.books()).balanced

    asyncio.run(scenario())


def test_a_worker_alone_waits_for_its_own_delay_and_no_longer() -> None:
    async def scenario() -> None:
        async with forgetful() as scene:
            worker = await scene.crawl.worker()
            await scene.remember(worker)
            [hold] = await worker.lease(1, 1)
            await worker.release([Release(hold, 0)])
            scene.crash()
            await back(worker)
            [again] = await worker.lease(1, 1)
            assert LOWEST_MS < again.ready_in_ms <= DELAY_MS

    asyncio.run(scenario())


def test_who_left_or_was_declared_dead_is_not_waited_for() -> None:
    async def scenario() -> None:
        async with forgetful(reclaim_after_ms=3_600_000) as scene:
            leaves, dies = await scene.crawl.worker("leaves"), await scene.crawl.worker("dies")
            await leaves.leave()
            await scene.remember(leaves)
            await dies.lease(1, 1)
            scene.crash()
            operator = await scene.crawl.client()
            await operator.reclaim(everyone=True)
            resumed = await scene.crawl.worker("resumed")
            assert len(await resumed.lease(1, 1)) == 1

    asyncio.run(scenario())


def test_what_a_worker_holds_on_both_sides_it_keeps() -> None:
    async def scenario() -> None:
        async with forgetful() as scene:
            first, second = await scene.crawl.worker("first"), await scene.crawl.worker("second")
            [hold] = await first.lease(1, 1)
            await scene.remember(second)
            await second.submit([url("b.example")])
            scene.crash()
            assert await back(first, leases_of([hold]), [hold]) == set()
            assert first.may_start()
            assert await first.release([Release(hold, 0)]) == 0

    asyncio.run(scenario())


def test_a_line_that_breaks_is_no_restart(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(delay_ms=DELAY_MS) as crawl:
            first, second = await crawl.worker("first"), await crawl.worker("second")
            await second.submit([url("a.example")])
            await crawl.raw.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            for worker in (first, second):
                await back(worker)
            [hold] = await lease_until(second)
            assert hold.ready_in_ms == 0

    asyncio.run(scenario())


class Recorded(Frontier):
    """Tells in which order a worker asks."""

    asked: list[str]

    async def barrier(self, since: int | None = None) -> None:
        await super().barrier(since)
        self.asked.append("on disk")

    async def lease(self, sites: int, urls_per_site: int) -> list[SiteHold]:
        self.asked.append("lease")
        return await super().lease(sites, urls_per_site)


def test_a_worker_is_on_disk_before_it_leases(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.submit([url("s0.example")])
            frontier = await Recorded.connect(crawl.address, crawl.spec.name, worker_id="w")
            assert isinstance(frontier, Recorded)
            frontier.asked = []
            scene = Scene(frontier, a_web(1, 3))
            await scene.worker.open()
            try:
                await scene.to_the_end()
            finally:
                await frontier.close()
            assert frontier.asked[:2] == ["on disk", "lease"]

    asyncio.run(scenario())


def test_what_a_lease_gave_while_the_server_came_back_is_not_kept() -> None:
    async def scenario() -> None:
        async with forgetful() as scene:
            first = await scene.crawl.worker("first")
            frontier = await scene.crawl.client("second")
            worker = Scene(frontier, {}).worker
            await worker._join()
            await scene.remember(frontier)
            await first.lease(1, 1)
            scene.crash()
            # It was not told to reconcile yet, and the server does not know yet that it is another one.
            assert not frontier.must_reconcile
            await worker._lease()
            assert (await frontier.books()).sites_held == 1
            assert not worker.pacing.sites
            await worker._beat()
            books = await frontier.books()
            assert (books.returned, books.sites_held, books.balanced) == (4, 0, True)
            assert await frontier.lease(1, 1) == []

    asyncio.run(scenario())
