"""What a lease costs the server in a small crawl and in one with a million sites: it has to be the same.

`python -m tests.benchmarks.lease_at_scale --sites 1000 1000000` (10 URLs each: 10 million URLs take about 2 GB
and five minutes). At each size: commands that a lease of 16 sites makes the server process, keys that they
touch, microseconds of the server; the same for the release and settling of what was leased; and memory.
"""

import argparse
import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from linkcrawl.frontier import CrawlSpec, Frontier, Release, ServerAddress
from linkcrawl.frontier.lua import script
from linkcrawl.records import Candidate, Outcome
from tests.benchmarks.redis_server import RedisServer, redis_server

_PARTITIONS = 16
_SITES_A_LEASE, _URLS_A_SITE = 16, 10
_SITES_A_SUBMIT = 500
_LEASES = 40


@dataclass(frozen=True, slots=True)
class LeaseCost:
    """Of one lease, its release and settling."""

    sites: int
    urls: int
    commands: Counter[str]
    keys: int
    """Different keys that the lease alone touches."""
    us: float
    """Of the server's scripts: lease, release and settle, for each leased URL; the mean of some leases."""
    bytes_a_url: float


def pages_of(site: int, urls: int) -> Iterator[Candidate]:
    """URLs of a site, of about 80 characters."""
    name = f"site-{site}.example"
    section = f"https://www.{name}/archive/section-{site % 97}/"
    for number in range(urls):
        url = f"{section}a-title-of-some-words-{site * 7919 % 99991}-{number}.html"
        yield Candidate(url, f"www.{name}", name, 1 + number % 2, discovered_from=section)


async def grow(frontier: Frontier, first: int, last: int, urls: int) -> None:
    """Submit the sites from `first` up to `last`."""
    for start in range(first, last, _SITES_A_SUBMIT):
        sites = range(start, min(last, start + _SITES_A_SUBMIT))
        await frontier.submit([page for site in sites for page in pages_of(site, urls)])


def _calls(server: RedisServer) -> Counter[str]:
    stats = server.client.info("commandstats")
    assert isinstance(stats, dict)
    calls = {name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in stats.items()}
    return Counter(
        {name: n for name, n in calls.items() if name not in ("info", "config|resetstat", "monitor")}
    )


class Listener:
    """The keys that scripts touch, as the server's MONITOR tells."""

    def __init__(self, server: RedisServer) -> None:
        self._client = server.client
        self._ready = threading.Event()
        self._keys: set[str] = set()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        self._ready.wait()
        return self

    def _listen(self) -> None:
        with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]
            self._ready.set()
            for told in monitor.listen():
                words = str(told["command"]).split(" ")
                if words[0] == "ECHO":
                    return
                if told["client_type"] == "lua" and len(words) > 1 and words[1].startswith("{"):
                    self._keys.add(re.sub(r"\d{10,}", "N", words[1]))

    def __exit__(self, *exception: object) -> None:
        self._client.echo("end")
        self._thread.join()

    @property
    def keys(self) -> int:
        """How many."""
        return len(self._keys)


async def measure(frontier: Frontier, server: RedisServer, sites: int, urls: int) -> LeaseCost:
    """Leases of 16 sites each, released and settled."""
    info = server.client.info("memory")
    assert isinstance(info, dict)
    for name in ("lease", "release", "settle"):
        server.client.script_load(script(name).text)
    with Listener(server) as listener:
        await _one(frontier)
    server.client.config_resetstat()
    leased = 0
    for _ in range(_LEASES):
        leased += await _one(frontier)
    stats = server.client.info("commandstats")
    assert isinstance(stats, dict)
    us = stats["cmdstat_evalsha"]["usec"] / leased
    calls = Counter({name: round(calls / _LEASES, 1) for name, calls in _calls(server).items()})
    return LeaseCost(sites, sites * urls, calls, listener.keys, us, info["used_memory"] / (sites * urls))


async def _one(frontier: Frontier) -> int:
    holds = await frontier.lease(_SITES_A_LEASE, _URLS_A_SITE)
    assert len(holds) == _SITES_A_LEASE, "every partition has sites that are due"
    leases = [lease for hold in holds for lease in hold.leases]
    await frontier.release([Release(hold, 0, failed=False) for hold in holds])
    await frontier.settle([(lease, Outcome.OK) for lease in leases])
    return len(leases)


async def at_each_size(server: RedisServer, sizes: list[int], urls: int) -> list[LeaseCost]:
    """Grow one crawl from size to size, and measure at each."""
    frontier = await Frontier.connect(ServerAddress.from_url(server.url), "scale")
    spec = CrawlSpec(
        "01J" + "0" * 23, "scale", 1, partitions=_PARTITIONS, delay_ms=0, expect_urls=max(sizes) * urls
    )
    await frontier.create(spec)
    await frontier.join()
    done, costs = 0, []
    for size in sizes:
        await grow(frontier, done, size, urls)
        done = size
        await frontier.beat([])
        costs.append(await measure(frontier, server, size, urls))
    await frontier.close()
    return costs


def table(costs: list[LeaseCost]) -> str:
    """The sizes side by side."""
    lines = [f"{'':24}" + "".join(f"{cost.sites:>14,} sites" for cost in costs)]
    rows = {
        "URLs queued": [f"{cost.urls:,}" for cost in costs],
        "commands": [f"{sum(cost.commands.values()):.0f}" for cost in costs],
        "keys of a lease": [f"{cost.keys}" for cost in costs],
        "us a leased URL": [f"{cost.us:.1f}" for cost in costs],
        "bytes a URL, all in all": [f"{cost.bytes_a_url:.0f}" for cost in costs],
    }
    for name in sorted({name for cost in costs for name in cost.commands}):
        rows[f"  {name}"] = [f"{cost.commands[name]}" for cost in costs]
    lines += [f"{name:24}" + "".join(f"{value:>20}" for value in values) for name, values in rows.items()]
    return "\n".join(lines)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--urls", type=int, default=10, help="of each site (default 10)")
    asked = parser.parse_args()
    with redis_server(persistent=False) as server:
        print(table(asyncio.run(at_each_size(server, sorted(asked.sites), asked.urls))))


if __name__ == "__main__":
    main()
