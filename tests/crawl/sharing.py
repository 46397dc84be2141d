"""Machines that share a crawl: `submit` and `worker` as processes of a test."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.crawl.process import PROGRAM, Crawl
from tests.web import LocalWeb
from tests.web.random_web import WATCHED

NAME = "shared"


class Worker(Crawl):
    """`linkcrawl worker` with its children."""

    def __init__(self, redis: str, *options: str, environment: dict[str, str] | None = None) -> None:
        super().__init__(environment=environment)
        self._command = [PROGRAM, "worker", "--redis", redis, "--name", NAME, *options]


def submit(
    redis: str, *options: str, stdin: str = "", expected: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Run `linkcrawl submit`. Fails with what it said where its exit code is another."""
    done = subprocess.run(
        [PROGRAM, "submit", "--redis", redis, "--name", NAME, *options],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == expected, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def summary(redis: str, *options: str, stdin: str = "") -> dict[str, Any]:
    """What `submit --json` says."""
    told: dict[str, Any] = json.loads(submit(redis, "--json", *options, stdin=stdin).stdout)
    return told


def options_of(web: LocalWeb, out: Path, delay: str = "60ms") -> list[str]:
    """What a crawl of a test's web is made with, its seeds left out."""
    pace = ["--delay", delay, "--reclaim-after", "2s", "--commit-age", "1s", "--connect-to", web.connect_to]
    return ["-o", str(out), "--watch", *WATCHED, *pace]


def seeds_of(web: LocalWeb) -> str:
    """`/` of every host, a line each."""
    return "".join(f"http://{host}/\n" for host in web.web)


def crawl_rows(out: Path) -> list[dict[str, Any]]:
    """The rows of `crawls`, oldest first."""
    rows = [row for path in (out / "crawls").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return sorted(rows, key=lambda row: row["written_at"])


def site_rows(out: Path) -> list[list[dict[str, Any]]]:
    """The rows of each file of `sites`, oldest first."""
    return [pq.read_table(path).to_pylist() for path in sorted((out / "sites").glob("*.parquet"))]
