"""How each crawler is started on the benchmark's web, and where it leaves the links that it found."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tests.benchmarks.pages import WATCH, BenchWeb, WatchedLink


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl to be done: of which web, into which empty folder, with which Redis server."""

    web: BenchWeb
    folder: Path
    redis: str

    def seeds_file(self) -> Path:
        """The seeds, one a line."""
        path = self.folder / "seeds.txt"
        path.write_text("\n".join(self.web.seeds()) + "\n")
        return path


@dataclass(frozen=True, slots=True)
class Contender:
    """A crawler."""

    name: str
    command: Callable[[Job], list[str]]
    found: Callable[[Job], Counter[WatchedLink]]
    uses_redis: bool


def _linkcrawl(job: Job) -> list[str]:
    program = str(Path(sys.executable).with_name("linkcrawl"))
    command = [program, "crawl", "--seeds", str(job.seeds_file()), "-o", str(job.folder / "out")]
    for domain in WATCH:
        command += ["--watch", domain]
    pace = ["--workers", "1", "--delay", "0", "--allow-private"]
    return [*command, *pace, "--redis", job.redis, "--name", "bench"]


def _linkcrawl_found(job: Job) -> Counter[WatchedLink]:
    columns = ["source_url", "target_url", "anchor_text", "nofollow"]
    rows: Counter[WatchedLink] = Counter()
    for path in (job.folder / "out" / "links").glob("*/*.parquet"):
        table = pq.ParquetFile(path).read(columns=columns).to_pylist()
        rows.update(WatchedLink(*(row[name] for name in columns)) for row in table)
    return rows


def _peer(job: Job) -> list[str]:
    command = [sys.executable, "-m", "tests.benchmarks.peer_spider", "--seeds", str(job.seeds_file())]
    return [*command, "--items", str(job.folder / "items.jsonl")]


def _peer_with_redis(job: Job) -> list[str]:
    return [*_peer(job), "--redis", job.redis]


def _peer_found(job: Job) -> Counter[WatchedLink]:
    with (job.folder / "items.jsonl").open() as lines:
        items = map(json.loads, lines)
        return Counter(WatchedLink(i["source"], i["target"], i["anchor"], i["nofollow"]) for i in items)


LINKCRAWL = Contender("linkcrawl", _linkcrawl, _linkcrawl_found, uses_redis=True)
SCRAPY = Contender("scrapy", _peer, _peer_found, uses_redis=False)
SCRAPY_REDIS = Contender("scrapy-redis", _peer_with_redis, _peer_found, uses_redis=True)
CONTENDERS = (LINKCRAWL, SCRAPY, SCRAPY_REDIS)
