"""The frontier's server, started by the very command and settings that deploy/ gives it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from linkcrawl.frontier.embedded import server_binary
from tests.deploy.programs import DEPLOY

READY_S = 20


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], port: int = 0) -> Iterator[redis.Redis]:
    """A server with the settings of deploy/ but for its place, and a client that gives $VALKEY_PASSWORD.

    port: of 127.0.0.1, beside the client's socket; 0 for none. The server ends by SIGTERM, and cleanly: it has to
    hear it itself, not a shell before it.
    """
    # A short path: the name of a socket may have 108 bytes.
    folder = Path(tempfile.mkdtemp(prefix="lc-"))
    _lay_out(folder, port)
    here = [word.replace("/etc/valkey", str(folder)) for word in command]
    assert here != list(command)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    process = subprocess.Popen(
        here,
        env={**os.environ, **environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = redis.Redis(
        unix_socket_path=str(folder / "s"), password=environment["VALKEY_PASSWORD"], decode_responses=True
    )
    try:
        _wait_for(client, process)
        yield client
        process.terminate()
        assert process.wait(timeout=READY_S) == 0
    finally:
        client.close()
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _lay_out(folder: Path, port: int) -> None:
    settings = (DEPLOY / "kubernetes" / "base" / "valkey.conf").read_text()
    assert "\ndir /data\n" in settings
    place = f"\ndir {folder}\nbind 127.0.0.1\nport {port}\nunixsocket {folder / 's'}\n"
    (folder / "valkey.conf").write_text(settings.replace("\ndir /data\n", place))
    (folder / "bin").mkdir()
    (folder / "bin" / "valkey-server").symlink_to(server_binary())


def _wait_for(client: redis.Redis, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_S
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)


def holds_a_frontier(client: redis.Redis, maxmemory_bytes: int) -> bool:
    """Whether the server is set as a frontier needs it."""
    expected = {
        "maxmemory": str(maxmemory_bytes),
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
    }
    return all(client.config_get(name)[name] == value for name, value in expected.items())


def refuses_strangers(client: redis.Redis) -> bool:
    """Whether who gives no password is sent away."""
    stranger = redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"])
    try:
        stranger.ping()
        return False
    except redis.AuthenticationError:
        return True
    finally:
        stranger.close()
