"""Real pages, crawled by the real command; every row and every visit is right."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.real_web import WATCHED_SITES, check, judge
from tests.acceptance.truth import RealWeb, identity, site_of
from tests.benchmarks.measure import Cost

SMALL_SITE = "www.boost.org"
SINGLE_HOSTS = 100


@pytest.fixture(scope="module")
def whole(shared: Path) -> RealWeb:
    return RealWeb(shared / "web")


@pytest.fixture(scope="module")
def part(whole: RealWeb) -> RealWeb:
    """One whole small site and a hundred single hosts."""
    return whole.only([SMALL_SITE, *single_hosts(whole)[:SINGLE_HOSTS]])


@pytest.fixture(scope="module")
def few(whole: RealWeb) -> RealWeb:
    """Enough pages for a wrong row."""
    return whole.only(single_hosts(whole)[:12])


def single_hosts(web: RealWeb) -> list[str]:
    return [host for host in sorted(web.hosts) if len(web.hosts[host]) == 1]


@pytest.mark.slow
def test_a_part_of_the_real_web(part: RealWeb) -> None:
    findings = check(part, part.every_page())
    assert findings, findings.report()
    assert findings.rows > 100
    assert len(findings.visits) > 300


@pytest.mark.long
def test_the_whole_real_web(whole: RealWeb) -> None:
    findings = check(whole, whole.every_page(), workers=2)
    assert findings, findings.report()
    assert findings.rows > 1000


Spoil = Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]


def as_datasets(web: RealWeb, out: Path, spoil: Spoil) -> None:
    """Write what a crawl without a fault would: from truth, with pyarrow alone, spoilt at will."""
    watch = web.most_linked_sites(WATCHED_SITES)
    visits, links = [], []
    for url in map(identity, web.every_page()):
        page = web.page_at(url)
        assert page is not None, url
        visits.append(visit(url, page.encoding))
        for position, (link, target) in enumerate(web.targets(url)):
            site = site_of(urlsplit(target).hostname or "")
            if site in watch and site != site_of(urlsplit(url).hostname or ""):
                row: dict[str, Any] = {"source_url": url, "target_url": identity(target), "target_site": site}
                row |= {"element": link.element, "rel": list(link.rel), "anchor_text": link.text}
                more = {"image_alt": link.image_alt or None, "position": position, "unwrapped_url": None}
                links.append({"visit_id": url, **row, **more})
    spoil(visits, links)
    for name, rows in (("visits", visits), ("links", links)):
        path = out / name / "crawl_date=2026-01-01" / "part.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), path)


def visit(url: str, charset: str) -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    known = {"visit_id": url, "url": url, "visited_at": at, "outcome": "ok", "charset": charset.lower()}
    return {**known, "discovered_from": ""}


def judged(web: RealWeb, tmp_path: Path, spoil: Spoil) -> Mapping[str, int]:
    as_datasets(web, tmp_path, spoil)
    findings = judge(web, web.every_page(), tmp_path, Cost(1, 1, 1))
    assert findings.report()
    links = findings.links
    return {"missing": len(links.missing), "extra": len(links.extra), "misordered": len(links.misordered)}


def test_what_truth_says_is_right(few: RealWeb, tmp_path: Path) -> None:
    right = {"missing": 0, "extra": 0, "misordered": 0}
    assert judged(few, tmp_path, lambda visits, links: None) == right


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("target_url", "https://wrong.example/"),
        ("anchor_text", "wrong"),
        ("rel", ["wrong"]),
        ("image_alt", "wrong"),
    ],
)
def test_one_wrong_row_fails(few: RealWeb, tmp_path: Path, column: str, value: object) -> None:
    def spoil(visits: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
        links[len(links) // 2][column] = value

    assert judged(few, tmp_path, spoil) == {"missing": 1, "extra": 1, "misordered": 0}


def test_a_missing_and_a_doubled_row_fail(few: RealWeb, tmp_path: Path) -> None:
    def spoil(visits: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
        links[0] = links[-1]

    assert judged(few, tmp_path, spoil) == {"missing": 1, "extra": 1, "misordered": 0}


def test_a_page_that_was_not_visited_and_one_that_nobody_links_are_told(few: RealWeb, tmp_path: Path) -> None:
    gone = []

    def spoil(visits: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
        gone.append(visits.pop(0)["url"])
        visits.append(visit("http://nobody.example/nobody/links/this", "utf-8"))

    as_datasets(few, tmp_path, spoil)
    findings = judge(few, few.every_page(), tmp_path, Cost(1, 1, 1))
    assert not findings
    assert gone[0] in findings.not_visited
    assert findings.unexplained == ("http://nobody.example/nobody/links/this",)
