"""What a move costs the server: the same in a small crawl and in a large one."""

import asyncio
from importlib.resources import files
from typing import Any

from linkcrawl.frontier import Frontier, Release
from linkcrawl.frontier.lua import script
from linkcrawl.frontier.server import Server
from linkcrawl.records import Outcome, Refusal
from tests.frontier.conftest import OpenCrawl, url
from tests.frontier.test_moves import leases_of


def pairs(info: Any) -> dict[str, int]:
    """Calls of each command, but those that look."""
    if isinstance(info, dict):
        stats = {name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in info.items()}
    else:
        lines = [line.split(":", 1) for line in info.decode().split("\r\n") if ":" in line]
        stats = {name.removeprefix("cmdstat_"): int(stat.split("=")[1].split(",")[0]) for name, stat in lines}
    return {name: calls for name, calls in stats.items() if name not in ("info", "config|resetstat")}


async def commands_of_a_page(raw: Server, worker: Frontier) -> dict[str, int]:
    """Commands processed by a lease of 4 sites, their release and settling, scripts' own calls included."""
    await load_scripts(raw)
    await raw.command("CONFIG", "RESETSTAT")
    holds = await worker.lease(4, 2)
    assert len(holds) == 4
    await worker.release([Release(hold, 0, failed=False) for hold in holds])
    await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)])
    return pairs(await raw.command("INFO", "commandstats"))


async def commands_of_a_turn(raw: Server, worker: Frontier) -> dict[str, int]:
    """Commands processed by everything else that a worker asks for again and again."""
    [hold] = await worker.lease(1, 2)
    retried, returned = hold.leases
    await load_scripts(raw)
    await raw.command("CONFIG", "RESETSTAT")
    known = hold.leases[0].candidate
    assert await worker.submit([known, known._replace(url=f"{known.url}/new")]) == [Refusal.SEEN, None]
    await worker.beat([retried])
    await worker.retry([(retried, 60_000)])
    await worker.give_back([returned])
    await worker.books()
    assert not await worker.complete()
    await worker.reclaim(everyone=True)
    await worker.reconcile([], [hold])
    return pairs(await raw.command("INFO", "commandstats"))


async def load_scripts(raw: Server) -> None:
    """Else the first call of each would be another."""
    folder = files("linkcrawl.frontier") / "scripts"
    for entry in folder.iterdir():
        name, dot, kind = entry.name.rpartition(".")
        if dot and kind == "lua" and name != "prelude":
            await raw.command("SCRIPT", "LOAD", script(name).text)


def test_a_lease_costs_the_same_at_a_thousand_sites_and_at_thirty_thousand(crawl_of: OpenCrawl) -> None:
    async def cost(sites: int) -> tuple[dict[str, int], dict[str, int]]:
        async with crawl_of(partitions=1) as crawl:
            worker = await crawl.worker()
            pages = [url(f"{i}.example", f"/{j}") for i in range(sites) for j in range(3 if i < 50 else 1)]
            assert set(await worker.submit(pages)) == {None}
            # These have as much queued in both crawls.
            key = "{test:0}:due"
            await crawl.raw.command("ZADD", key, *(part for i in range(1, 6) for part in (i, f"{i}.example")))
            page = await commands_of_a_page(crawl.raw, worker)
            return page, await commands_of_a_turn(crawl.raw, worker)

    async def scenario() -> None:
        small, large = await cost(1_000), await cost(30_000)
        assert small == large
        assert sum(small[0].values()) < 70

    asyncio.run(scenario())


def test_memory_of_queued_and_seen_urls(crawl_of: OpenCrawl) -> None:
    async def used(raw: Server) -> int:
        info = await raw.command("INFO", "memory")
        if isinstance(info, dict):
            return int(info["used_memory"])
        return int(
            next(line for line in info.decode().split() if line.startswith("used_memory:")).split(":")[1]
        )

    async def scenario() -> None:
        urls = 40_000
        async with crawl_of(partitions=4, expect_urls=urls) as crawl:
            worker = await crawl.worker()
            before = await used(crawl.raw)
            # URLs of 80 characters or more, found on other pages of the site.
            words = "some-section/with-a-title-of-a-few-words"
            pages = [
                url(
                    f"www.site-{i % 20}.example",
                    f"/{i * 7919 % 997}/{words}-{i}.html",
                    discovered_from=f"https://www.site-{i % 20}.example/{i * 104729 % 997}/{words}-{i // 2}",
                )
                for i in range(urls)
            ]
            assert min(len(page.url) for page in pages) >= 75
            await worker.submit(pages)
            full = await used(crawl.raw)
            encodings = {
                await crawl.raw.command("OBJECT", "ENCODING", f"{{test:0}}:seen:{b}") for b in range(30)
            }
            assert encodings == {b"intset"}
            queued = await crawl.raw.command("KEYS", "*:q:*")
            await crawl.raw.commands([("DEL", key) for key in queued])
            seen = await used(crawl.raw)
            print(f"bytes a URL: {(full - before) / urls:.1f} in all, {(seen - before) / urls:.1f} seen")
            assert (full - seen) / urls < 150
            assert (seen - before) / urls < 12

    asyncio.run(scenario())
