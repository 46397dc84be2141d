"""crawls, watchlists and sites: the newest state counts, and the old ones stay."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkcrawl import __version__
from linkcrawl.dataset.columns import CRAWLS, DATASETS, SITES, WATCHLISTS
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.reader import open_datasets
from linkcrawl.dataset.schema import arrow_schema
from linkcrawl.dataset.tables import (
    CrawlRow,
    SiteRow,
    SitesTime,
    WatchlistVersion,
    write_crawl,
    write_sites,
    write_watchlist,
)
from linkcrawl.records import EndState, Outcome, Refusal
from tests.dataset.pages import DAY_US, NOON_US

HOUR_US = 3_600_000_000
CRAWL = CrawlRow("01A", "spring", NOON_US, NOON_US, "1.ab", 1, 3, {"scope": "site", "header": ["Ä: b"]})


@pytest.fixture
def out(tmp_path: Path) -> Location:
    return Location.parse(str(tmp_path))


def ended(at_us: int) -> CrawlRow:
    return CrawlRow("01A", "spring", at_us, NOON_US, "1.ab", 2, 3, {}, at_us, EndState.STOPPED)


def test_the_newest_row_of_a_crawl_counts(out: Location) -> None:
    write_crawl(out, ended(NOON_US + DAY_US))
    write_crawl(out, CRAWL)
    write_crawl(out, CrawlRow("01B", "autumn", NOON_US, NOON_US, "1.ab", 1, 1, {}))
    with open_datasets(out) as connection:
        assert connection.execute("SELECT count(*) FROM crawls").fetchall() == [(3,)]
        newest = connection.execute(
            "SELECT crawl_id, end_state, ended_at = written_at FROM newest_crawls ORDER BY ALL"
        ).fetchall()
    assert newest == [("01A", "stopped", True), ("01B", None, None)]


def test_a_crawl_s_row_holds_its_options_and_versions(out: Location) -> None:
    path = write_crawl(out, CRAWL)
    assert path == "crawls/01A-20260131T120000000000Z.parquet"
    table = pq.ParquetFile(out.full_path(path)).read()
    assert table.schema.equals(arrow_schema(CRAWLS))
    (row,) = table.to_pylist()
    assert json.loads(row["options"]) == {"scope": "site", "header": ["Ä: b"]}
    assert (row["linkcrawl_version"], row["end_state"], row["ended_at"]) == (__version__, None, None)


def test_names_sort_as_times_and_versions_do(out: Location) -> None:
    for hours in (30, 1, 9):
        write_sites(out, SitesTime("01A", "spring", NOON_US + hours * HOUR_US), [])
    assert [path[10:25] for path in out.files("sites")] == [
        "20260131T130000",
        "20260131T210000",
        "20260201T180000",
    ]
    for version in (10, 2):
        write_watchlist(out, WatchlistVersion("01A", version, NOON_US), ["a.example"])
    assert out.files("watchlists") == [
        "watchlists/01A-0000000002.parquet",
        "watchlists/01A-0000000010.parquet",
    ]


def test_the_newest_version_of_a_watch_list_counts_whole(out: Location) -> None:
    write_watchlist(out, WatchlistVersion("01A", 1, NOON_US), ["a.example", "b.example/x/"])
    path = write_watchlist(out, WatchlistVersion("01A", 2, NOON_US + 1), ["=c.example", "a.example"])
    assert pq.ParquetFile(out.full_path(path)).schema_arrow.equals(arrow_schema(WATCHLISTS))
    with open_datasets(out) as connection:
        assert connection.execute("SELECT pattern FROM newest_watchlists ORDER BY 1").fetchall() == [
            ("=c.example",),
            ("a.example",),
        ]


def test_sites_count_every_reason_and_every_outcome(out: Location) -> None:
    refused = {reason: number for number, reason in enumerate(Refusal, 1)}
    settled = {outcome: number for number, outcome in enumerate(Outcome, 100)}
    path = write_sites(
        out, SitesTime("01A", "spring", NOON_US), [SiteRow("a.example", 7, 2, refused, settled)]
    )
    table = pq.ParquetFile(out.full_path(path)).read()
    assert table.schema.equals(arrow_schema(SITES))
    (row,) = table.to_pylist()
    assert (row["accepted"], row["not_reached"]) == (7, 2)
    assert {row[f"refused_{reason.value}"] for reason in Refusal} == set(refused.values())
    assert all(row[f"settled_{outcome.value}"] == number for outcome, number in settled.items())


def test_many_sites_are_written_from_an_iterator_and_the_newest_count(out: Location) -> None:
    def sites(count: int) -> Iterator[SiteRow]:
        return (SiteRow(f"s{number}.example", number, 0) for number in range(count))

    write_sites(out, SitesTime("01A", "spring", NOON_US), sites(20_001))
    write_sites(out, SitesTime("01A", "spring", NOON_US + HOUR_US), sites(20_000))
    with open_datasets(out) as connection:
        found = connection.execute("SELECT count(*), sum(accepted) FROM newest_sites").fetchall()
    assert found == [(20_000, sum(range(20_000)))]


def test_every_dataset_is_documented_by_its_columns() -> None:
    assert set(DATASETS) == {"visits", "links", "edges", "crawls", "watchlists", "sites"}
