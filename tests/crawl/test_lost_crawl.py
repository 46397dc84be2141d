"""The server was emptied, or holds another crawl under the same name: a clear stop, never a silent restart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawl.process import Crawl, wait_until
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import LocalWeb, reachable
from tests.web.found import newest_visits
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(67, hosts=4, pages=12)
Loss = Callable[[SharedCrawl], object]


def emptied(crawl: SharedCrawl) -> None:
    crawl.command("FLUSHALL")


def half_emptied(crawl: SharedCrawl) -> None:
    """As an eviction would: the record of one partition is gone."""
    crawl.command("DEL", "{crawl:0}", "{crawl:1}", "{crawl:2}", "{crawl:3}")


def overwritten(crawl: SharedCrawl) -> None:
    crawl.command("FLUSHALL")
    crawl.command("SET", "{crawl}", "somebody else's")


def replaced(crawl: SharedCrawl) -> None:
    crawl.command("FLUSHALL")
    crawl.make()


@pytest.mark.parametrize("loss", [emptied, half_emptied, overwritten, replaced])
def test_workers_stop_and_say_why(tmp_path: Path, loss: Loss) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        workers = crawl.workers_together(2)
        wait_for_hits(web, 12)
        loss(crawl)
        for worker in workers:
            assert worker.wait() == 1, worker.told()
            assert worker.ended() == "frontier_lost"
            said = [line for line in worker.told().splitlines() if "ERROR" in line]
            assert len(said) == 1, worker.told()
            assert "this crawl" in said[0] or "the crawl" in said[0]
            assert "Traceback" not in worker.told()
        if loss is not replaced:
            assert not crawl.command("KEYS", "{crawl:*}:q:*") or loss is half_emptied, "nothing is made anew"
            return
        # What the old crawl's workers still had to say changed nothing of the new one.
        books = crawl.books()
        assert books.balanced
        assert (books.accepted, books.queued, books.leases_given, books.stale) == (len(WEB), len(WEB), 0, 0)
        crawl.worker()
        wait_until(lambda: not crawl.workers[-1].alive)
        assert crawl.workers[-1].ended() == "finished"
        assert newest_visits(crawl.out).keys() == reachable(WEB)


@pytest.mark.parametrize("loss", [emptied, replaced])
def test_the_command_stops_with_one_sentence(tmp_path: Path, loss: Loss) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as shared:
        with Crawl(*shared.flags(), "--workers", "2") as crawl:
            wait_for_hits(web, 12)
            loss(shared)
            code, said, told = crawl.end()
        assert code == 1, said + told
        assert "Traceback" not in told
        assert "Finished" not in said
        assert "do not balance" not in said
        last = told.strip().splitlines()[-1]
        assert last.startswith("linkcrawl: "), told
        assert "emptied or replaced" in last or "replaced by another" in last
        assert told.count("a worker died") == 0, told
