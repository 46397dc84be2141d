"""Work that one of many does once, and the seeds that are still being submitted."""

import asyncio

from linkcrawl.frontier.claims import Claim
from tests.frontier.conftest import OpenCrawl, url


def test_one_of_many_does_it_and_nobody_does_it_again(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            first, second = await crawl.client("first"), await crawl.client("second")
            assert await first.claim("rows", 60_000) is Claim.MINE
            assert await first.claim("rows", 60_000) is Claim.MINE
            assert await second.claim("rows", 60_000) is Claim.THEIRS
            assert await second.claim("other rows", 60_000) is Claim.MINE
            await second.fulfil("rows")
            assert await first.claim("rows", 60_000) is Claim.MINE, (
                "only who is at it can say that it is done"
            )
            await first.fulfil("rows")
            assert await first.claim("rows", 60_000) is Claim.DONE
            assert await second.claim("rows", 60_000) is Claim.DONE

    asyncio.run(scenario())


def test_whoever_dies_at_it_is_followed_by_another(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            first, second = await crawl.client("first"), await crawl.client("second")
            assert await first.claim("rows", 50) is Claim.MINE
            while await second.claim("rows", 60_000) is not Claim.MINE:
                await asyncio.sleep(0.01)
            assert await first.claim("rows", 50) is Claim.THEIRS
            await second.drop_claim("rows")
            assert await first.claim("rows", 50) is Claim.MINE
            await first.fulfil("rows", 50)
            while await second.claim("rows", 50) is not Claim.MINE:
                await asyncio.sleep(0.01)

    asyncio.run(scenario())


def test_a_crawl_is_not_complete_while_seeds_are_submitted(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            one, other = await crawl.client("one"), await crawl.client("other")
            assert await one.complete()
            await one.filling(60_000)
            await other.filling(50)
            assert not await one.complete()
            await one.filling(0)
            while not await one.complete():
                await asyncio.sleep(0.01)
            await other.filling(60_000)
            await one.nobody_fills()
            assert await one.complete()
            await one.submit([url("a.example")])
            assert not await one.complete()

    asyncio.run(scenario())


def test_seeds_are_counted(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            client = await crawl.client()
            for number in (3, 4):
                await client.count_seeds(number)
            state = await client.find()
            assert state is not None
            assert state.seeds == 7

    asyncio.run(scenario())
