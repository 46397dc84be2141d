"""What counts: whole commits, newest visits; nothing at all is no error, and strangers' files are."""

from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkcrawl.dataset.columns import DATASETS, LINKS
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.reader import committed_files, open_datasets
from linkcrawl.errors import DatasetError
from linkcrawl.records import Edge
from tests.dataset.pages import DAY_US, NOON_US, a_link, a_page
from tests.dataset.test_writer import write

LINK = a_link("https://t.example/", "t.example", rel=("ugc",))
EDGE = Edge("t.example", 1, 1)


def select(out: Path | Location, sql: str) -> list[tuple[object, ...]]:
    with open_datasets(out if isinstance(out, Location) else Location.parse(str(out))) as connection:
        rows: list[tuple[object, ...]] = connection.execute(sql).fetchall()
        return rows


def described(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {name}").fetchall()}


def test_tables_have_all_columns_whether_there_are_files_or_not(tmp_path: Path) -> None:
    write(tmp_path / "some", [a_page(links=[LINK], edges=[EDGE])])
    write(tmp_path / "few", [a_page()])
    for folder in ("links", "edges"):
        for file in (tmp_path / "few" / folder).glob("*/*"):
            file.unlink()
    with (
        open_datasets(Location.parse(str(tmp_path / "some"))) as some,
        open_datasets(Location.parse(str(tmp_path / "few"))) as few,
    ):
        for name, dataset in DATASETS.items():
            partition = ["crawl_date"] if dataset.partitioned else []
            assert list(described(some, name)) == [*dataset.names(), *partition]
            assert described(some, name) == described(few, name)
        assert described(some, "links")["crawl_date"] == "DATE"
        assert few.execute("SELECT count(*) FROM links").fetchall() == [(0,)]


def test_links_of_a_commit_without_visits_are_not_taken(tmp_path: Path) -> None:
    *_, torn = write(
        tmp_path, [a_page(1, links=[LINK], edges=[EDGE])], [a_page(2, links=[LINK], edges=[EDGE])]
    )
    (tmp_path / torn).unlink()
    assert torn.startswith("visits/")
    for name in ("links", "edges", "visits"):
        assert select(tmp_path, f"SELECT count(*) FROM {name}") == [(1,)]
    assert all(len(committed_files(Location.parse(str(tmp_path)))[name]) == 1 for name in ("links", "edges"))


def test_the_newest_visit_of_a_url_counts_and_its_links_with_it(tmp_path: Path) -> None:
    old = a_page(1, links=[LINK], edges=[EDGE])
    new = a_page(1, at_us=NOON_US + DAY_US)
    other = a_page(2, links=[LINK], edges=[EDGE])
    write(tmp_path, [new], [old, other])
    assert select(tmp_path, "SELECT url FROM newest_visits ORDER BY 1") == [
        ("https://blog.example/1",),
        ("https://blog.example/2",),
    ]
    for view in ("newest_links", "newest_edges"):
        assert select(tmp_path, f"SELECT visit_id FROM {view}") == [(other.lease.visit_id,)]


def test_of_two_visits_at_one_time_the_later_id_counts(tmp_path: Path) -> None:
    pages = [a_page(1) for _ in range(4)]
    write(tmp_path, pages[:2], pages[2:])
    assert select(tmp_path, "SELECT visit_id FROM newest_visits") == [
        (max(page.lease.visit_id for page in pages),)
    ]


@pytest.mark.parametrize("name", ["it's", "with [a]", "a*b", "url=x", "crawl_id=7", "Ünï"])
def test_any_name_of_out_will_do(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, [a_page(links=[LINK])])
    assert select(tmp_path / name, "SELECT crawl_id, crawl_date::VARCHAR, rel FROM links") == [
        ("01JW2M6Y5V0B7C3T9K4R8XQZ1D", "2026-01-31", ["ugc"])
    ]


def test_a_store_is_read_as_a_folder_is() -> None:
    out = Location.parse(f"memory://{uuid4().hex}/deep")
    write(out, [a_page(1, links=[LINK], edges=[EDGE])], [a_page(2, at_us=NOON_US + DAY_US)])
    try:
        assert select(out, "SELECT target_url, crawl_date::VARCHAR FROM links") == [
            ("https://t.example/", "2026-01-31")
        ]
        assert select(out, "SELECT count(*) FROM visits") == [(2,)]
    finally:
        out.store.rm(out.root, recursive=True)


def test_files_of_two_versions_are_read_together(tmp_path: Path) -> None:
    """An older file lacks columns; a newer one has some that this version does not know."""
    paths = write(tmp_path, [a_page(1, links=[LINK])], [a_page(2, links=[LINK])])
    older, newer = (tmp_path / path for path in paths if path.startswith("links/"))
    table = pq.ParquetFile(older).read()
    pq.write_table(table.drop_columns(["hidden", "rel", "position"]), older)
    pq.write_table(table.append_column("of_tomorrow", pa.array([1])), newer)
    found = select(tmp_path, "SELECT hidden, rel, position FROM links ORDER BY position NULLS FIRST")
    assert found == [(None, [], None), (None, ["ugc"], 0)]
    with open_datasets(Location.parse(str(tmp_path))) as connection:
        assert "of_tomorrow" not in described(connection, LINKS.name)


def test_an_out_that_is_not_there_or_empty_is_said_so(tmp_path: Path) -> None:
    with (
        pytest.raises(DatasetError, match="there is nothing at"),
        open_datasets(Location.parse(f"{tmp_path}/no")),
    ):
        pass
    (tmp_path / "visits").mkdir()
    with pytest.raises(DatasetError, match="holds no datasets"), open_datasets(Location.parse(str(tmp_path))):
        pass


def a_file(tmp_path: Path) -> Path:
    (path,) = (path for path in write(tmp_path, [a_page()]) if path.startswith("visits/"))
    return tmp_path / path


def test_strangers_files_are_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    table = pq.ParquetFile(file).read()
    pq.write_table(table.replace_schema_metadata({}), file)
    with pytest.raises(DatasetError, match="linkcrawl did not write"):
        select(tmp_path, "SELECT 1")
    pq.write_table(table.replace_schema_metadata({"linkcrawl.schema": "2"}), file)
    with pytest.raises(DatasetError, match="schema version 2"):
        select(tmp_path, "SELECT 1")
    file.rename(file.with_name("export.parquet"))
    with pytest.raises(DatasetError, match="not a file of linkcrawl"):
        select(tmp_path, "SELECT 1")


def test_a_damaged_file_is_an_error_with_a_name(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DatasetError, match=r"can not be read.*parquet"):
        select(tmp_path, "SELECT count(*) FROM visits")
