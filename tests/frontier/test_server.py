"""What a server answers when it cannot serve: one sentence that names the cause, and nothing is lost."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from linkcrawl.errors import FrontierUnavailable, UsageError
from linkcrawl.frontier import Frontier, Release, ServerAddress
from linkcrawl.frontier.connections import MOST_CONNECTIONS
from linkcrawl.frontier.server import Server
from linkcrawl.records import Outcome
from tests.frontier.conftest import a_spec, url
from tests.frontier.test_moves import lease_until, leases_of
from tests.servers import ServerProcess, WatchedServer, redis_server, valkey_server


@pytest.fixture(params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    """A server that the test may spoil."""
    binary = valkey_server() if request.param == "valkey" else redis_server()
    with ServerProcess(binary) as server:
        yield server


@asynccontextmanager
async def a_worker(url_text: str) -> AsyncIterator[Frontier]:
    """A worker of a new crawl."""
    client = await Frontier.connect(ServerAddress.from_url(url_text), "test", worker_id="w")
    try:
        if await client.find() is None:
            await client.create(a_spec())
        await client.join()
        yield client
    finally:
        await client.close()


@contextmanager
def full(server: ServerProcess) -> Iterator[None]:
    with server.client() as admin:
        admin.config_set("maxmemory", 1)
        yield
        admin.config_set("maxmemory", 0)


@contextmanager
def a_replica(server: ServerProcess) -> Iterator[None]:
    with server.client() as admin:
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
        yield
        admin.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def without_replicas(server: ServerProcess) -> Iterator[None]:
    with server.client() as admin:
        admin.config_set("min-replicas-to-write", 1)
        yield
        admin.config_set("min-replicas-to-write", 0)


@contextmanager
def busy(server: ServerProcess) -> Iterator[None]:
    with server.client() as admin, server.client(socket_timeout=0.3) as another:
        admin.config_set("busy-reply-threshold", 50)
        with contextlib.suppress(redis.TimeoutError, redis.ResponseError):
            another.eval("while true do end", 0)
        yield
        admin.execute_command("SCRIPT", "KILL")
        while True:  # it is killed a moment later
            with contextlib.suppress(redis.ResponseError):
                admin.ping()
                break


@contextmanager
def without_a_disk(server: ServerProcess) -> Iterator[None]:
    with server.client() as admin:
        admin.config_set("save", "3600 1000000")
        # Also for root there is no writing to a folder that is gone.
        shutil.rmtree(server.folder)
        server.folder.mkdir()
        with contextlib.suppress(redis.ResponseError):
            admin.execute_command("BGSAVE")
        while admin.info("persistence")["rdb_last_bgsave_status"] != "err":
            pass
        yield
        admin.config_set("stop-writes-on-bgsave-error", "no")


TROUBLES: list[tuple[Callable[[ServerProcess], AbstractContextManager[None]], str]] = [
    (full, "is full: raise its maxmemory"),
    (a_replica, "is a read-only replica"),
    (without_replicas, "has lost its replicas"),
    (busy, "is busy with somebody's long script"),
    (without_a_disk, "cannot write to its disk"),
]


@pytest.mark.parametrize(("trouble", "said"), TROUBLES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_server_that_cannot_serve_says_why_and_goes_on(
    server: ServerProcess, trouble: Callable[[ServerProcess], AbstractContextManager[None]], said: str
) -> None:
    async def scenario() -> None:
        async with a_worker(server.url) as worker:
            await worker.submit([url(f"{i}.example") for i in range(9)])
            held = await worker.lease(4, 1)
            with trouble(server):
                for call in (
                    lambda: worker.submit([url("new.example")]),
                    lambda: worker.lease(9, 9),
                ):
                    with pytest.raises(FrontierUnavailable, match=said) as caught:
                        await call()
                    assert server.at in str(caught.value)
                    assert "\n" not in str(caught.value)
            # A lease that was refused may have been given in part: what nobody knows of is returned.
            assert worker.must_reconcile
            await worker.reconcile(leases_of(held), held)
            assert await worker.submit([url("new.example")]) == [None]
            rest = await lease_until(worker, 99, 9)
            assert len(leases_of(held)) + len(leases_of(rest)) == 10
            everything = [*held, *rest]
            assert await worker.settle([(lease, Outcome.OK) for lease in leases_of(everything)]) == 0
            assert await worker.release([Release(hold, 0) for hold in everything]) == 0
            assert await worker.complete()
            books = await worker.books()
            assert (books.pages, books.balanced) == (10, True), books.off

    asyncio.run(scenario())


def test_a_server_that_takes_no_more_connections_says_so(server: ServerProcess) -> None:
    async def scenario() -> None:
        with server.client() as admin:
            admin.ping()
            admin.config_set("maxclients", 1)
            said = ""
            async with asyncio.timeout(20):
                # It may end the connection before its reason has been read.
                while "takes no more connections: raise its maxclients" not in said:
                    with pytest.raises(FrontierUnavailable) as caught:
                        await Frontier.connect(ServerAddress.from_url(server.url), "test")
                    said = str(caught.value)

    asyncio.run(scenario())


def test_a_server_that_loads_its_data_is_waited_for(server: ServerProcess) -> None:
    async def scenario() -> None:
        with server.client() as admin:
            with admin.pipeline(transaction=False) as pipeline:
                for number in range(3000):
                    pipeline.set(f"k{number}", number)
                pipeline.execute()
            admin.config_set("appendfsync", "always")
        server.kill()
        server.start(
            wait=False, options={"key-load-delay": "1000", "loading-process-events-interval-bytes": "1024"}
        )
        words = set()
        async with asyncio.timeout(60):
            while True:
                try:
                    client = await Frontier.connect(ServerAddress.from_url(server.url), "test")
                except FrontierUnavailable as why:
                    words.add(str(why).partition(" (")[0])
                    await asyncio.sleep(0.01)
                else:
                    await client.close()
                    break
        assert any(text.endswith("is still loading its data") for text in words), words

    asyncio.run(scenario())


def test_more_calls_than_connections_wait_for_their_turn(server: ServerProcess) -> None:
    async def scenario() -> None:
        raw = Server(ServerAddress.from_url(server.url))
        try:
            calls = [raw.command("SET", f"k{i}", i) for i in range(MOST_CONNECTIONS * 5)]
            assert len(await asyncio.gather(*calls)) == MOST_CONNECTIONS * 5
            with server.client() as admin:
                assert len(admin.client_list()) <= MOST_CONNECTIONS + 1
            assert raw.breaks == 0
        finally:
            await raw.close()

    asyncio.run(scenario())


def test_a_database_that_is_not_there_is_a_sentence(server: ServerProcess) -> None:
    with pytest.raises(UsageError, match="no database of that number"):
        asyncio.run(Frontier.connect(ServerAddress.from_url(f"redis://{server.at}/99"), "test"))


def test_a_cluster_that_is_none_is_a_sentence(server: ServerProcess) -> None:
    with pytest.raises(UsageError, match="is no cluster: use redis://"):
        asyncio.run(Frontier.connect(ServerAddress.from_url(f"redis+cluster://{server.at}"), "test"))


def test_a_password_that_is_changed_meanwhile_is_a_sentence(server: ServerProcess) -> None:
    async def scenario() -> None:
        async with a_worker(server.url) as worker:
            with server.client() as admin:
                admin.config_set("requirepass", "another")
                admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            with pytest.raises((UsageError, FrontierUnavailable)):
                await worker.books()
            with pytest.raises(UsageError, match="refuses this user or password"):
                await worker.books()

    asyncio.run(scenario())


async def is_waiting(task: "asyncio.Task[Any]") -> bool:
    """Whether it has not ended in half a second."""
    done, _ = await asyncio.wait([task], timeout=0.5)
    return not done


def test_without_waitaof_durable_means_two_seconds_without_a_break() -> None:
    async def scenario(server: ServerProcess) -> None:
        async with a_worker(server.url) as worker:
            await worker.submit([url("a.example")])
            barrier = asyncio.create_task(worker.barrier())
            assert await is_waiting(barrier)
            await barrier
            assert not worker.guarantee_off
            # A restart that nobody else would notice.
            await worker.submit([url("b.example")])
            barrier = asyncio.create_task(worker.barrier())
            assert await is_waiting(barrier)
            with server.client() as admin:
                admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            with pytest.raises(FrontierUnavailable):
                await barrier
            await worker.reconcile([], [])
            await worker.submit([url("b.example")])
            with contextlib.suppress(FrontierUnavailable):
                await worker.barrier()
            await worker.barrier()

    with ServerProcess(redis_server()) as server:
        with server.client() as admin, pytest.raises(redis.ResponseError, match="unknown command"):
            admin.execute_command("WAITAOF", 1, 0, 0)
        asyncio.run(scenario(server))


@pytest.mark.parametrize("binary", [valkey_server, redis_server], ids=["valkey", "redis"])
def test_where_there_is_a_replica_durable_means_there_too(binary: Callable[[], Path]) -> None:
    async def scenario(servers: WatchedServer) -> None:
        async with a_worker(servers.url) as worker:
            await worker.submit([url("a.example")])
            await worker.barrier()
            servers.replica.freeze()
            await worker.submit([url("b.example")])
            barrier = asyncio.create_task(worker.barrier())
            for _ in range(6):
                assert await is_waiting(barrier)
            servers.replica.thaw()
            await barrier
            # Without any, the master counts alone.
            servers.replica.kill()
            await worker.submit([url("c.example")])
            await worker.barrier()

    with WatchedServer(binary()) as servers:
        asyncio.run(scenario(servers))


def test_a_failover_is_a_break_and_the_new_master_goes_on() -> None:
    async def scenario(servers: WatchedServer) -> None:
        async with a_worker(servers.url) as worker:
            await worker.submit([url(f"{i}.example") for i in range(6)])
            holds = await worker.lease(3, 1)
            await worker.barrier()
            breaks = worker.breaks
            servers.master.kill()
            with pytest.raises(FrontierUnavailable):
                await worker.books()
            async with asyncio.timeout(30):
                while True:
                    try:
                        result = await worker.reconcile(leases_of(holds), holds)
                    except FrontierUnavailable:
                        await asyncio.sleep(0.05)
                    else:
                        break
            assert worker.breaks > breaks
            assert result.dropped == ()
            assert await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)]) == 0
            assert (await worker.books()).accepted == 6
            with servers.replica.client() as client:
                assert client.exists("{test}")

    with WatchedServer(valkey_server()) as servers:
        asyncio.run(scenario(servers))


def test_what_sentinels_do_not_know_is_a_sentence() -> None:
    with WatchedServer(valkey_server()) as servers:
        for address, said in (
            (f"redis+sentinel://{servers.sentinel.at}/nobody", "no master of the name 'nobody'"),
            (f"redis://{servers.sentinel.at}", "does not know a command"),
        ):
            with pytest.raises(UsageError, match=said):
                asyncio.run(Frontier.connect(ServerAddress.from_url(address), "test"))
        # One that is away is passed over.
        others = f"redis+sentinel://127.0.0.1:1,{servers.sentinel.at}/mymaster"
        asyncio.run(_connect_and_close(others))


async def _connect_and_close(address: str) -> None:
    client = await Frontier.connect(ServerAddress.from_url(address), "test")
    await client.close()
