"""The test of the whole: what a crawl finds in a web is what the web holds, as multisets of rows."""

from collections import Counter
from pathlib import Path

import pytest

from tests.web import LinkRow, LocalWeb, expected_links, reachable
from tests.web.command import crawl
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web


def wrong_rows(expected: Counter[LinkRow], found: Counter[LinkRow]) -> list[str]:
    missing = [f"missing {tuple(row)}" for row in (expected - found).elements()]
    return missing + [f"extra   {tuple(row)}" for row in (found - expected).elements()]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "workers"), [(1, 1), (2, 2), (3, 1)])
def test_a_crawl_finds_what_is_there(tmp_path: Path, seed: int, workers: int) -> None:
    web = random_web(seed, hosts=5, pages=8)
    with LocalWeb(web) as running:
        crawl(running, tmp_path / "out", WATCHED, "--workers", str(workers))
        pages = Counter(f"http://{hit.host}{hit.path}" for hit in running.hits if hit.path != "/robots.txt")
    assert newest_visits(tmp_path / "out").keys() == reachable(web)
    assert pages == Counter(reachable(web)), "each page is fetched once"
    wrong = wrong_rows(expected_links(web, WATCHED), found_links(tmp_path / "out"))
    assert not wrong, "\n".join(wrong[:20])
