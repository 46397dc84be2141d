"""What a crawl costs its Redis server: CPU a page, and where it goes, script by script.

`python -m tests.benchmarks.redis_cost --pages 4000`. The server is asked twice: once undisturbed, for the CPU
a page; once with a slow log that takes down every call, which tells the scripts apart and costs time itself.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from linkcrawl.frontier.lua import script
from tests.benchmarks.contenders import LINKCRAWL, Job
from tests.benchmarks.measure import run
from tests.benchmarks.nginx import served
from tests.benchmarks.pages import BenchWeb
from tests.benchmarks.redis_server import RedisServer, redis_server

_SLOWLOG = 500_000


@dataclass(frozen=True, slots=True)
class ScriptCost:
    """What the calls of one script took in the server."""

    name: str
    calls: int
    us: int
    """Of its run; reading the request and writing the reply are not in it."""


def crawl(web: BenchWeb, server: RedisServer) -> float:
    """One crawl of the web -> CPU seconds of the server."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as name:
        before = server.cpu_s()
        run(LINKCRAWL.command(Job(web, Path(name), server.url)), Path(name) / "log.txt")
        return server.cpu_s() - before


def cpu_a_page(web: BenchWeb, one_page: BenchWeb) -> float:
    """Microseconds of the server for each page; a crawl of one page is taken off."""
    spent = []
    for served_web in (one_page, web):
        with redis_server() as server:
            spent.append(crawl(served_web, server))
    return (spent[1] - spent[0]) * 1e6 / (web.pages - one_page.pages)


def by_script(web: BenchWeb) -> list[ScriptCost]:
    """The dearest first, as the server's slow log has them."""
    with redis_server() as server:
        server.client.config_set("slowlog-max-len", _SLOWLOG)
        server.client.config_set("slowlog-log-slower-than", 0)
        crawl(web, server)
        server.client.config_set("slowlog-log-slower-than", -1)
        return sorted(_added_up(server.client.slowlog_get(_SLOWLOG)), key=lambda cost: -cost.us)


def _added_up(entries: list[dict[str, Any]]) -> Iterator[ScriptCost]:
    names = {script(name).sha: name for name in _script_names()}
    calls, us = Counter[str](), Counter[str]()
    for entry in entries:
        words = entry["command"].decode("utf-8", "replace").split(" ")
        name = words[0].lower()
        if name == "eval":
            name = "(first calls)"
        elif name == "evalsha":
            name = names.get(words[1], words[1])
        else:
            continue  # most are what scripts called: counted with these
        calls[name] += 1
        us[name] += entry["duration"]
    for name, number in calls.items():
        yield ScriptCost(name, number, us[name])


def _script_names() -> list[str]:
    folder = files("linkcrawl.frontier") / "scripts"
    names = [entry.name for entry in folder.iterdir()]
    return [name.removesuffix(".lua") for name in names if name.endswith(".lua") and name != "prelude.lua"]


def table(costs: list[ScriptCost], pages: int) -> str:
    """Calls and time for each page."""
    lines = [f"{'':14}{'calls':>9}{'us a call':>11}{'us a page':>11}"]
    for cost in costs[:15]:
        lines.append(f"{cost.name:14}{cost.calls:9}{cost.us / cost.calls:11.1f}{cost.us / pages:11.2f}")
    total, number = sum(cost.us for cost in costs), sum(cost.calls for cost in costs)
    lines.append(f"{'all':14}{number:9}{total / number:11.1f}{total / pages:11.2f}")
    return "\n".join(lines)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=4000)
    parser.add_argument("--hosts", type=int, default=40)
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    with served(BenchWeb(1, 1)) as one_page, served(BenchWeb(asked.pages, asked.hosts)) as web:
        for _ in range(asked.runs):
            print(f"{cpu_a_page(web, one_page):.1f} us of Redis CPU a page")
        print(table(by_script(web), web.pages))


if __name__ == "__main__":
    main()
