"""Whether a worker's memory stays flat: its resident size while it crawls many pages.

`python -m tests.benchmarks.memory --pages 200000 --seconds 600`. A line every ten seconds: pages settled, the
worker's resident size, how much of it is its own alone (Linux: less the files of libraries, which all workers of a
machine share), and the server's memory. All hosts show the same pages, so that a web of any size is made in seconds.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.contenders import LINKCRAWL, Job
from tests.benchmarks.nginx import served
from tests.benchmarks.pages import BenchWeb
from tests.benchmarks.redis_server import RedisServer, redis_server

_PARTITIONS = 16
_LOOK_EVERY_S = 0.5
_SAY_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A crawl under way."""

    pages: int
    worker_mb: float
    own_mb: float
    server_mb: float


def moments(web: BenchWeb, server: RedisServer, seconds: float) -> Iterator[Moment]:
    """One crawl of the web with one worker, looked at twice a second; stopped after that many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as name:
        folder, until = Path(name), time.monotonic() + seconds
        with (folder / "log.txt").open("wb") as log:
            command = LINKCRAWL.command(Job(web, folder, server.url))
            crawl = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while crawl.poll() is None:
            time.sleep(_LOOK_EVERY_S)
            if time.monotonic() > until:
                crawl.terminate()
                until += seconds
            try:
                workers = psutil.Process(crawl.pid).children(recursive=True)
                largest = max((process.memory_info()[:3] for process in workers), default=None)
            except psutil.NoSuchProcess:
                continue
            if largest is not None:
                size, _, shared = largest
                yield Moment(_settled(server), size / 1e6, (size - shared) / 1e6, _memory(server) / 1e6)
        if crawl.returncode:
            raise SystemExit((folder / "log.txt").read_text(errors="replace")[-3000:])


def _settled(server: RedisServer) -> int:
    counted = [server.client.hget(f"{{bench:{p}}}:c", "o:ok") for p in range(_PARTITIONS)]
    return sum(int(pages or 0) for pages in counted)


def _memory(server: RedisServer) -> float:
    info = server.client.info("memory")
    assert isinstance(info, dict)
    return float(info["used_memory"])


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3600)
    asked = parser.parse_args()
    print(f"{'seconds':>8}{'settled':>9}{'worker MB':>11}{'own MB':>8}{'server MB':>11}")
    began, said, most, most_own = time.monotonic(), 0.0, 0.0, 0.0
    web = BenchWeb(asked.pages, asked.hosts)
    with served(web, alike=True) as running, redis_server() as server:
        for moment in moments(running, server, asked.seconds):
            most, most_own = max(most, moment.worker_mb), max(most_own, moment.own_mb)
            seconds = time.monotonic() - began
            if seconds >= said:
                said = seconds + _SAY_EVERY_S
                sizes = f"{moment.worker_mb:11.0f}{moment.own_mb:8.0f}{moment.server_mb:11.1f}"
                print(f"{seconds:8.0f}{moment.pages:9}{sizes}", flush=True)
    print(f"the most: {most:.0f} MB, {most_own:.0f} of its own")


if __name__ == "__main__":
    main()
