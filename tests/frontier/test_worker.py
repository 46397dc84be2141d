"""A worker against a real server, with a web of which every page is known at once: whole small crawls, no Scrapy."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from linkcrawl.frontier import Frontier, WorkerFacts
from linkcrawl.frontier.held import Visit
from linkcrawl.frontier.hooks import Hooks
from linkcrawl.frontier.pacing import Pace
from linkcrawl.frontier.worker import FrontierWorker
from linkcrawl.records import Candidate, EndState, Fetch, Outcome, RobotsRecord, RobotsState
from tests.frontier.conftest import Crawl, OpenCrawl, url

SOON_S = 30.0
PACE = Pace(
    concurrency=20,
    per_ip=0,
    delay_s=0.0,
    max_crawl_delay_ms=60_000,
    retries=2,
    retry_wait_ms=1_000,
    obey_robots=True,
)
Web = Mapping[str, Sequence[Candidate]]
"""URL of each page -> what it links to."""


def a_web(sites: int, pages: int) -> dict[str, list[Candidate]]:
    """Each site's first page links to all of its pages; the even ones of those to the next, the odd ones to none."""
    web: dict[str, list[Candidate]] = {}
    for number in range(sites):
        site = f"s{number}.example"
        some = [url(site, f"/{page}", depth=1) for page in range(pages)]
        web[url(site).url] = some
        for page, candidate in enumerate(some):
            web[candidate.url] = [] if page % 2 else [some[(page + 1) % pages]._replace(depth=2)]
    return web


@dataclass
class Scene:
    """A worker with the crawler around it: downloads take a moment, rows are durable when `commit` says so."""

    frontier: Frontier
    web: Web
    page_s: float = 0.002
    commits: bool = True
    fetched: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    _read: list[Visit] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.worker = FrontierWorker(
            frontier=self.frontier,
            network=self,
            pace=PACE,
            max_sites=4,
            beat_every_s=0.1,
            hooks=Hooks(
                start=self._start,
                dry=self.commit,
                ended=self._ended,
                scope_grew=lambda keys: None,
                in_scope=lambda candidate: True,
                facts=lambda: WorkerFacts(pages=self.fetched.total()),
                take_start_urls=self._nothing_pushed,
                tables_changed=self._tables_changed,
            ),
        )

    async def _nothing_pushed(self) -> bool:
        return False

    async def _tables_changed(self, watch_version: int, blocked_version: int) -> None:
        pass

    def _ended(self, reason: str) -> None:
        self.ended.append(reason)

    # --- the network

    async def address_of(self, url: str) -> str | None:
        return None

    async def connects(self, origin: str) -> bool:
        return True

    async def robots_of(self, origin: str) -> RobotsRecord:
        return RobotsRecord(origin, RobotsState.MISSING, b"", None, 3_600_000)

    # --- the download and the pipelines

    def _start(self, visit: Visit) -> None:
        task = asyncio.get_running_loop().create_task(self._bring(visit))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring(self, visit: Visit) -> None:
        candidate = visit.lease.candidate
        if visit.fetch is None:
            if not self.worker.pacing.started(visit):
                self.worker.pacing.not_sent(visit)
                return
            self.fetched[candidate.url] += 1
            await asyncio.sleep(self.page_s)
            visit.fetch = Fetch(Outcome.OK, 200)
            self.worker.fetched(visit, visit.fetch, None)
        if visit.dropped:
            return
        found = [link._replace(discovered_from=candidate.url) for link in self.web.get(candidate.url, ())]
        self.worker.read(visit.lease.visit_id, visit.fetch.outcome, found, ())
        self._read.append(visit)
        if self.commits and len(self._read) >= 5:
            self.commit()

    def commit(self) -> None:
        """The rows of all that was read are durable."""
        if self.commits:
            done, self._read = self._read, []
            self.worker.settlement.rows_durable([visit.lease for visit in done])

    async def to_the_end(self) -> None:
        await self.until(lambda: bool(self.ended))
        await self.close()

    async def close(self) -> None:
        self.worker.stop()
        self.commit()
        await self.worker.close(9.0)
        assert not self._tasks

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                await asyncio.sleep(0.005)


async def a_scene(crawl: Crawl, web: Web, **more: Any) -> Scene:
    """A worker at work on a crawl whose seeds are the first pages."""
    await (await crawl.client()).submit([url(site) for site in sorted({c.site for c in _all(web)})])
    scene = Scene(await crawl.client("w"), web, **more)
    await scene.worker.open()
    return scene


def _all(web: Web) -> list[Candidate]:
    return [link for links in web.values() for link in links]


def lines(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


async def until_true(ask: Callable[[], Any]) -> None:
    async with asyncio.timeout(SOON_S):
        while not await ask():
            await asyncio.sleep(0.02)


def test_a_crawl_comes_to_its_end(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        web = a_web(6, 12)
        async with crawl_of() as crawl:
            scene = await a_scene(crawl, web)
            await scene.to_the_end()
            operator = await crawl.client()
            books = await operator.books()
            assert scene.ended == [EndState.FINISHED]
            assert scene.fetched == Counter(web.keys())
            assert books.balanced
            assert books.pages == len(web)
            assert not await operator.workers()

    asyncio.run(scenario())


def test_facts_go_with_the_beats(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            scene = await a_scene(crawl, a_web(1, 3), commits=False)
            operator = await crawl.client()

            async def told() -> bool:
                return any(seen.facts and seen.facts.pages == 4 for seen in await operator.workers())

            await until_true(told)
            scene.commits = True
            await scene.close()

    asyncio.run(scenario())


async def calls_so_far(crawl: Crawl) -> int:
    """Scripts that the server was asked to run."""
    number: int = (await crawl.raw.command("INFO", "commandstats"))["cmdstat_evalsha"]["calls"]
    return number


def test_a_full_server_is_waited_for_said_once_and_relieved(
    crawl_of: OpenCrawl, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def scenario() -> None:
        web = a_web(8, 40)
        async with crawl_of() as crawl:
            scene = await a_scene(crawl, web, page_s=0.01)
            operator = await crawl.client()
            await scene.until(lambda: len(scene.fetched) > 40)
            await crawl.raw.command("CONFIG", "SET", "maxmemory", "1")
            try:
                await scene.until(lambda: lines(caplog, "is full"))
                settled = (await operator.books()).pages

                async def relieved() -> bool:
                    scene.commit()
                    books = await operator.books()
                    return books.pages > settled and books.sites_held == 0

                await until_true(relieved)
                before = await calls_so_far(crawl)
                await asyncio.sleep(2)
                assert await calls_so_far(crawl) - before < 20 * (1 + 4) + 60, "it spins: beats are some 100"

                async def beats() -> bool:
                    return any(seen.last_beat_ms < 1_000 for seen in await operator.workers())

                await until_true(beats)
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", "0")
            await scene.to_the_end()
            books = await operator.books()
            assert books.balanced
            assert books.pages == len(web)
            assert scene.fetched == Counter(web.keys()), "each once"
            assert lines(caplog, "nothing is lost") == 1
            assert lines(caplog, "answers again") == 1
            assert not [record for record in caplog.records if record.levelno > logging.WARNING]

    asyncio.run(scenario())


def test_a_full_server_says_what_is_on_its_disk(crawl_of: OpenCrawl) -> None:
    """What was submitted before can be settled: nothing else makes room."""

    async def scenario() -> None:
        async with crawl_of() as crawl:
            client = await crawl.client()
            await client.barrier()
            await client.submit([url("a.example")])
            await crawl.raw.command("CONFIG", "SET", "maxmemory", "1")
            try:
                await client.barrier()
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", "0")

    asyncio.run(scenario())


def test_a_worker_that_comes_to_a_full_server_joins_when_it_can(
    crawl_of: OpenCrawl, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        web = a_web(2, 3)
        async with crawl_of() as crawl:
            await (await crawl.client()).submit([url("s0.example"), url("s1.example")])
            scene = Scene(await crawl.client("w"), web)
            await crawl.raw.command("CONFIG", "SET", "maxmemory", "1")
            try:
                await scene.worker.open()
                await asyncio.sleep(0.5)
                assert not scene.fetched
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", "0")
            await scene.to_the_end()
            assert scene.fetched == Counter(web.keys())
            assert lines(caplog, "nothing is lost") == lines(caplog, "answers again") == 1

    asyncio.run(scenario())


def test_a_worker_that_is_stopped_while_it_can_not_join_leaves(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            scene = Scene(await crawl.client("w"), {})
            await crawl.raw.command("CONFIG", "SET", "maxmemory", "1")
            try:
                await scene.worker.open()
                await scene.close()
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", "0")

    asyncio.run(scenario())


def test_who_was_taken_for_dead_begins_anew(crawl_of: OpenCrawl, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        web = a_web(4, 10)
        async with crawl_of() as crawl:
            scene = await a_scene(crawl, web)
            operator = await crawl.client()
            await scene.until(lambda: len(scene.fetched) > 10)
            first = scene.frontier.incarnation
            await operator.reclaim(everyone=True)
            await scene.to_the_end()
            assert scene.frontier.incarnation != first
            assert lines(caplog, "taken for dead") == 1
            books = await operator.books()
            assert books.balanced
            assert books.pages == len(web)

    asyncio.run(scenario())
