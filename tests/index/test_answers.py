"""Who links to a target, from the datasets."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from linkcrawl.dataset.columns import LINKS, VISITS
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.writer import DatasetWriter, RunFacts
from linkcrawl.errors import DatasetError, UsageError
from linkcrawl.index.answers import links_of
from linkcrawl.records import Link, Page
from tests.dataset.pages import DAY_US, NOON_US, a_link, a_page
from tests.dataset.test_writer import NEVER

TARGETS = {
    "https://example.com/": "example.com",
    "http://example.com/": "example.com",
    "https://example.com/blog/a": "example.com",
    "https://example.com/blogger": "example.com",
    "https://www.example.com/blog/b": "example.com",
    "https://example.com:8443/blog/port": "example.com",
    "https://notexample.com/": "notexample.com",
    "https://bucket.s3.amazonaws.com/": "bucket.s3.amazonaws.com",
    "https://example.com.evil.example/": "evil.example",
    "https://other.example/?u=example.com/blog/": "other.example",
}


def host(url: str) -> str:
    return url.split("/")[2].split(":")[0]


def link(url: str, **changes: object) -> Link:
    return a_link(url, TARGETS.get(url, host(url)), target_host=host(url), **changes)


def crawl(out: Location | Path, pages: list[Page], crawl_id: str = "01A", name: str = "spring") -> None:
    location = out if isinstance(out, Location) else Location.parse(str(out))
    writer = DatasetWriter(location, RunFacts(crawl_id, name, f"w{uuid4().hex}", "1"), NEVER)
    for page in pages:
        writer.add(page)
    for commit in writer.take():
        commit.write()


def asked(target: str, out: Path | str, crawl: str | None = None) -> list[dict[str, Any]]:
    with links_of(target, str(out), crawl=crawl) as answer:
        rows: list[dict[str, Any]] = answer.rows.read_all().to_pylist()
        return rows


def urls(rows: list[dict[str, Any]]) -> set[str]:
    return {row["target_url"] for row in rows}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    crawl(folder, [a_page(number, links=[link(url)]) for number, url in enumerate(TARGETS)])
    return folder


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("example.com", [url for url, site in TARGETS.items() if site == "example.com"]),
        ("=example.com", [url for url in TARGETS if host(url) == "example.com"]),
        ("www.example.com", ["https://www.example.com/blog/b"]),
        (
            "example.com/blog/",
            [
                "https://example.com/blog/a",
                "https://www.example.com/blog/b",
                "https://example.com:8443/blog/port",
            ],
        ),
        ("=www.example.com/blog/", ["https://www.example.com/blog/b"]),
        ("https://example.com/", ["https://example.com/", "http://example.com/"]),
        ("https://example.com/blog/a?utm_source=x#top", ["https://example.com/blog/a"]),
        ("https://example.com/blog", []),
        ("amazonaws.com", ["https://bucket.s3.amazonaws.com/"]),
        ("nobody.example", []),
    ],
)
def test_a_target_holds_what_it_says(out: Path, target: str, found: list[str]) -> None:
    assert urls(asked(target, out)) == set(found)


def test_every_column_of_links_keeps_its_name_and_type(out: Path) -> None:
    with links_of("example.com", str(out)) as answer:
        schema = answer.rows.schema
    assert schema.names[: len(LINKS.columns)] == LINKS.names()
    for column in LINKS.columns:
        assert schema.field(column.name).type == column.type
    assert {"crawl_date", "crawl_name", "http_status", "title", "page_noindex"} <= set(schema.names)
    assert len(schema.names) == len(set(schema.names))
    for name in set(schema.names) & set(VISITS.names()):
        assert schema.field(name).type == next(
            column.type for column in VISITS.columns if column.name == name
        )


def test_the_answer_says_where_it_comes_from(out: Path, tmp_path: Path) -> None:
    with links_of("example.com", str(out)) as answer:
        assert answer.source == "from the datasets: 10 visits, newest 2026-01-31 12:00:00 UTC"
    crawl(tmp_path, [a_page(1)])
    crawl(tmp_path, [a_page(1, at_us=NOON_US + DAY_US)], "01B", "autumn")
    with links_of("example.com", str(tmp_path)) as answer:
        assert answer.source == "from the datasets: 2 visits of 2 crawls, newest 2026-02-01 12:00:00 UTC"
    with links_of("example.com", str(tmp_path), crawl="spring") as answer:
        assert answer.source == "from the datasets: 1 visit, newest 2026-01-31 12:00:00 UTC"


def test_a_page_fetched_twice_in_a_crawl_counts_once_by_its_newest_visit(tmp_path: Path) -> None:
    gone, stays = link("https://example.com/gone"), link("https://example.com/stays")
    crawl(tmp_path, [a_page(1, links=[gone, stays])])
    crawl(tmp_path, [a_page(1, links=[stays], at_us=NOON_US + 1)])
    assert [row["target_url"] for row in asked("example.com", tmp_path)] == ["https://example.com/stays"]


def test_over_crawls_each_link_is_as_it_was_last_seen(tmp_path: Path) -> None:
    """A later crawl that does not have the link (it may have had another watch list) does not hide it."""
    old, both = link("https://example.com/old"), link("https://example.com/both", anchor="before")
    crawl(tmp_path, [a_page(1, links=[old, both])])
    later = [link("https://example.com/both", anchor="after", position=place) for place in (3, 2)]
    crawl(tmp_path, [a_page(1, links=later, at_us=NOON_US + DAY_US)], "01B", "autumn")
    found = [
        (row["target_url"], row["anchor_text"], row["position"]) for row in asked("example.com", tmp_path)
    ]
    assert found == [
        ("https://example.com/old", "a shop", 0),
        ("https://example.com/both", "after", 2),
        ("https://example.com/both", "after", 3),
    ]
    assert urls(asked("example.com", tmp_path, crawl="01B")) == {"https://example.com/both"}
    assert {row["anchor_text"] for row in asked("example.com", tmp_path, crawl="spring")} == {
        "a shop",
        "before",
    }


def test_a_store_is_asked_like_a_folder() -> None:
    place = f"memory://{uuid4().hex}"
    store = Location.parse(place)
    crawl(store, [a_page(1, links=[link("https://example.com/")])])
    try:
        assert urls(asked("example.com", place)) == {"https://example.com/"}
    finally:
        store.store.rm(store.root, recursive=True)


def test_questions_that_can_not_be_answered_say_why(out: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="TARGET"):
        asked("ftp://example.com/", out)
    with pytest.raises(DatasetError, match="there is nothing at"):
        asked("example.com", tmp_path / "none")
    with pytest.raises(DatasetError, match="no visits of a crawl 'winter'"):
        asked("example.com", out, crawl="winter")


def test_a_target_may_hold_what_sql_and_patterns_mean_something_by(tmp_path: Path) -> None:
    odd = "https://example.com/it's/100%25_*/x"
    crawl(
        tmp_path, [a_page(1, links=[link(odd)]), a_page(2, links=[link("https://example.com/its/100_x/x")])]
    )
    assert urls(asked("example.com/it's/100%25_*/", tmp_path)) == {odd}
    assert urls(asked(odd, tmp_path)) == {odd}
