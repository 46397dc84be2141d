"""How a crawl stands: what is counted is what happened; the keys of the JSON are a contract."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from linkcrawl import status as module
from linkcrawl.config import CrawlConfig
from linkcrawl.errors import LinkcrawlError
from linkcrawl.frontier import Release, WorkerFacts
from linkcrawl.records import EndState, Outcome, Refusal, RobotsRecord, RobotsState
from linkcrawl.run import pack_config
from linkcrawl.status import Gauge, as_json, read_site
from tests.frontier.conftest import OpenCrawl, url

KEYS = {
    "at": None,
    "crawl": "name crawl_id state draining started_at ended_at ends_by out scope seeds max_pages watch_version "
    "watch_patterns blocked_domains",
    "urls": "accepted queued delayed leased settled dead",
    "settled": None,
    "refused": None,
    "pages_a_second": None,
    "links": None,
    "sites": "known due held",
    "workers": "worker_id host version last_beat_ms pages links pages_a_second sites downloading rss_bytes hindrance",
    "busiest_sites": "site accepted queued settled delay_ms held ready_in_ms failing_ms given_up",
    "slowest_sites": "site accepted queued settled delay_ms held ready_in_ms failing_ms given_up",
    "dead_letters": "count first",
    "servers": "name version used_bytes max_bytes policy appendonly appendfsync",
    "seen": "urls expected members_a_bucket intset_limit dear",
    "guarantees_off": None,
    "books": "balanced off",
    "warnings": None,
}
SITE_KEYS = (
    "site partition accepted queued queued_by_depth settled refused delay_ms ready_in_ms held_by given_up failing_ms "
    "blocked_by robots"
)


def test_the_numbers_of_a_crawl_and_their_keys(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=pack_config(CrawlConfig(out="/out"))) as crawl:
            operator, worker = await crawl.client(), await crawl.worker("w1")
            await operator.set_watch(["a.test", "b.test"])
            await operator.submit([url(f"s{i}.test", f"/{j}") for i in range(6) for j in range(3)])
            await worker.record_refused({Refusal.SCOPE: 7})
            holds = await worker.lease(3, 2)
            await worker.settle([(hold.leases[0], Outcome.OK) for hold in holds])
            await worker.retry([(holds[0].leases[1], 60_000)])
            await worker.release([Release(holds[0], 0, penalty_ms=90_000, failed=True)])
            facts = WorkerFacts(
                host="box", pages=3, links=11, pages_a_second=2.5, sites=2, rss_bytes=1, hindrance="disk"
            )
            await worker.beat([], facts)
            status = await Gauge(operator).read()

            told: dict[str, Any] = json.loads(as_json(status))
            assert list(told) == list(KEYS)
            for name, keys in KEYS.items():
                part = told[name][0] if isinstance(told[name], list) and told[name] else told[name]
                assert keys is None or set(part) == set(keys.split()), name
            described = (module.__doc__ or "").split()
            assert not [name for name in KEYS if name not in described]

            assert told["urls"] == {
                "accepted": 18,
                "queued": 12,
                "delayed": 1,
                "leased": 2,
                "settled": 3,
                "dead": 0,
            }
            assert (told["settled"], told["refused"]) == ({"ok": 3}, {"scope": 7})
            assert (told["pages_a_second"], told["links"]) == (2.5, 11)
            assert told["sites"] == {"known": 6, "due": 4, "held": 2}
            assert (told["workers"][0]["worker_id"], told["workers"][0]["hindrance"]) == ("w1", "disk")
            assert told["crawl"]["state"] == "running"
            assert (told["crawl"]["out"], told["crawl"]["watch_patterns"]) == ("/out", 2)
            assert told["slowest_sites"][0]["site"] == holds[0].site
            assert 80_000 < told["slowest_sites"][0]["ready_in_ms"] <= 90_000
            assert told["books"] == {"balanced": True, "off": []}
            assert (told["guarantees_off"], told["warnings"]) == ([], [])
            assert datetime.fromisoformat(told["at"]).tzinfo == UTC

    asyncio.run(scenario())


def test_pace_from_two_readings_where_workers_tell_none(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url("a.test", f"/{i}") for i in range(9)])
            gauge = Gauge(operator)
            assert (await gauge.read()).pages_a_second is None
            (hold,) = await worker.lease(1, 9)
            await worker.settle([(lease, Outcome.OK) for lease in hold.leases])
            pace = (await gauge.read()).pages_a_second
            assert pace is not None
            assert pace > 0
            await worker.leave()
            assert (await Gauge(operator).read()).pages_a_second == 0

    asyncio.run(scenario())


def test_the_state_of_a_crawl(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url("a.test")])
            await operator.pause()
            assert (await Gauge(operator).read()).crawl.state == "paused"
            await operator.resume()
            await worker.beat([])
            assert await worker.lease(1, 1)
            await operator.end(EndState.STOPPED)
            part = (await Gauge(operator).read()).crawl
            assert (part.state, part.draining) == ("stopped", True)
            assert part.ended_at is not None
            await operator.delete()
            with pytest.raises(LinkcrawlError, match="there is no crawl named 'test'"):
                await Gauge(operator).read()

    asyncio.run(scenario())


def test_what_an_operator_is_warned_of(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1, expect_urls=256) as crawl:
            operator = await crawl.client()
            await operator.submit([url("a.test", f"/{i}") for i in range(600)])
            await crawl.raw.command("HINCRBY", "{test:0}:c", "accepted", 1)
            await crawl.raw.command("RPUSH", "{test:0}:dead", "5 garbage 0 a.test\nx")
            await crawl.raw.command("HSET", "{test:0}:c", "dead", 1)
            await crawl.raw.command("CONFIG", "SET", "appendonly", "no", "maxmemory-policy", "allkeys-lru")
            used = (await operator.nodes())[0].used_bytes
            assert used is not None
            await crawl.raw.command("CONFIG", "SET", "maxmemory", used + used // 50)
            try:
                status = await Gauge(operator).read()
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", 0)
                await crawl.raw.command(
                    "CONFIG", "SET", "appendonly", "yes", "maxmemory-policy", "noeviction"
                )
            assert status.seen.dear
            letters = status.dead_letters
            assert (letters.count, letters.first[0].reason, letters.first[0].where) == (
                1,
                "garbage",
                "0 a.test",
            )
            assert [text.split(" ")[1] for text in status.guarantees_off] == ["keeps", "forgets"]
            said = " ".join(status.warnings)
            for words in (
                "no worker is alive",
                "nearly full",
                "dead letter",
                "seen set holds 601 URLs a bucket",
            ):
                assert words in said

    asyncio.run(scenario())


def test_books_that_do_not_balance_are_named(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=2) as crawl:
            operator = await crawl.client()
            await crawl.raw.command("HINCRBY", "{test:1}:c", "accepted", 1)
            status = await Gauge(operator).read()
            assert not status.books.balanced
            assert "partition 1: accepted" in status.books.off[0]
            assert "which is a bug" in status.warnings[0]

    asyncio.run(scenario())


def test_one_site(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.submit([url("a.test", f"/{i}", depth=i) for i in range(3)])
            record = RobotsRecord("https://a.test", RobotsState.MISSING, b"", 2_000, 60_000)
            await operator.put_robots("a.test", record)
            told = json.loads(as_json(await read_site(operator, "a.test", "a.test")))
            assert set(told) == {"at", "crawl", "site"}
            assert set(told["site"]) == set(SITE_KEYS.split())
            assert told["site"]["queued_by_depth"] == {"0": 1, "1": 1, "2": 1}
            robots = told["site"]["robots"]["https://a.test"]
            assert (robots["state"], robots["crawl_delay_ms"]) == ("missing", 2_000)
            described = (module.__doc__ or "").replace(",", " ").replace(":", " ").replace(".", " ").split()
            assert not [name for name in SITE_KEYS.split() if name not in described]

    asyncio.run(scenario())


def test_a_reading_costs_the_same_in_a_large_crawl(crawl_of: OpenCrawl) -> None:
    """Commands, scripts' own calls left out."""

    async def commands(sites: int) -> int:
        async with crawl_of(partitions=2) as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url(f"s{i}.test") for i in range(sites)])
            await worker.lease(20, 1)
            before = await processed(crawl)
            await Gauge(operator).read()
            return await processed(crawl) - before

    async def processed(crawl: Any) -> int:
        info = await crawl.raw.command("INFO", "stats")
        if isinstance(info, dict):
            return int(info["total_commands_processed"])
        return int(info.decode().split("total_commands_processed:")[1].split()[0])

    async def scenario() -> None:
        small, large = await commands(200), await commands(4_000)
        assert abs(large - small) <= 4, "but for a site that the sample met twice"
        assert large < 150

    asyncio.run(scenario())
