"""What workers tell of themselves, and the links that they found."""

import asyncio

import pytest

from linkcrawl.frontier import WorkerFacts
from linkcrawl.frontier.facts import OwnFacts
from tests.frontier.conftest import OpenCrawl


def test_facts_are_seen_while_a_worker_lives_and_its_links_for_ever(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            first, second = await crawl.worker(), await crawl.worker()
            told = WorkerFacts(host="one", pages=7, links=5, hindrance="the disk is full")
            await first.beat([], told)
            await first.beat([])
            await second.beat([], WorkerFacts(host="two", links=2))
            seen = {worker.facts for worker in await first.workers()}
            assert seen == {told, WorkerFacts(host="two", links=2)}
            assert (await first.books()).links == 7
            await second.leave()
            assert [worker.facts for worker in await first.workers()] == [told]
            assert (await first.books()).links == 7

    asyncio.run(scenario())


def test_the_links_of_who_was_taken_for_dead_count_once(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            sleeper, other = await crawl.worker("sleeper"), await crawl.worker("other")
            await sleeper.beat([], WorkerFacts(links=5))
            await other.reclaim(everyone=True)
            assert (await other.books()).links == 5
            await sleeper.beat([], WorkerFacts(links=6))
            assert (await other.books()).links == 5
            await other.reclaim(everyone=True)
            assert (await other.books()).links == 5

    asyncio.run(scenario())


def test_counts_are_of_one_life() -> None:
    life, now = [1], [0.0]
    facts = OwnFacts(lambda: life[0], lambda: now[0])
    for _ in range(3):
        facts.count(2)
    told = facts.told(sites=4, downloading=1, hindrance="no disk")
    assert (told.pages, told.links, told.sites, told.downloading) == (3, 6, 4, 1)
    assert told.hindrance == "no disk"
    assert told.host
    assert told.version
    assert told.rss_bytes > 1_000_000
    life[0] = 2
    facts.count(1)
    told = facts.told(0, 0, None)
    assert (told.pages, told.links) == (1, 1)


def test_pages_a_second_are_those_of_the_last_seconds() -> None:
    now = [0.0]
    facts = OwnFacts(lambda: 1, lambda: now[0])
    rates = []
    for second in range(60):
        now[0] = float(second)
        rates.append(facts.told(0, 0, None).pages_a_second)
        for _ in range(5 if second < 30 else 1):
            facts.count(0)
    assert rates[0] == 0.0
    assert rates[1] == pytest.approx(5.0)
    assert rates[29] == pytest.approx(5.0)
    assert rates[59] == pytest.approx(1.0)
