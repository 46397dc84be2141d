"""A crawl as a process that a test can stop, kill and look at."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PROGRAM = str(Path(sys.executable).with_name("linkcrawl"))
LONGEST_S = 120


class Crawl:
    """`linkcrawl crawl` with its children. Leaving the `with` block ends all of them."""

    def __init__(self, *options: str, environment: dict[str, str] | None = None) -> None:
        self._command = [PROGRAM, "crawl", *options]
        # Short: the path of the server's socket has to fit into 108 bytes. A guard that is killed leaves it there.
        self._temporary = tempfile.TemporaryDirectory(prefix="lc-")
        self._environment = {**os.environ, "TMPDIR": self._temporary.name, **(environment or {})}

    def __enter__(self) -> "Crawl":
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
            env=self._environment,
        )
        return self

    def __exit__(self, *_: object) -> None:
        family = self.family()
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=20)
        self.process.communicate()
        self._log.close()
        self._temporary.cleanup()

    def family(self) -> list[psutil.Process]:
        """The process and all below it that are alive."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def workers(self) -> list[psutil.Process]:
        """The worker processes that are alive."""
        alive = []
        for process in self.family():
            try:
                if "linkcrawl.worker" in process.cmdline():
                    alive.append(process)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return alive

    def signal(self, number: signal.Signals) -> None:
        """As a terminal's Ctrl-C would: to the parent alone."""
        self.process.send_signal(number)

    def told(self) -> str:
        """What it said on stderr so far."""
        # Its children write through the same open file: its position must not be moved.
        number = self._log.fileno()
        return os.pread(number, os.fstat(number).st_size, 0).decode("utf-8", "replace")

    def end(self) -> tuple[int, str, str]:
        """Wait for the end -> (exit code, stdout, stderr)."""
        out, _ = self.process.communicate(timeout=LONGEST_S)
        return self.process.returncode, out, self.told()


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    """Fails if it does not come true in time."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.02)
