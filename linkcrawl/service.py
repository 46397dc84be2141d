"""One machine's share of a crawl that many machines serve: waits for the crawl, keeps its worker processes, ends
with the crawl.

The crawl lives in the frontier, not here. This process only watches: it starts workers and replaces those that
die, passes signals on, writes the rows of the crawl itself when no other machine does, and tells Prometheus.
Killed at any moment, it loses nothing, and its workers stop.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from linkcrawl.chronicle import Chronicle
from linkcrawl.config import CrawlConfig
from linkcrawl.crew import Crew, Moment
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.marker import check_marker
from linkcrawl.errors import DatasetError, FrontierLost, FrontierUnavailable, LinkcrawlError, OtherVersion
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.replies import Books
from linkcrawl.frontier.spec import CrawlState
from linkcrawl.metrics import Board, metrics_of
from linkcrawl.records import EndState
from linkcrawl.run import unpack_config

COMMIT_AGE_MS = 600_000
"""Where the crawl does not say: large files, since nobody looks at them while they come."""
LOOK_EVERY_S = 1.0
BOOKS_EVERY_S = 5.0
RETRY_S = 2.0
ROWS_AFTER_STOP_S = 10.0
"""Told to stop while the rows of the end are written: they are nearly there."""
WHOLE_WITHIN_S = 20.0
"""How long a crawl may be there in part: it is being made, or deleted."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Order:
    """What this machine is told."""

    config: CrawlConfig
    """redis and name: which crawl; workers, metrics_port: of this machine; out: where OUT is mounted here, None:
    where the crawl was made with it."""
    stay: bool
    log_level: str


@dataclass(frozen=True, slots=True)
class Told:
    """How it tells what goes on."""

    progress: Callable[[Moment], None]
    log: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended."""

    state: EndState | None
    """Of the crawl; None: it goes on, and this machine was stopped."""
    at_once: bool
    """It was told twice to stop: what was not written and settled by then is fetched again."""
    seconds: float
    pages: int
    """Recorded by this machine."""
    links: int


async def serve(order: Order, told: Told) -> Result:
    """Work until the crawl ends (with `stay`: for ever), or until stopped.

    Raises UsageError (no such address, wrong password, another OUT than the crawl's, port taken), FrontierLost
    (the crawl was there and is not any more), DatasetError, LinkcrawlError (its workers failed).
    """
    address = ServerAddress.from_url(order.config.redis or "")
    with metrics_of(order.config, told.log) as board:
        return await _Service(order, told, address, board).to_the_end()


class _Stopped(Exception):
    """Told to stop while waiting."""


class _Service:
    """One machine's life with crawls of one name."""

    def __init__(self, order: Order, told: Told, address: ServerAddress, board: Board | None) -> None:
        self._order = order
        self._told = told
        self._address = address
        self._board = board
        self._began = time.monotonic()
        self._crew = Crew(self._assignment, told.log, self._frontier_back, self._last_beat)
        self._stop = asyncio.Event()
        self._signals = 0
        self._said: str | None = None
        self._frontier: Frontier | None = None
        self._out = ""
        self._books: Books | None = None
        self._lost: LinkcrawlError | None = None

    async def to_the_end(self) -> Result:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)
        state: EndState | None = None
        try:
            state = await self._serve_until_over()
        except _Stopped:
            pass
        finally:
            self._crew.kill()
            await self._crew.wait()
            await self._disconnect()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        return Result(
            state=state,
            at_once=self._signals > 1,
            seconds=time.monotonic() - self._began,
            pages=self._crew.total("pages"),
            links=self._crew.total("links"),
        )

    def _signalled(self) -> None:
        self._signals += 1
        self._stop.set()
        if self._signals > 1:
            self._crew.kill()
            return
        if self._crew.alive:
            self._told.log("stopping: ending what is in download, writing, settling (again: at once)")
        self._crew.stop()

    # --- the crawl comes and goes

    async def _serve_until_over(self) -> EndState | None:
        ended: tuple[str, int | None] | None = None
        while True:
            state = await self._found(waiting_after=ended)
            frontier = self._connected()
            if state.end_state is None:
                await self._work(frontier, state)
                after = await self._patiently(frontier.find)
                if after is None:
                    raise FrontierLost(
                        f"the crawl {self._order.config.name!r} at {self._address} was deleted"
                    )
                if after.end_state is None:
                    if self._crew.ends <= {EndState.STOPPED.value}:
                        # Somebody on this machine stopped the processes themselves.
                        return None
                    continue
                state = after
            await self._told_end(frontier, state)
            if not self._order.stay:
                return state.end_state
            ended = (state.spec.crawl_id, state.ended_us)

    async def _found(self, waiting_after: tuple[str, int | None] | None) -> CrawlState:
        """The crawl, as soon as the server answers and it is whole; after an end, another or an opened one.

        Raises _Stopped, FrontierLost, UsageError.
        """
        name = self._order.config.name
        broken_since: float | None = None
        while True:
            if self._board is not None:
                self._board.waiting = self._said or "connecting"
            try:
                state = await self._look()
                broken_since = None
            except FrontierUnavailable as why:
                self._say(f"{why}: waiting")
                state = None
            except OtherVersion:
                raise
            except FrontierLost:
                # A new client: the old one knows the crawl that was replaced.
                await self._disconnect()
                broken_since = broken_since or time.monotonic()
                if time.monotonic() - broken_since > WHOLE_WITHIN_S:
                    raise
                state = None
            else:
                if state is None:
                    self._say(f"waiting for a crawl {name!r} at {self._address}: linkcrawl submit makes it")
            if state is not None:
                if (state.spec.crawl_id, state.ended_us) != waiting_after or state.end_state is None:
                    self._said = None
                    return state
                self._say("waiting: linkcrawl submit opens it again, or makes a new one of its name")
            await self._pause(RETRY_S if self._said else LOOK_EVERY_S)

    async def _look(self) -> CrawlState | None:
        """The crawl, once it has its watch list: the seeds come then."""
        if self._frontier is None:
            self._frontier = await Frontier.connect(self._address, self._order.config.name)
        state = await self._frontier.find()
        if state is None or (await self._frontier.watched())[0] == 0:
            return None
        if state.end_state is EndState.FINISHED and await self._frontier.start_urls_waiting():
            # Who pushes seeds to a crawl that is through wants them crawled: its workers take them in.
            await self._frontier.reopen()
            state = await self._frontier.find()
        return state

    def _say(self, line: str) -> None:
        """Once, until something else is to be said."""
        if line != self._said:
            self._said = line
            self._told.log(line)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        if self._stop.is_set():
            raise _Stopped

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """The answer, as soon as there is one. Raises _Stopped."""
        while True:
            try:
                return await ask()
            except FrontierUnavailable as why:
                self._say(f"{why}: waiting")
            await self._pause(RETRY_S)

    def _connected(self) -> Frontier:
        assert self._frontier is not None, "the crawl was found through it"
        return self._frontier

    async def _disconnect(self) -> None:
        if self._frontier is not None:
            await self._frontier.close()
            self._frontier = None

    # --- one crawl, from here to its end

    def _chronicle(self, frontier: Frontier, state: CrawlState) -> tuple[Chronicle, Location]:
        config = unpack_config(state.spec.options)
        location = Location.parse(self._order.config.out or config.out or "")
        return Chronicle(config, location, frontier), location

    async def _work(self, frontier: Frontier, state: CrawlState) -> None:
        """Workers, until all of them have ended."""
        spec = state.spec
        chronicle, location = self._chronicle(frontier, state)
        await asyncio.to_thread(check_marker, location, spec.crawl_id, spec.name)
        # A URL as it was given, since what it holds besides (a password) is not shown.
        given = self._order.config.out or unpack_config(spec.options).out or ""
        self._out = location.url if location.is_local else given
        self._told.log(f"working for {spec.name!r} ({spec.crawl_id}), writing to {location}")
        beside = [
            asyncio.create_task(self._watch(frontier, state)),
            asyncio.create_task(chronicle.keep(self._told.log)),
        ]
        if self._board is not None:
            beside.append(asyncio.create_task(self._board.keep(frontier, self._crew)))
        try:
            await self._crew.start(self._order.config.workers)
            await self._crew.wait()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        if self._stop.is_set():
            raise _Stopped
        if self._lost is not None:
            raise self._lost
        if "frontier_lost" in self._crew.ends:
            raise FrontierLost(
                f"the crawl {spec.name!r} ({spec.crawl_id}) at {self._address} is not there any more: the server was "
                "emptied, or the crawl was deleted or replaced. What was recorded is kept; nothing goes on by itself"
            )
        if self._crew.broken:
            raise LinkcrawlError("the workers failed (see above)")

    def _assignment(self, worker_id: str, work_table: int) -> bytes:
        return msgspec.json.encode(
            {
                "redis_url": self._order.config.redis,
                "name": self._order.config.name,
                "worker_id": worker_id,
                "work_table": work_table,
                "out": self._out,
                "commit_age_ms": COMMIT_AGE_MS,
                "log_level": self._order.log_level,
            }
        )

    async def _last_beat(self, incarnation: int, tokens: Mapping[int, Sequence[int]]) -> None:
        await self._connected().last_beat(incarnation, tokens)

    async def _frontier_back(self) -> None:
        """For a process that is to replace another: without a server it could not start."""
        # Whatever else is wrong, the process that is started hears of it, too.
        with contextlib.suppress(_Stopped, LinkcrawlError):
            await self._patiently(self._connected().find)

    async def _watch(self, frontier: Frontier, state: CrawlState) -> None:
        """The end of the crawl's time, a crawl that is gone, progress."""
        read_at = 0.0
        deadline_us = state.deadline_us
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            try:
                if deadline_us is not None and frontier.now_us() >= deadline_us:
                    await frontier.end(EndState.LIMIT)
                    deadline_us = None
                if now - read_at >= BOOKS_EVERY_S:
                    read_at = now
                    found = await frontier.find()
                    deadline_us = found.deadline_us if found is not None else None
                    self._books = await frontier.books()
            except FrontierUnavailable:
                pass
            except LinkcrawlError as why:
                # Deleted, replaced, or this user is refused: the workers hear of it by themselves, or hang.
                self._lost = why
                self._crew.stop()
                return
            self._told.progress(self._crew.moment(now - self._began, self._books))

    async def _told_end(self, frontier: Frontier, state: CrawlState) -> None:
        """The rows of the end are written, by this machine or another. Raises _Stopped."""
        if self._board is not None:
            self._board.waiting = "the rows of the end"
            await self._board.look(frontier, self._crew)
        chronicle, location = self._chronicle(frontier, state)
        await asyncio.to_thread(check_marker, location, state.spec.crawl_id, state.spec.name)
        self._told.log(f"the crawl {state.spec.name!r} ({state.spec.crawl_id}) has ended: {state.end_state}")

        async def write() -> None:
            while True:
                try:
                    await chronicle.ended(alone=False)
                except DatasetError as why:
                    self._say(f"the rows of the crawl's end: {why}")
                    await asyncio.sleep(RETRY_S)
                else:
                    return

        writing = asyncio.create_task(self._patiently(write))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await asyncio.wait({writing}, timeout=ROWS_AFTER_STOP_S)
        if not writing.done():
            writing.cancel()
            await asyncio.wait({writing})
            raise _Stopped
        await writing
