"""Every move of a URL and a site, on a real server."""

import asyncio

from linkcrawl.frontier import Frontier, Release
from linkcrawl.records import Lease, Outcome, Refusal, RobotsRecord, RobotsState, Seed, SiteHold
from tests.frontier.conftest import OpenCrawl, url


def leases_of(holds: list[SiteHold]) -> list[Lease]:
    """All leases of some holds."""
    return [lease for hold in holds for lease in hold.leases]


def paths(holds: list[SiteHold]) -> list[str]:
    """The paths leased, in order."""
    return ["/" + lease.candidate.url.split("/", 3)[3] for lease in leases_of(holds)]


async def lease_until(worker: Frontier, sites: int = 10, urls: int = 10) -> list[SiteHold]:
    """What a lease gives, as soon as it gives something (within 5 s)."""
    async with asyncio.timeout(5):
        while not (holds := await worker.lease(sites, urls)):
            await asyncio.sleep(0.005)
    return holds


def test_a_url_goes_from_submit_to_settled(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            page = url(
                "a.example", "/x/y", depth=2, discovered_from="https://a.example/x/", hops=1, seed=Seed.YES
            )
            assert await worker.submit([page, page]) == [None, Refusal.SEEN]
            [hold] = await worker.lease(5, 5)
            [lease] = hold.leases
            assert lease.candidate == page
            assert (lease.attempt, lease.crashes, lease.record_only) == (1, 0, None)
            assert await worker.release([Release(hold, 0, failed=False)]) == 0
            assert await worker.settle([(lease, Outcome.OK)]) == 0
            assert await worker.complete()
            books = await worker.books()
            assert books.balanced
            assert books.settled == {Outcome.OK: 1}
            assert books.refused == {Refusal.SEEN: 1}
            counted = await worker.books(audited=False)
            assert (counted.accepted, counted.settled, counted.refused) == (1, books.settled, books.refused)
            assert counted.balanced

    asyncio.run(scenario())


def test_a_url_that_one_batch_offers_twice_is_asked_about_once_and_counted_twice(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(max_depth=3) as crawl:
            worker = await crawl.worker()
            deep, less_deep, again = (url("a.example", "/x", depth=depth) for depth in (4, 2, 3))
            other = url("b.example", "/x", depth=1)
            offered = [deep, other, deep, less_deep, again, other._replace(round=1)]
            depth, seen = Refusal.DEPTH, Refusal.SEEN
            assert await worker.submit(offered) == [depth, None, depth, None, seen, None]
            assert await worker.submit([again, again, other]) == [seen] * 3
            assert (await worker.books()).refused == {depth: 2, seen: 4}
            leased = {
                (lease.candidate.url, lease.candidate.depth) for lease in leases_of(await worker.lease(5, 5))
            }
            assert leased == {("https://a.example/x", 2), ("https://b.example/x", 1)}

    asyncio.run(scenario())


def test_lower_depth_comes_first_and_within_it_the_older(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            depths = [3, 1, 2, 1, 300, 0, 12, 3]
            await worker.submit([url("a.example", f"/{i}", depth=d) for i, d in enumerate(depths)])
            holds = await worker.lease(1, 3)
            assert paths(holds) == ["/5", "/1", "/3"]
            await worker.give_back(leases_of(holds)[1:])
            await worker.release([Release(holds[0])])
            await worker.submit([url("a.example", "/new", depth=1)])
            assert paths(await worker.lease(1, 9)) == ["/1", "/3", "/new", "/2", "/0", "/7", "/6", "/4"]

    asyncio.run(scenario())


def test_a_held_site_is_nobody_elses_until_it_is_released(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(delay_ms=150) as crawl:
            one, two = await crawl.worker("one"), await crawl.worker("two")
            await one.submit([url("a.example", "/1"), url("a.example", "/2")])
            [hold] = await one.lease(5, 1)
            assert await two.lease(5, 5) == []
            assert not two.next_due_in_ms
            await one.release([Release(hold, 30, failed=False)])
            assert await two.lease(5, 5) == []
            assert 0 < (two.next_due_in_ms or 0) <= 120
            assert paths(await lease_until(two)) == ["/2"]

    asyncio.run(scenario())


def test_a_release_sets_delay_and_penalty(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", f"/{i}") for i in range(3)])
            [hold] = await worker.lease(1, 1)
            await worker.release([Release(hold, 0, delay_ms=40, penalty_ms=50_000)])
            assert await worker.lease(1, 1) == []
            assert 40_000 < (worker.next_due_in_ms or 0) <= 50_040
            await worker.submit([url("b.example", "/")])
            [other] = await worker.lease(1, 1)
            assert other.site == "b.example"

    asyncio.run(scenario())


def test_a_retry_waits_and_counts_its_attempt(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", "/", discovered_from="https://b.example/from")])
            [hold] = await worker.lease(1, 1)
            await worker.release([Release(hold, 0, failed=True)])
            assert await worker.retry([(hold.leases[0], 50)]) == 0
            books = await worker.books()
            assert (books.delayed, books.leased, books.retried, books.balanced) == (1, 0, 1, True)
            assert not await worker.complete()
            [again] = leases_of(await lease_until(worker))
            assert again.attempt == 2
            assert again.candidate == hold.leases[0].candidate
            assert again.visit_id != hold.leases[0].visit_id

    asyncio.run(scenario())


def test_robots_come_with_the_lease_until_they_expire(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", "/1"), url("a.example", "/2")])
            kept = RobotsRecord("https://a.example", RobotsState.ALLOWED, b"\x00rules", 2000, 60_000, 0)
            other = RobotsRecord("http://a.example", RobotsState.MISSING, b"", None, 60_000)
            gone = RobotsRecord("https://a.example", RobotsState.MISSING, b"", None, 0)
            await worker.put_robots("a.example", kept)
            await worker.put_robots("a.example", other)
            [hold] = await worker.lease(1, 1)
            [robots] = hold.robots.values()
            assert (robots.origin, robots.state, robots.rules) == (kept.origin, kept.state, kept.rules)
            assert 0 < robots.expires_in_ms <= 60_000
            await worker.release([Release(hold)])
            await worker.put_robots("a.example", gone)
            [hold] = await worker.lease(1, 1)
            assert hold.robots == {}

    asyncio.run(scenario())
