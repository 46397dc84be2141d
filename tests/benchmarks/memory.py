"""Whether a worker's memory stays flat: its resident size while it crawls many pages.

`python -m tests.benchmarks.memory --pages 20000`. A line for each tenth of the crawl: pages settled, the
worker's resident size and the server's memory.
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


@dataclass(frozen=True, slots=True)
class Moment:
    """A crawl under way."""

    pages: int
    worker_mb: float
    server_mb: float


def moments(web: BenchWeb, server: RedisServer) -> Iterator[Moment]:
    """One crawl of the web with one worker, looked at twice a second."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as name:
        folder = Path(name)
        with (folder / "log.txt").open("wb") as log:
            command = LINKCRAWL.command(Job(web, folder, server.url))
            crawl = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while crawl.poll() is None:
            time.sleep(_LOOK_EVERY_S)
            try:
                workers = psutil.Process(crawl.pid).children(recursive=True)
                worker = max((process.memory_info().rss for process in workers), default=0)
            except psutil.NoSuchProcess:
                continue
            yield Moment(_settled(server), worker / 1e6, _memory(server) / 1e6)
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
    asked = parser.parse_args()
    print(f"{'pages':>8}{'worker MB':>12}{'server MB':>12}")
    said, most = -1, 0.0
    with served(BenchWeb(asked.pages, asked.hosts)) as web, redis_server() as server:
        for moment in moments(web, server):
            most = max(most, moment.worker_mb)
            if moment.pages * 10 // asked.pages > said:
                said = moment.pages * 10 // asked.pages
                print(f"{moment.pages:8}{moment.worker_mb:12.0f}{moment.server_mb:12.1f}", flush=True)
    print(f"the most: {most:.0f} MB")


if __name__ == "__main__":
    main()
