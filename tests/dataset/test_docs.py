"""docs/columns.md says what is written: it is current, complete, and its lines run."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkcrawl.dataset.columns import DATASETS, LINKS, VISITS, Column
from linkcrawl.dataset.docs import NEWEST, READERS, columns_md
from linkcrawl.dataset.schema import arrow_schema
from linkcrawl.records import Page
from tests.conftest import REPOSITORY
from tests.dataset.pages import DAY_US, NOON_US, a_link, a_page
from tests.dataset.test_writer import write

ALL_COLUMNS = [column for dataset in DATASETS.values() for column in dataset.columns]
DATES = {date(2026, 1, 31), date(2026, 2, 1)}


def test_the_page_is_current() -> None:
    written = (REPOSITORY / "docs" / "columns.md").read_text("utf-8")
    assert written == columns_md(), "run: python -m linkcrawl.dataset.docs > docs/columns.md"


@pytest.mark.parametrize("column", ALL_COLUMNS, ids=lambda column: column.name)
def test_every_example_is_a_value_of_its_column(column: Column) -> None:
    if pa.types.is_timestamp(column.type):
        assert pa.array([column.example]).cast(column.type).null_count == 0
        return
    (value,) = pa.array([column.example], column.type).to_pylist()
    items = value if isinstance(value, list) else [value]
    if column.enum:
        assert set(items) <= {member.value for member in column.enum}


@pytest.mark.parametrize("column", ALL_COLUMNS, ids=lambda column: column.name)
def test_every_type_is_one_of_the_few(column: Column) -> None:
    assert column.type_name in {"string", "int32", "int64", "bool", "timestamp[us, UTC]", "list<string>"}
    assert re.fullmatch("[a-z_]+", column.name)
    if column.type_name == "list<string>":
        assert not column.nullable
        assert not column.type.value_field.nullable


def read_as_documented(reader: str, out: Path) -> Any:
    names: dict[str, Any] = {}
    exec(READERS[reader].replace("OUT", str(out)), names)
    return names["links"]


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """An OUT with links of two dates; the files of the second have a column more, as of a later version."""
    link = a_link("https://t.example/", "t.example", rel=("nofollow", "noopener"))
    pages: list[Page] = [a_page(1, links=[link]), a_page(2, links=[link], at_us=NOON_US + DAY_US)]
    *_, last = [path for path in write(tmp_path, pages) if path.startswith("links/")]
    file = tmp_path / last
    table = pq.ParquetFile(file).read()
    pq.write_table(table.append_column("added", pa.array(["new"])), file)
    (file.parent / ".half.parquet.inprogress").write_bytes(b"PAR1 and no more")
    return tmp_path


def test_duckdb_reads_both_versions(two_versions: Path) -> None:
    links = read_as_documented("DuckDB", two_versions)
    types = dict(zip(links.columns, map(str, links.types), strict=True))
    assert list(types) == [*LINKS.names(), "added", "crawl_date"]
    assert types["crawl_date"] == "DATE"
    assert types["visited_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["rel"] == "VARCHAR[]"
    assert set(types.values()) == {
        "VARCHAR", "VARCHAR[]", "INTEGER", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE",
    }  # fmt: skip
    table = links.to_arrow_table()
    assert set(table["crawl_date"].to_pylist()) == DATES
    assert set(table["added"].to_pylist()) == {None, "new"}


def test_polars_reads_both_versions(two_versions: Path) -> None:
    links = read_as_documented("Polars", two_versions).collect()
    assert set(links["crawl_date"]) == DATES
    assert set(links["added"]) == {None, "new"}
    assert links.schema["rel"] == pl.List(pl.String)
    assert links.schema["visited_at"] == pl.Datetime("us", "UTC")
    assert links.schema["position"] == pl.Int32
    assert links["rel"].to_list() == [["nofollow", "noopener"]] * 2
    # A category would be what an Arrow dictionary comes back as.
    assert {links.schema[name] for name in ("element", "target_site", "source_url")} == {pl.String}


def test_pyarrow_reads_both_versions(two_versions: Path) -> None:
    links = read_as_documented("pyarrow", two_versions)
    for field in arrow_schema(LINKS):
        assert links.schema.field(field.name).type == field.type
    table = links.to_table()
    assert set(table["crawl_date"].to_pylist()) == DATES
    assert set(table["added"].to_pylist()) == {None, "new"}


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_spark_reads_both_versions(two_versions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="needs the extra 'spark'")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv(
        "PYSPARK_SUBMIT_ARGS",
        f"--master local[1] --conf spark.ui.enabled=false --conf spark.sql.warehouse.dir={two_versions}/w "
        "--conf spark.driver.memory=512m pyspark-shell",
    )
    links = read_as_documented("Spark", two_versions)
    try:
        types = dict(links.dtypes)
        assert types["crawl_date"] == "date"
        assert types["visited_at"] == "timestamp"
        assert types["rel"] == "array<string>"
        assert types["position"] == "int"
        assert set(types) == {*LINKS.names(), "added", "crawl_date"}
        found = links.collect()
        assert {row["crawl_date"] for row in found} == DATES
        assert {row["added"] for row in found} == {None, "new"}
        assert [row["rel"] for row in found] == [["nofollow", "noopener"]] * 2
    finally:
        links.sparkSession.stop()


def test_the_documented_sql_takes_the_newest_visit_of_a_page(tmp_path: Path) -> None:
    old = a_page(1, links=[a_link("https://t.example/old", "t.example")])
    new = a_page(1, links=[a_link("https://t.example/new", "t.example")], at_us=NOON_US + 1)
    write(tmp_path, [new], [old])
    connection = duckdb.connect()
    for dataset in (VISITS, LINKS):
        files = f"{tmp_path}/{dataset.name}/*/*.parquet"
        connection.execute(
            f"CREATE VIEW {dataset.name} AS FROM read_parquet('{files}', union_by_name = true)"
        )
    assert connection.sql(NEWEST).project("target_url").fetchall() == [("https://t.example/new",)]
