"""Each way in which a worker, a line or the server breaks, at the moment where it hurts most: afterwards the crawl
has all of its pages, each settled once, and no site was hurried.

A victim comes first and alone, so that it surely gets to the point where it breaks; then another worker ends the
crawl.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawl.process import wait_until
from tests.crawl.relay import Relay
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import LocalWeb
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(47, hosts=4, pages=8)


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[SharedCrawl]:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", "--max-pages", "500") as crawl:
        yield crawl


def fetched(crawl: SharedCrawl) -> Counter[tuple[str, str]]:
    return Counter((hit.host, hit.path) for hit in crawl.web.hits if hit.path != "/robots.txt")


POINTS = {
    "leased": "after the lease, before the download",
    "download:5": "during the download",
    "downloaded:5": "after the download",
    "read:9": "before its discoveries are submitted",
    "submitted:2": "after submitting discoveries, before the commit",
    "committed:1": "after the commit, before settle",
    "settled:1": "after settle",
}


@pytest.mark.parametrize("point", POINTS, ids=lambda point: POINTS[point].replace(" ", "-"))
def test_a_worker_dies(crawl: SharedCrawl, point: str) -> None:
    victim = crawl.worker(LINKCRAWL_CRASH_AT=point)
    assert victim.wait() == -signal.SIGKILL, "it did not come to the point"
    leased = crawl.books().leased
    assert leased > 0 or point == "settled:1"
    crawl.worker()
    crawl.wait_for_the_end()
    books = crawl.assert_nothing_lost()
    assert (books.reclaimed, books.returned) >= (leased, 0)
    again = [page for page, times in fetched(crawl).items() if times > 1]
    rows = Counter(row["url"] for row in crawl.rows_of_visits())
    if point == "leased":
        assert not again, "what was never downloaded was fetched twice"
    elif point == "settled:1":
        assert max(rows.values()) == 1, "what is settled is not visited again"
    elif point == "committed:1":
        assert max(rows.values()) == 2, "what was written and not settled has a row for each visit"
    else:
        assert again, "what it had in work is fetched again"


@pytest.mark.parametrize("script", ["lease", "settle", "submit", "release", "join", "beat", "reserve"])
def test_a_reply_is_lost(crawl: SharedCrawl, script: str) -> None:
    with Relay(crawl.server.url) as relay:
        relay.lose_reply(script)
        worker = crawl.worker(relay.url)
        wait_until(relay.lost.is_set)
        crawl.wait_for_the_end()
    books = crawl.assert_nothing_lost()
    assert books.reclaimed == 0, "it never seemed dead"
    assert set(fetched(crawl).values()) == {1}, "nothing was leased twice"
    assert worker.told().count("nothing is lost") <= 1
    if script != "lease":
        return
    assert books.returned + books.pages == books.leases_given


def test_a_worker_dies_while_it_holds_a_site(crawl: SharedCrawl) -> None:
    victim = crawl.worker()
    wait_until(lambda: crawl.books().sites_held > 0 and len(crawl.web.hits) > 9)
    victim.kill()
    held = crawl.books().sites_held
    assert held > 0
    crawl.worker()
    crawl.wait_for_the_end()
    crawl.assert_nothing_lost()


def test_a_worker_sleeps_past_the_reclaim_and_wakes(crawl: SharedCrawl) -> None:
    sleeper, other = crawl.workers_together(2)
    wait_for_hits(crawl.web, 8)
    sleeper.signal(signal.SIGSTOP)
    leased = crawl.books().leased
    wait_until(lambda: crawl.books().reclaimed > 0)
    reclaimed = crawl.books().reclaimed
    assert 0 < reclaimed <= leased
    asked = len(crawl.web.hits)
    sleeper.signal(signal.SIGCONT)
    crawl.wait_for_the_end()
    assert "taken for dead" in sleeper.told()
    assert "taken for dead" not in other.told()
    crawl.assert_nothing_lost()
    assert asked < len(crawl.web.hits)
