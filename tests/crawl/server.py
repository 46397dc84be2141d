"""A frontier server that a test can freeze, kill and start again at the same place."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from linkcrawl.frontier.embedded import server_binary

READY_S = 20
_SECOND = re.compile(rb"#TS:(\d+)\r\n")


class RestartableServer:
    """Its folder goes when the block ends. appendonly: "yes" as whoever runs a frontier is told to, or "no"."""

    def __init__(self, appendonly: str = "yes") -> None:
        self._appendonly = appendonly

    def __enter__(self) -> Self:
        # A folder of a short name: the path of a socket holds 108 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="lc-test-"))
        self.process = self._started()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        """For `--redis`."""
        return f"unix://{self.folder / 's'}"

    def kill(self) -> None:
        """As a crash of its machine's memory would: nothing is flushed."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Again, on the same data."""
        self.process = self._started()

    def lose_last_second(self, *, torn: bool) -> int:
        """While it is dead: its append-only file loses the tail of one to two seconds, as of a disk that took
        no more; how many bytes. torn: the cut goes through the middle of a command."""
        log = max((self.folder / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
        content = log.read_bytes()
        seconds = [(int(match[1]), match.start()) for match in _SECOND.finditer(content)]
        last = seconds[-1][0]
        end = next(start for second, start in seconds if second >= last - 1)
        if torn:
            end = content.index(b"*", end) + 5
        os.truncate(log, end)
        return len(content) - end

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [str(server_binary()), "--port", "0", "--unixsocket", str(self.folder / "s"), "--save", ""]
        command += [
            "--appendonly",
            self._appendonly,
            "--dir",
            str(self.folder),
            "--logfile",
            str(self.folder / "log"),
            # The log says which second each command is of.
            "--aof-timestamp-enabled",
            "yes",
        ]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        until = time.monotonic() + READY_S
        while not self._answers():
            assert process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)
        return process

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.folder / "s"))
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith(b"+PONG")
        except OSError:
            return False
