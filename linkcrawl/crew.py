"""The worker processes of one crawl on this machine: started, listened to, replaced when they die, stopped."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

MOST_RESTARTS = 20
"""Workers replaced in one run: a page that kills workers ends `abandoned` after three, so more is another fault."""
CLEAN_ENDS = frozenset({"finished", "limit", "stopped"})


@dataclass(slots=True)
class Worker:
    """One process and what it last said."""

    process: Process
    tally: Mapping[str, object] = field(default_factory=dict)
    ended: str | None = None
    """Why it ended, in its own word; None while it works, and if it died."""


@dataclass(slots=True)
class Crew:
    """Workers that share one crawl. One owner, on its event loop."""

    make_assignment: Callable[[], bytes]
    """One line of JSON for a new worker."""
    log: Callable[[str], None]
    """Called with each line of the workers' logs."""
    workers: list[Worker] = field(default_factory=list)
    restarts: int = 0
    _past: Counter[str] = field(default_factory=Counter)
    _past_outcomes: Counter[str] = field(default_factory=Counter)
    _stopping: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, number: int) -> None:
        """Start that many workers."""
        for _ in range(number):
            await self._start_one()

    async def wait(self) -> None:
        """Until every worker has ended (those that died are replaced while the crawl goes on)."""
        while self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    def stop(self) -> None:
        """Ask all of them to end cleanly; idempotent."""
        self._stopping = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End all of them at once: the frontier takes their leases back by itself."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    @property
    def broken(self) -> bool:
        """Whether a worker ended otherwise than cleanly, and was not replaced."""
        return any(worker.ended not in CLEAN_ENDS for worker in self.workers)

    def total(self, name: str) -> int:
        """A number of the tallies, summed over all workers, those that have died included."""
        return self._past[name] + sum(_number(worker.tally, name) for worker in self.workers)

    def most(self, name: str) -> float:
        """The largest of a number of the tallies."""
        return max((_float(worker.tally, name) for worker in self.workers), default=0)

    def cpu_s(self) -> float:
        """CPU seconds of the workers that speak."""
        return sum(_float(worker.tally, "cpu_s") for worker in self.workers)

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

    async def _start_one(self) -> None:
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
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        worker = Worker(process)
        self.workers.append(worker)
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self.make_assignment() + b"\n")
            await process.stdin.drain()
        if self._stopping:
            self._send(worker, signal.SIGTERM)
        task = asyncio.create_task(self._live(worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, worker: Worker) -> None:
        last_words: deque[str] = deque(maxlen=12)
        await asyncio.gather(self._listen(worker), self._read_log(worker, last_words))
        code = await worker.process.wait()
        if worker.ended is not None or self._stopping:
            return
        self.log(f"a worker died ({_death(code)}); its leases go back to the frontier by themselves")
        for line in last_words if code > 0 else ():
            self.log(f"  {line}")
        if self.restarts < MOST_RESTARTS and code < 0:
            self.restarts += 1
            self.workers.remove(worker)
            self._past.update({name: _number(worker.tally, name) for name in ("pages", "links")})
            self._past_outcomes.update(_outcomes(worker))
            await self._start_one()

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

    async def _read_log(self, worker: Worker, last_words: "deque[str]") -> None:
        assert worker.process.stderr is not None
        async for line in worker.process.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            last_words.append(text)
            self.log(text)

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
