"""Scrapy's DOWNLOADER, ours: a thin class over the Fetcher.

Scrapy's engine uses `fetch`, `needs_backout`, `active` and `close` of a downloader; the stock one adds slots,
middlewares and handlers that this crawl has no use for (docs/decisions says why). Concurrency and politeness are
the scheduler's: what arrives here is due. It is also the session's eye on the network: addresses and robots.txt
come through the same Fetcher, with the same guards.
"""

import logging
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.defer import Deferred

from linkcrawl.crash import crash_point
from linkcrawl.download.configure import fetch_options, robots_agent
from linkcrawl.download.fetcher import Fetcher
from linkcrawl.download.retry_after import retry_after_ms
from linkcrawl.frontier.held import Visit
from linkcrawl.frontier.scheduler import LeaseScheduler, scheduler_of
from linkcrawl.policy import SLOW_DOWN_STATUS
from linkcrawl.records import Fetch, Outcome, RobotsRecord, RobotsState
from linkcrawl.robots import parse as parse_robots
from linkcrawl.run import Run

logger = logging.getLogger(__name__)

ROBOTS_KEPT_MS = 24 * 3_600_000
"""RFC 9309, 2.4: not used for longer than a day."""


class VisitResponse(Response):
    """What the spider gets: the visit with its fetch. The body stays in the fetch, as it came."""

    def __init__(self, url: str, visit: Visit, fetch: Fetch, visited_at_us: int) -> None:
        super().__init__(url, status=fetch.http_status or 0)
        self.visit = visit
        self.fetch = fetch
        self.visited_at_us = visited_at_us


class VisitDownloader:
    """Downloads what the scheduler gives, and tells it when a request starts and how it ended."""

    def __init__(self, crawler: Crawler) -> None:
        self.active: set[Request] = set()
        self._crawler = crawler
        self._run: Run
        self._fetcher: Fetcher
        crawler.signals.connect(self._engine_stopped, signal=signals.engine_stopped)

    # --- the engine's interface

    def fetch(self, request: Request) -> "Deferred[Response]":
        """-> a Deferred of a VisitResponse."""
        self.active.add(request)
        return deferred_from_coro(self._respond(request))

    def needs_backout(self) -> bool:
        """Never: the scheduler gives no more than may run."""
        return False

    def close(self) -> None:
        """Called while the last visits are still to be settled; connections are closed on engine_stopped."""

    # --- the session's eye on the network

    def configure(self, run: Run) -> None:
        """Told once, before the first download."""
        self._run = run
        self._fetcher = Fetcher(fetch_options(run.config))

    async def address_of(self, url: str) -> str | None:
        """The IP address that counts for the bound of sites per address; None: no bound applies."""
        host, port = host_and_port(url)
        place = await self._fetcher.resolve(host, port)
        return None if isinstance(place, Fetch) or place.exempt else place.ip

    async def connects(self, origin: str) -> bool:
        """Whether a connection to the origin can be made now, by its name looked up anew. Never raises."""
        return await self._fetcher.connects(*host_and_port(origin))

    async def robots_of(self, origin: str) -> RobotsRecord:
        """Fetch and read an origin's robots.txt. Never raises."""
        config = self._run.config
        try:
            answer = await self._fetcher.fetch_robots(origin, self._is_blocked)
            rules = parse_robots(answer.body, robots_agent(config))
            state, packed, delay_ms = answer.state, rules.pack(), rules.crawl_delay_ms
            cause = answer.fetch.outcome if state is RobotsState.UNREACHABLE else None
        except Exception:
            logger.exception("robots.txt of %s could not be read", origin)
            state, packed, delay_ms, cause = RobotsState.UNREACHABLE, b"", None, None
        if state is not RobotsState.ALLOWED:
            packed, delay_ms = b"", None
        expires_in_ms = config.retry_wait if state is RobotsState.UNREACHABLE else ROBOTS_KEPT_MS
        return RobotsRecord(origin, state, packed, delay_ms, expires_in_ms, cause=cause)

    def _is_blocked(self, host: str) -> bool:
        worker = scheduler_of(self._crawler).worker
        return worker is not None and worker.pacing.blocked.holds(host)

    # --- one download

    async def _respond(self, request: Request) -> Response:
        try:
            visit: Visit = request.meta["visit"]
            scheduler = scheduler_of(self._crawler)
            fetch = visit.fetch or await self._download(scheduler, visit)
            return VisitResponse(request.url, visit, fetch, scheduler.now_us())
        finally:
            self.active.discard(request)

    async def _download(self, scheduler: LeaseScheduler, visit: Visit) -> Fetch:
        if not scheduler.started(visit):
            scheduler.not_sent(visit)
            return Fetch(Outcome.INTERNAL_ERROR, error="not sent")
        crash_point("download", visit.lease.candidate.url)
        fetch = await self._fetcher.fetch(visit.lease.candidate.url)
        visit.fetch = fetch
        scheduler.work_table.reading(visit.lease)
        crash_point("downloaded", visit.lease.candidate.url)
        scheduler.fetched(visit, fetch, asked_to_wait_ms(fetch))
        return fetch

    async def _engine_stopped(self) -> None:
        if hasattr(self, "_fetcher"):
            await self._fetcher.close()


def asked_to_wait_ms(fetch: Fetch) -> int | None:
    """The Retry-After of a 429 or 503."""
    if fetch.http_status not in SLOW_DOWN_STATUS:
        return None
    asked = fetch.header(b"retry-after")
    return retry_after_ms(asked, fetch.header(b"date")) if asked else None


def host_and_port(url: str) -> tuple[str, int]:
    """Of an identity URL; the host without brackets."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
