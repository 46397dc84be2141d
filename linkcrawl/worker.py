"""One worker process: Scrapy, from its first import to its clean end.

It is started by `crawl`, which writes an Assignment as one line of JSON to its standard input and keeps that pipe
open: when the pipe closes, its parent is gone and it stops. Once a second it writes a Tally as one line of JSON
to its standard output. Its log goes to standard error.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import msgspec
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from linkcrawl.download.files import raise_file_limit
from linkcrawl.errors import FrontierLost, FrontierUnavailable, LinkcrawlError, OtherVersion
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.scheduler import LeaseScheduler, Tally, scheduler_of
from linkcrawl.memory import keep_flat
from linkcrawl.spiders.links import LinkSpider

TALLY_EVERY_S = 1.0
ORPHAN_EXIT_S = 10.0
GC_THRESHOLDS = (20_000, 20, 50)
"""A page makes thousands of objects: with the defaults the collector runs several times for each."""


class Assignment(msgspec.Struct, frozen=True):
    """What a worker process is told: where its crawl is. Everything else stands in the frontier."""

    redis_url: str
    name: str
    worker_id: str
    out: str
    commit_age_ms: int = 60_000
    """Where the crawl does not say."""
    log_level: str = "WARNING"
    work_table: int | None = None
    """The open file of the table that its supervisor reads if it is killed; None: there is no supervisor."""


def settings_of(assignment: Assignment) -> Settings:
    """Scrapy's settings for this assignment."""
    settings = Settings()
    settings.setmodule("linkcrawl.settings", priority="project")
    settings.set("REDIS_URL", assignment.redis_url)
    settings.set("LINKCRAWL_NAME", assignment.name)
    settings.set("LINKCRAWL_WORKER_ID", assignment.worker_id)
    settings.set("LINKCRAWL_OUT", assignment.out)
    settings.set("LINKCRAWL_COMMIT_AGE_MS", assignment.commit_age_ms)
    settings.set("LINKCRAWL_WORK_TABLE", assignment.work_table)
    settings.set("LOG_LEVEL", assignment.log_level)
    return settings


def work(assignment: Assignment, tell: Callable[[Tally], None]) -> str:
    """Run one worker to its end -> why it ended: an EndState's value, or what broke."""
    raise_file_limit()
    process = AsyncCrawlerProcess(settings_of(assignment))
    # Scrapy's root handler takes every level: a record of each page would be built, to be thrown away.
    logging.getLogger("scrapy").setLevel(assignment.log_level)
    crawler = process.create_crawler(LinkSpider)
    ended: list[str] = []
    life = _Life(crawler, tell, ended)
    crawler.signals.connect(life.begin, signal=signals.engine_started)
    crawler.signals.connect(life.spider_closed, signal=signals.spider_closed)
    crawler.signals.connect(life.end, signal=signals.engine_stopped)
    process.crawl(crawler)
    # Our own handlers, in `begin`: Scrapy's second signal would leave leases and files behind.
    process.start(install_signal_handlers=False)
    return ended[0] if ended and not process.bootstrap_failed else "start_failed"


class _Life:
    """What happens beside the crawl: signals, tallies, the watch over the parent's pipe."""

    def __init__(self, crawler: Crawler, tell: Callable[[Tally], None], ended: list[str]) -> None:
        self._crawler = crawler
        self._tell = tell
        self._ended = ended
        self._closed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._scheduler: LeaseScheduler

    def begin(self) -> None:
        # Kept: the engine forgets its scheduler when the spider closes.
        self._scheduler = scheduler_of(self._crawler)
        # What the imports made stays for good; pages are freed by their reference counts.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        self._task = loop.create_task(self._tell_often())

    def spider_closed(self, reason: str) -> None:
        self._ended.append(reason)
        self._closed.set()

    async def end(self) -> None:
        """A signal that comes while the spider closes must not end the loop before it has closed."""
        await self._closed.wait()
        if self._task is not None:
            self._task.cancel()
        self._tell(self._scheduler.measured_tally())

    def _stop(self) -> None:
        self._scheduler.stop("stopped")

    async def _tell_often(self) -> None:
        while True:
            await asyncio.sleep(TALLY_EVERY_S)
            self._tell(self._scheduler.measured_tally())


async def _refusal(assignment: Assignment) -> LinkcrawlError | None:
    """Why this worker cannot begin. None: it can, or the server does not answer yet.

    Asked before Scrapy starts, which could only show a traceback of it.
    """
    try:
        frontier = await Frontier.connect(ServerAddress.from_url(assignment.redis_url), assignment.name)
        try:
            await frontier.find()
        finally:
            await frontier.close()
    except FrontierUnavailable:
        return None
    except LinkcrawlError as why:
        return why
    return None


def _watch_parent() -> None:
    """Stop cleanly when the parent's pipe closes; leave at once if that takes too long."""

    pipe = sys.stdin.fileno()

    def watch() -> None:
        # Not through sys.stdin: the interpreter can not end while a thread waits in its buffer.
        while os.read(pipe, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(ORPHAN_EXIT_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()


def main() -> int:
    """The process's entry: `python -m linkcrawl.worker`."""
    keep_flat()
    assignment = msgspec.json.decode(sys.stdin.buffer.readline(), type=Assignment)
    _watch_parent()
    encode = msgspec.json.Encoder().encode

    def tell(tally: Tally) -> None:
        sys.stdout.buffer.write(encode(tally) + b"\n")
        sys.stdout.buffer.flush()

    refusal = asyncio.run(_refusal(assignment))
    if refusal is None:
        reason = work(assignment, tell)
    else:
        sys.stderr.write(f"{refusal}\n")
        lost = isinstance(refusal, FrontierLost) and not isinstance(refusal, OtherVersion)
        reason = "frontier_lost" if lost else "frontier_refused"
    sys.stdout.buffer.write(encode({"ended": reason}) + b"\n")
    sys.stdout.buffer.flush()
    return 0 if reason in {"finished", "limit", "stopped"} else 1


if __name__ == "__main__":
    sys.exit(main())
