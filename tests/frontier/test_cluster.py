"""The frontier on a cluster of three: every move, and what only a cluster does."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from linkcrawl.errors import FrontierUnavailable, UsageError
from linkcrawl.frontier import Frontier, Reconciled, Release, ServerAddress
from linkcrawl.frontier.keys import Keys
from linkcrawl.records import Lease, Outcome, SiteHold
from tests.frontier.conftest import Crawl, OpenCrawl, a_spec, url
from tests.frontier.test_loss import (
    test_a_dead_workers_urls_come_back_and_only_downloads_count_a_crash,
    test_a_freed_site_is_due_one_full_delay_later,
    test_garbage_is_set_aside_and_stops_nothing,
)
from tests.frontier.test_moves import (
    lease_until,
    leases_of,
    paths,
    test_a_held_site_is_nobody_elses_until_it_is_released,
    test_a_release_sets_delay_and_penalty,
    test_a_retry_waits_and_counts_its_attempt,
    test_a_url_goes_from_submit_to_settled,
    test_lower_depth_comes_first_and_within_it_the_older,
    test_robots_come_with_the_lease_until_they_expire,
)
from tests.servers import LocalCluster, redis_server, valkey_server

__all__ = [
    "test_a_dead_workers_urls_come_back_and_only_downloads_count_a_crash",
    "test_a_freed_site_is_due_one_full_delay_later",
    "test_a_held_site_is_nobody_elses_until_it_is_released",
    "test_a_release_sets_delay_and_penalty",
    "test_a_retry_waits_and_counts_its_attempt",
    "test_a_url_goes_from_submit_to_settled",
    "test_garbage_is_set_aside_and_stops_nothing",
    "test_lower_depth_comes_first_and_within_it_the_older",
    "test_robots_come_with_the_lease_until_they_expire",
]

RECORD = Keys("test").partition(0)


@pytest.fixture(scope="module", params=["valkey", "redis"])
def cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """Three masters, for all tests of this file."""
    with LocalCluster(valkey_server() if request.param == "valkey" else redis_server()) as cluster:
        yield cluster


@pytest.fixture
def address(cluster: LocalCluster) -> ServerAddress:
    """In place of the single server's: the same tests run on the cluster."""
    return ServerAddress.from_url(cluster.url)


def test_every_node_holds_some_of_it_and_all_of_it_is_deleted(
    crawl_of: OpenCrawl, cluster: LocalCluster
) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=16) as crawl:
            worker = await crawl.worker()
            assert await worker.submit([url(f"{i}.example") for i in range(40)]) == [None] * 40
            assert all(node.client().dbsize() for node in cluster.nodes)
            holds = await lease_until(worker, 100, 5)
            assert await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)]) == 0
            assert await worker.release([Release(hold, 0) for hold in holds]) == 0
            books = await worker.books()
            assert (books.pages, books.balanced, books.open) == (40, True, 0)
            assert await worker.complete()
            await worker.delete()
            assert [node.client().dbsize() for node in cluster.nodes] == [0, 0, 0]

    asyncio.run(scenario())


def test_a_node_that_forgot_its_scripts_gets_them_again(crawl_of: OpenCrawl, cluster: LocalCluster) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=16) as crawl:
            worker = await crawl.worker()
            cluster.nodes[1].client().script_flush()
            assert await worker.submit([url(f"{i}.example") for i in range(40)]) == [None] * 40
            assert (await worker.books()).accepted == 40

    asyncio.run(scenario())


async def carry_on(
    worker: Frontier, leases: Sequence[Lease] = (), holds: Sequence[SiteHold] = ()
) -> Reconciled:
    """What a worker does after a broken connection."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await worker.reconcile(leases, holds)
            except FrontierUnavailable:
                await asyncio.sleep(0.05)


def test_a_slot_that_moves_waits_and_goes_on_at_its_new_node(
    crawl_of: OpenCrawl, cluster: LocalCluster
) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1) as crawl:
            worker = await crawl.worker()
            pages = [url(f"{i}.example", "/1") for i in range(20)]
            await worker.submit(pages)
            holds = await worker.lease(5, 5)
            target = next(node for node in cluster.nodes if node is not cluster.holder_of(RECORD))
            source = cluster.begin_move(RECORD, target)
            # A part of the keys is on each node: no script may run, or it would break in its middle.
            for moved in (0, 10):
                assert cluster.move_keys(RECORD, source, target, at_most=moved) == moved
                with pytest.raises(FrontierUnavailable, match="moving"):
                    await worker.submit([url("new.example")])
            cluster.move_keys(RECORD, source, target)
            with pytest.raises(FrontierUnavailable, match="moving"):
                await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)])
            cluster.end_move(RECORD, target)
            before = worker.breaks
            assert await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)]) == 0
            assert worker.breaks > before, "nobody can tell it from a failover"
            with pytest.raises(FrontierUnavailable):
                await worker.barrier(before)
            await worker.reconcile([], holds)
            assert await worker.release([Release(hold, 0) for hold in holds]) == 0
            assert await worker.submit([url("new.example")]) == [None]
            await worker.barrier(worker.breaks)
            rest = await lease_until(worker, 100, 5)
            assert len(paths(rest)) == 16
            books = await worker.books()
            assert (books.accepted, books.pages, books.leased, books.balanced) == (21, 5, 16, True), books.off

    asyncio.run(scenario())


def test_a_move_that_nobody_wrote_through_is_seen_by_the_barrier(
    crawl_of: OpenCrawl, cluster: LocalCluster
) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=16) as crawl:
            worker = await crawl.worker()
            await worker.barrier()
            await worker.barrier()
            target = next(node for node in cluster.nodes if node is not cluster.holder_of(RECORD))
            source = cluster.begin_move(RECORD, target)
            cluster.move_keys(RECORD, source, target)
            cluster.end_move(RECORD, target)
            with pytest.raises(FrontierUnavailable):
                await worker.barrier()
            await carry_on(worker)
            async with asyncio.timeout(20):
                while True:
                    try:
                        await worker.barrier()
                    except FrontierUnavailable:
                        continue
                    break

    asyncio.run(scenario())


def test_a_master_that_dies_and_comes_back_costs_time(crawl_of: OpenCrawl, cluster: LocalCluster) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=16) as crawl:
            worker = await crawl.worker()
            await worker.submit([url(f"{i}.example") for i in range(30)])
            holds = await worker.lease(100, 1)
            await worker.barrier()
            cluster.nodes[2].kill()
            with pytest.raises(FrontierUnavailable):
                await worker.books()
            assert worker.must_reconcile
            cluster.nodes[2].start()
            cluster.wait_until_whole()
            leases = leases_of(holds)
            result = await carry_on(worker, leases, holds)
            dropped = {lease.token for lease in result.dropped}
            left = [lease for lease in leases if lease.token not in dropped]
            assert await worker.settle([(lease, Outcome.OK) for lease in left]) == 0
            books = await worker.books()
            assert (books.accepted, books.pages, books.balanced) == (30, len(left), True)

    asyncio.run(scenario())


def test_a_node_of_a_cluster_is_no_single_server(cluster: LocalCluster) -> None:
    node = cluster.nodes[0]
    elsewhere = next(f"c{i}" for i in range(99) if cluster.holder_of(Keys(f"c{i}").crawl) is not node)
    with pytest.raises(UsageError, match=r"use redis\+cluster://"):
        asyncio.run(Frontier.connect(ServerAddress.from_url(node.url), elsewhere))


def test_a_replica_that_is_promoted_has_all_that_was_durable() -> None:
    async def scenario(cluster: LocalCluster) -> None:
        crawl = Crawl(ServerAddress.from_url(cluster.url), a_spec(partitions=16))
        worker = await crawl.client()
        try:
            await worker.create(crawl.spec)
            await worker.join()
            await worker.submit([url(f"{i}.example") for i in range(30)])
            holds = await worker.lease(100, 1)
            await worker.barrier()
            cluster.nodes[1].kill()
            with pytest.raises(FrontierUnavailable):
                await worker.books()
            result = await carry_on(worker, leases_of(holds), holds)
            assert (result.dropped, result.returned) == ((), 0)
            assert await worker.settle([(lease, Outcome.OK) for lease in leases_of(holds)]) == 0
            books = await worker.books()
            assert (books.accepted, books.pages, books.balanced) == (30, 30, True), books.off
        finally:
            await crawl.close()

    with LocalCluster(valkey_server()) as cluster:
        replica = cluster.add_replica(cluster.nodes[1])
        asyncio.run(scenario(cluster))
        with replica.client() as client:
            assert client.dbsize() > 0
            assert client.info("replication")["role"] == "master"
