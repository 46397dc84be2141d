"""OUT is full in mid-crawl: the crawl says so, waits, and goes on when there is room again."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawl.process import Crawl, wait_until
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

WEB = random_web(31, hosts=5, pages=14)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 1 MiB of its own."""
    with tempfile.TemporaryDirectory(prefix="lc-test-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        try:
            done = subprocess.run(mount, capture_output=True, text=True, check=False)
        except OSError as why:
            pytest.skip(f"there is no mount: {why}")
        if done.returncode:
            pytest.skip(f"may not mount a file system here: {done.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    file = disk / "ballast"
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            return file


@pytest.mark.slow
def test_a_full_disk_is_said_and_waited_for(tmp_path: Path, small_disk: Path) -> None:
    out = small_disk / "out"
    with LocalWeb(WEB) as web:
        seeds = [f"http://{host}/" for host in WEB]
        pace = ["--delay", "250ms", "--reclaim-after", "5s", "--commit-age", "1s"]
        options = [*pace, "--connect-to", web.connect_to, "--state", str(tmp_path / "state")]
        with Crawl(*seeds, "-o", str(out), "--watch", *WATCHED, *options) as crawl:
            wait_until(lambda: any(out.glob("visits/*/*.parquet")))
            ballast = fill(small_disk)
            wait_until(lambda: "No space left" in crawl.told())
            said_why = next(line for line in crawl.told().splitlines() if "No space left" in line)
            written = len(newest_visits(out))
            fetched = len(web.hits)
            assert str(out) in said_why, "which place is full"
            # What is leased may still be fetched; no more is leased, so the crawl comes to rest.
            assert "no more is leased" in said_why
            assert len(newest_visits(out)) == written
            ballast.unlink()
            wait_until(lambda: "can be written again" in crawl.told())
            code, said, told = crawl.end()
        assert fetched < len(web.hits), "the crawl was not over when the disk was full"
    assert (code, said.splitlines()[:1]) == (0, ["Finished: every URL in scope has its outcome."]), told
    assert "do not balance" not in said
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)
    assert not list(out.glob("**/*.tmp*")), "no half of a file is left"


@pytest.mark.slow
def test_stopped_while_the_disk_is_full_nothing_unwritten_counts_as_done(
    tmp_path: Path, small_disk: Path
) -> None:
    out = small_disk / "out"
    with LocalWeb(WEB) as web:
        seeds = [f"http://{host}/" for host in WEB]
        pace = ["--delay", "250ms", "--reclaim-after", "5s", "--commit-age", "1s"]
        options = [*pace, "--connect-to", web.connect_to, "--state", str(tmp_path / "state")]
        command = [*seeds, "-o", str(out), "--watch", *WATCHED, *options]
        with Crawl(*command) as crawl:
            wait_until(lambda: any(out.glob("visits/*/*.parquet")))
            ballast = fill(small_disk)
            wait_until(lambda: "No space left" in crawl.told())
            crawl.signal(signal.SIGTERM)
            code, said, told = crawl.end()
        assert code == 1, "what was asked for could not be done whole"
        assert "could not be written" in told
        assert "Traceback" not in told
        ballast.unlink()
        with Crawl(*command) as crawl:
            code, said, told = crawl.end()
    assert (code, said.splitlines()[:1]) == (0, ["Finished: every URL in scope has its outcome."]), told
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)
