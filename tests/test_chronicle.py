"""The rows of the crawl itself are written once, however many supervisors serve it and die at it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkcrawl import chronicle as chronicle_module
from linkcrawl.chronicle import Chronicle
from linkcrawl.config import CrawlConfig
from linkcrawl.dataset.location import Location
from linkcrawl.errors import DatasetError
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.claims import Claim
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.embedded import EmbeddedServer
from linkcrawl.frontier.spec import CrawlSpec
from linkcrawl.records import EndState

SPEC = CrawlSpec(
    "01J00000000000000000000000", "spring", 1_700_000_000_000_000, partitions=4, expect_urls=4096
)
Supervisors = Callable[[], Coroutine[Any, Any, tuple[Frontier, Chronicle]]]


@pytest.fixture
def url() -> Iterator[str]:
    """A server of this test's own."""
    with tempfile.TemporaryDirectory(prefix="lc-") as folder, EmbeddedServer(Path(folder)) as server:
        yield server.url


@asynccontextmanager
async def supervisors(url: str, out: Path) -> AsyncIterator[Supervisors]:
    """Makes supervisors of one crawl, each with a client of its own."""
    clients: list[Frontier] = []

    async def another() -> tuple[Frontier, Chronicle]:
        frontier = await Frontier.connect(ServerAddress.from_url(url), "spring", worker_id=f"s{len(clients)}")
        clients.append(frontier)
        if len(clients) == 1:
            await frontier.create(SPEC)
            await frontier.set_watch(["a.example"])
        return frontier, Chronicle(CrawlConfig(), Location.parse(str(out)), frontier)

    try:
        yield another
    finally:
        for frontier in clients:
            await frontier.close()


def ends(out: Path) -> list[str | None]:
    """End states of the rows of `crawls`, oldest first."""
    rows = [row for path in (out / "crawls").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return [row["end_state"] for row in sorted(rows, key=lambda row: row["written_at"])]


def number(out: Path, dataset: str) -> int:
    return len(list((out / dataset).glob("*.parquet")))


def test_an_end_is_written_once_by_one_of_many(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervisors(url, tmp_path) as another:
            some = [await another() for _ in range(4)]
            await some[0][1].begun()
            await some[1][0].end(EndState.FINISHED)
            await asyncio.gather(*(chronicle.ended(alone=False) for _, chronicle in some))
            assert ends(tmp_path) == [None, "finished"]
            # Opened again, it ends again.
            await some[2][0].reopen()
            await some[2][0].end(EndState.STOPPED)
            await asyncio.gather(*(chronicle.ended(alone=False) for _, chronicle in some))
            assert ends(tmp_path) == [None, "finished", "stopped"]
            assert number(tmp_path, "sites") == 2

    asyncio.run(scenario())


def test_one_that_dies_at_it_is_followed_by_another(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervisors(url, tmp_path) as another:
            (dying, _), (_, chronicle) = await another(), await another()
            await dying.end(EndState.LIMIT)
            state = await dying.find()
            assert state is not None
            assert await dying.claim(f"end-{state.ended_us}", 300) is Claim.MINE
            await chronicle.ended(alone=True)
            assert ends(tmp_path) == ["limit"]

    asyncio.run(scenario())


def test_one_that_can_not_write_leaves_it_to_another(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervisors(url, tmp_path / "out") as another:
            (frontier, broken), (_, chronicle) = await another(), await another()
            await frontier.end(EndState.FINISHED)
            (tmp_path / "out").write_text("in the way")
            with pytest.raises(DatasetError):
                await broken.ended(alone=True)
            (tmp_path / "out").unlink()
            await chronicle.ended(alone=True)
            assert ends(tmp_path / "out") == ["finished"]

    asyncio.run(scenario())


def test_a_crawl_that_goes_on_is_written_as_it_stands(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervisors(url, tmp_path) as another:
            _, chronicle = await another()
            await chronicle.ended(alone=True)
            assert ends(tmp_path) == [None]

    asyncio.run(scenario())


@pytest.mark.parametrize(("every_ms", "files"), [(3_600_000, 0), (1, 1)])
def test_sites_are_written_when_their_time_has_come(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_ms: int, files: int
) -> None:
    monkeypatch.setattr(chronicle_module, "SITES_EVERY_MS", every_ms)

    async def scenario() -> None:
        async with supervisors(url, tmp_path) as another:
            (frontier, first), (_, second) = await another(), await another()
            await first.begun()
            while every_ms == 1 and await frontier.claim("sites", 1) is not Claim.MINE:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)
            monkeypatch.setattr(chronicle_module, "SITES_EVERY_MS", 3_600_000)
            for chronicle in (first, second, first):
                await chronicle.look(1)
            assert number(tmp_path, "sites") == files

    asyncio.run(scenario())


def test_a_watch_list_that_changed_is_written_once(url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervisors(url, tmp_path) as another:
            some = [await another() for _ in range(3)]
            await some[0][1].begun()
            version = await some[0][0].set_watch(["a.example", "b.example"])
            assert version == 2
            await asyncio.gather(*(chronicle.look(version) for _, chronicle in some))
            while number(tmp_path, "watchlists") < 2:
                await asyncio.gather(*(chronicle.look(version) for _, chronicle in some))
            for _, chronicle in some:
                await chronicle.look(version)
            assert ends(tmp_path) == [None, None], "a row of the crawl with each version"

    asyncio.run(scenario())
