"""What a supervisor tells Prometheus: of its own processes, and of the crawl as the frontier sees it.

docs/metrics.md lists the names; they are a contract. Counters of the processes never fall while the supervisor
lives, whatever becomes of its processes. The crawl's values are the same from every supervisor.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from linkcrawl.config import CrawlConfig
from linkcrawl.crew import Crew
from linkcrawl.errors import LinkcrawlError, UsageError
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.replies import Books
from linkcrawl.records import EndState

READ_EVERY_S = 15.0
CREW_EVERY_S = 1.0
SILENT_S = 30.0
"""A process that told no tally for so long is taken for hung; the first one comes after its imports."""


@dataclass(frozen=True, slots=True)
class CrewFacts:
    """The processes of one supervisor, as they last told."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    links: int = 0
    wire_bytes: int = 0
    downloads: int = 0
    download_ms: int = 0
    sites: int = 0
    downloading: int = 0
    max_rss_bytes: float = 0.0
    cpu_s: float = 0.0
    hindered: bool = False
    restarts: int = 0
    alive: int = 0
    """Processes that are there and not silent."""

    @classmethod
    def of(cls, crew: Crew) -> "CrewFacts":
        """As of now."""
        now = time.monotonic()
        lively = [w for w in crew.workers if w.alive and now - (w.told_at or w.started_at) < SILENT_S]
        return cls(
            outcomes=crew.outcomes(),
            links=crew.total("links"),
            wire_bytes=crew.total("wire_bytes"),
            downloads=crew.total("downloads"),
            download_ms=crew.total("download_ms"),
            sites=crew.present("sites"),
            downloading=crew.present("downloading"),
            max_rss_bytes=crew.most("max_rss_bytes"),
            cpu_s=crew.cpu_s(),
            hindered=crew.hindrance() is not None,
            restarts=crew.restarts,
            alive=len(lively),
        )


@dataclass(frozen=True, slots=True)
class CrawlFacts:
    """The crawl, as the frontier saw it at `read_at` (time.monotonic())."""

    books: Books
    workers: int
    beats: Mapping[str, float]
    """Worker id -> when its last beat was heard (time.monotonic() of this machine)."""
    used_bytes: int
    max_bytes: int
    end_state: EndState | None
    reclaim_after_s: float

    @property
    def read_every_s(self) -> float:
        """Often enough to tell a worker that is dead."""
        return min(READ_EVERY_S, self.reclaim_after_s / 2)


async def read_crawl(frontier: Frontier) -> CrawlFacts:
    """Raises FrontierUnavailable, FrontierLost, UsageError."""
    state = await frontier.find()
    books, nodes, workers = await frontier.books(), await frontier.nodes(), await frontier.workers()
    now = time.monotonic()
    return CrawlFacts(
        books=books,
        workers=len(workers),
        beats={seen.worker_id: now - seen.last_beat_ms / 1000 for seen in workers},
        used_bytes=sum(node.used_bytes or 0 for node in nodes),
        max_bytes=sum(node.max_bytes or 0 for node in nodes),
        end_state=state.end_state if state is not None else None,
        reclaim_after_s=frontier.spec.reclaim_after_ms / 1000,
    )


class Board(Collector):
    """The last that is known. Written on the event loop, read on the threads of the server."""

    def __init__(self, crawl: str) -> None:
        self._crawl = crawl
        self.crew = CrewFacts()
        self.facts: CrawlFacts | None = None
        self.frontier_up = False
        self.waiting: str | None = "starting"
        """What the supervisor waits for before it starts processes; None: it has."""
        self._beats: dict[str, float] = {}
        """Of the processes here that are alive, as CrawlFacts.beats: whoever is silent leaves the frontier's list."""

    async def keep(self, frontier: Frontier, crew: Crew) -> None:
        """Keep it up to date for as long as the task lives."""
        self.waiting = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_crew(crew))
                group.create_task(self._keep_crawl(frontier, crew))
        finally:
            self.crew = CrewFacts.of(crew)

    async def _keep_crew(self, crew: Crew) -> None:
        while True:
            self.crew = CrewFacts.of(crew)
            await asyncio.sleep(CREW_EVERY_S)

    async def _keep_crawl(self, frontier: Frontier, crew: Crew) -> None:
        while True:
            await self.look(frontier, crew)
            # Soon, until the first beat of a worker is seen.
            facts = self.facts
            await asyncio.sleep(facts.read_every_s if facts and self._beats else CREW_EVERY_S)

    async def look(self, frontier: Frontier, crew: Crew) -> None:
        """Read the crawl once."""
        try:
            facts = await read_crawl(frontier)
        except LinkcrawlError:
            self.frontier_up = False
            return
        known = {**self._beats, **facts.beats}
        self._beats = {
            w.worker_id: known[w.worker_id] for w in crew.workers if w.alive and w.worker_id in known
        }
        self.facts, self.frontier_up = facts, True

    def beat_ages_s(self) -> list[float]:
        """Of the last beats of the processes here, as the server heard them."""
        now = time.monotonic()
        return [now - heard for heard in self._beats.values()]

    def health(self) -> str | None:
        """What is wrong, in a sentence; None: a worker is alive and beats, or there is nothing to work for yet."""
        if self.waiting is not None:
            return None
        if self.crew.alive == 0:
            return "no worker process is alive"
        facts, ages = self.facts, self.beat_ages_s()
        if facts is not None and ages and min(ages) > facts.reclaim_after_s:
            return f"no worker's beat was heard for {min(ages):.0f} s"
        return None

    def lively(self) -> str | None:
        """As `health`, but a frontier that does not answer is no fault of this process."""
        return None if self.waiting is not None or self.crew.alive else "no worker process is alive"

    def collect(self) -> Iterator[Metric]:
        """Everything, for the registry."""
        yield from _of_crew(self._crawl, self.crew)
        yield _gauge(
            "frontier_up", "1 if the last look at the frontier worked", self._crawl, self.frontier_up
        )
        if ages := self.beat_ages_s():
            help_ = "age of the oldest last beat of the workers here"
            yield _gauge("last_beat_age_seconds", help_, self._crawl, max(ages))
        if self.facts is not None:
            yield from _of_crawl(self._crawl, self.facts)


def _of_crew(crawl: str, crew: CrewFacts) -> Iterator[Metric]:
    yield _counters("pages", "visits recorded here", crawl, "outcome", crew.outcomes)
    yield _counter("links", "links recorded here", crawl, crew.links)
    yield _counter("bytes", "bytes of bodies received here", crawl, crew.wire_bytes)
    seconds = SummaryMetricFamily(
        "linkcrawl_download_seconds", "time of the downloads here, whose time is known", labels=["crawl"]
    )
    seconds.add_metric([crawl], crew.downloads, crew.download_ms / 1000)
    yield seconds
    yield _gauge("sites_held", "sites held by the workers here", crawl, crew.sites)
    yield _gauge("downloads_in_progress", "downloads in progress here", crawl, crew.downloading)
    yield _gauge("worker_rss_bytes", "most memory that a process here had so far", crawl, crew.max_rss_bytes)
    yield _counter("worker_cpu_seconds", "CPU time of the processes here", crawl, crew.cpu_s)
    yield _gauge(
        "worker_hindered", "1 while a worker here takes no leases and says why", crawl, crew.hindered
    )
    yield _counter("worker_restarts", "processes replaced because they died", crawl, crew.restarts)
    yield _gauge("worker_processes", "processes here that are alive", crawl, crew.alive)


def _of_crawl(crawl: str, facts: CrawlFacts) -> Iterator[Metric]:
    books = facts.books
    states = {"queued": books.queued, "delayed": books.delayed, "leased": books.leased, "dead": books.dead}
    yield _gauges("urls", "URLs of the crawl, by state", crawl, "state", states)
    settled = {outcome.value: number for outcome, number in books.settled.items()}
    yield _counters("settled", "visits settled in the whole crawl", crawl, "outcome", settled)
    refused = {reason.value: number for reason, number in books.refused.items()}
    yield _counters("refused", "URLs refused in the whole crawl", crawl, "reason", refused)
    yield _counter("crawl_links", "links found in the whole crawl", crawl, books.links)
    yield _gauge("sites_due", "sites with URLs queued that nobody holds", crawl, books.sites_due)
    yield _gauge("books_balanced", "1 if every URL is where the counters say", crawl, books.balanced)
    yield _gauge("workers_alive", "workers that beat", crawl, facts.workers)
    yield _gauge("redis_used_memory_bytes", "memory of the frontier's servers", crawl, facts.used_bytes)
    yield _gauge("redis_max_memory_bytes", "their bound; 0: none", crawl, facts.max_bytes)
    ended = {state.value: int(facts.end_state is state) for state in EndState}
    yield _gauges("crawl_ended", "1 for how the crawl has ended", crawl, "state", ended)


def _gauge(name: str, help_: str, crawl: str, value: float) -> Metric:
    family = GaugeMetricFamily(f"linkcrawl_{name}", help_, labels=["crawl"])
    family.add_metric([crawl], value)
    return family


def _gauges(name: str, help_: str, crawl: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"linkcrawl_{name}", help_, labels=["crawl", label])
    for key, value in values.items():
        family.add_metric([crawl, key], value)
    return family


def _counter(name: str, help_: str, crawl: str, value: float) -> Metric:
    family = CounterMetricFamily(f"linkcrawl_{name}", help_, labels=["crawl"])
    family.add_metric([crawl], value)
    return family


def _counters(name: str, help_: str, crawl: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"linkcrawl_{name}", help_, labels=["crawl", label])
    for key, value in values.items():
        family.add_metric([crawl, key], value)
    return family


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # The standard one asks the DNS for its own name, which may take long where there is none.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Prometheus asks every few seconds: nobody wants to read that."""


@contextlib.contextmanager
def metrics_of(config: CrawlConfig, log: Callable[[str], None]) -> Iterator[Board | None]:
    """The board of this supervisor, served as long as the block lasts; None where no port was given.

    Raises UsageError if the port can not be had.
    """
    if config.metrics_port is None:
        yield None
        return
    board = Board(config.name)
    host, port = config.metrics_host, config.metrics_port
    try:
        server = _Server((host, port), _Quiet)
    except OSError as why:
        raise UsageError(f"--metrics-port {port}: can not listen at {host}: {why.strerror or why}") from None
    with server:
        server.set_app(_app(board))
        log(f"metrics at http://{host}:{server.server_port}/metrics")
        thread = threading.Thread(target=server.serve_forever, daemon=True, name="metrics")
        thread.start()
        try:
            yield board
        finally:
            server.shutdown()
            thread.join()


def _app(board: Board) -> Callable[..., Iterable[bytes]]:
    registry = CollectorRegistry()
    registry.register(board)
    metrics = make_wsgi_app(registry)
    looks: dict[str, Callable[[], str | None]] = {"/healthz": board.health, "/livez": board.lively}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        if path not in looks:
            return _say(start_response, "404 Not Found", "/metrics, /healthz, /livez")
        wrong = looks[path]()
        return _say(start_response, "503 Service Unavailable" if wrong else "200 OK", wrong or "ok")

    return app


def _say(start_response: Callable[..., Any], status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode() + b"\n"]
