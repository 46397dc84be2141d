"""Runs a crawl on this machine: the frontier's server, the worker processes, progress, a clean stop.

The crawl lives in the frontier, not here: this process makes it or finds it, starts workers, watches them, and
says how it ended. Killed at any moment, it loses nothing; the same command goes on.
"""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import msgspec

from linkcrawl.chronicle import Chronicle
from linkcrawl.crew import Crew, Moment
from linkcrawl.errors import FrontierLost, FrontierUnavailable, LinkcrawlError, UsageError
from linkcrawl.founding import Found, begin
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.embedded import EmbeddedServer
from linkcrawl.frontier.replies import Books
from linkcrawl.metrics import Board, metrics_of
from linkcrawl.plan import Plan
from linkcrawl.records import EndState, Refusal
from linkcrawl.seeding import Watched

LOOK_EVERY_S = 0.5
COMMIT_AGE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Told:
    """How the run tells what goes on."""

    submitted: Callable[[int], None]
    """Seeds that are in, so far."""
    begun: Callable[[Found], None]
    progress: Callable[[Moment], None]
    log: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """How the run ended."""

    state: EndState | None
    """None: workers broke before an end was reached."""
    at_once: bool
    """It was told twice to stop: what was not written and settled by then is fetched again."""
    crawl_id: str
    name: str
    out: str
    resumed: bool
    seconds: float
    pages: int
    links: int
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of this run's pages."""
    refused: dict[Refusal, int] = field(default_factory=dict)
    """Of the whole crawl."""
    not_reached: int = 0
    unbalanced: str | None = None
    cpu_s: float = 0.0
    max_rss_bytes: int = 0


async def run(plan: Plan, told: Told) -> Result:
    """Crawl to the end, or until stopped.

    Raises UsageError before anything is made, NoServer, FrontierUnavailable, FrontierLost, DatasetError.
    """
    async with _frontier(plan) as (frontier, server):
        found = await begin(frontier, plan, Watched(told.submitted, told.log))
        if found.resumed and plan.config.redis is None:
            # The server is ours alone: what earlier workers held need not wait until they are taken for dead.
            await frontier.reclaim(everyone=True)
        plan.seeds.close()
        chronicle = Chronicle(plan.config, plan.location, frontier)
        await chronicle.begun()
        told.begun(found)
        if frontier.guarantee_off:
            told.log(
                "the server keeps no append-only file (appendonly no): if it restarts, pages that it forgot are "
                "lost to this crawl"
            )
        with metrics_of(plan.config, told.log) as board:
            means = _Means(frontier, server, found, chronicle, board)
            return await _Run(plan, told, means).to_the_end()


@contextlib.asynccontextmanager
async def _frontier(plan: Plan) -> AsyncIterator[tuple[Frontier, "_Server"]]:
    """The frontier on the server that was named, or on one of our own that lives as long as this."""
    with contextlib.ExitStack() as stack:
        url, embedded = plan.config.redis, None
        if url is None:
            embedded = stack.enter_context(EmbeddedServer(plan.state_dir))
            url = embedded.url
        try:
            frontier = await Frontier.connect(ServerAddress.from_url(url), plan.config.name)
        except FrontierUnavailable as why:
            raise UsageError(f"--redis: {why}") from None
        try:
            yield frontier, _Server(url, embedded)
        finally:
            await frontier.close()


@dataclass(frozen=True, slots=True)
class _Server:
    """Where the frontier is."""

    url: str
    """With its password."""
    embedded: EmbeddedServer | None

    @property
    def is_gone(self) -> bool:
        """Our own server has died: unlike one that the operator runs, nobody brings it back."""
        return self.embedded is not None and not self.embedded.alive


@dataclass(frozen=True, slots=True)
class _Means:
    """What a run works with."""

    frontier: Frontier
    server: _Server
    found: Found
    chronicle: Chronicle
    board: Board | None


class _Run:
    """One run: its crew, its signals, its clock."""

    def __init__(self, plan: Plan, told: Told, means: _Means) -> None:
        self._plan = plan
        self._told = told
        self._frontier = means.frontier
        self._server = means.server
        self._found = means.found
        self._chronicle = means.chronicle
        self._board = means.board
        self._crew = Crew(self._assignment, told.log, self._frontier_back, self._frontier.last_beat)
        self._began = time.monotonic()
        self._books: Books | None = None
        self._signals = 0
        self._end: EndState | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def to_the_end(self) -> Result:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)
        beside = [loop.create_task(self._watch()), loop.create_task(self._chronicle.keep(self._told.log))]
        if self._board is not None:
            beside.append(loop.create_task(self._board.keep(self._frontier, self._crew)))
        try:
            await self._crew.start(self._plan.config.workers)
            await self._crew.wait()
        finally:
            self._crew.kill()
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        if self._server.is_gone:
            raise LinkcrawlError(
                f"the embedded server died (killed, or out of memory?); its log is in {self._plan.state_dir}. "
                "Nothing that was settled is lost: the same command goes on"
            )
        return await self._result()

    def _assignment(self, worker_id: str, work_table: int) -> bytes:
        return msgspec.json.encode(
            {
                "redis_url": self._server.url,
                "name": self._plan.config.name,
                "worker_id": worker_id,
                "work_table": work_table,
                "out": self._plan.config.out,
                "commit_age_ms": COMMIT_AGE_MS,
            }
        )

    async def _frontier_back(self) -> None:
        while not self._signals and not self._server.is_gone:
            with contextlib.suppress(FrontierUnavailable, FrontierLost):
                await self._frontier.find()
                return
            await asyncio.sleep(LOOK_EVERY_S)

    # --- stopping

    def _signalled(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self._told.log("stopping: ending what is in download, writing, settling (Ctrl-C again: at once)")
            self._stop(EndState.STOPPED)
        else:
            self._crew.kill()

    def _stop(self, state: EndState) -> None:
        if self._end is None:
            self._end = state
            task = asyncio.get_running_loop().create_task(self._say_end(state))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _say_end(self, state: EndState) -> None:
        try:
            await self._frontier.end(state)
        except FrontierUnavailable as why:
            self._told.log(f"{why}: the workers stop all the same")
        self._crew.stop()

    # --- watching

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._server.is_gone:
                self._crew.kill()
                return
            now = time.monotonic()
            most = self._plan.config.max_time
            if most is not None and now - self._began >= most / 1000:
                self._stop(EndState.LIMIT)
            with contextlib.suppress(FrontierUnavailable):
                self._books = await self._frontier.books()
            self._told.progress(self._crew.moment(now - self._began, self._books))

    async def _result(self) -> Result:
        state = await self._end_state()
        books = await self._frontier.books()
        await self._chronicle.ended(alone=self._plan.config.redis is None or self._signals > 1)
        crew, plan = self._crew, self._plan
        return Result(
            state=state,
            at_once=self._signals > 1,
            crawl_id=self._found.spec.crawl_id,
            name=plan.config.name,
            out=str(plan.location),
            resumed=self._found.resumed,
            seconds=time.monotonic() - self._began,
            pages=crew.total("pages"),
            links=crew.total("links"),
            outcomes=crew.outcomes(),
            refused=dict(books.refused),
            not_reached=books.queued + books.delayed + books.leased,
            unbalanced=None if books.balanced else "; ".join(books.off),
            cpu_s=crew.cpu_s(),
            max_rss_bytes=int(crew.most("max_rss_bytes")),
        )

    async def _end_state(self) -> EndState | None:
        found = await self._frontier.find()
        state = found.end_state if found is not None else None
        if found is None or state is not None or self._crew.broken:
            return state
        # Each worker was stopped by itself, by whoever runs this machine: that is a stop too.
        if not await self._frontier.workers():
            state = await self._frontier.end(EndState.STOPPED)
        return state or EndState.STOPPED
