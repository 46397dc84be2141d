"""How many workers one Redis server carries: synthetic workers, real calls, the server's CPU for each page.

`python -m tests.benchmarks.many_workers --workers 1 4 8`. Each worker is a process that leases, submits,
settles and releases at the rhythm and in the batches of a real one, `--rate` pages a second (a real worker on
one core does 300 to 400), but fetches nothing. A page brings `--new` URLs that the crawl has not seen and
`--seen` that it has.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from linkcrawl.frontier import CrawlSpec, Frontier, Release, ServerAddress
from linkcrawl.records import Candidate, Lease, Outcome, SiteHold
from tests.benchmarks.redis_server import RedisServer, redis_server

_TURN_S, _SUBMIT_S, _SETTLE_S, _BEAT_S = 0.05, 1.0, 2.0, 5.0
_FIRST_PAGES = 30


@dataclass
class Synthetic:
    """One worker that fetches nothing."""

    frontier: Frontier
    rate: int
    new: float
    seen: int
    sites: int
    urls: int
    pages: int = 0
    _waiting: list[tuple[SiteHold, list[Lease]]] = field(default_factory=list)
    _done: list[SiteHold] = field(default_factory=list)
    _found: list[Candidate] = field(default_factory=list)
    _read: list[tuple[Lease, Outcome]] = field(default_factory=list)
    _owed: float = 0.0
    _chance: Random = field(default_factory=lambda: Random(1))

    async def work(self, seconds: float) -> None:
        """For so many seconds."""
        started = last = submitted = settled = beaten = time.monotonic()
        while last < started + seconds:
            await asyncio.sleep(_TURN_S)
            now = time.monotonic()
            self._fetch((now - last) * self.rate)
            last = now
            if self._done:
                done, self._done = self._done, []
                await self.frontier.release([Release(hold, 0, 0, failed=False) for hold in done])
            await self._lease()
            if now - submitted > _SUBMIT_S and self._found:
                submitted, found, self._found = now, self._found, []
                await self.frontier.submit(found, self._read[-1][0] if self._read else None)
            if now - settled > _SETTLE_S:
                settled = now
                await self._settle()
            if now - beaten > _BEAT_S:
                beaten = now
                await self.frontier.beat([])
        await self._settle()

    async def _lease(self) -> None:
        wanted = self.sites - len(self._waiting)
        urls = self.urls
        if wanted > self.sites // 4:
            # At first: not all at once, so that they do not end all at once.
            wanted, urls = self.sites // 20 + 1, self._chance.randint(1, self.urls)
        if wanted > 0:
            holds = await self.frontier.lease(wanted, urls)
            self._waiting += [(hold, list(hold.leases)) for hold in holds]

    async def _settle(self) -> None:
        read, self._read = self._read, []
        for first in range(0, len(read), 500):
            await self.frontier.settle(read[first : first + 500])
        self.pages += len(read)

    def _fetch(self, pages: float) -> None:
        """So many pages were fetched, one of a site at a time, all sites in turn."""
        self._owed += pages
        while self._owed >= 1 and self._waiting:
            hold, leases = self._waiting.pop(0)
            lease = leases.pop()
            self._owed -= 1
            self._read.append((lease, Outcome.OK))
            self._found += self._discovered(lease)
            if leases:
                self._waiting.append((hold, leases))
            else:
                self._done.append(hold)
        self._owed = min(self._owed, 100.0)

    def _discovered(self, lease: Lease) -> list[Candidate]:
        here = lease.candidate
        number = self.pages + len(self._read)
        fresh = int((number + 1) * self.new) - int(number * self.new)
        paths = [f"/archive/{lease.token}-{i}/a-title-of-some-words" for i in range(fresh)]
        paths += [f"/page/{i}" for i in range(self.seen)]
        return [
            Candidate(f"https://{here.host}{path}", here.host, here.site, here.depth + 1, here.url)
            for path in paths
        ]


@dataclass(frozen=True, slots=True)
class Load:
    """What so many workers asked of the server."""

    workers: int
    pages_a_second: float
    us_a_page: float
    share: float
    """Of one core."""


async def _as_worker(asked: argparse.Namespace) -> None:
    frontier = await Frontier.connect(ServerAddress.from_url(asked.server), "load")
    await frontier.join()
    worker = Synthetic(frontier, asked.rate, asked.new, asked.seen, asked.sites, asked.urls)
    await worker.work(asked.seconds)
    await frontier.close()


async def _found(server: str, sites: int, partitions: int) -> None:
    """Make the crawl, with some pages of each site."""
    frontier = await Frontier.connect(ServerAddress.from_url(server), "load")
    await frontier.create(
        CrawlSpec("01J" + "0" * 23, "load", 1, partitions=partitions, delay_ms=0, expect_urls=1_000_000)
    )
    for first in range(0, sites, 200):
        names = [f"site{number}.example" for number in range(first, min(sites, first + 200))]
        await frontier.submit(
            [Candidate(f"https://{n}/page/{i}", n, n, 0) for n in names for i in range(_FIRST_PAGES)]
        )
    await frontier.close()


def load(workers: int, asked: argparse.Namespace) -> Load:
    """Measure so many workers on a server of their own."""
    with redis_server() as server:
        asyncio.run(_found(server.url, workers * asked.sites * 2, asked.partitions))
        command = [sys.executable, "-m", "tests.benchmarks.many_workers", "--server", server.url]
        for name in ("rate", "new", "seen", "sites", "urls", "seconds"):
            command += [f"--{name}", str(getattr(asked, name))]
        running = [subprocess.Popen(command) for _ in range(workers)]
        time.sleep(asked.seconds / 2)
        first = _reading(server, asked.partitions)
        time.sleep(asked.seconds / 3)
        last = _reading(server, asked.partitions)
        for process in running:
            process.wait()
    pages, cpu_s, wall_s = (b - a for a, b in zip(first, last, strict=True))
    return Load(workers, pages / wall_s, cpu_s * 1e6 / pages, cpu_s / wall_s)


def _reading(server: RedisServer, partitions: int) -> tuple[int, float, float]:
    """(pages settled so far, the server's CPU, now)"""
    counted = [server.client.hget(f"{{load:{p}}}:c", "o:ok") for p in range(partitions)]
    return sum(int(pages or 0) for pages in counted), server.cpu_s(), time.monotonic()


def table(loads: Sequence[Load]) -> str:
    """The loads, one a line."""
    lines = [f"{'workers':>8}{'pages/s':>10}{'us a page':>11}{'of a core':>11}"]
    for one in loads:
        lines.append(
            f"{one.workers:8}{one.pages_a_second:10.0f}{one.us_a_page:11.1f}{one.share * 100:10.0f}%"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rate", type=int, default=400, help="pages a second of each worker (default 400)")
    parser.add_argument("--new", type=float, default=1.0, help="new URLs of a page (default 1)")
    parser.add_argument("--seen", type=int, default=3, help="known URLs of a page (default 3)")
    parser.add_argument("--sites", type=int, default=400, help="sites that a worker holds (default 400)")
    parser.add_argument("--urls", type=int, default=20, help="URLs leased of a site (default 20)")
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.server:
        asyncio.run(_as_worker(asked))
        return
    print(table([load(workers, asked) for workers in asked.workers]))


if __name__ == "__main__":
    main()
