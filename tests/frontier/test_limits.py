"""Limits, refusals, blocked domains, sites that are given up, rounds, pages reserved."""

import asyncio

import pytest

from linkcrawl.errors import UsageError
from linkcrawl.frontier import Release
from linkcrawl.records import EndState, Outcome, Refusal
from tests.frontier.conftest import OpenCrawl, url
from tests.frontier.test_moves import lease_until, leases_of


def test_every_refusal_has_its_reason_and_is_not_remembered(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        limits = {"max_depth": 2, "max_hops": 3, "max_pages_per_site": 3, "max_queued_per_site": 2}
        async with crawl_of(**limits) as crawl:
            worker = await crawl.worker()
            await worker.block("bad.example")
            pages = [
                url("a.example", "/deep", depth=3),
                url("a.example", "/hops", hops=4),
                url("a.example", "/1"),
                url("a.example", "/1"),
                url("a.example", "/2"),
                url("a.example", "/3"),
                url("bad.example", "/"),
                url("a.example", "/1", depth=9),
            ]
            hidden = url("a.example", "/x")._replace(url="https://www.bad.example:8443/x")
            expected = [
                *(Refusal.DEPTH, Refusal.HOPS, None, Refusal.SEEN, None, Refusal.QUEUE_FULL, Refusal.BLOCKED),
                Refusal.SEEN,
            ]
            assert await worker.submit(pages) == expected
            assert await worker.submit([hidden]) == [Refusal.BLOCKED]
            await worker.lease(1, 9)
            assert await worker.submit([pages[5], url("a.example", "/4")]) == [None, Refusal.BUDGET]
            await worker.record_refused({Refusal.SCOPE: 5, Refusal.SEEN: 1, Refusal.TRAP: 0})
            await worker.set_limits(max_depth=None, max_pages_per_site=None, max_queued_per_site=9)
            assert await worker.submit([pages[0], url("a.example", "/4")]) == [None, None]
            books = await worker.books()
            assert books.balanced
            assert books.refused == {
                Refusal.SEEN: 3,
                Refusal.SCOPE: 5,
                Refusal.DEPTH: 1,
                Refusal.HOPS: 1,
                Refusal.BUDGET: 1,
                Refusal.QUEUE_FULL: 1,
                Refusal.BLOCKED: 2,
            }
            [site] = [summary async for summary in worker.sites()]
            assert (site.site, site.accepted, site.queued) == ("a.example", 5, 3)
            assert site.refused[Refusal.SEEN] == 2

    asyncio.run(scenario())


def test_what_may_not_change_is_refused(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            with pytest.raises(UsageError, match="partitions"):
                await operator.set_limits(partitions=9)
            await operator.set_limits(options=b"new", delay_ms=7)
            state = await (await crawl.client("other")).find()
            assert state is not None
            assert (state.spec.options, state.spec.delay_ms) == (b"new", 7)

    asyncio.run(scenario())


def test_a_blocked_domain_leaves_by_record_only_leases(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            page = url("a.example", "/")._replace(
                url="https://sub.host.a.example/", host="sub.host.a.example"
            )
            await worker.submit([page, url("a.example", "/fine", depth=1)])
            assert await worker.block("host.a.example") == 1
            assert await worker.block("host.a.example") == 1
            assert await worker.blocked() == (1, ["host.a.example"])
            blocked, fine = leases_of(await worker.lease(1, 2))
            assert blocked.record_only is Outcome.BLOCKED_DOMAIN
            assert fine.record_only is None
            assert (await worker.beat([])).blocked_version == 1

    asyncio.run(scenario())


def test_a_site_that_only_fails_is_given_up(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(site_give_up_ms=30, delay_ms=20_000) as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", f"/{i}") for i in range(4)])
            [hold] = await worker.lease(1, 1)
            await worker.release([Release(hold, 30_000, failed=True)])
            await asyncio.sleep(0.05)
            [hold] = await lease_until(worker, 1, 1)
            assert hold.failing_ms >= 30
            assert hold.leases[0].record_only is None
            await worker.release([Release(hold, 0, failed=True)])
            # It need not wait for the delay: nothing is asked of the site any more.
            [hold] = await worker.lease(1, 1)
            assert hold.leases[0].record_only is Outcome.SITE_UNREACHABLE
            await worker.release([Release(hold)])
            assert await worker.submit([url("a.example", "/0", round=1)]) == [None]
            assert [lease.record_only for lease in leases_of(await worker.lease(1, 9))] == []

    asyncio.run(scenario())


def test_a_site_that_works_again_is_not_given_up(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(site_give_up_ms=0) as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", f"/{i}") for i in range(4)])
            for failed in (True, False, True):
                [hold] = await worker.lease(1, 1)
                assert hold.leases[0].record_only is None
                await worker.release([Release(hold, 0, failed=failed)])
            [hold] = await worker.lease(1, 1)
            assert hold.leases[0].record_only is None

    asyncio.run(scenario())


def test_a_round_queues_what_is_seen_once(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(max_pages_per_site=1) as crawl:
            worker = await crawl.worker()
            page = url("a.example", "/")
            assert await worker.submit([page]) == [None]
            again = page._replace(round=1)
            assert await worker.submit([again, again, page]) == [None, Refusal.SEEN, Refusal.SEEN]
            assert await worker.submit([url("a.example", "/new", round=1)]) == [Refusal.BUDGET]
            assert await worker.submit([page._replace(round=2)]) == [None]
            assert [lease.candidate.round for lease in leases_of(await worker.lease(1, 9))] == [0, 1, 2]

    asyncio.run(scenario())


def test_pages_are_never_overshot_and_unused_ones_go_back(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(max_pages=10) as crawl:
            workers = [await crawl.worker(str(i)) for i in range(3)]
            await workers[0].submit([url(f"{i}.example", f"/{j}") for i in range(6) for j in range(6)])
            for turn in range(200):
                worker = workers[turn % 3]
                holds = await worker.lease(2, 2)
                assert await worker.release([Release(hold) for hold in holds]) == 0
                some = leases_of(holds)
                # Some come back, so that there are always fewer settled than were leased.
                back, again, done = some[:1], some[1:2], some[2:]
                if turn % 4 == 3:
                    done, back = some, []
                    again = []
                await worker.give_back(back)
                await worker.retry([(lease, 0) for lease in again])
                assert await worker.settle([(lease, Outcome.OK) for lease in done]) == 0
                assert (await worker.books()).pages <= 10
                if turn == 6:
                    # One dies with leases in hand: what it reserved and did not settle is free again.
                    assert leases_of(await workers[2].lease(2, 2))
                    await workers[0].reclaim(everyone=True)
                    for other in workers[1:]:
                        await other.join()
                if (await worker.books()).pages >= 10:
                    break
            assert (await workers[0].books()).pages == 10
            assert await workers[1].lease(5, 5) == []
            assert await workers[0].end(EndState.LIMIT) is EndState.LIMIT
            assert (await workers[0].books()).balanced

    asyncio.run(scenario())
