"""Parquet: rows are gathered here, written by a thread of its own; a visit may be settled once they are.

A commit that can not be written (a full disk, a store that refuses) is tried again until it can; meanwhile
the worker takes no leases and settles nothing that is not written.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from scrapy.crawler import Crawler

from linkcrawl.dataset.location import Location
from linkcrawl.dataset.writer import Commit, DatasetWriter, PartLimits, RunFacts
from linkcrawl.errors import DatasetError
from linkcrawl.frontier.scheduler import LeaseScheduler, scheduler_of
from linkcrawl.frontier.worker import FrontierWorker
from linkcrawl.records import Page
from linkcrawl.run import Run

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
SHORTEST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.5, 15.0
GIVE_UP_CLOSING_S = 8.0
HINDRANCE = "dataset"


class ParquetPipeline:
    """One writer, one thread, one owner: this pipeline."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._writer: DatasetWriter
        self._worker: FrontierWorker
        # Not the loop's default executor: exit would wait for its threads, and DNS shares them.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._commits: asyncio.Queue[Commit] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._give_up_at: float | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ParquetPipeline":
        """Scrapy's way to make one."""
        return cls(crawler)

    def open_spider(self) -> None:
        """The scheduler is open by now."""
        scheduler: LeaseScheduler = scheduler_of(self._crawler)
        assert scheduler.run is not None
        assert scheduler.worker is not None
        self._worker = scheduler.worker
        run, commit_age_ms = scheduler.run, self._crawler.settings.getint("LINKCRAWL_COMMIT_AGE_MS")
        self._writer = DatasetWriter(self._location(run), facts_of(run), limits_of(run, commit_age_ms))
        scheduler.publish = self.publish
        scheduler.add_rows = self._writer.add
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._look()), loop.create_task(self._write())]

    def _location(self, run: Run) -> Location:
        out: str = self._crawler.settings.get("LINKCRAWL_OUT") or run.config.out or ""
        return Location.parse(out)

    def process_item(self, item: Page) -> Page:
        """One page: its rows wait for the next commit."""
        self._writer.add(item)
        if self._writer.due(time.monotonic()):
            self.publish()
        return item

    def publish(self) -> None:
        """Write what waits, soon; returns at once."""
        for commit in self._writer.take():
            self._commits.put_nowait(commit)

    async def close_spider(self) -> None:
        """Write everything. Never raises: what can not be written stays unsettled, and goes back."""
        self._give_up_at = time.monotonic() + GIVE_UP_CLOSING_S
        self.publish()
        look, write = self._tasks
        look.cancel()
        joined = asyncio.ensure_future(self._commits.join())
        await asyncio.wait({joined}, timeout=GIVE_UP_CLOSING_S)
        joined.cancel()
        write.cancel()
        self._thread.shutdown(wait=False)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._writer.due(time.monotonic()):
                self.publish()

    async def _write(self) -> None:
        while True:
            commit = await self._commits.get()
            await self._until_written(commit)
            self._commits.task_done()

    async def _until_written(self, commit: Commit) -> None:
        back_off = SHORTEST_BACK_OFF_S
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(self._thread, commit.write)
            except DatasetError as why:
                self._hindered(str(why))
            except Exception as why:
                logger.exception("a commit failed")
                self._hindered(f"writing {commit.part.file_name} failed: {type(why).__name__}: {why}")
            else:
                self._written(commit)
                return
            if self._give_up_at is not None and time.monotonic() + back_off > self._give_up_at:
                logger.error(
                    "%d visits could not be written: they go back to the frontier", len(commit.leases)
                )
                return
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, LONGEST_BACK_OFF_S)

    def _hindered(self, why: str) -> None:
        if HINDRANCE not in self._worker.hindrances:
            logger.error("%s; no more is leased, nothing unwritten is settled; trying again", why)
        self._worker.hindrances[HINDRANCE] = why

    def _written(self, commit: Commit) -> None:
        if self._worker.hindrances.pop(HINDRANCE, None):
            logger.warning("the datasets can be written again")
        self._worker.settlement.rows_durable(commit.leases)


def facts_of(run: Run) -> RunFacts:
    """The columns that are the same for every row of this run."""
    identity = run.identity
    return RunFacts(
        crawl_id=identity.crawl_id,
        crawl_name=identity.name,
        worker_id=identity.worker_id,
        url_rules=run.rules.version,
    )


def limits_of(run: Run, commit_age_ms: int) -> PartLimits:
    """When a part closes. commit_age_ms: of this worker, where the crawl does not say."""
    config = run.config
    age_ms = commit_age_ms if config.commit_age is None else config.commit_age
    return PartLimits(config.part_rows, config.part_size, age_ms / 1000)
