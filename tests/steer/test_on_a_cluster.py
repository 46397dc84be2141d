"""What an operator sees and steers, on a cluster of three."""

import asyncio
from collections.abc import Iterator

import pytest

from linkcrawl.frontier import ServerAddress
from linkcrawl.status import Gauge
from tests.frontier.conftest import OpenCrawl, url
from tests.frontier.test_lookup import (
    test_a_site_as_it_stands,
    test_a_url_is_found_in_each_of_its_states,
    test_two_who_change_the_watch_list_at_once,
)
from tests.servers import LocalCluster, redis_server
from tests.steer.test_again import test_what_failed_is_queued_again_once
from tests.steer.test_running import (
    test_a_crawl_is_deleted_only_when_nobody_works_on_it,
    test_a_pause_and_its_end,
    test_a_stop_drains_and_resume_opens_it_again,
    test_blocking_and_back,
)
from tests.steer.test_status import test_the_numbers_of_a_crawl_and_their_keys

__all__ = [
    "test_a_crawl_is_deleted_only_when_nobody_works_on_it",
    "test_a_pause_and_its_end",
    "test_a_site_as_it_stands",
    "test_a_stop_drains_and_resume_opens_it_again",
    "test_a_url_is_found_in_each_of_its_states",
    "test_blocking_and_back",
    "test_the_numbers_of_a_crawl_and_their_keys",
    "test_two_who_change_the_watch_list_at_once",
    "test_what_failed_is_queued_again_once",
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Three masters, for all tests of this file."""
    with LocalCluster(redis_server(), appendonly="yes") as cluster:
        yield cluster


@pytest.fixture
def address(cluster: LocalCluster) -> ServerAddress:
    """In place of the single server's: the same tests run on the cluster."""
    return ServerAddress.from_url(cluster.url)


def test_every_node_is_told_by_itself(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.submit([url(f"s{i}.test") for i in range(20)])
            status = await Gauge(operator).read()
            assert len({server.name for server in status.servers}) == 3
            assert all(server.used_bytes for server in status.servers)
            assert [server.policy for server in status.servers] == ["noeviction"] * 3

    asyncio.run(scenario())
