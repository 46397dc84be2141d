"""`linkcrawl submit` with many seeds, each of a site of its own: time, CPU and memory, beside a tenth of them.

    python -m tests.benchmarks.submit_seeds --seeds 1000000

Flat memory means that the command holds no more with ten times the seeds.
"""

import argparse
import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Cost, run
from tests.benchmarks.redis_server import redis_server
from tests.crawl.process import PROGRAM

ENDINGS = ("com", "org", "co.uk", "de", "example")


def lines(number: int) -> Iterator[str]:
    """So many bare domains and URLs, by turns."""
    for i in range(number):
        domain = f"site-{i * 7919 % 10_000_019:x}.{ENDINGS[i % len(ENDINGS)]}"
        yield f"{domain}\n" if i % 2 else f"https://www.{domain}/start?page={i}\n"


def measure(number: int, folder: Path) -> tuple[Cost, float, float]:
    """What the command cost; the server's CPU in seconds and memory in bytes a seed."""
    seeds = folder / "seeds.gz"
    with gzip.open(seeds, "wt", compresslevel=1) as file:
        file.writelines(lines(number))
    with redis_server() as server:
        before = memory_of(server.client.info("memory"))
        command = [PROGRAM, "submit", "--redis", server.url, "--name", "bench", "-o", str(folder / "out")]
        cost = run([*command, "--seeds", str(seeds), "--watch", "w.example"], folder / "log")
        said = (folder / "log").read_text()
        assert f"{number:>9,} new" in said, said
        after = memory_of(server.client.info("memory"))
        return cost, server.cpu_s(), (after - before) / number


def memory_of(info: object) -> int:
    """Bytes that the server uses."""
    assert isinstance(info, dict)
    return int(info["used_memory"])


def main() -> None:
    """Print a row for each number of seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000_000)
    most = parser.parse_args().seeds
    print(
        "| seeds | seconds | CPU s | peak MB | server CPU s | server bytes a seed |\n|---|---|---|---|---|---|"
    )
    for number in (most // 10, most):
        with tempfile.TemporaryDirectory(prefix="lc-") as folder:
            cost, server_s, bytes_each = measure(number, Path(folder))
        print(
            f"| {number:,} | {cost.wall_s:.0f} | {cost.cpu_s:.0f} | {cost.peak_rss_mb:.0f} "
            f"| {server_s:.0f} | {bytes_each:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
