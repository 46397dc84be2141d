"""The frontier's server goes, comes back, forgets its last second, is full, or is hard to reach: workers wait, say so
once, do not spin, go on, and lose nothing; nobody is taken for dead who only waited."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crawl.process import wait_until
from tests.crawl.relay import Relay
from tests.crawl.shared import SharedCrawl, WorkerProcess, wait_for_hits
from tests.web import LocalWeb
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(61, hosts=6, pages=16)
AWAY_S = 7.0
"""More than three times the reclaim time of these tests."""
Trouble = Callable[[SharedCrawl, float], None]


def killed(crawl: SharedCrawl, away_s: float) -> None:
    crawl.server.kill()
    time.sleep(away_s)
    crawl.server.start()


def stopped(crawl: SharedCrawl, away_s: float) -> None:
    crawl.server.process.send_signal(signal.SIGSTOP)
    time.sleep(away_s)
    crawl.server.process.send_signal(signal.SIGCONT)


@contextmanager
def not_spinning(workers: list[WorkerProcess]) -> Iterator[None]:
    """No worker takes a third of a core while the block lasts."""
    began, used = time.monotonic(), [worker.cpu_s() for worker in workers]
    yield
    seconds = time.monotonic() - began
    for worker, before in zip(workers, used, strict=True):
        assert worker.cpu_s() - before < 0.3 * seconds + 0.3, f"{worker.cpu_s() - before} s in {seconds} s"


def through(crawl: SharedCrawl, trouble: Trouble, away_s: float) -> None:
    """A crawl of two workers goes through the trouble, and to its end."""
    workers = crawl.workers_together(2)
    wait_for_hits(crawl.web, 15)
    with not_spinning(workers):
        trouble(crawl, away_s)
    assert crawl.books().open > 0, "it was over before"
    crawl.wait_for_the_end()
    books = crawl.assert_nothing_lost()
    assert books.reclaimed == 0, "nobody had died"
    for worker in workers:
        assert worker.told().count("nothing is lost") == 1, worker.told()
        assert worker.told().count("the frontier answers again") == 1, worker.told()
        assert "Traceback" not in worker.told()


@pytest.mark.parametrize("trouble", [killed, stopped])
def test_the_server_is_away_for_longer_than_the_reclaim(tmp_path: Path, trouble: Trouble) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        through(crawl, trouble, AWAY_S)


@pytest.mark.long
@pytest.mark.parametrize(("trouble", "away_s"), [(killed, 10.0), (killed, 90.0), (stopped, 30.0)])
def test_the_server_is_away_with_the_usual_reclaim(tmp_path: Path, trouble: Trouble, away_s: float) -> None:
    usual = ("--reclaim-after", "60s", "--commit-age", "5s")
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", *usual, delay_s=0.5) as crawl:
        through(crawl, trouble, away_s)


@pytest.mark.parametrize("torn", [False, True])
def test_the_server_loses_its_last_second(tmp_path: Path, torn: bool) -> None:
    # So slow that the beginning is no part of the two seconds that are lost: it was on disk before.
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", delay_s=0.3) as crawl:
        crawl.workers_together(2)
        wait_for_hits(crawl.web, 60)
        before = crawl.books()
        crawl.server.kill()
        assert crawl.server.lose_last_second(torn=torn) > 1000
        crawl.server.start()
        after = crawl.books()
        moves = [books.submits + books.leases_given + books.pages for books in (before, after)]
        assert moves[1] < moves[0], "it lost something"
        crawl.wait_for_the_end()
        assert crawl.assert_nothing_lost().reclaimed == 0


def test_a_line_that_is_slow_and_breaks_all_the_time(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl, Relay(crawl.server.url) as relay:
        relay.trouble(seed=3)
        for _ in range(2):
            crawl.worker(relay.url)
        crawl.wait_for_the_end()
        assert relay.cuts > 3
        crawl.assert_nothing_lost()
        for worker in crawl.workers:
            assert "Traceback" not in worker.told()


def test_a_worker_alone_loses_its_line_past_the_reclaim(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl, Relay(crawl.server.url) as relay:
        lonely = crawl.worker(relay.url)
        wait_until(lambda: crawl.joined() == 1)
        (other,) = crawl.workers_together(1)
        wait_for_hits(crawl.web, 15)
        relay.down = True
        relay.cut()
        with not_spinning([lonely]):
            wait_until(lambda: crawl.books().reclaimed > 0)
            time.sleep(1)
        relay.down = False
        crawl.wait_for_the_end()
        crawl.assert_nothing_lost()
        assert lonely.told().count("nothing is lost") == 1
        assert "nothing is lost" not in other.told()


def test_a_full_server_is_waited_for(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        workers = crawl.workers_together(2)
        wait_for_hits(crawl.web, 15)
        crawl.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        crawl.command("CONFIG", "SET", "maxmemory", 1)
        wait_until(lambda: all("is full" in worker.told() for worker in workers))
        asked, settled = crawl.calls(), crawl.books().pages
        with not_spinning(workers):
            time.sleep(AWAY_S)
        assert crawl.calls() - asked < 2 * 60 * AWAY_S, (
            "mostly beats, six a second here, one to each partition"
        )
        assert crawl.books().pages >= settled
        assert crawl.books().open > 0
        crawl.command("CONFIG", "SET", "maxmemory", 0)
        crawl.wait_for_the_end()
        assert crawl.assert_nothing_lost().reclaimed == 0, "nobody had died"
        for worker in workers:
            # Twice if a while went by in which all that a worker had was to be settled.
            said = worker.told().count("nothing is lost")
            assert 1 <= said <= 2, worker.told()
            assert worker.told().count("the frontier answers again") == said, worker.told()
