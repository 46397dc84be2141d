"""One server process that a test can kill, freeze, and start again at the same address with the same data."""

import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import redis

from linkcrawl.errors import NoServer
from linkcrawl.frontier.embedded import server_binary

READY_S = 20.0


def redis_server() -> Path:
    """The system's redis-server: the only one that speaks TLS, and one without WAITAOF. Skips where it is not."""
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("redis-server is not installed")
    return Path(found)


def valkey_server() -> Path:
    """The server that linkcrawl starts by itself. Skips where there is none."""
    try:
        return server_binary()
    except NoServer as why:
        pytest.skip(str(why))


def free_address(host: str | None = None) -> tuple[str, int]:
    """A loopback address that no other test uses (or `host`), and a port that the system picked there.

    No outgoing connection takes a port of it, so that a server which was killed finds it free again. Where the
    system has no loopback but 127.0.0.1, it is that.
    """
    some = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}.{random.randint(2, 250)}"
    for address in (host or some, "127.0.0.1"):
        with socket.socket() as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                continue
            return address, probe.getsockname()[1]
    raise OSError("no loopback address can be bound")


class ServerProcess:
    """A server with `options` (as its configuration file has them), appending all that it is told to its file."""

    def __init__(
        self,
        binary: Path,
        options: dict[str, str] | None = None,
        address: tuple[str, int] | None = None,
        **client: Any,
    ) -> None:
        """client: what redis-py needs to speak to it, beside host and port."""
        self._binary = binary
        self._options = dict(options or {})
        self._client = client
        self.host, self.port = address or free_address()

    def set(self, options: dict[str, str]) -> None:
        """More options, before it starts."""
        self._options |= options

    def speak(self, **client: Any) -> None:
        """More of what redis-py needs to speak to it."""
        self._client |= client

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="lc-test-"))
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        """For `--redis`, without user and password."""
        return f"redis://{self.host}:{self.port}/0"

    @property
    def at(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    def client(self, **more: Any) -> redis.Redis:
        """A blocking client, for the test's own questions."""
        options = {"socket_timeout": 10} | self._client | more
        return redis.Redis(host=self.host, port=self.port, **options)

    def kill(self) -> None:
        """With -9: nothing is flushed."""
        process = getattr(self, "process", None)
        if process is not None:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """It neither answers nor ends its connections."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    def start(self, *, wait: bool = True, options: dict[str, str] | None = None) -> None:
        """At its address, on its data. wait: until it serves. options: more of them, this once."""
        own = {
            "bind": self.host,
            "port": str(self.port),
            "dir": str(self.folder),
            "logfile": str(self.folder / "log"),
            "save": "",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            # A replica need not wait for others to come.
            "repl-diskless-sync-delay": "0",
        }
        file = self.folder / "conf"
        if not file.exists():
            # A file, since some servers write what they learn back to it.
            lines = [f"{name} {value or chr(34) * 2}" for name, value in (own | self._options).items()]
            file.write_text("\n".join(lines) + "\n")
        more = [part for name, value in (options or {}).items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen(
            [str(self._binary), str(file), *self._arguments(), *more], stdin=subprocess.DEVNULL
        )
        if wait:
            self._wait_until_ready()

    def _arguments(self) -> list[str]:
        return []

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while True:
            try:
                with self.client() as client:
                    if client.ping():
                        return
            except (redis.ConnectionError, redis.TimeoutError):
                pass
            log = self.folder / "log"
            assert self.process.poll() is None, log.read_text() if log.exists() else "it ended at once"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)
