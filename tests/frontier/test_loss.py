"""What breaks, and what becomes of it: dead workers, sleepers, restarts, a full server, garbage."""

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path

import psutil
import pytest

from linkcrawl.errors import FrontierUnavailable, UsageError
from linkcrawl.frontier import EmbeddedServer, Frontier, Release, ServerAddress
from linkcrawl.frontier.server import Server
from linkcrawl.records import Outcome
from tests.frontier.conftest import Crawl, OpenCrawl, a_spec, url
from tests.frontier.test_moves import lease_until, leases_of, paths


async def beat_until_reclaimed(worker: Frontier) -> int:
    """Beat as a worker does until it may reclaim others and finds some; how many URLs it moved."""
    async with asyncio.timeout(20):
        while True:
            await worker.beat([])
            if moved := await worker.reclaim():
                return moved
            await asyncio.sleep(0.01)


def test_a_dead_workers_urls_come_back_and_only_downloads_count_a_crash(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(reclaim_after_ms=400, crash_limit=1) as crawl:
            dead, live = await crawl.worker("dead"), await crawl.worker("live")
            await live.submit([url("a.example", f"/{i}") for i in range(4)])
            [hold] = await dead.lease(1, 3)
            await dead.beat(hold.leases[1:2])
            assert await live.reclaim() == 0
            assert await beat_until_reclaimed(live) == 3
            again = leases_of(await lease_until(live))
            assert [(lease.crashes, lease.record_only) for lease in again] == [
                (0, None),
                (1, Outcome.ABANDONED),
                (0, None),
                (0, None),
            ]
            assert paths([hold]) == ["/0", "/1", "/2"]
            # The sleeper wakes.
            assert not dead.may_start()
            assert await dead.settle([(hold.leases[0], Outcome.OK)]) == 1
            assert await dead.retry([(hold.leases[0], 0)]) == 1
            assert await dead.give_back([hold.leases[0]]) == 1
            assert await dead.release([Release(hold, 0)]) == 1
            assert not (await dead.beat([])).alive
            assert await dead.lease(1, 1) == []
            assert not dead.may_start()
            await dead.join()
            assert dead.may_start()
            books = await live.books()
            assert (books.stale, books.reclaimed, books.crashes, books.balanced) == (4, 3, 1, True)

    asyncio.run(scenario())


def test_a_freed_site_is_due_one_full_delay_later(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(delay_ms=30_000) as crawl:
            dead, live = await crawl.worker("dead"), await crawl.worker("live")
            await live.submit([url("a.example", "/")])
            await dead.lease(1, 1)
            assert await live.reclaim(everyone=True) == 1
            assert await live.lease(1, 1) == []
            assert 25_000 < (live.next_due_in_ms or 0) <= 30_000

    asyncio.run(scenario())


def test_a_worker_that_does_not_beat_starts_nothing_and_reclaims_nobody(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(reclaim_after_ms=100) as crawl:
            other, sleeper = await crawl.worker("other"), await crawl.worker("sleeper")
            await other.submit([url("a.example", "/")])
            await other.lease(1, 1)
            await asyncio.sleep(0.2)
            assert not sleeper.may_start()
            assert await sleeper.reclaim() == 0
            await sleeper.beat([])
            # One beat after a sleep says nothing of the others: they may have slept with it.
            assert await sleeper.reclaim() == 0

    asyncio.run(scenario())


def test_a_server_that_forgot_its_scripts_gets_them_again(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await crawl.raw.command("SCRIPT", "FLUSH")
            assert await worker.submit([url(f"{i}.example") for i in range(9)]) == [None] * 9
            assert await worker.submit([url(f"{i}.example") for i in range(9)]) != [None] * 9
            assert (await worker.books()).accepted == 9

    asyncio.run(scenario())


def test_a_full_server_still_takes_what_empties_it(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker, other = await crawl.worker("w"), await crawl.worker("other")
            await worker.submit([url(f"{i}.example") for i in range(4)])
            holds = await worker.lease(9, 9)
            one, two, three, four = leases_of(holds)
            await crawl.raw.command("CONFIG", "SET", "maxmemory", 1)
            try:
                with pytest.raises(FrontierUnavailable, match="full"):
                    await worker.submit([url("z.example")])
                with pytest.raises(FrontierUnavailable, match="full"):
                    await worker.lease(1, 1)
                assert await worker.settle([(one, Outcome.OK)]) == 0
                assert await worker.retry([(two, 0)]) == 0
                assert await worker.give_back([three]) == 0
                assert await worker.release([Release(hold) for hold in holds]) == 0
                assert (await worker.beat([four])).alive
                assert (await worker.reconcile([], [])).returned == 1
                assert (await worker.books()).balanced
                await other.reclaim(everyone=True)
            finally:
                await crawl.raw.command("CONFIG", "SET", "maxmemory", 0)
            assert not (await worker.beat([])).alive

    asyncio.run(scenario())


def test_garbage_is_set_aside_and_stops_nothing(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1) as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", f"/{i}") for i in range(3)])
            queue = "{test:0}:q:0:a.example"
            good = (await crawl.raw.command("LRANGE", queue, 0, 0))[0]
            unreadable = good[:3] + b"\xff" * 20
            for garbage in (
                b"",
                b"\x80\x04pickle",
                b"x" * 5000,
                unreadable,
                good[:12],
                b"\x9b\x02" + good[2:],
            ):
                await crawl.raw.command("LPUSH", queue, garbage)
            await crawl.raw.command("LSET", queue, -1, b"one of ours, spoiled")
            await crawl.raw.command("ZADD", "{test:0}:delayed", 0, "nonsense", 0, "x y z")
            found: list[str] = []
            async with asyncio.timeout(10):
                while len(found) < 2:
                    for hold in await worker.lease(1, 2):
                        found += paths([hold])
                        await worker.settle([(lease, Outcome.OK) for lease in hold.leases])
                        await worker.release([Release(hold)])
            assert found == ["/0", "/1"]
            assert await worker.lease(1, 9) == []
            books = await worker.books()
            assert books.balanced, books.off
            assert (books.dead, books.queued, books.leased, books.delayed) == (9, 0, 0, 0)
            assert await worker.complete()
            letters = [letter async for letter in worker.dead_letters()]
            assert b"x" * 5000 in {letter.content for letter in letters}
            assert len(letters) == 9

    asyncio.run(scenario())


def test_a_barrier_returns_and_a_restart_before_it_is_told() -> None:
    async def scenario(folder: Path) -> None:
        server = EmbeddedServer(folder)
        with server:
            crawl = Crawl(ServerAddress.from_url(server.url), a_spec())
            client = await crawl.client()
            await client.create(crawl.spec)
            await client.join()
            await client.submit([url("a.example")])
            before = client.breaks
            await client.barrier()
            await client.barrier(before)
            assert not client.guarantee_off
            await client.submit([url("b.example")])
            # Nothing else is sent between the restart and the barrier.
            await crawl.raw.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            with pytest.raises(FrontierUnavailable):
                await client.barrier()
            with pytest.raises(FrontierUnavailable):
                await client.barrier(before)
            await client.reconcile([], [])
            assert await client.submit([url("b.example")]) is not None
            async with asyncio.timeout(10):
                while True:
                    try:
                        await client.barrier()
                    except FrontierUnavailable:
                        continue
                    break
            await crawl.close()

    with tempfile.TemporaryDirectory(prefix="lc-test-") as folder:
        asyncio.run(scenario(Path(folder)))


def test_without_persistence_the_barrier_says_so(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            await crawl.raw.command("CONFIG", "SET", "appendonly", "no")
            try:
                client = await crawl.client()
                await client.barrier()
                assert client.guarantee_off
            finally:
                await crawl.raw.command("CONFIG", "SET", "appendonly", "yes")

    asyncio.run(scenario())


async def beat_forever(client: Frontier) -> None:
    """Until the server is gone."""
    while True:
        await client.beat([])


def test_a_killed_server_comes_back_with_what_was_durable() -> None:
    async def first(url_text: str, pid: int) -> None:
        crawl = Crawl(ServerAddress.from_url(url_text), a_spec())
        client = await crawl.client()
        await client.create(crawl.spec)
        await client.join()
        await client.submit([url("a.example", f"/{i}") for i in range(20)])
        await client.lease(1, 5)
        await client.barrier()
        psutil.Process(pid).send_signal(signal.SIGKILL)
        with pytest.raises(FrontierUnavailable):
            await beat_forever(client)
        assert client.must_reconcile
        await crawl.close()

    async def second(url_text: str) -> None:
        client = await Frontier.connect(ServerAddress.from_url(url_text), "test", worker_id="new")
        await client.join()
        assert await client.reclaim(everyone=True) == 5
        assert len(leases_of(await lease_until(client, 1, 50))) == 20
        assert (await client.books()).balanced
        await client.close()

    with tempfile.TemporaryDirectory(prefix="lc-test-") as name:
        folder = Path(name)
        with EmbeddedServer(folder) as server:
            asyncio.run(first(server.url, server_pid(server)))
        # The crash tore the last write.
        [log] = folder.glob("appendonlydir/*.incr.aof")
        with log.open("ab") as file:
            file.write(b"*3\r\n$3\r\nSET\r\n$1")
        with EmbeddedServer(folder) as server:
            asyncio.run(second(server.url))
        shutil.rmtree(folder / "appendonlydir")


def server_pid(server: EmbeddedServer) -> int:
    """The process id that the server itself tells."""

    async def ask() -> int:
        raw = Server(ServerAddress.from_url(server.url))
        try:
            info = await raw.command("INFO", "server")
        finally:
            await raw.close()
        if isinstance(info, dict):
            return int(info["process_id"])
        lines = dict(line.split(":", 1) for line in info.decode().split("\r\n") if ":" in line)
        return int(lines["process_id"])

    return asyncio.run(ask())


def test_a_refused_password_is_the_users_to_mend(server_url: str) -> None:
    async def scenario() -> None:
        address = ServerAddress.from_url(server_url + "?password=hunter2")
        with pytest.raises(UsageError) as caught:
            await Frontier.connect(address, "test")
        assert "hunter2" not in str(caught.value)

    asyncio.run(scenario())


def test_no_server_there_is_not_a_traceback(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(FrontierUnavailable, match="does not answer"):
            await Frontier.connect(ServerAddress.from_url(f"unix://{tmp_path}/none"), "test")

    asyncio.run(scenario())
