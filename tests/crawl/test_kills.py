"""Workers are killed, many times, at any moment, and by pages: what the crawl finds is what an undisturbed one does."""

import random
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkcrawl.records import Outcome
from tests.crawl.process import Crawl, wait_until
from tests.crawl.shared import SharedCrawl
from tests.crawl.sharing import Worker
from tests.web import Html, LocalWeb, reachable
from tests.web.found import newest_visits, rows_of
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(53, hosts=6, pages=50)
KILLS = 24
OF_THE_RUN = {"visit_id", "crawl_id", "visited_at"}
"""Columns of a link that differ from crawl to crawl: which visit saw it, and when."""


def whole_rows(out: Path) -> Counter[tuple[tuple[str, Any], ...]]:
    """The links that count, with all their columns that are the web's and not the run's."""
    return Counter(
        tuple(sorted((name, repr(value)) for name, value in row.items() if name not in OF_THE_RUN))
        for row in rows_of(out, "links")
    )


def test_workers_killed_at_any_moment_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(17)
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "disturbed") as crawl:
        for _ in range(3):
            crawl.worker()
        kills = 0
        while kills < KILLS and crawl.books().open > 0:
            # Somebody works again: on a busy machine a worker takes seconds to start.
            asked = len(web.hits)
            wait_until(lambda asked=asked: len(web.hits) > asked or crawl.books().open == 0)  # type: ignore[misc]
            time.sleep(chance.uniform(0.05, 0.6))
            # Not the youngest: on a busy machine it has not even joined.
            victim = chance.choice([worker for worker in crawl.workers if worker.alive][:2])
            victim.kill()
            kills += 1
            crawl.worker()
        crawl.wait_for_the_end()
        books = crawl.assert_nothing_lost()
    assert kills > KILLS / 3, "the crawl was over before many were killed"
    assert books.reclaimed > 0
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "quiet", delay_s=0) as crawl:
        crawl.worker()
        crawl.wait_for_the_end()
    assert whole_rows(tmp_path / "disturbed") == whole_rows(tmp_path / "quiet")


SMALL = random_web(59, hosts=3, pages=5)
KILLER = next(url for url in sorted(reachable(SMALL)) if "/p" in url)


def test_a_page_that_takes_longer_than_a_beat_and_kills_workers_without_a_supervisor_ends_abandoned(
    tmp_path: Path,
) -> None:
    host, path = KILLER.removeprefix("http://").split("/", 1)
    page = SMALL[host][f"/{path}"]
    assert isinstance(page, Html)
    pages = SMALL | {host: SMALL[host] | {f"/{path}": replace(page, delay_s=0.8)}}
    with LocalWeb(pages) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        deaths = 0
        while crawl.worker(LINKCRAWL_CRASH_AT=f"downloaded:{KILLER}").wait() != 0:
            assert crawl.workers[-1].wait() == -signal.SIGKILL
            deaths += 1
            assert deaths <= 7, "it is fetched again and again"
        assert crawl.workers[-1].ended() == "finished"
        books = crawl.books()
        assert deaths >= 3
        assert books.balanced, books.off
        assert books.settled[Outcome.ABANDONED] == 1
        assert books.pages == books.accepted == len(reachable(SMALL))
        visits = newest_visits(crawl.out)
        assert visits.keys() == reachable(SMALL)
        assert visits[KILLER]["outcome"] == "abandoned"
        assert visits[KILLER]["http_status"] is None
        assert {row["outcome"] for url, row in visits.items() if url != KILLER} <= {"ok", "redirect"}
        crawl.assert_polite()


def outcomes(out: Path) -> dict[str, tuple[Any, ...]]:
    """Of the visits that count."""
    return {
        url: (row["outcome"], row["http_status"], row["content_hash"], row["links_watched"])
        for url, row in newest_visits(out).items()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    with LocalWeb(SMALL) as web, SharedCrawl(web, out) as crawl:
        crawl.worker()
        crawl.wait_for_the_end()
    return out


@pytest.mark.parametrize(("command", "point"), [("crawl", "read"), ("worker", "downloaded")])
def test_a_page_that_kills_at_once_ends_abandoned_and_nobody_else_is_blamed(
    tmp_path: Path, undisturbed: Path, command: str, point: str
) -> None:
    crash = {"LINKCRAWL_CRASH_AT": f"{point}:{KILLER}"}
    with LocalWeb(SMALL) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        supervisor = (
            Worker(crawl.server.url, "--name", "crawl", environment=crash)
            if command == "worker"
            else Crawl(*crawl.flags(), environment=crash)
        )
        with supervisor:
            code, _, told = supervisor.end()
        assert code == 0, told
        assert told.count("a worker died (signal SIGKILL)") == 3, told
        books = crawl.books()
        assert books.balanced, books.off
        assert books.crashes == 3, "pages are blamed that did nothing"
        assert books.pages == books.accepted == len(reachable(SMALL))
        found, expected = outcomes(crawl.out), outcomes(undisturbed)
        assert found.pop(KILLER) == ("abandoned", None, None, None)
        assert expected.pop(KILLER)[0] == "ok"
        assert found == expected
        of_others = [row for row in whole_rows(undisturbed) if dict(row)["source_url"] != repr(KILLER)]
        assert sorted(whole_rows(crawl.out)) == sorted(of_others)
        crawl.assert_polite()


def test_a_worker_that_is_killed_while_it_does_nothing_blames_nobody(tmp_path: Path) -> None:
    with LocalWeb(SMALL) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        crawl.ask(lambda frontier: frontier.pause())
        with Worker(crawl.server.url, "--name", "crawl") as supervisor:
            wait_until(lambda: crawl.joined() == 1)
            (idle,) = supervisor.workers()
            idle.kill()
            wait_until(lambda: "a worker died (signal SIGKILL)" in supervisor.told())
            crawl.ask(lambda frontier: frontier.resume())
            code, _, told = supervisor.end()
        assert code == 0, told
        assert crawl.assert_nothing_lost().crashes == 0
