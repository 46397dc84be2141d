"""The datasets as DuckDB tables, straight from Parquet.

Always true: links and edges are taken only from files whose visits file exists, so that every row belongs to
a visit that can be seen. Columns that only newer files have are null for older ones; a dataset without files
is a table without rows.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources

import duckdb
import pyarrow as pa
from fsspec.implementations.dirfs import DirFileSystem

from linkcrawl.dataset.columns import DATASETS, EDGES, LINKS, VISITS, Column, Dataset
from linkcrawl.dataset.columns.column import BOOL, INT32, INT64, STRING, STRINGS, TIMESTAMP
from linkcrawl.dataset.location import Location, reason
from linkcrawl.dataset.parts import PARTITION, parse_part
from linkcrawl.dataset.schema import SCHEMA_VERSION
from linkcrawl.errors import DatasetError

_SQL_TYPES = {
    STRING: "VARCHAR",
    INT32: "INTEGER",
    INT64: "BIGINT",
    BOOL: "BOOLEAN",
    TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    STRINGS: "VARCHAR[]",
}

_PROTOCOL = "linkcrawl-out"


class _Store(DirFileSystem):  # type: ignore[misc]
    """OUT in a store under a protocol of our own: DuckDB would take the URLs of stores that it knows to an
    extension, which it fetches from the network."""

    protocol = _PROTOCOL
    cachable = False


def committed_files(location: Location) -> dict[str, list[str]]:
    """The files that count, as paths below OUT, by the dataset's name. Raises DatasetError."""
    files = {name: location.files(name) for name in DATASETS}
    committed = set()
    for path in files[VISITS.name]:
        found = parse_part(path)
        if found is None:
            raise DatasetError(f"{location.url_of(path)} is not a file of linkcrawl: move it out of OUT.")
        committed.add(found[1])
    for name in (LINKS.name, EDGES.name):
        parts = ((path, parse_part(path)) for path in files[name])
        files[name] = [path for path, found in parts if found and found[1] in committed]
    return files


@contextmanager
def open_datasets(location: Location) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose tables are the datasets, and what counts of them (`newest_visits`, ...: views.sql).

    visits, links and edges have `crawl_date` (a DATE) as their last column. Raises DatasetError if OUT is not
    there, holds no dataset, or can not be read; also for what DuckDB can not read while it is open.
    """
    if not location.exists():
        raise DatasetError(f"there is nothing at {location}: give the OUT of a crawl.")
    files = committed_files(location)
    if not any(files.values()):
        raise DatasetError(
            f"{location} holds no datasets: it is not the OUT of a crawl, or nothing is written yet."
        )
    connection = duckdb.connect()
    try:
        with explained(location):
            connection.execute("SET TimeZone = 'UTC'")
            _make_tables(connection, location, files)
            yield connection
    finally:
        connection.close()


@contextmanager
def explained(location: Location) -> Iterator[None]:
    """Turns what DuckDB says of files that it can not read into a DatasetError."""
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as problem:
        said = reason(problem).replace(f"{_PROTOCOL}://", f"{location}/")
        raise DatasetError(f"the datasets at {location} can not be read: {said}.") from problem


def _make_tables(
    connection: duckdb.DuckDBPyConnection, location: Location, files: Mapping[str, list[str]]
) -> None:
    full = _full_paths(connection, location, files)
    _check_schema(connection, location, full[VISITS.name])
    for name, dataset in DATASETS.items():
        select = _select(connection, dataset, full[name]) if full[name] else _no_rows(dataset)
        connection.execute(f'CREATE VIEW "{name}" AS {select}')
    connection.execute(resources.files(__package__).joinpath("views.sql").read_text("utf-8"))


def _full_paths(
    connection: duckdb.DuckDBPyConnection, location: Location, files: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    if location.is_local:
        return {name: [location.full_path(path) for path in paths] for name, paths in files.items()}
    connection.register_filesystem(_Store(path=location.root, fs=location.store))
    return {name: [f"{_PROTOCOL}://{path}" for path in paths] for name, paths in files.items()}


def _check_schema(connection: duckdb.DuckDBPyConnection, location: Location, paths: list[str]) -> None:
    """A file that says nothing of its schema is not ours; one of a later version may mean something else."""
    if not paths:
        return
    marked = connection.execute(
        "SELECT file_name, decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'linkcrawl.schema'",
        [paths],
    ).fetchall()
    unmarked = sorted(set(paths) - {path for path, _ in marked})
    if unmarked:
        raise DatasetError(
            f"{location} holds a file that linkcrawl did not write: {unmarked[0]}: move it away."
        )
    for path, version in marked:
        if not version.isdigit() or int(version) > int(SCHEMA_VERSION):
            raise DatasetError(
                f"{path} has schema version {version}, and this linkcrawl reads {SCHEMA_VERSION}: upgrade it."
            )


def _select(connection: duckdb.DuckDBPyConnection, dataset: Dataset, paths: list[str]) -> str:
    listed = ", ".join(map(_literal, paths))
    # Not hive_partitioning: a folder `name=value` above OUT would become a column, or replace one of ours.
    source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, filename = true)"
    # Paths are quoted above, and all else is ours: a view can not take parameters.
    present = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}  # noqa: S608
    columns = [_present(column) if column.name in present else _missing(column) for column in dataset.columns]
    if dataset.partitioned:
        columns.append(f"regexp_extract(filename, '/{PARTITION}=([0-9-]+)/[^/]*$', 1)::DATE AS {PARTITION}")
    return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608


def _no_rows(dataset: Dataset) -> str:
    columns = [_missing(column) for column in dataset.columns]
    if dataset.partitioned:
        columns.append(f"NULL::DATE AS {PARTITION}")
    return f"SELECT {', '.join(columns)} WHERE false"


def _present(column: Column) -> str:
    name = _quoted(column.name)
    # Where only some of the files have the column, the others give null, which a list never is.
    return f"coalesce({name}, []) AS {name}" if column.type == STRINGS else name


def _missing(column: Column) -> str:
    value = "[]" if column.type == STRINGS else "NULL"
    return f"{value}::{_SQL_TYPES[column.type]} AS {_quoted(column.name)}"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def dataset_type(dataset: Dataset, name: str) -> pa.DataType | None:
    """The Arrow type of a dataset's column, its partition column too; None if there is no such column."""
    if name == PARTITION and dataset.partitioned:
        return pa.date32()
    return next((column.type for column in dataset.columns if column.name == name), None)
