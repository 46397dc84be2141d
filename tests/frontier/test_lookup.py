"""Where a URL is found, in each of its states; how a site, a server and a sample of sites are told."""

import asyncio

import pytest

from linkcrawl.frontier import Frontier, Place, Release, UrlFound
from linkcrawl.frontier import lookup as module
from linkcrawl.frontier.fingerprint import partition_of
from linkcrawl.frontier.health import members_of_bucket
from linkcrawl.records import Outcome, RobotsRecord, RobotsState
from tests.frontier.conftest import OpenCrawl, url

SITE = "a.example"


async def place(frontier: Frontier, path: str, site: str = SITE) -> UrlFound:
    return await frontier.find_url(f"https://{site}{path}", site)


def test_a_url_is_found_in_each_of_its_states(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker("w7")
            looks = await crawl.client("operator")
            assert (await place(looks, "/1")).place is Place.UNSEEN
            pages = [url(SITE, f"/{i}", depth=i // 2, discovered_from=f"https://{SITE}/") for i in range(6)]
            await worker.submit(pages)
            found = await place(looks, "/3")
            assert (found.place, found.ahead, found.accepted) == (Place.QUEUED, 3, True)
            assert found.entry is not None
            assert (found.entry.candidate.depth, found.entry.candidate.discovered_from) == (
                1,
                f"https://{SITE}/",
            )

            (hold,) = await worker.lease(1, 2)
            found = await place(looks, "/0")
            assert (found.place, found.worker_id) == (Place.LEASED, "w7")
            assert found.leased_for_ms is not None
            assert 0 <= found.leased_for_ms < 60_000
            assert (await place(looks, "/3")).ahead == 1

            await worker.retry([(hold.leases[0], 50_000)])
            await worker.settle([(hold.leases[1], Outcome.OK)])
            found = await place(looks, "/0")
            assert found.place is Place.DELAYED
            assert found.waits_ms is not None
            assert 40_000 < found.waits_ms <= 50_000
            assert found.entry is not None
            assert found.entry.attempt == 2
            found = await place(looks, "/1")
            assert (found.place, found.accepted, found.entry) == (Place.SETTLED, True, None)

    asyncio.run(scenario())


def test_another_url_that_holds_it_is_not_it(crawl_of: OpenCrawl) -> None:
    """Neither one that goes on after it, nor one that was found on it, nor one that is a pattern of it."""

    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            source = f"https://{SITE}/page"
            await worker.submit([url(SITE, "/page/more", discovered_from=source), url(SITE, "/[a]*?x\\y")])
            assert (await place(worker, "/page")).place is Place.UNSEEN
            holds = await worker.lease(1, 2)
            await worker.retry([(lease, 50_000) for lease in holds[0].leases])
            assert (await place(worker, "/page")).place is Place.UNSEEN
            assert (await place(worker, "/[a]*?x\\y")).place is Place.DELAYED
            assert (await place(worker, "/aaax\\y")).place is Place.UNSEEN

    asyncio.run(scenario())


@pytest.mark.parametrize("index", [0, 1, 6, 7, 13, 20])
def test_a_long_queue_is_read_page_by_page(
    crawl_of: OpenCrawl, monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    monkeypatch.setattr(module, "PAGE", 7)

    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url(SITE, f"/{i}") for i in range(21)])
            found = await place(worker, f"/{index}")
            assert (found.place, found.ahead, found.whole) == (Place.QUEUED, index, True)

    asyncio.run(scenario())


def test_a_queue_that_is_too_long_is_said_to_be_so(
    crawl_of: OpenCrawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 5)
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 10)

    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url(SITE, f"/{i}") for i in range(21)])
            assert (await place(worker, "/20")).place is Place.QUEUED
            found = await place(worker, "/0")
            assert (found.place, found.whole) == (Place.SETTLED, False)

    asyncio.run(scenario())


def test_a_dead_letter_is_found(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1) as crawl:
            worker = await crawl.worker()
            await worker.submit([url(SITE, "/1")])
            await crawl.raw.command("DEL", "{test:0}:q:0:" + SITE)
            await crawl.raw.command("RPUSH", "{test:0}:q:0:" + SITE, f"garbage https://{SITE}/1")
            await worker.lease(1, 1)
            found = await place(worker, "/1")
            assert (found.place, found.reason) == (Place.DEAD, "garbage")

    asyncio.run(scenario())


def test_a_site_as_it_stands(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(delay_ms=500) as crawl:
            worker = await crawl.worker("w7")
            await worker.submit([url(SITE, f"/{i}", depth=i) for i in range(3)])
            await worker.submit([url(SITE, "/0")])
            record = RobotsRecord(f"https://{SITE}", RobotsState.MISSING, b"", None, 60_000)
            await worker.put_robots(SITE, record)
            site = await worker.find_site(SITE, SITE)
            assert (site.accepted, site.queued, site.queued_by_depth) == (3, 3, {0: 1, 1: 1, 2: 1})
            assert (site.delay_ms, site.ready_in_ms, site.held_by, site.given_up) == (500, 0, None, False)
            assert dict(site.refused) == {"seen": 1}
            assert [known.state for known in site.robots.values()] == [RobotsState.MISSING]
            assert site.partition == partition_of(SITE, 4)

            (hold,) = await worker.lease(1, 1)
            site = await worker.find_site(SITE, SITE)
            assert (site.held_by, site.ready_in_ms, site.queued) == ("w7", None, 2)
            await worker.settle([(hold.leases[0], Outcome.HTTP_ERROR)])
            await worker.release([Release(hold, 0, penalty_ms=9_000, failed=True)])
            site = await worker.find_site(SITE, SITE)
            assert site.held_by is None
            assert site.ready_in_ms is not None
            assert 5_000 < site.ready_in_ms <= 9_500
            assert dict(site.settled) == {"http_error": 1}
            await worker.block("example")
            assert (await worker.find_site(SITE, f"www.{SITE}")).blocked_by == "example"
            unknown = await worker.find_site("b.test", "b.test")
            assert (unknown.accepted, unknown.ready_in_ms, unknown.blocked_by) == (0, None, None)

    asyncio.run(scenario())


def test_the_scope_is_read_to_its_end(crawl_of: OpenCrawl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SCOPE_PAGE", 3)

    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.add_scope([f"{i}.example" for i in range(9)])
            assert [await operator.in_scope(f"{i}.example") for i in (0, 5, 8, 9)] == [
                True,
                True,
                True,
                False,
            ]

    asyncio.run(scenario())


def test_two_who_change_the_watch_list_at_once(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            one, two = await crawl.client(), await crawl.client()
            first = await one.set_watch(["a.test"])
            assert await one.change_watch(["a.test", "b.test"], first) == first + 1
            assert await two.change_watch(["a.test", "c.test"], first) is None, "made from an old list"
            assert await one.watch() == (first + 1, ["a.test", "b.test"])
            version, patterns = await two.watch()
            assert await two.change_watch([*patterns, "c.test"], version) is not None
            assert (await one.watch())[1] == ["a.test", "b.test", "c.test"]
            kept = [key async for page in crawl.raw.scan("{test}:watch:*") for key in page]
            assert len(kept) == 1, "no list is left that does not count"

    asyncio.run(scenario())


def test_rounds_are_counted_by_the_servers_clock(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            one, two = await crawl.client(), await crawl.client()
            (first,) = await one.begin_round()
            known = await two.begin_round()
            assert known[0] == first < known[1]
            assert (await one.begin_round())[:2] == known

    asyncio.run(scenario())


def test_servers_and_a_bounded_sample_of_sites(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=2) as crawl:
            worker = await crawl.worker()
            assert await worker.sample_sites() == []
            await worker.submit([url(f"s{i}.test", f"/{j}") for i in range(300) for j in range(2)])
            holds = await worker.lease(3, 1)
            sample = {seen.site: seen for seen in await worker.sample_sites()}
            assert len(sample) <= 2 * 12
            assert [sample[hold.site].held for hold in holds] == [True, True, True]
            assert {seen.queued for seen in sample.values()} == {1, 2}
            (node,) = await worker.nodes()
            assert node.used_bytes is not None
            assert node.used_bytes > 100_000
            assert (node.policy, node.appendonly, node.intset_limit) == ("noeviction", True, 512)
            assert not await worker.pushed_seeds()
            await crawl.raw.command("LPUSH", "test:start_urls", "x")
            assert await worker.pushed_seeds()

    asyncio.run(scenario())


def test_the_members_of_a_bucket() -> None:
    assert members_of_bucket(10_000_000, 10_000_000, 16) == pytest.approx(256, rel=0.01)
    assert members_of_bucket(5_000, 100, 4) == 1_250
