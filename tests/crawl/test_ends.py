"""Workers are told to end, or a limit ends the crawl, at the worst of times: slow downloads, a server that does not
answer, workers that die. All of their work is committed or goes back, and no limit is overshot."""

import signal
import time
from pathlib import Path

import pytest

from linkcrawl.records import EndState
from tests.crawl.process import Crawl, wait_until
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import Html, LinkTag, LocalWeb, Page, reachable
from tests.web.found import newest_visits
from tests.web.random_web import WATCHED, random_web

pytestmark = pytest.mark.slow

WEB = random_web(73, hosts=6, pages=12)
CLEAN_WITHIN_S = 30.0
"""What is promised of a stop."""


def slow_web(pages: int, takes_s: float) -> dict[str, dict[str, Page]]:
    slow: dict[str, Page] = {f"/{number}": Html(delay_s=takes_s) for number in range(pages)}
    return {
        f"s{host}.example": {"/": Html(tuple(LinkTag(path) for path in slow))} | slow for host in range(3)
    }


def test_sigterm_waits_for_slow_downloads_and_leaves_nothing_behind(tmp_path: Path) -> None:
    web_data = slow_web(pages=3, takes_s=14)
    with LocalWeb(web_data) as web, SharedCrawl(web, tmp_path / "out", "--timeout", "15s") as crawl:
        worker = crawl.worker()
        wait_until(lambda: len([hit for hit in web.hits if hit.path not in ("/", "/robots.txt")]) == 3)
        began = time.monotonic()
        worker.signal(signal.SIGTERM)
        time.sleep(0.5)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0, worker.told()
        assert time.monotonic() - began < CLEAN_WITHIN_S
        assert worker.ended() == EndState.STOPPED
        books = crawl.books()
        assert books.balanced, books.off
        assert (books.leased, books.sites_held, books.pages, books.queued) == (0, 0, 6, 6), books
        assert len(newest_visits(crawl.out)) == 6, "what was in download is committed"
        assert books.reclaimed == 0
        assert crawl.joined() == 0


def test_sigterm_while_the_server_does_not_answer(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        workers = crawl.workers_together(2)
        wait_for_hits(web, 20)
        crawl.server.process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        began = time.monotonic()
        for _ in range(2):
            for worker in workers:
                worker.signal(signal.SIGTERM)
            time.sleep(0.2)
        for worker in workers:
            assert worker.wait() == 0, worker.told()
            assert time.monotonic() - began < CLEAN_WITHIN_S
            assert "Traceback" not in worker.told()
        crawl.server.process.send_signal(signal.SIGCONT)
        crawl.worker()
        crawl.wait_for_the_end()
        crawl.assert_nothing_lost()


def test_max_pages_holds_whoever_dies(tmp_path: Path) -> None:
    most = 40
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", "--max-pages", str(most)) as crawl:
        workers = crawl.workers_together(4)
        for number in range(3):
            wait_for_hits(web, 9)
            workers[number].kill()
            crawl.worker()
            assert crawl.books().pages <= most
        for worker in crawl.workers:
            if worker not in workers[:3]:
                assert worker.wait() == 0, worker.told()
                assert worker.ended() == EndState.LIMIT
        books = crawl.books()
        assert books.balanced, books.off
        assert (books.pages, books.leased, books.sites_held) == (most, 0, 0), books
        assert books.queued + books.delayed == books.accepted - most > 0
        assert len(newest_visits(crawl.out)) == most
        state = crawl.ask(lambda frontier: frontier.find())
        assert state is not None
        assert state.end_state is EndState.LIMIT


def test_max_time_ends_a_crawl_whose_workers_die(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        seeds = [f"http://{host}/" for host in WEB]
        pace = ["--delay", "500ms", "--max-time", "5s", "--reclaim-after", "2s", "--workers", "4"]
        with Crawl(
            *seeds, "-o", str(out), "--watch", *WATCHED, *pace, "--connect-to", web.connect_to
        ) as crawl:
            wait_for_hits(web, 8)
            crawl.workers()[0].kill()
            code, said, told = crawl.end()
        assert (code, said.split(".")[0]) == (0, "Ended at a limit"), told
        assert "do not balance" not in said
        last = max(hit.started for hit in web.hits)
        time.sleep(1)
        assert max(hit.started for hit in web.hits) == last
        assert 0 < len(newest_visits(out)) < len(reachable(WEB))
