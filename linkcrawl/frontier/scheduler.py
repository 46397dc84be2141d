"""LeaseScheduler: scrapy-redis's scheduler, with leases in place of pops.

It takes the settings that users of scrapy-redis know (REDIS_URL, REDIS_PARAMS and their kin) and stands where
theirs stands. A `Request` exists only for a leased URL whose turn has come: the session pushes it into the engine
with `engine.crawl`, which is also the public way to wake the engine.
"""

import asyncio
import logging
import resource
import secrets
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_from_coro
from scrapy_redis.scheduler import Scheduler
from twisted.internet.defer import Deferred

from linkcrawl.errors import FrontierLost, FrontierUnavailable, LinkcrawlError
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.claims import Claim
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.facts import OwnFacts
from linkcrawl.frontier.held import Visit
from linkcrawl.frontier.hooks import Hooks
from linkcrawl.frontier.network_watch import Network
from linkcrawl.frontier.outages import Outages
from linkcrawl.frontier.pacing import Pace
from linkcrawl.frontier.replies import WorkerFacts
from linkcrawl.frontier.start_urls import DEFAULT_KEY
from linkcrawl.frontier.work_table import WorkTable
from linkcrawl.frontier.worker import LONGEST_BACK_OFF_S, SHORTEST_BACK_OFF_S, FrontierWorker
from linkcrawl.records import Candidate, Fetch, Outcome, Page, Refusal
from linkcrawl.run import CrawlIdentity, Run, unpack_config

logger = logging.getLogger(__name__)

CLOSE_WITHIN_S = 9.0
"""For the last settles; with downloads of 20 s at most, a stop stays under 30 s."""

TAKING_IN, TAKING_IN_MS = "start_urls", 10_000
"""The work of taking in seeds that were pushed by hand, and how long a worker may be at a batch of it."""

NO_REQUEST_URL = "https://unparsable.invalid/"
"""Stands in a Request whose own URL Scrapy refuses to take."""


class Tally(msgspec.Struct):
    """What this worker has done so far, for the progress of the crawl."""

    pages: int = 0
    links: int = 0
    outcomes: dict[str, int] = {}
    wire_bytes: int = 0
    """Of the bodies received."""
    downloads: int = 0
    """Pages whose download took a time that is known, and the sum of those times."""
    download_ms: int = 0
    sites: int = 0
    downloading: int = 0
    hindrance: str | None = None
    max_rss_bytes: int = 0
    cpu_s: float = 0.0


class CrawlDownloader(Network, Protocol):
    """What the scheduler asks of the engine's downloader."""

    def configure(self, run: Run) -> None:
        """Told once, before the first download."""
        ...


class LeaseScheduler(Scheduler):  # type: ignore[misc]
    """One worker's scheduler. `open` joins the crawl, `close` settles and returns what is left."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run: Run | None = None
        self.worker: FrontierWorker | None = None
        self.publish: Callable[[], None] | None = None
        """Set by the parquet pipeline: called when nothing is left to lease for now."""
        self.add_rows: Callable[[Page], None] | None = None
        """Set by the parquet pipeline: takes the rows of a page that lost its way."""
        self.tally = Tally()
        self._facts = OwnFacts(lambda: self._frontier.incarnation if self._frontier is not None else None)
        self._frontier: Frontier | None = None
        self._ready: deque[Request] = deque()
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LeaseScheduler":
        """scrapy-redis's own makes a blocking client and pings: not on this event loop."""
        scheduler = cls(crawler)
        crawler.signals.connect(scheduler._engine_started, signal=signals.engine_started)
        return scheduler

    # --- Scrapy's interface

    def open(self, spider: Spider) -> "Deferred[None]":
        """Read the crawl's tables, so that every part of the worker knows what it works for."""
        self.spider = spider
        return deferred_from_coro(self._open())

    def close(self, reason: str) -> "Deferred[None]":
        """Settle what is written, return the rest, leave the crawl."""
        return deferred_from_coro(self._close())

    def has_pending_requests(self) -> bool:
        """Always: only the proved end of the crawl closes the spider."""
        return True

    def enqueue_request(self, request: Request) -> bool:
        """Take a request for a leased URL; any other is refused, since the frontier is the only queue."""
        if "visit" not in request.meta:
            return False
        self._ready.append(request)
        return True

    def next_request(self) -> Request | None:
        """The next leased URL whose turn has come."""
        return self._ready.popleft() if self._ready else None

    def __len__(self) -> int:
        return len(self._ready)

    # --- the life of the session

    async def _open(self) -> None:
        outages, back_off = Outages(), SHORTEST_BACK_OFF_S
        while True:
            try:
                await self._take_up_crawl()
            except FrontierUnavailable as why:
                if not self.crawler.settings.get("LINKCRAWL_WORKER_ID"):
                    raise  # nobody watches over this process, and Scrapy takes no signal before its spider is open
                outages.away("open", why)
                if self._frontier is not None:
                    await self._frontier.close()
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, LONGEST_BACK_OFF_S)
            else:
                outages.over("open")
                return

    async def _take_up_crawl(self) -> None:
        settings = self.crawler.settings
        address = ServerAddress.from_settings(settings)
        name = settings.get("LINKCRAWL_NAME", "crawl")
        frontier = self._frontier = await Frontier.connect(
            address,
            name,
            worker_id=settings.get("LINKCRAWL_WORKER_ID") or f"w{secrets.token_hex(6)}",
            start_urls_key=settings.get("REDIS_START_URLS_KEY") or DEFAULT_KEY,
        )
        state = await frontier.find()
        if state is None:
            raise FrontierLost(f"no crawl named {name!r} at {address}: linkcrawl crawl makes one")
        identity = CrawlIdentity(state.spec.crawl_id, name, frontier.worker_id)
        config = unpack_config(state.spec.options)
        self.run = run = Run.of(identity, config, await frontier.watch())
        downloader: CrawlDownloader = self._engine().downloader
        downloader.configure(run)
        self.worker = FrontierWorker(
            frontier=frontier,
            network=downloader,
            pace=Pace(
                concurrency=config.concurrency,
                per_ip=config.per_ip,
                delay_s=config.delay / 1000,
                max_crawl_delay_ms=config.max_crawl_delay,
                retries=config.retries,
                retry_wait_ms=config.retry_wait,
                obey_robots=config.robots == "obey",
            ),
            max_sites=config.max_sites,
            beat_every_s=min(config.reclaim_after / 12_000, 5.0),
            hooks=Hooks(
                start=self._start,
                dry=self._dry,
                ended=self._ended,
                scope_grew=run.scope.add,
                in_scope=run.scope.holds_candidate,
                facts=self._told,
                take_start_urls=self._take_start_urls,
                tables_changed=self._tables_changed,
            ),
            work_table=WorkTable.at(settings.get("LINKCRAWL_WORK_TABLE")),
        )

    async def _engine_started(self) -> None:
        """Every pipeline is open now: begin to lease."""
        if self.worker is not None:
            try:
                await self.worker.open()
            except LinkcrawlError as why:
                logger.error("%s", why)
                self._ended("frontier_lost" if isinstance(why, FrontierLost) else "frontier_unavailable")

    async def _close(self) -> None:
        if self.worker is not None:
            await self.worker.close(CLOSE_WITHIN_S)
        if self._frontier is not None:
            await self._frontier.close()

    def stop(self, reason: str = "stopped") -> None:
        """Stop cleanly: idempotent, returns at once."""
        if self.worker is not None:
            self.worker.stop()
        self._ready.clear()
        if self._closing is None:
            # Never awaited here: the closing engine waits for the task that may be calling this.
            self._closing = asyncio.get_running_loop().create_task(self._close_engine(reason))

    async def _close_engine(self, reason: str) -> None:
        engine = self._engine()
        if engine.spider is not None:
            await engine.close_spider_async(reason=reason)

    # --- what the session tells

    def _start(self, visit: Visit) -> None:
        url = visit.lease.candidate.url
        meta = {"visit": visit}
        try:
            request = Request(url, meta=meta, dont_filter=True)
        except ValueError as why:
            visit.fetch = Fetch(Outcome.BAD_URL, error=str(why)[:200])
            self._checked_worker().fetched(visit, visit.fetch, None)
            request = Request(NO_REQUEST_URL, meta=meta, dont_filter=True)
        self._engine().crawl(request)

    def _dry(self) -> None:
        if self.publish is not None:
            self.publish()

    def _ended(self, reason: str) -> None:
        self.stop(reason)

    def _told(self) -> WorkerFacts:
        pacing = self._checked_worker().pacing
        return self._facts.told(len(pacing.sites), pacing.active, self._hindrance())

    def _hindrance(self) -> str | None:
        return next(iter(self._checked_worker().hindrances.values()), None)

    async def _take_start_urls(self) -> bool:
        run, frontier = self.run, self._frontier
        if run is None or frontier is None or not await frontier.start_urls_waiting():
            return False
        # One worker at a time spares the others the work; nothing depends on it.
        if await frontier.claim(TAKING_IN, TAKING_IN_MS) is not Claim.MINE:
            return False
        taken = await frontier.take_start_urls(run.rules, run.scope.key)
        await frontier.drop_claim(TAKING_IN)
        if taken.garbage:
            logger.warning(
                "%d of the start URLs that were pushed are none: see the dead letters in status",
                taken.garbage,
            )
        return taken.seeds + taken.garbage > 0

    async def _tables_changed(self, watch_version: int, blocked_version: int) -> None:
        run, frontier = self.run, self._frontier
        if run is not None and frontier is not None and watch_version != run.watch_version:
            run.rewatch(*await frontier.watch())

    # --- what the downloader, the spider and the pipelines tell

    def started(self, visit: Visit) -> bool:
        """The request is about to be sent; False: it must not be."""
        return self._checked_worker().pacing.started(visit)

    def not_sent(self, visit: Visit) -> None:
        """The request was not sent after all."""
        self._checked_worker().pacing.not_sent(visit)

    def fetched(self, visit: Visit, fetch: Fetch, retry_after_ms: int | None) -> None:
        """The request was answered or failed."""
        self._checked_worker().fetched(visit, fetch, retry_after_ms)

    @property
    def work_table(self) -> WorkTable:
        """Where the page that this process is at is named."""
        return self._checked_worker().work_table

    def again(self, visit: Visit) -> None:
        """The visit goes back to the frontier, to be tried later."""
        self._checked_worker().again(visit)

    def read(
        self, visit_id: str, outcome: Outcome, candidates: Sequence[Candidate], scope: Sequence[str] = ()
    ) -> None:
        """A visit went through the pipelines."""
        self._checked_worker().read(visit_id, outcome, candidates, scope)

    def count(self, page: Page) -> None:
        """A page is recorded."""
        tally = self.tally
        tally.pages += 1
        tally.links += len(page.links)
        self._facts.count(len(page.links))
        tally.outcomes[page.outcome] = tally.outcomes.get(page.outcome, 0) + 1
        tally.wire_bytes += page.wire_bytes or 0
        if page.fetch_ms is not None:
            tally.downloads += 1
            tally.download_ms += page.fetch_ms

    def measured_tally(self) -> Tally:
        """The tally, with what is true right now."""
        worker, used = self._checked_worker(), resource.getrusage(resource.RUSAGE_SELF)
        self.tally.sites = len(worker.pacing.sites)
        self.tally.downloading = worker.pacing.active
        self.tally.hindrance = self._hindrance()
        self.tally.max_rss_bytes = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        self.tally.cpu_s = used.ru_utime + used.ru_stime
        return self.tally

    def rescue(self, page: Page) -> None:
        """A visit whose item was lost: record and settle it."""
        if self.add_rows is not None:
            self.add_rows(page)
        self.count(page)
        self.read(page.lease.visit_id, page.outcome, ())

    def refuse(self, counts: dict[Refusal, int]) -> None:
        """Count URLs that this worker refused by itself."""
        self._checked_worker().refuse(counts)

    def now_us(self) -> int:
        """The server's time."""
        return self._frontier.now_us() if self._frontier is not None else 0

    def _checked_worker(self) -> FrontierWorker:
        assert self.worker is not None, "the scheduler is not open"
        return self.worker

    def _engine(self) -> Any:
        engine = self.crawler.engine
        assert engine is not None, "the scheduler lives within an engine"
        return engine


def scheduler_of(crawler: Crawler) -> LeaseScheduler:
    """The scheduler of a crawler whose spider is open."""
    scheduler = crawler.engine.scheduler if crawler.engine is not None else None
    if not isinstance(scheduler, LeaseScheduler):
        raise TypeError(
            "linkcrawl's spider, downloader and pipelines work with SCHEDULER = LeaseScheduler alone"
        )
    return scheduler
