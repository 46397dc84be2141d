"""The end of a crawl, its steering, its deletion; a crawl that is gone."""

import asyncio

import pytest

from linkcrawl.errors import FrontierLost, UsageError
from linkcrawl.frontier import Release
from linkcrawl.records import EndState, Outcome, Refusal
from tests.frontier.conftest import OpenCrawl, a_spec, url
from tests.frontier.test_moves import leases_of


def test_the_first_end_wins_and_stops_leasing(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker, other = await crawl.worker("w"), await crawl.worker("other")
            await worker.submit([url("a.example", "/1"), url("a.example", "/2")])
            [hold] = await worker.lease(1, 1)
            await worker.release([Release(hold)])
            assert await worker.end(EndState.STOPPED) is EndState.STOPPED
            assert await worker.end(EndState.LIMIT) is EndState.STOPPED
            assert await worker.end(EndState.FINISHED) is EndState.STOPPED
            assert await other.lease(1, 1) == []
            assert (await other.beat([])).end_state is EndState.STOPPED
            await worker.settle([(hold.leases[0], Outcome.OK)])
            state = await worker.find()
            assert state is not None
            assert state.end_state is EndState.STOPPED
            assert state.ended_us is not None
            await worker.reopen()
            await other.beat([])
            assert len(await other.lease(1, 1)) == 1

    asyncio.run(scenario())


def test_finished_is_refused_while_work_is_left_and_undone_by_an_operator(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker, operator = await crawl.worker(), await crawl.client()
            await worker.submit([url("a.example", "/")])
            assert await worker.end(EndState.FINISHED) is None
            [lease] = leases_of(await worker.lease(1, 1))
            assert not await worker.complete()
            await worker.settle([(lease, Outcome.OK)])
            assert await worker.complete()
            assert await worker.end(EndState.FINISHED) is EndState.FINISHED
            # A page that was fetched twice comes late: its links are known, or of no account.
            assert await worker.submit([url("b.example", "/late")], lease) == [Refusal.SEEN]
            assert await worker.complete()
            assert await operator.submit([url("b.example", "/seed")]) == [None]
            state = await operator.find()
            assert state is not None
            assert state.end_state is None
            await worker.beat([])
            assert await worker.end(EndState.FINISHED) is None
            assert (await worker.books()).balanced

    asyncio.run(scenario())


def test_a_pause_gives_no_leases(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker, operator = await crawl.worker(), await crawl.client()
            await worker.submit([url("a.example", "/")])
            await operator.pause()
            assert await worker.lease(1, 1) == []
            assert (await worker.beat([])).paused
            await operator.resume()
            assert not (await worker.beat([])).paused
            assert len(await worker.lease(1, 1)) == 1

    asyncio.run(scenario())


def test_a_name_is_taken_until_the_crawl_is_deleted(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            neighbour = a_spec(name="test2")
            with pytest.raises(UsageError, match="not finished"):
                await operator.create(a_spec())
            await operator.end(EndState.STOPPED)
            with pytest.raises(UsageError, match="stopped"):
                await operator.create(a_spec())
            other = type(crawl)(crawl.address, neighbour)
            await (await other.client()).create(neighbour)
            before = await crawl.raw.command("KEYS", "{test2*")
            await operator.submit([url("a.example", f"/{i}") for i in range(50)])
            await operator.delete()
            assert sorted(await crawl.raw.command("KEYS", "*")) == sorted(before)
            assert await operator.find() is None
            await operator.create(a_spec())
            await other.close()

    asyncio.run(scenario())


def test_an_emptied_or_foreign_crawl_is_an_error_and_not_an_end(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", "/")])
            await crawl.raw.command("DEL", "{test:2}")
            with pytest.raises(FrontierLost):
                await worker.complete()
            with pytest.raises(FrontierLost):
                await worker.find()
            await crawl.raw.command("FLUSHALL")
            for call in (
                worker.complete(),
                worker.books(),
                worker.beat([]),
                worker.lease(1, 1),
                worker.join(),
            ):
                with pytest.raises(FrontierLost):
                    await call
            with pytest.raises(FrontierLost):
                await worker.submit([url("a.example", "/2")])
            assert await worker.find() is None
            await crawl.raw.command("SET", "{test}", "something else")
            with pytest.raises(FrontierLost):
                await worker.find()
            await crawl.raw.command("DEL", "{test}")
            fresh = await crawl.client("fresh")
            await fresh.create(a_spec())
            with pytest.raises(FrontierLost):
                await worker.find()

    asyncio.run(scenario())


def test_the_tables_all_workers_share(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker, operator = await crawl.worker(), await crawl.client()
            assert await operator.watch() == (0, [])
            names = [f"{i}.example" for i in range(12_000)]
            assert await operator.add_scope(names) == 12_000
            assert await operator.add_scope(["x.example"]) == 12_001
            taken: list[str] = []
            while (page := await worker.scope(len(taken)))[1]:
                assert page[0] == len(taken) + len(page[1])
                assert len(page[1]) <= 5_000
                taken += page[1]
            assert taken == [*names, "x.example"]
            assert await worker.scope(12_000) == (12_001, ["x.example"])
            assert await worker.scope(12_001) == (12_001, [])
            assert await operator.set_watch(names) == 1
            assert await operator.set_watch(["a.example", "=b.example"]) == 2
            assert await worker.watch() == (2, ["a.example", "=b.example"])
            beat = await worker.beat([])
            assert (beat.scope_version, beat.watch_version, beat.blocked_version) == (12_001, 2, 0)
            assert abs(worker.now_us() - beat.server_us) < 10_000_000
            assert [seen.worker_id for seen in await operator.workers()] == ["w"]
            await worker.leave()
            assert await operator.workers() == []

    asyncio.run(scenario())
