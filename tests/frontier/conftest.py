"""A real server of its own for each test process, emptied between tests."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from linkcrawl.frontier import CrawlSpec, Frontier, ServerAddress
from linkcrawl.frontier.embedded import EmbeddedServer, server_binary
from linkcrawl.frontier.server import Server
from linkcrawl.records import Candidate

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_serials = itertools.count()


def a_spec(name: str = "test", **limits: Any) -> CrawlSpec:
    """A crawl with small times, of a new id."""
    serial = next(_serials)
    crawl_id = f"01J{serial:023d}"
    values = {"partitions": 4, "expect_urls": 4096, "delay_ms": 0, "reclaim_after_ms": 60_000} | limits
    return CrawlSpec(crawl_id, name, 1, **values)


def url(site: str, path: str = "/", **fields: Any) -> Candidate:
    """A URL of a site, as it is submitted."""
    values = {"depth": 0} | fields
    return Candidate(f"https://{site}{path}", site, site, **values)


@pytest.fixture(scope="session", params=["embedded", "redis-server"])
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server of this test process: the embedded one, and Redis where it is installed."""
    binary = server_binary()
    if request.param != "embedded":
        found = shutil.which(request.param)
        if found is None:
            pytest.skip(f"{request.param} is not installed")
        binary = Path(found)
    with (
        tempfile.TemporaryDirectory(prefix="lc-test-") as folder,
        EmbeddedServer(Path(folder), binary) as server,
    ):
        yield server.url


@pytest.fixture
def address(server_url: str) -> ServerAddress:
    """The server's address; the tests of one process take turns, each with an empty server."""
    return ServerAddress.from_url(server_url)


Connect = Callable[[str], Awaitable[Frontier]]


class Crawl:
    """A crawl on the test's server, with as many clients as the test asks for."""

    def __init__(self, address: ServerAddress, spec: CrawlSpec) -> None:
        self.address = address
        self.spec = spec
        self.raw = Server(address)
        self._clients: list[Frontier] = []

    async def client(self, name: str = "operator") -> Frontier:
        """A client that did not join."""
        client = await Frontier.connect(self.address, self.spec.name, worker_id=name)
        self._clients.append(client)
        return client

    async def worker(self, name: str = "w") -> Frontier:
        """A client that joined."""
        client = await self.client(name)
        await client.join()
        return client

    async def close(self) -> None:
        """End all connections."""
        for client in self._clients:
            await client.close()
        await self.raw.close()


@asynccontextmanager
async def a_crawl(address: ServerAddress, **limits: Any) -> AsyncIterator[Crawl]:
    """A new crawl on the emptied server."""
    crawl = Crawl(address, a_spec(**limits))
    try:
        for node in await crawl.raw.nodes():
            await crawl.raw.on_node(node, "FLUSHALL")
        await (await crawl.client()).create(crawl.spec)
        yield crawl
    finally:
        await crawl.close()


OpenCrawl = Callable[..., AbstractAsyncContextManager[Crawl]]


@pytest.fixture
def crawl_of(address: ServerAddress) -> OpenCrawl:
    """`async with crawl_of(delay_ms=5) as crawl:` a new crawl on the emptied server."""
    return lambda **limits: a_crawl(address, **limits)
