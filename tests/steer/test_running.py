"""Pause, resume, stop, block, delete: what is true afterwards."""

import asyncio

import msgspec
import pytest

from linkcrawl.errors import LinkcrawlError
from linkcrawl.frontier.spec import SPEC_VERSION, pack_spec
from linkcrawl.records import EndState, Outcome
from linkcrawl.steer import blocking, removing, running
from tests.frontier.conftest import OpenCrawl, url


def test_a_pause_and_its_end(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await worker.submit([url("a.test", f"/{i}") for i in range(5)])
            await worker.lease(1, 2)
            now = await running.pause(operator)
            assert (now.state.paused, now.workers, now.books.leased, now.books.queued) == (True, 1, 2, 3)
            assert (await worker.beat([])).paused
            assert await worker.lease(1, 2) == []
            now = await running.resume(operator)
            assert not now.state.paused
            assert not (await worker.beat([])).paused

    asyncio.run(scenario())


def test_a_stop_drains_and_resume_opens_it_again(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await worker.submit([url("a.test", f"/{i}") for i in range(5)] + [url("b.test")])
            holds = await worker.lease(1, 2)
            now = await running.stop(operator)
            assert now.state.end_state is EndState.STOPPED
            assert now.books.leased == 2
            assert await worker.lease(1, 1) == []
            told: list[int] = []

            async def finish() -> None:
                await asyncio.sleep(0.2)
                await worker.settle([(lease, Outcome.OK) for hold in holds for lease in hold.leases])
                await worker.leave()

            finishing = asyncio.create_task(finish())
            last = await running.wait_until_left(operator, lambda look: told.append(look.workers))
            await finishing
            assert told
            assert set(told) == {1}
            assert (last.workers, last.books.leased, last.books.pages) == (0, 0, 2)
            now = await running.resume(operator)
            assert now.state.end_state is None
            await worker.join()
            assert await worker.lease(2, 2)

    asyncio.run(scenario())


@pytest.mark.parametrize("end", [EndState.FINISHED, EndState.LIMIT])
def test_a_crawl_that_ended_keeps_its_end(crawl_of: OpenCrawl, end: EndState) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            assert await operator.end(end) is end
            assert (await running.stop(operator)).state.end_state is end
            assert (await running.resume(operator)).state.end_state is end

    asyncio.run(scenario())


def test_no_such_crawl(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.delete()
            for action in (running.pause, running.resume, running.stop, blocking.blocked, removing.look):
                with pytest.raises(LinkcrawlError, match="there is no crawl named 'test'"):
                    await action(operator)

    asyncio.run(scenario())


def test_blocking_and_back(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await worker.submit([url("a.test"), url("b.test")])
            done = await blocking.block(operator, ["b.test", "c.test"])
            assert (done.changed, done.unchanged, done.blocked) == (
                ("b.test", "c.test"),
                (),
                ("b.test", "c.test"),
            )
            again = await blocking.block(operator, ["c.test"])
            assert (again.changed, again.unchanged, again.blocked) == (
                (),
                ("c.test",),
                ("b.test", "c.test"),
            )
            back = await blocking.unblock(operator, ["c.test", "d.test"])
            assert (back.changed, back.unchanged, back.blocked) == (("c.test",), ("d.test",), ("b.test",))
            holds = await worker.lease(2, 1)
            assert {hold.site: hold.leases[0].record_only for hold in holds} == {
                "a.test": None,
                "b.test": Outcome.BLOCKED_DOMAIN,
            }

    asyncio.run(scenario())


def test_a_crawl_is_deleted_only_when_nobody_works_on_it(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await worker.submit([url("a.test")])
            with pytest.raises(LinkcrawlError, match="1 worker is alive"):
                await removing.delete(operator, force=False)
            assert await operator.find() is not None
            await worker.leave()
            await crawl.raw.command("LPUSH", "test:start_urls", "https://a.test/")
            await removing.delete(operator, force=False)
            assert await crawl.raw.command("KEYS", "*") == [b"test:start_urls"]
            assert await operator.pushed_seeds()

    asyncio.run(scenario())


def test_a_crawl_goes_by_force_and_what_is_left_of_one_too(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await worker.submit([url("a.test")])
            await removing.delete(operator, force=True)
            assert await crawl.raw.command("KEYS", "*") == []
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await crawl.raw.command("DEL", "{test}")
            doomed = await removing.look(operator)
            assert doomed.standing is None
            assert "is gone" in doomed.damage
            await removing.delete(operator, force=False)
            assert await crawl.raw.command("KEYS", "*") == []
        async with crawl_of() as crawl:
            spec = pack_spec(msgspec.structs.replace(crawl.spec, version=SPEC_VERSION + 1))
            await crawl.raw.command("HSET", "{test}", "spec", spec)
            operator = await crawl.client()
            assert "newer linkcrawl" in (await removing.look(operator)).damage
            await removing.delete(operator, force=False)
            assert await crawl.raw.command("KEYS", "*") == []

    asyncio.run(scenario())
