"""What workers tell of themselves, and the links that they found."""

import asyncio

from linkcrawl.frontier import WorkerFacts
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
