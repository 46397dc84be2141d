"""A worker whose own network is gone blames no site; sites that are dead are blamed all the same."""

import asyncio
import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from linkcrawl.frontier import Frontier, SiteSummary
from tests.crawl.process import Crawl, wait_until
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import Html, LinkTag, LocalWeb, Web
from tests.web.found import newest_visits
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(41, hosts=14, pages=8)


class Uplink:
    """The way to a local web, that a test can take away: connections end, and new ones are refused."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="uplink", daemon=True)

    def __enter__(self) -> Self:
        # Bound for good, so that nobody else gets the port while nobody listens.
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._bound.bind(("127.0.0.1", 0))
        self.port: int = self._bound.getsockname()[1]
        self._thread.start()
        self._ready.wait()
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._bound.close()

    def up(self) -> None:
        """From now on it leads to the web."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def down(self) -> None:
        """From now on nobody gets through."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    async def _live(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._ready.set()
        await self._stop.wait()

    async def _listen(self) -> None:
        own = socket.socket()
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(("127.0.0.1", self.port))
        self._listener = await asyncio.start_server(self._relay, sock=own)

    async def _cut(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _relay(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server, requests = await asyncio.open_connection("127.0.0.1", self._to_port)
        copies = [asyncio.create_task(_copy(client, requests)), asyncio.create_task(_copy(server, answers))]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass
        finally:
            for copy in copies:
                copy.cancel()
            await asyncio.gather(*copies, return_exceptions=True)
            for writer in (requests, answers):
                writer.transport.abort()
            self._tasks.discard(task)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()


class FarWeb(LocalWeb):
    """A local web at the other end of an uplink."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.uplink = Uplink(self.port).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.uplink.__exit__(kind, error, tb)
        super().__exit__(kind, error, tb)

    @property
    def connect_to(self) -> str:
        return f"::127.0.0.1:{self.uplink.port}"


async def sites_of(frontier: Frontier) -> list[SiteSummary]:
    return [site async for site in frontier.sites()]


def hindrances(crawl: SharedCrawl) -> list[str | None]:
    """Why the workers take no leases, as they tell it."""
    seen = crawl.ask(lambda frontier: frontier.workers())
    return [worker.facts.hindrance for worker in seen if worker.facts is not None]


def test_no_site_is_blamed_for_a_network_that_was_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with FarWeb(WEB) as web, SharedCrawl(web, out, "--max-sites", "20", delay_s=0.4) as crawl:
        worker = crawl.worker()
        wait_for_hits(web, 50)
        web.uplink.down()
        wait_until(lambda: "network is gone" in worker.told())
        wait_until(lambda: any("network" in (why or "") for why in hindrances(crawl)))
        wait_until(lambda: crawl.books().leased == 0)  # settled or given back
        before = len(web.hits)
        assert all(site.failing_since_us is None for site in crawl.ask(sites_of))
        assert crawl.books().queued > 0
        web.uplink.up()
        wait_for_hits(web, 5)
        assert len(web.hits) > before
        crawl.wait_for_the_end()
        assert worker.told().count("network is gone") == 1
        assert worker.told().count("network is back") == 1
        assert "Traceback" not in worker.told()
        books = crawl.assert_nothing_lost()
        assert books.retried == 0
        assert all(site.failing_since_us is None for site in crawl.ask(sites_of))
    assert not {row["outcome"] for row in newest_visits(out).values()} & {"connect_error", "timeout"}
    assert {row["attempt"] for row in newest_visits(out).values()} == {1}


@pytest.mark.parametrize("living", [0, 2])
def test_dead_sites_are_blamed_and_the_crawl_ends(tmp_path: Path, living: int) -> None:
    out = tmp_path / "out"
    web_data: Web = {
        f"live{n}.example": {
            "/": Html(tuple(LinkTag(f"/{m}", "on") for m in range(9))),
            **{f"/{m}": Html() for m in range(9)},
        }
        for n in range(living)
    }
    seeds = [*(f"http://dead{n}.example/" for n in range(30)), *(f"http://{host}/" for host in web_data)]
    with LocalWeb(web_data) as web, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        to_here = [flag for host in web_data for flag in ("--connect-to", f"{host}::127.0.0.1:{web.port}")]
        to_here += ["--connect-to", f"::127.0.0.1:{nobody.getsockname()[1]}"]
        pace = ["--delay", "50ms", "--retries", "1", "--retry-wait", "100ms", "--commit-age", "1s"]
        with Crawl(*seeds, "-o", str(out), "--watch", "acme.test", *to_here, *pace) as crawl:
            code, _, told = crawl.end()
    assert code == 0, told
    assert "network is gone" not in told
    outcomes = {url: row["outcome"] for url, row in newest_visits(out).items()}
    assert len(outcomes) == 30 + 10 * living
    dead = {outcome for url, outcome in outcomes.items() if "dead" in url}
    assert dead == {"robots_unreachable"}
    assert {outcome for url, outcome in outcomes.items() if "live" in url} == ({"ok"} if living else set())
