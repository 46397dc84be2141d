"""What is written is what was given, whatever it is and however it is cut into parts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.dataset import part_file
from linkcrawl.dataset.columns import DATASETS, EDGES, LINKS, VISITS, Dataset
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.parts import parse_part
from linkcrawl.dataset.schema import arrow_schema, well_formed
from linkcrawl.dataset.writer import DatasetWriter, PartLimits, RunFacts
from linkcrawl.records import Directives, Edge, Page
from tests.dataset.pages import DAY_US, NOON_US, a_link, a_page, pages

FACTS = RunFacts("01JW2M6Y5V0B7C3T9K4R8XQZ1D", "spring", "w1", "1")
NEVER = PartLimits(rows=10**9, size_bytes=10**12, age_seconds=10**9)


def write(out: Path | Location, *batches: list[Page]) -> list[str]:
    """Write each batch as a take of its own; returns the paths below OUT."""
    writer = DatasetWriter(at(out), FACTS, NEVER)
    paths = []
    for batch in batches:
        for page in batch:
            writer.add(page)
        paths += [file.path for commit in writer.take() for file in commit.write()]
    return paths


def rows(out: Path | Location, dataset: Dataset) -> list[dict[str, Any]]:
    files = [pq.ParquetFile(BytesIO(at(out).read(path))) for path in at(out).files(dataset.name)]
    return [row for file in files for row in file.read().to_pylist()]


def at(out: Path | Location) -> Location:
    return out if isinstance(out, Location) else Location.parse(str(out))


@contextmanager
def memory() -> Iterator[Location]:
    """A store that needs no fsync: many small commits are quick there."""
    out = Location.parse(f"memory://{uuid4().hex}")
    yield out
    if out.exists():
        out.store.rm(out.root, recursive=True)


def timestamp(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


def mended(value: object) -> object:
    """What Parquet can hold of a value: text without lone surrogates, lists instead of tuples."""
    if isinstance(value, str):
        return well_formed(str(value))
    if isinstance(value, (list, tuple)):
        return [mended(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def expected_visit(page: Page) -> dict[str, object]:
    candidate = page.lease.candidate
    found = {name: getattr(page, name) for name in VISITS.names() if hasattr(page, name)}
    read = page.directives or Directives()
    return found | {
        "visit_id": page.lease.visit_id,
        "crawl_id": FACTS.crawl_id,
        "crawl_name": FACTS.crawl_name,
        "worker_id": FACTS.worker_id,
        "url_rules": FACTS.url_rules,
        "url": candidate.url,
        "host": candidate.host,
        "site": candidate.site,
        "kind": candidate.kind,
        "depth": candidate.depth,
        "discovered_from": candidate.discovered_from or None,
        "redirect_hops": candidate.hops,
        "attempt": page.lease.attempt,
        "visited_at": timestamp(page.visited_at_us),
        "meta_robots": read.meta_robots,
        "x_robots_tag": read.x_robots_tag,
        "page_noindex": page.directives and page.directives.noindex,
        "page_nofollow": page.directives and page.directives.nofollow,
    }


def expected_links(page: Page) -> list[dict[str, object]]:
    return [
        {name: getattr(link, name) for name in LINKS.names() if hasattr(link, name)}
        | {
            "visit_id": page.lease.visit_id,
            "crawl_id": FACTS.crawl_id,
            "source_url": page.lease.candidate.url,
            "source_host": page.lease.candidate.host,
            "source_site": page.lease.candidate.site,
            "target_url_resolved": None
            if link.target_url_resolved == link.target_url
            else link.target_url_resolved,
            "nofollow": "nofollow" in link.rel,
            "ugc": "ugc" in link.rel,
            "sponsored": "sponsored" in link.rel,
            "anchor_text": link.anchor,
            "visited_at": timestamp(page.visited_at_us),
        }
        for link in page.links
    ]


def expected_edges(page: Page) -> list[dict[str, object]]:
    return [
        {
            "visit_id": page.lease.visit_id,
            "crawl_id": FACTS.crawl_id,
            "source_site": page.lease.candidate.site,
            "target_site": edge.target_site,
            "links": edge.links,
            "follow_links": edge.follow_links,
        }
        for edge in page.edges
    ]


def same(found: list[dict[str, Any]], expected: list[dict[str, object]]) -> bool:
    """Whether these are the same rows, in any order."""

    def sortable(rows: Sequence[Mapping[str, object]]) -> list[str]:
        return sorted(repr(sorted((name, mended(value)) for name, value in row.items())) for row in rows)

    return sortable(found) == sortable(expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(pages, max_size=8), st.lists(st.integers(0, 8), max_size=3))
def test_part_sizes_never_change_the_content(given_pages: list[Page], cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(given_pages)]
    batches = [given_pages[start:end] for start, end in pairwise(bounds)]
    with memory() as out:
        write(out, *batches)
        assert same(rows(out, VISITS), [expected_visit(page) for page in given_pages])
        assert same(rows(out, LINKS), [row for page in given_pages for row in expected_links(page)])
        assert same(rows(out, EDGES), [row for page in given_pages for row in expected_edges(page)])


def test_rows_beyond_one_batch_in_memory_are_all_there_and_in_order(tmp_path: Path) -> None:
    many = [
        a_page(
            number,
            site=f"s{number % 7}.example",
            links=[a_link(f"https://t{number % 3}.example/{number}", f"t{number % 3}.example")],
            edges=[Edge(f"t{target}.example", target, 0) for target in range(number % 5)],
        )
        for number in range(5000)
    ]
    write(tmp_path, many)
    assert same(rows(tmp_path, EDGES), [row for page in many for row in expected_edges(page)])
    for dataset, expected in ((VISITS, 5000), (LINKS, 5000), (EDGES, sum(len(page.edges) for page in many))):
        found = [tuple(row[key] for key in dataset.sort_keys) for row in rows(tmp_path, dataset)]
        assert len(found) == expected
        assert found == sorted(found)


def test_row_groups_do_not_overlap_and_files_say_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a reader skips all groups but those that hold what it looks for."""
    monkeypatch.setattr(part_file, "ROW_GROUP_ROWS", 100)
    many = [
        a_page(
            number,
            site=f"s{number * 7919 % 500}.example",
            links=[a_link(f"https://t{number * 31 % 97}.example/", f"t{number * 31 % 97}.example")],
            edges=[Edge(f"t{number % 13}.example", 1, 1)],
        )
        for number in range(500)
    ]
    for path in write(tmp_path, many):
        dataset = DATASETS[path.split("/")[0]]
        metadata = pq.ParquetFile(tmp_path / path).metadata
        first = dataset.names().index(dataset.sort_keys[0])
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        bounds = [
            (group.column(first).statistics.min, group.column(first).statistics.max) for group in groups
        ]
        assert len(bounds) == 5
        assert all(before[1] <= after[0] for before, after in pairwise(bounds))
        for group in groups:
            said = [dataset.names()[column.column_index] for column in group.sorting_columns]
            assert tuple(said) == dataset.sort_keys


@pytest.mark.parametrize("dataset", [VISITS, LINKS, EDGES], ids=lambda dataset: dataset.name)
def test_files_have_the_schema_to_the_letter(tmp_path: Path, dataset: Dataset) -> None:
    write(
        tmp_path, [a_page(links=[a_link("https://t.example/", "t.example")], edges=[Edge("t.example", 1, 1)])]
    )
    (file,) = (tmp_path / dataset.name).glob("*/*.parquet")
    schema = pq.ParquetFile(file).schema_arrow
    assert schema.equals(arrow_schema(dataset), check_metadata=True)
    assert schema.metadata[b"linkcrawl.schema"] == b"1"
    assert schema.metadata[b"linkcrawl.dataset"] == dataset.name.encode()
    assert not any(pa.types.is_dictionary(field.type) for field in schema)


def test_the_files_of_a_commit_share_date_and_name_and_an_empty_one_is_written(tmp_path: Path) -> None:
    paths = write(tmp_path, [a_page()])
    parts = [parse_part(path) for path in paths]
    assert [part[0] for part in parts if part] == ["edges", "links", "visits"]
    assert len({part[1] for part in parts if part}) == 1
    assert rows(tmp_path, LINKS) == rows(tmp_path, EDGES) == []


def test_a_commit_holds_one_utc_date_and_serials_grow(tmp_path: Path) -> None:
    midnight = NOON_US + DAY_US // 2
    before, after = a_page(1, at_us=midnight - 1), a_page(2, at_us=midnight)
    writer = DatasetWriter(Location.parse(str(tmp_path)), FACTS, NEVER)
    for page in (after, before):
        writer.add(page)
    commits = writer.take()
    assert [commit.part.crawl_date.isoformat() for commit in commits] == ["2026-01-31", "2026-02-01"]
    assert [commit.leases for commit in commits] == [(before.lease,), (after.lease,)]
    writer.add(a_page(3))
    assert [commit.part.serial for commit in [*commits, *writer.take()]] == [0, 1, 2]
    assert writer.take() == []


def test_texts_that_utf8_can_not_hold_are_mended_and_the_others_untouched(tmp_path: Path) -> None:
    odd = a_page(
        links=[a_link("https://t.example/", "t.example", anchor="a\ud800b", text_before="\ud83d\ude00")]
    )
    odd.title = "nul \0 and " + "long " * 200_000
    write(tmp_path, [odd, a_page(1)])
    visits, links = f"{tmp_path}/visits/*/*.parquet", f"{tmp_path}/links/*/*.parquet"
    titles, anchors = [odd.title, "Page 1"], [("a�b", "😀")]
    assert [row["title"] for row in rows(tmp_path, VISITS)] == titles
    assert [(row["anchor_text"], row["text_before"]) for row in rows(tmp_path, LINKS)] == anchors
    assert duckdb.connect().execute(f"SELECT title FROM '{visits}'").fetchall() == [
        (title,) for title in titles
    ]
    assert duckdb.connect().execute(f"SELECT anchor_text, text_before FROM '{links}'").fetchall() == anchors
    assert pl.read_parquet(visits)["title"].to_list() == titles
    assert pl.read_parquet(links).select("anchor_text", "text_before").rows() == anchors


def test_a_number_that_does_not_fit_is_cut_to_the_nearest_that_does(tmp_path: Path) -> None:
    page = a_page()
    page.http_status, page.wire_bytes = 2**40, 2**80
    write(tmp_path, [page])
    (row,) = rows(tmp_path, VISITS)
    assert (row["http_status"], row["wire_bytes"]) == (2**31 - 1, 2**63 - 1)


def test_a_part_is_due_by_rows_bytes_or_age() -> None:
    now = 100.0
    nowhere = Location.parse("/nonexistent")

    def writer(limits: PartLimits) -> DatasetWriter:
        return DatasetWriter(nowhere, FACTS, limits, clock=lambda: now)

    by_rows = writer(PartLimits(rows=3, size_bytes=10**9, age_seconds=60))
    assert not by_rows.due(now + 1000)  # nothing waits, so nothing is old
    by_rows.add(a_page())
    assert not by_rows.due(now)
    by_rows.add(a_page(edges=[Edge("t.example", 1, 1)]))
    assert by_rows.due(now)
    by_rows.take()
    assert not by_rows.due(now)

    by_age = writer(PartLimits(rows=10, size_bytes=10**9, age_seconds=60))
    by_age.add(a_page())
    assert not by_age.due(now + 59.9)
    assert by_age.due(now + 60)

    by_size = writer(PartLimits(rows=10, size_bytes=50_000, age_seconds=60))
    by_size.add(a_page())
    assert not by_size.due(now)
    by_size.add(a_page(links=[a_link("https://t.example/", "t.example", anchor="x" * 60_000)]))
    assert by_size.due(now)


def test_the_order_of_rows_is_the_order_of_the_columns() -> None:
    """The rows are made by hand: a column added to one place only must fail here."""
    for dataset in DATASETS.values():
        assert len(dataset.names()) == len(set(dataset.names()))
        assert set(dataset.sort_keys) <= set(dataset.names())
