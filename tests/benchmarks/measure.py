"""What a process costs: CPU of itself and of every child that it waited for, and the most memory of one."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost."""

    cpu_s: float
    """User and system, children included."""
    wall_s: float
    peak_rss_mb: float
    """Of the largest process."""


class Failed(RuntimeError):
    """A run ended with an error; its text holds the end of what it said."""


def run(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end. log: file for what it says. Raises Failed."""
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode != 0:
        raise Failed(
            f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text(errors='replace')[-3000:]}"
        )
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)
