"""Signals, limits of time and sudden ends: what is left behind is only what the same command goes on with."""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.crawl.process import Crawl, wait_until
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

pytestmark = pytest.mark.slow

WEB = random_web(41, hosts=5, pages=12)
FINISHED = "Finished: every URL in scope has its outcome."


@pytest.fixture
def temp() -> Iterator[Path]:
    """The folder for temporary files of the crawls of one test. (Not tmp_path: a socket's path is short.)"""
    with tempfile.TemporaryDirectory(prefix="lct-") as folder:
        yield Path(folder)


def a_crawl(web: LocalWeb, out: Path, temp: Path, *more: str) -> Crawl:
    seeds = [f"http://{host}/" for host in WEB]
    pace = ["--delay", "100ms", "--reclaim-after", "2s", "--commit-age", "1s", "--connect-to", web.connect_to]
    options = [*seeds, "-o", str(out), "--watch", *WATCHED, *pace, *more]
    return Crawl(*options, environment={"TMPDIR": str(temp)})


def assert_goes_on_to_the_end(web: LocalWeb, out: Path, temp: Path) -> None:
    with a_crawl(web, out, temp) as crawl:
        code, said, told = crawl.end()
    assert (code, said.splitlines()[:1]) == (0, [FINISHED]), told
    assert "do not balance" not in said
    assert "Traceback" not in told
    assert_whole(out)
    assert not list(temp.iterdir()), "nothing is left of a crawl that ended cleanly"


def assert_whole(out: Path) -> None:
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path, temp: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp, "--workers", "2") as crawl:
            wait_until(lambda: len(web.hits) > 20)
            family = crawl.family()
            crawl.signal(signal.SIGINT)
            wait_until(lambda: "stopping" in crawl.told())
            crawl.signal(signal.SIGINT)
            code, said, told = crawl.end()
            _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
        assert code == 130, "as a shell says of what Ctrl-C ended"
        assert "Traceback" not in told
        assert "do not balance" not in said
        assert said.startswith("Ended at once.")
        assert not list(temp.iterdir())
        assert_goes_on_to_the_end(web, out, temp)


def test_many_signals_while_it_stops_change_nothing(tmp_path: Path, temp: Path) -> None:
    """A service manager sends SIGTERM, a supervisor another one to every process of the group."""
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp, "--workers", "2") as crawl:
            wait_until(lambda: len(web.hits) > 20)
            crawl.signal(signal.SIGTERM)
            for worker in crawl.workers():
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                    worker.send_signal(number)
            code, said, told = crawl.end()
        assert (code, said.split(".")[0]) == (0, "Stopped"), told
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert len(newest_visits(out)) == len(fetched), "what was fetched is recorded"
        assert_goes_on_to_the_end(web, out, temp)
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert max(fetched.values()) == 1, "nothing is fetched twice"


def test_sigterm_to_one_worker_leaves_the_rest_to_the_others(tmp_path: Path, temp: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp, "--workers", "2") as crawl:
            wait_until(lambda: len(web.hits) > 20 and len(crawl.workers()) == 2)
            crawl.workers()[0].terminate()
            code, said, told = crawl.end()
        assert (code, said.splitlines()[:1]) == (0, [FINISHED]), told
        assert "a worker died" not in told
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert max(fetched.values()) == 1, "it ended cleanly: nothing of its own is fetched again"
    assert_whole(out)


def test_sigterm_to_the_only_worker_ends_the_run_and_says_so(tmp_path: Path, temp: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp) as crawl:
            wait_until(lambda: len(web.hits) > 20)
            crawl.workers()[0].terminate()
            code, said, told = crawl.end()
        assert code == 0, told
        assert said.startswith("Stopped. The same command goes on where it stopped."), said
        assert_goes_on_to_the_end(web, out, temp)


def test_a_limit_of_time_ends_it_as_a_limit(tmp_path: Path, temp: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp, "--max-time", "2s", "--delay", "500ms") as crawl:
            code, said, told = crawl.end()
        assert (code, said.split(".")[0]) == (0, "Ended at a limit"), told
        assert len(newest_visits(out)) < len(reachable(WEB))
        assert not list(temp.iterdir())
        with a_crawl(web, out, temp, "--max-time", "500s", "--delay", "500ms", "--max-depth", "0") as crawl:
            code, said, told = crawl.end()
        assert (code, said.splitlines()[:1]) == (0, [FINISHED]), told


def test_the_parent_killed_takes_all_with_it(tmp_path: Path, temp: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with a_crawl(web, out, temp, "--workers", "2") as crawl:
            wait_until(lambda: len(web.hits) > 20)
            family = crawl.family()
            assert len(family) >= 5, "the crawl, two workers, the server and its guard"
            crawl.process.kill()
            started = time.monotonic()
            _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive, f"still there after {time.monotonic() - started:.0f} s"
        assert_goes_on_to_the_end(web, out, temp)
