"""The three small datasets: crawls, watchlists and sites.

    OUT/crawls/<crawl_id>-<written_at>.parquet           one row: the crawl as it stood then
    OUT/watchlists/<crawl_id>-<watch_version>.parquet    one version of the watch list, whole
    OUT/sites/<crawl_id>-<written_at>.parquet            all sites of the crawl as they stood then

`written_at` and versions have a fixed width in names: the last name of a crawl is its newest. Files are never
changed, so a reader never sees half of a state; the newest one of a crawl counts.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import IO, Any

import pyarrow as pa

from linkcrawl import __version__
from linkcrawl.dataset.columns import CRAWLS, SITES, WATCHLISTS, Dataset, refused_column, settled_column
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.part_file import open_writer
from linkcrawl.dataset.schema import array_of, arrow_schema
from linkcrawl.records import EndState, Outcome, Refusal

_BATCH_ROWS = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CrawlRow:
    """A crawl as it stands. Times are microseconds since the epoch, UTC, by the frontier server's clock."""

    crawl_id: str
    crawl_name: str
    written_at_us: int
    started_at_us: int
    url_rules: str
    watch_version: int
    seeds: int
    options: Mapping[str, object]
    """What JSON can hold. Secrets must have been left out."""
    ended_at_us: int | None = None
    end_state: EndState | None = None
    """None while it runs."""


@dataclass(frozen=True, slots=True)
class WatchlistVersion:
    """Which version of which crawl's watch list."""

    crawl_id: str
    watch_version: int
    since_us: int
    """When it came into force."""


@dataclass(frozen=True, slots=True)
class SitesTime:
    """Of which crawl the counters are, and of when."""

    crawl_id: str
    crawl_name: str
    written_at_us: int


@dataclass(frozen=True, slots=True)
class SiteRow:
    """The counters of a site of a crawl."""

    site: str
    accepted: int
    not_reached: int
    refused: Mapping[Refusal, int] = field(default_factory=dict)
    settled: Mapping[Outcome, int] = field(default_factory=dict)


def write_crawl(location: Location, row: CrawlRow) -> str:
    """Write the crawl's state; returns the path below OUT. Raises DatasetError."""
    values: Row = {
        "crawl_id": row.crawl_id,
        "crawl_name": row.crawl_name,
        "written_at": row.written_at_us,
        "started_at": row.started_at_us,
        "ended_at": row.ended_at_us,
        "end_state": row.end_state,
        "linkcrawl_version": __version__,
        "url_rules": row.url_rules,
        "watch_version": row.watch_version,
        "seeds": row.seeds,
        "options": json.dumps(row.options, sort_keys=True, ensure_ascii=False),
    }
    path = f"crawls/{row.crawl_id}-{_stamp(row.written_at_us)}.parquet"
    location.publish(path, partial(_write_rows, CRAWLS, iter([values])))
    return path


def write_watchlist(location: Location, version: WatchlistVersion, patterns: Iterable[str]) -> str:
    """Write all patterns of a version; returns the path below OUT. Raises DatasetError."""
    rows = (
        {
            "crawl_id": version.crawl_id,
            "watch_version": version.watch_version,
            "since": version.since_us,
            "pattern": pattern,
        }
        for pattern in patterns
    )
    path = f"watchlists/{version.crawl_id}-{version.watch_version:010d}.parquet"
    location.publish(path, partial(_write_rows, WATCHLISTS, rows))
    return path


def write_sites(location: Location, at: SitesTime, sites: Iterable[SiteRow]) -> str:
    """Write the counters of all sites of a crawl; returns the path below OUT. Raises DatasetError.

    On this machine in bounded memory; for an object store the file is gathered in memory.
    """
    path = f"sites/{at.crawl_id}-{_stamp(at.written_at_us)}.parquet"
    location.publish(path, partial(_write_rows, SITES, (_site_values(at, site) for site in sites)))
    return path


def _site_values(at: SitesTime, row: SiteRow) -> Row:
    return {
        "crawl_id": at.crawl_id,
        "crawl_name": at.crawl_name,
        "written_at": at.written_at_us,
        "site": row.site,
        "accepted": row.accepted,
        "not_reached": row.not_reached,
        **{refused_column(reason): row.refused.get(reason, 0) for reason in Refusal},
        **{settled_column(outcome): row.settled.get(outcome, 0) for outcome in Outcome},
    }


def _write_rows(dataset: Dataset, rows: Iterator[Row], file: IO[bytes]) -> None:
    schema = arrow_schema(dataset)
    with open_writer(dataset, file) as writer:
        while batch := list(islice(rows, _BATCH_ROWS)):
            arrays = [array_of(column, [row[column.name] for row in batch]) for column in dataset.columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _stamp(time_us: int) -> str:
    """A time in a file name: sortable, to the microsecond, UTC."""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y%m%dT%H%M%S%fZ")
