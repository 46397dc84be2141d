"""The frontier's server freezes, or dies and comes back: the crawl waits, and ends with all of it."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawl.process import Crawl, wait_until
from tests.crawl.server import RestartableServer
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

WEB = random_web(23, hosts=5, pages=12)


def frozen(server: RestartableServer, crawl: Crawl) -> None:
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(6)
    server.process.send_signal(signal.SIGCONT)


def killed(server: RestartableServer, crawl: Crawl) -> None:
    server.kill()
    time.sleep(5)
    server.start()


def killed_twice(server: RestartableServer, crawl: Crawl) -> None:
    """Back at once, so that the workers may not even see that it was away; then again."""
    for _ in range(2):
        server.kill()
        server.start()
        time.sleep(0.7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outage", "workers"),
    [
        (killed, 1),
        # test_server_troubles.py has these with several workers in every run.
        pytest.param(frozen, 1, marks=pytest.mark.long),
        pytest.param(killed, 2, marks=pytest.mark.long),
        pytest.param(killed_twice, 1, marks=pytest.mark.long),
    ],
)
def test_an_outage_costs_time_and_nothing_else(
    tmp_path: Path, outage: Callable[[RestartableServer, Crawl], None], workers: int
) -> None:
    out = tmp_path / "out"
    with RestartableServer() as server, LocalWeb(WEB) as web:
        seeds = [f"http://{host}/" for host in WEB]
        pace = ["--delay", "80ms", "--reclaim-after", "2s", "--commit-age", "1s", "--workers", str(workers)]
        to_here = ["--connect-to", web.connect_to, "--redis", server.url]
        with Crawl(*seeds, "-o", str(out), "--watch", *WATCHED, *pace, *to_here) as crawl:
            wait_until(lambda: len(web.hits) > 25)
            outage(server, crawl)
            code, said, told = crawl.end()
    assert (code, said.splitlines()[:1]) == (0, ["Finished: every URL in scope has its outcome."]), told
    assert "do not balance" not in said
    assert "Traceback" not in told
    assert "a worker died" not in told
    if outage is not killed_twice:
        assert told.count("nothing is lost") == workers, told
        assert told.count("the frontier answers again") == workers, told
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)
    fetched = Counter((hit.host, hit.path) for hit in web.hits)
    # What was under way when the server went may be fetched once more, and no more often than it went.
    assert max(fetched.values()) <= 3


@pytest.mark.slow
@pytest.mark.parametrize(("appendonly", "warnings"), [("yes", 0), ("no", 1)])
def test_a_server_that_keeps_nothing_is_named_once(tmp_path: Path, appendonly: str, warnings: int) -> None:
    with RestartableServer(appendonly) as server, LocalWeb(WEB) as web:
        to_here = ["--connect-to", web.connect_to, "--redis", server.url, "--delay", "0"]
        with Crawl(
            f"http://{next(iter(WEB))}/", "-o", str(tmp_path / "out"), "--watch", *WATCHED, *to_here
        ) as crawl:
            code, _, told = crawl.end()
    assert code == 0, told
    assert told.count("append-only") == warnings
