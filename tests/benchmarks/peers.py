"""linkcrawl beside Scrapy and scrapy-redis: the same job, the same URLs, one machine, in alternation.

`python -m tests.benchmarks.peers --pages 4000 --runs 3` prints a table. Counted is the CPU (user and system,
children included) of the crawler without that of a crawl of one page, which is its start-up; the Redis
server's CPU stands apart. A run whose links are not exactly those of the web is an error, not a number.

The peers take long, so they get fewer hosts (`--peer-hosts`) with as many pages each: the larger a site, the
more different links stand on its page, and these are what costs.
"""

import argparse
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.contenders import CONTENDERS, LINKCRAWL, Contender, Job
from tests.benchmarks.measure import Cost, Failed, run
from tests.benchmarks.nginx import served
from tests.benchmarks.pages import BenchWeb
from tests.benchmarks.redis_server import redis_server

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """One crawl of a whole web."""

    pages: int
    cost: Cost
    redis_cpu_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of a contender's runs."""

    name: str
    cpu_ms_a_page: float
    redis_us_a_page: float | None
    peak_rss_mb: float
    pages_a_second: float
    start_up_s: float


def crawl(contender: Contender, web: BenchWeb) -> Run:
    """Let a contender crawl a web that is being served. Raises Failed, also if its links are not right."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as name, redis_server() as server:
        job = Job(web, Path(name), server.url)
        before = server.cpu_s()
        cost = run(contender.command(job), Path(name) / "log.txt", {"PYTHONPATH": str(REPOSITORY)})
        redis_cpu_s = server.cpu_s() - before
        found, owed = contender.found(job), web.watched()
        if found != owed:
            wrong = [f"missing {link}" for link in owed - found] + [f"extra {link}" for link in found - owed]
            text = "\n".join(wrong[:20])
            raise Failed(
                f"{contender.name}: {len(wrong)} links differ from the web's, of {owed.total()}:\n{text}"
            )
    return Run(web.pages, cost, redis_cpu_s)


def compare(webs: Mapping[str, BenchWeb], runs: int, contenders: Sequence[Contender]) -> list[Result]:
    """Crawl in alternation: each contender once, then again. webs: {contender: the web that it crawls}."""
    done: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    start_ups: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    with ExitStack() as stack:
        small = stack.enter_context(served(BenchWeb(1, 1)))
        running = {web: stack.enter_context(served(web)) for web in set(webs.values())}
        for _ in range(runs):
            for contender in contenders:
                start_ups[contender.name].append(crawl(contender, small))
                done[contender.name].append(crawl(contender, running[webs[contender.name]]))
    return [_result(contender, start_ups[contender.name], done[contender.name]) for contender in contenders]


def _result(contender: Contender, start_ups: Sequence[Run], runs: Sequence[Run]) -> Result:
    start_up_s = median(run.cost.cpu_s for run in start_ups)
    redis_start_up_s = median(run.redis_cpu_s for run in start_ups)
    pages = runs[0].pages - 1
    redis_s = median(run.redis_cpu_s for run in runs) - redis_start_up_s
    return Result(
        contender.name,
        (median(run.cost.cpu_s for run in runs) - start_up_s) * 1e3 / pages,
        redis_s * 1e6 / pages if contender.uses_redis else None,
        median(run.cost.peak_rss_mb for run in runs),
        median(run.pages / run.cost.wall_s for run in runs),
        start_up_s,
    )


def table(results: Iterable[Result]) -> str:
    """The results side by side, and how many times dearer each is than the first."""
    rows = list(results)
    lines = [
        f"{'':14}{'CPU ms':>9}{'times':>8}{'Redis us':>10}{'peak MB':>9}{'pages/s':>9}{'start-up s':>12}",
        f"{'':14}{'a page':>9}{'':>8}{'a page':>10}",
    ]
    for row in rows:
        redis = "-" if row.redis_us_a_page is None else f"{row.redis_us_a_page:.0f}"
        lines.append(
            f"{row.name:14}{row.cpu_ms_a_page:9.2f}{row.cpu_ms_a_page / rows[0].cpu_ms_a_page:8.1f}"
            f"{redis:>10}{row.peak_rss_mb:9.0f}{row.pages_a_second:9.0f}{row.start_up_s:12.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=4000, help="pages for linkcrawl (default 4000)")
    parser.add_argument("--hosts", type=int, default=40, help="hosts that they are spread over (default 40)")
    parser.add_argument("--peer-hosts", type=int, default=8, help="hosts for the peers (default 8)")
    parser.add_argument("--runs", type=int, default=3, help="crawls of each; the medians count (default 3)")
    parser.add_argument("--only", action="append", choices=[contender.name for contender in CONTENDERS])
    asked = parser.parse_args()
    contenders = [contender for contender in CONTENDERS if not asked.only or contender.name in asked.only]
    whole = BenchWeb(asked.pages, asked.hosts)
    part = BenchWeb(asked.pages // asked.hosts * asked.peer_hosts, asked.peer_hosts)
    webs = {contender.name: whole if contender is LINKCRAWL else part for contender in contenders}
    for name, web in webs.items():
        print(f"{name}: {web.pages} pages on {web.hosts} hosts, {asked.runs} runs")
    print(table(compare(webs, asked.runs, contenders)))


if __name__ == "__main__":
    main()
