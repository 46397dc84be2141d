"""A master with a replica, watched by a sentinel."""

import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.process import ServerProcess, free_address

READY_S = 30.0
NAME = "mymaster"


class _Sentinel(ServerProcess):
    def __init__(self, binary: Path, master: ServerProcess) -> None:
        super().__init__(binary)
        watch = f"monitor {NAME} {master.host} {master.port} 1"
        self._lines = [watch, f"down-after-milliseconds {NAME} 1000", f"failover-timeout {NAME} 5000"]

    def start(self, *, wait: bool = True, options: dict[str, str] | None = None) -> None:
        own = [
            f"bind {self.host}",
            f"port {self.port}",
            f"dir {self.folder}",
            f"logfile {self.folder / 'log'}",
        ]
        lines = own + [f"sentinel {line}" for line in self._lines]
        (self.folder / "conf").write_text("\n".join(lines) + "\n")
        super().start(wait=wait, options=options)

    def _arguments(self) -> list[str]:
        return ["--sentinel"]


class WatchedServer:
    """`master`, `replica` and `sentinel`; when the master dies, the replica takes its place."""

    def __init__(self, binary: Path) -> None:
        self._binary = binary
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.master = self._stack.enter_context(ServerProcess(self._binary))
            host, port = free_address()
            # It speaks to its master from another loopback address than it listens at.
            of_master = {
                "replicaof": f"{self.master.host} {self.master.port}",
                "replica-announce-ip": host,
                "replica-announce-port": str(port),
            }
            self.replica = self._stack.enter_context(ServerProcess(self._binary, of_master, (host, port)))
            self.sentinel = self._stack.enter_context(_Sentinel(self._binary, self.master))
            self._wait_until_whole()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """For `--redis`."""
        return f"redis+sentinel://{self.sentinel.at}/{NAME}/0"

    def _wait_until_whole(self) -> None:
        until = time.monotonic() + READY_S
        while not self._is_whole():
            assert time.monotonic() < until, "the replica is not followed"
            time.sleep(0.05)

    def _is_whole(self) -> bool:
        with self.master.client() as client, self.sentinel.client() as sentinel:
            role: Any = client.execute_command("ROLE")
            known: Any = sentinel.execute_command("SENTINEL", "REPLICAS", NAME)
        online = [(host.decode(), int(at)) for host, at, _offset in role[2]]
        ready = [(one[b"ip"].decode(), int(one[b"port"])) for one in known if one[b"flags"] == b"slave"]
        return [(self.replica.host, self.replica.port)] == online == ready
