"""The worker processes of one crawl on this machine: started, listened to, replaced when they die, stopped."""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO

import msgspec

from linkcrawl.errors import FrontierUnavailable, LinkcrawlError
from linkcrawl.frontier.replies import Books
from linkcrawl.frontier.work_table import blame, content_of, new_file
from linkcrawl.records import Outcome

MOST_RESTARTS, RESTARTS_WITHIN_S = 20, 3600.0
"""Processes replaced an hour: a page that kills workers ends `abandoned` after three, so more is another fault."""
MOST_FAILED_STARTS = 3
"""In a row, of processes that ended by themselves within FAILED_START_S: the next would not fare better."""
FAILED_START_S = 10.0
HUNG_AFTER_S = 45.0
"""A process that is still there so long after it was told to stop is hung: a clean stop takes less than 30 s."""
LAST_BEAT_WITHIN_S, LAST_BEAT_EVERY_S = 60.0, 1.0
"""How long the last beat of a worker that was killed is tried: while no server answers, nobody reclaims either."""
CLEAN_ENDS = frozenset({"finished", "limit", "stopped"})
FOR_GOOD = CLEAN_ENDS | {"frontier_lost", "frontier_refused"}
"""Ends after which no other process is started in its place."""
FINE = frozenset({Outcome.OK, Outcome.REDIRECT, Outcome.NOT_HTML, Outcome.ROBOTS_DISALLOWED})
"""Outcomes that are no errors."""
COUNTED = ("pages", "links", "wire_bytes", "downloads", "download_ms", "cpu_s")
"""What of a tally only grows, and is summed over processes that are gone."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where this machine's part of the crawl stands: what progress is shown from."""

    seconds: float
    pages: int
    """Recorded by this run."""
    links: int
    errors: int
    sites: int
    queued: int
    delayed: int
    hindrance: str | None


@dataclass(slots=True)
class Worker:
    """One process and what it last said."""

    worker_id: str
    process: Process
    work_table: FileIO
    started_at: float
    tally: Mapping[str, object] = field(default_factory=dict)
    told_at: float | None = None
    """When it last told a tally (time.monotonic()); None: not yet."""
    ended: str | None = None
    """Why it ended, in its own word; None while it works, and if it died."""

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self.process.returncode is None


@dataclass(slots=True)
class Crew:
    """Workers that share one crawl. One owner, on its event loop. Counts never fall, whatever dies."""

    make_assignment: Callable[[str, int], bytes]
    """One line of JSON for a new worker of that id, whose work table is that open file."""
    log: Callable[[str], None]
    """Called with each line of the workers' logs."""
    ready: Callable[[], Awaitable[None]]
    """Waits until a process that is to replace another can work: the frontier may be away just now."""
    last_beat: Callable[[int, Mapping[int, Sequence[int]]], Awaitable[object]]
    """Frontier.last_beat: whom the death of that incarnation is counted to."""
    workers: list[Worker] = field(default_factory=list)
    restarts: int = 0
    """In all."""
    _recent: deque[float] = field(default_factory=deque)
    _failed_starts: int = 0
    _past: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0.0))
    _past_outcomes: Counter[str] = field(default_factory=Counter)
    _past_most: dict[str, float] = field(default_factory=dict)
    _stopping: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, number: int) -> None:
        """Start that many workers. After all of an earlier start have ended, begins anew."""
        for worker in list(self.workers):
            if not worker.alive:
                self._retire(worker)
        for _ in range(number):
            await self._start_one()

    async def wait(self) -> None:
        """Until every worker has ended (those that died are replaced while the crawl goes on)."""
        while self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    def stop(self) -> None:
        """Ask all of them to end cleanly, and end those that hang; idempotent."""
        if not self._stopping:
            asyncio.get_running_loop().call_later(HUNG_AFTER_S, self.kill)
        self._stopping = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End all of them at once: the frontier takes their leases back by itself."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    @property
    def broken(self) -> bool:
        """Whether a worker ended otherwise than cleanly, and was not replaced."""
        return any(worker.ended not in CLEAN_ENDS for worker in self.workers if not worker.alive)

    @property
    def ends(self) -> set[str | None]:
        """Why those that ended did, in their own words; None for one that died."""
        return {worker.ended for worker in self.workers if not worker.alive}

    @property
    def alive(self) -> int:
        """Processes that are there."""
        return sum(worker.alive for worker in self.workers)

    def total(self, name: str) -> int:
        """A number of the tallies, summed over all workers; one of COUNTED also over those that are gone."""
        return int(self._past.get(name, 0)) + sum(_number(worker.tally, name) for worker in self.workers)

    def present(self, name: str) -> int:
        """A number of the tallies, summed over the workers that are there."""
        return sum(_number(worker.tally, name) for worker in self.workers if worker.alive)

    def most(self, name: str) -> float:
        """The largest of a number of the tallies so far."""
        largest = max((_float(worker.tally, name) for worker in self.workers), default=0.0)
        return max(largest, self._past_most.get(name, 0.0))

    def cpu_s(self) -> float:
        """CPU seconds of the workers, those that are gone included."""
        return self._past["cpu_s"] + sum(_float(worker.tally, "cpu_s") for worker in self.workers)

    def outcomes(self) -> Counter[str]:
        """Pages by outcome, over all workers."""
        counted = Counter(self._past_outcomes)
        for worker in self.workers:
            counted.update(_outcomes(worker))
        return counted

    def hindrance(self) -> str | None:
        """Why a worker takes no leases, if one does not."""
        told = (worker.tally.get("hindrance") for worker in self.workers if worker.ended is None)
        return next((str(why) for why in told if why), None)

    def moment(self, seconds: float, books: Books | None) -> Moment:
        """seconds: since the start. books: of the crawl, if they were read."""
        return Moment(
            seconds=seconds,
            pages=self.total("pages"),
            links=self.total("links"),
            errors=sum(number for outcome, number in self.outcomes().items() if outcome not in FINE),
            sites=self.present("sites"),
            queued=books.queued if books else 0,
            delayed=books.delayed if books else 0,
            hindrance=self.hindrance(),
        )

    async def _start_one(self) -> None:
        work_table = new_file()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "linkcrawl.worker",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=2**20,
            # Ctrl-C reaches the whole process group of a terminal: two signals would force a stop.
            start_new_session=True,
            pass_fds=(work_table.fileno(),),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        worker = Worker(f"w{secrets.token_hex(5)}", process, work_table, time.monotonic())
        self.workers.append(worker)
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self.make_assignment(worker.worker_id, work_table.fileno()) + b"\n")
            await process.stdin.drain()
        if self._stopping:
            self._send(worker, signal.SIGTERM)
        task = asyncio.create_task(self._live(worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, worker: Worker) -> None:
        with worker.work_table:
            await asyncio.gather(self._listen(worker), self._read_log(worker))
            code = await worker.process.wait()
            in_work = content_of(worker.work_table)
        if worker.ended in FOR_GOOD or self._stopping:
            return
        how = f"ended: {worker.ended}" if worker.ended else f"died ({_death(code)})"
        self.log(f"a worker {how}; its leases go back to the frontier by themselves")
        if worker.ended is None:
            await self._beat_for(in_work)
        if self._may_replace(worker, code):
            await self.ready()
            if not self._stopping:
                self.restarts += 1
                self._retire(worker)
                await self._start_one()
        else:
            self.log("it is not replaced: too many have ended so")

    async def _beat_for(self, in_work: bytes) -> None:
        """Say whom the death of a worker that left this table is counted to."""
        blamed = blame(in_work)
        until = time.monotonic() + LAST_BEAT_WITHIN_S
        while blamed is not None and not self._stopping and time.monotonic() < until:
            try:
                await self.last_beat(*blamed)
            except FrontierUnavailable:
                await asyncio.sleep(LAST_BEAT_EVERY_S)
            except LinkcrawlError:
                return  # the crawl is gone, or refuses us: the next worker says so
            else:
                return

    def _may_replace(self, worker: Worker, code: int) -> bool:
        now = time.monotonic()
        failed = code >= 0 and now - worker.started_at < FAILED_START_S
        self._failed_starts = self._failed_starts + 1 if failed else 0
        while self._recent and self._recent[0] < now - RESTARTS_WITHIN_S:
            self._recent.popleft()
        if self._failed_starts >= MOST_FAILED_STARTS or len(self._recent) >= MOST_RESTARTS:
            return False
        self._recent.append(now)
        return True

    def _retire(self, worker: Worker) -> None:
        self.workers.remove(worker)
        for name in COUNTED:
            self._past[name] += _float(worker.tally, name)
        self._past_outcomes.update(_outcomes(worker))
        self._past_most["max_rss_bytes"] = max(
            self._past_most.get("max_rss_bytes", 0.0), _float(worker.tally, "max_rss_bytes")
        )

    async def _listen(self, worker: Worker) -> None:
        assert worker.process.stdout is not None
        async for line in worker.process.stdout:
            try:
                told = msgspec.json.decode(line, type=dict[str, object])
            except msgspec.DecodeError:
                self.log(line.decode("utf-8", "replace").rstrip())
                continue
            if "ended" in told:
                worker.ended = str(told["ended"])
            else:
                worker.tally = told
                worker.told_at = time.monotonic()

    async def _read_log(self, worker: Worker) -> None:
        assert worker.process.stderr is not None
        async for line in worker.process.stderr:
            self.log(line.decode("utf-8", "replace").rstrip())

    def _signal(self, number: signal.Signals) -> None:
        for worker in self.workers:
            self._send(worker, number)

    @staticmethod
    def _send(worker: Worker, number: signal.Signals) -> None:
        if worker.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                worker.process.send_signal(number)


def _number(tally: Mapping[str, object], name: str) -> int:
    value = tally.get(name, 0)
    return value if isinstance(value, int) else 0


def _float(tally: Mapping[str, object], name: str) -> float:
    value = tally.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _outcomes(worker: Worker) -> dict[str, int]:
    told = worker.tally.get("outcomes")
    return {str(name): int(number) for name, number in told.items()} if isinstance(told, dict) else {}


def _death(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
