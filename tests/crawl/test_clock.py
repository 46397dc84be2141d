"""A worker whose wall clock is wrong: nothing of the crawl depends on it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.crawl.shared import SharedCrawl
from tests.web import LocalWeb
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

WEB = random_web(71, hosts=4, pages=10)
ROUGHLY = timedelta(minutes=5)


@pytest.fixture(scope="module")
def libfaketime() -> str:
    places = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
    found = [path for place in places for path in Path("/").glob(place.lstrip("/"))]
    if not found:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    return str(found[0])


@pytest.mark.parametrize("off", ["+3600", "-3600", "+90000"])
def test_a_worker_whose_clock_is_off_changes_nothing(tmp_path: Path, libfaketime: str, off: str) -> None:
    began = datetime.now(UTC)
    # Patient: a machine that is busy must not make a worker look dead here.
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out", "--reclaim-after", "20s") as crawl:
        faked = {"LD_PRELOAD": libfaketime, "FAKETIME": off, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        wrong, right = crawl.workers_together(2, faked)
        crawl.wait_for_the_end()
        books = crawl.assert_nothing_lost()
        assert (books.reclaimed, books.stale, books.retried) == (0, 0, 0)
        rows = crawl.rows_of_visits()
        assert {row["worker_id"] for row in rows} == {wrong.worker_id, right.worker_id}
        for row in rows:
            assert began - ROUGHLY < row["visited_at"] < datetime.now(UTC) + ROUGHLY, row["worker_id"]
        days = {f"crawl_date={moment.date()}" for moment in (began, datetime.now(UTC))}
        assert {path.parent.name for path in crawl.out.glob("*/*/*.parquet")} <= days
