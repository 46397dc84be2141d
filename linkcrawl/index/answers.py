"""Answers to questions about a target."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

import duckdb
import pyarrow as pa

from linkcrawl.dataset.columns import LINKS, VISITS
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.reader import dataset_type, open_datasets
from linkcrawl.errors import DatasetError
from linkcrawl.index.target import parse_target

_BATCH_ROWS = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and where they come from.

    rows: to be read once, while the answer is open; columns of a dataset keep its name and type.
    source: a sentence for the reader: "from the datasets: 1,024 visits, newest 2026-01-31 12:00:00 UTC".
    """

    rows: pa.RecordBatchReader
    source: str


@contextmanager
def links_of(
    target: str, out: str, *, crawl: str | None = None, limit: int | None = None
) -> Iterator[Answer]:
    """The links to a target, as each was last seen: the columns of `links`, and some of its visit.

    target: a domain with all below it, `=host`, a path prefix (`example.com/blog/`) or a URL.
    crawl: the id or the name of the crawl to be asked; None for all below OUT. limit: rows at most.
    Raises UsageError for a target that is none, DatasetError for an OUT without datasets or such a crawl.
    """
    wanted = parse_target(target)
    with open_datasets(Location.parse(out)) as connection:
        source = _source(connection, out, crawl)
        relation = connection.sql(
            _sql("links"),
            params={
                "site": wanted.site,
                "host": wanted.host,
                "below": wanted.below,
                "path": wanted.path,
                "urls": wanted.urls and list(wanted.urls),
                "crawl": crawl,
            },
        )
        if limit is not None:
            relation = relation.limit(limit)
        rows = relation.to_arrow_reader(_BATCH_ROWS)
        yield Answer(rows.cast(_schema(rows.schema)), source)


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


def _source(connection: duckdb.DuckDBPyConnection, out: str, crawl: str | None) -> str:
    ((visits, crawls, newest_us),) = connection.execute(_sql("source"), {"crawl": crawl}).fetchall()
    if not visits:
        what = "no visits yet" if crawl is None else f"no visits of a crawl {crawl!r}"
        raise DatasetError(f"{Location.parse(out)} holds {what}.")
    newest = (_EPOCH + timedelta(microseconds=newest_us)).strftime("%Y-%m-%d %H:%M:%S UTC")
    of_crawls = f" of {crawls:,} crawls" if crawls > 1 else ""
    return f"from the datasets: {visits:,} visit{'s' if visits != 1 else ''}{of_crawls}, newest {newest}"


def _schema(found: pa.Schema) -> pa.Schema:
    """The types that the datasets give these columns: DuckDB names list items and time zones its own way."""
    return pa.schema(
        [
            pa.field(
                field.name, dataset_type(LINKS, field.name) or dataset_type(VISITS, field.name) or field.type
            )
            for field in found
        ]
    )
