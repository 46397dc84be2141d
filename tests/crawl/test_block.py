"""A domain is blocked while workers hold its site: within seconds nobody asks it for anything, also across workers."""

import time
from pathlib import Path

import pytest

from tests.crawl.process import wait_until
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import Html, LinkTag, LocalWeb, Page, Web
from tests.web.found import newest_visits

pytestmark = pytest.mark.slow


def site(pages: int) -> dict[str, Page]:
    """Every page is linked on the first."""
    links = tuple(LinkTag(f"/{n}", f"page {n}") for n in range(pages))
    return {"/": Html(links), **{f"/{n}": Html() for n in range(pages)}}


WEB: Web = {
    "bad.example": site(60),
    "blog.part.example": site(60),
    "www.part.example": site(20),
    "fine.example": site(20),
}
BLOCKED = ("bad.example", "blog.part.example")


def test_a_block_stops_the_workers_that_hold_the_site(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", delay_s=0.15) as crawl:
        workers = [crawl.worker(), crawl.worker()]
        wait_for_hits(web, 40)
        for domain in BLOCKED:
            crawl.ask(lambda frontier, domain=domain: frontier.block(domain))  # type: ignore[misc]
        time.sleep(2)  # some beats: one comes each sixth of a second with these crawls' reclaim time
        stopped_at = time.monotonic()
        crawl.wait_for_the_end()
        late = [hit for host in BLOCKED for hit in web.hits_of(host) if hit.started > stopped_at]
        assert not late
        assert all("Traceback" not in worker.told() for worker in workers)
        books = crawl.books()
        assert books.balanced
        assert (books.accepted, books.leased) == (books.pages, 0)
        crawl.assert_polite()
    visits = newest_visits(tmp_path / "out")
    for host in WEB:
        outcomes = [row["outcome"] for row in visits.values() if row["host"] == host]
        assert len(outcomes) == len(WEB[host]), host
        assert ("blocked_domain" in outcomes) is (host in BLOCKED)
        assert set(outcomes) <= {"ok", "blocked_domain"}


def test_what_is_blocked_no_more_is_crawled(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", delay_s=0.05) as crawl:
        crawl.ask(lambda frontier: frontier.block("bad.example"))
        crawl.ask(lambda frontier: frontier.unblock("bad.example"))
        crawl.worker()
        wait_until(lambda: len(web.hits_of("bad.example")) > 10)
        crawl.wait_for_the_end()
    assert {row["outcome"] for row in newest_visits(tmp_path / "out").values()} == {"ok"}
