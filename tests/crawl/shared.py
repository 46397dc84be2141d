"""A crawl that worker processes share, each of which a test can start, kill, put to sleep and look at."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil
import pyarrow.parquet as pq

from linkcrawl.frontier import Books, Frontier, ServerAddress
from linkcrawl.frontier.server import Server
from linkcrawl.records import EndState
from tests.crawl.process import LONGEST_S, PROGRAM, wait_until
from tests.crawl.server import RestartableServer
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED

TOLERANCE_S = 0.05
DELAY_S = 0.1
PACE = ("--reclaim-after", "2s", "--commit-age", "500ms", "--max-sites", "3", "--partitions", "4")
Answer = TypeVar("Answer")
_serials = itertools.count(1)


class WorkerProcess:
    """`python -m linkcrawl.worker` for one crawl. Its end ends with that of the `with` block."""

    def __init__(
        self, redis_url: str, out: str, environment: dict[str, str], prefix: Sequence[str] = ()
    ) -> None:
        self.worker_id = f"t{os.getpid()}-{next(_serials)}"
        self._assignment = {
            "redis_url": redis_url,
            "name": "crawl",
            "worker_id": self.worker_id,
            "out": out,
        }
        self._prefix = prefix
        self._environment = {**os.environ, **environment}

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._said = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*self._prefix, sys.executable, "-m", "linkcrawl.worker"],
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=self._log,
            start_new_session=True,
            env=self._environment,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(self._assignment).encode() + b"\n")
        self.process.stdin.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
        self._log.close()
        self._said.close()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would; gone when this returns."""
        self.process.kill()
        self.process.wait()

    def wait(self, seconds: float = LONGEST_S) -> int:
        """Until it ends by itself -> its exit code."""
        return self.process.wait(seconds)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def told(self) -> str:
        """What it said on stderr so far."""
        return _all_of(self._log.fileno())

    def ended(self) -> str | None:
        """Why it ended, in its own word; None if it did not say."""
        lines = [json.loads(line) for line in _all_of(self._said.fileno()).splitlines() if line[:1] == "{"]
        return next((line["ended"] for line in lines if "ended" in line), None)

    def cpu_s(self) -> float:
        """CPU seconds that it has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def _all_of(number: int) -> str:
    return os.pread(number, os.fstat(number).st_size, 0).decode("utf-8", "replace")


class SharedCrawl:
    """One crawl of a whole test web, every host of it a seed, on a server of its own.

    options: flags of `linkcrawl crawl` beside the usual ones of these tests (they win). reached_by_name: the hosts
    are looked up, as those of the web are, instead of led to the test's server.
    """

    def __init__(
        self,
        web: LocalWeb,
        out: Path,
        *options: str,
        delay_s: float = DELAY_S,
        reached_by_name: bool = False,
    ) -> None:
        self.web = web
        self.out = out
        self.delay_s = delay_s
        self.watch = WATCHED
        self._to_here = () if reached_by_name else ("--connect-to", web.connect_to)
        self.workers: list[WorkerProcess] = []
        self._options = options
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.server = self._stack.enter_context(RestartableServer())
        try:
            self.make()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if error is not None:
            for worker in self.workers:
                error.add_note(f"{worker.worker_id} (exit code {worker.process.poll()}):\n{worker.told()}")
        self._stack.close()

    def flags(self) -> list[str]:
        """Of a `linkcrawl crawl` that works for this crawl."""
        seeds = [f"http://{host}/" for host in self.web.web]
        own = ["-o", str(self.out), "--watch", *self.watch, "--redis", self.server.url, *PACE]
        return [*seeds, *own, "--delay", f"{round(self.delay_s * 1000)}ms", *self._to_here, *self._options]

    def make(self) -> None:
        """Make the crawl, or another one of its name on an emptied server."""
        done = subprocess.run(
            [PROGRAM, "submit", *self.flags()], capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
        assert done.returncode == 0, done.stderr

    # --- workers

    def worker(
        self, redis_url: str | None = None, *, prefix: Sequence[str] = (), **environment: str
    ) -> WorkerProcess:
        """Start one more. redis_url: another way to the same server. prefix: a command in front of it."""
        where = redis_url or self.server.url
        worker = self._stack.enter_context(WorkerProcess(where, str(self.out), environment, prefix))
        self.workers.append(worker)
        return worker

    def workers_together(self, number: int, *environments: dict[str, str]) -> list[WorkerProcess]:
        """Start workers of which none gets a lease before all have joined; the first with these environments."""
        joined = self.joined()
        self.ask(lambda frontier: frontier.pause())
        rest: list[dict[str, str]] = [{}] * (number - len(environments))
        some = [self.worker(**environment) for environment in (*environments, *rest)]
        wait_until(lambda: self.joined() == joined + number)
        self.ask(lambda frontier: frontier.resume())
        return some

    def joined(self) -> int:
        """How many workers the frontier knows of."""
        return len(self.ask(lambda frontier: frontier.workers()))

    def wait_for_the_end(self) -> None:
        """Until the living workers have ended, each of them cleanly, at the end of the crawl."""
        for worker in self.workers:
            if worker.alive:
                assert worker.wait() == 0, worker.told()
                assert worker.ended() == EndState.FINISHED

    # --- what the frontier says

    def ask(self, question: Callable[[Frontier], Awaitable[Answer]]) -> Answer:
        """Ask the frontier."""
        return asyncio.run(self._with_frontier(question))

    async def _with_frontier(self, question: Callable[[Frontier], Awaitable[Answer]]) -> Answer:
        frontier = await Frontier.connect(ServerAddress.from_url(self.server.url), "crawl")
        try:
            return await question(frontier)
        finally:
            await frontier.close()

    def command(self, *words: str | bytes | int) -> Any:
        """Ask the server something plain."""

        async def ask() -> Any:
            raw = Server(ServerAddress.from_url(self.server.url))
            try:
                return await raw.command(*words)
            finally:
                await raw.close()

        return asyncio.run(ask())

    def calls(self) -> int:
        """Scripts that the server was asked to run since it started."""
        return int(self.command("INFO", "commandstats")["cmdstat_evalsha"]["calls"])

    def books(self) -> Books:
        """The crawl, counted."""
        return self.ask(lambda frontier: frontier.books())

    # --- what has to hold at the end, whatever happened

    def assert_nothing_lost(self) -> Books:
        """Every URL has exactly one settled outcome, the books balance, nothing is held; the links that count are
        those of the web; no site was hurried."""
        books = self.books()
        assert books.balanced, books.off
        left = (books.queued, books.delayed, books.leased, books.dead, books.sites_held)
        assert left == (0, 0, 0, 0, 0), books
        everything = reachable(self.web.web)
        assert books.accepted == books.pages == len(everything), books
        assert newest_visits(self.out).keys() == everything
        assert found_links(self.out) == expected_links(self.web.web, self.watch)
        self.assert_polite()
        return books

    def rows_of_visits(self) -> list[dict[str, Any]]:
        """Every row of `visits`, those of older visits to a URL too."""
        files = sorted((self.out / "visits").glob("*/*.parquet"))
        return [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]

    def assert_polite(self) -> None:
        """No two requests to a site started closer than its delay, robots.txt included."""
        for host in self.web.web:
            too_soon = hurried(self.web, host, self.delay_s)
            assert too_soon == [], f"{host}: {too_soon}"


def hurried(web: LocalWeb, host: str, delay_s: float) -> list[str]:
    """Pairs of requests to a host (or those below it) that started closer than the delay: how close, and what was
    asked for."""
    own = [hit for hit in web.hits if hit.host == host or hit.host.endswith(f".{host}")]
    hits = sorted(own, key=lambda hit: hit.started)
    return [
        f"{after.started - before.started:.3f} s: {before.path} {after.path}, connections "
        f"{before.connection} {after.connection}, {before.started - hits[0].started:.2f} s after the first"
        for before, after in pairwise(hits)
        if after.started - before.earliest <= delay_s - TOLERANCE_S
    ]


def wait_for_hits(web: LocalWeb, more: int) -> None:
    """Until the web was asked so many times more."""
    before = len(web.hits)
    wait_until(lambda: len(web.hits) >= before + more)
