"""Visits of one crawl, as its datasets hold them: the newest of a URL, and those to be tried again."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from linkcrawl.dataset.location import Location
from linkcrawl.dataset.reader import open_datasets
from linkcrawl.records import Outcome

_BATCH_ROWS = 5_000
_MEMORY = "512MB"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Visited:
    """What is wanted of one visit."""

    url: str
    host: str
    site: str
    kind: str
    depth: int
    discovered_from: str
    redirect_hops: int
    attempt: int
    visited_at_us: int
    outcome: Outcome
    http_status: int | None
    redirect_url: str | None
    error: str | None
    worker_id: str
    links_watched: int | None
    watch_version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which newest visits of a crawl are wanted.

    statuses: of those that ended as http_error, only the ones with one of these HTTP statuses; () for any. site: None
    for all. since_us: visited then or later; None for all.
    """

    crawl_id: str
    outcomes: Sequence[Outcome]
    statuses: Sequence[int] = ()
    site: str | None = None
    since_us: int | None = None


@contextmanager
def newest_visits_that(location: Location, wanted: Wanted) -> Iterator[Iterator[list[Visited]]]:
    """Batches of the newest visits of URLs whose newest visit is as wanted, in no order; read while it is open.

    What does not fit into 512 MB goes to temporary files. Raises DatasetError.
    """
    with (
        open_datasets(location) as connection,
        tempfile.TemporaryDirectory(prefix="linkcrawl-") as folder,
    ):
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute("SET temp_directory = " + _literal(Path(folder)))
        connection.execute("SET preserve_insertion_order = false")
        since = None if wanted.since_us is None else _EPOCH + timedelta(microseconds=wanted.since_us)
        found = connection.sql(
            _sql("newest_visits_that"),
            params={
                "crawl": wanted.crawl_id,
                "outcomes": [outcome.value for outcome in wanted.outcomes],
                "statuses": list(wanted.statuses),
                "site": wanted.site,
                "since": since,
            },
        )
        yield _batches(found)


def newest_visit(location: Location, crawl_id: str, url: str, site: str) -> Visited | None:
    """The newest visit of one URL of a site; None if the datasets hold none. Raises DatasetError."""
    with open_datasets(location) as connection:
        found = connection.sql(_sql("newest_visit"), params={"crawl": crawl_id, "url": url, "site": site})
        return next((visit for batch in _batches(found) for visit in batch), None)


def _batches(found: duckdb.DuckDBPyRelation) -> Iterator[list[Visited]]:
    for batch in found.to_arrow_reader(_BATCH_ROWS):
        yield [_visited(row) for row in batch.to_pylist()]


def _visited(row: Mapping[str, Any]) -> Visited:
    known = {name: row[name] for name in Visited.__slots__}
    known["outcome"] = Outcome(known["outcome"])
    known["discovered_from"] = known["discovered_from"] or ""
    return Visited(**known)


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
