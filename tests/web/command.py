"""Crawls a test web with the command that anybody would use, as a subprocess."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.web.server import LocalWeb

PROGRAM = str(Path(sys.executable).with_name("linkcrawl"))


def crawl(
    web: LocalWeb, out: Path, watch: Iterable[str], *options: str, seeds: Iterable[str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Crawl into `out`, without a delay; without seeds, from `/` of every host. Fails with what it said."""
    chosen = list(seeds or [f"http://{host}/" for host in web.web])
    command = [PROGRAM, "crawl", *chosen, "-o", str(out), "--connect-to", web.connect_to, "--delay", "0"]
    for pattern in watch:
        command += ["--watch", pattern]
    done = subprocess.run(
        [*command, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
