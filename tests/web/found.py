"""What a crawl found, read off its Parquet files with pyarrow alone: nothing of the crawler judges itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.web.expected import LinkRow


def rows_of(out: Path, dataset: str, columns: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """Every row of a dataset that counts: its `visits` file exists, its visit is the newest of its URL."""
    newest = {row["visit_id"] for row in newest_visits(out).values()}
    for path in sorted((out / dataset).glob("crawl_date=*/*.parquet")):
        if (out / "visits" / path.parent.name / path.name).exists():
            for row in _rows(path, columns):
                if row["visit_id"] in newest:
                    yield row


def newest_visits(out: Path) -> dict[str, dict[str, Any]]:
    """{url: its newest visit} of a folder that holds one crawl."""
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted((out / "visits").glob("crawl_date=*/*.parquet")):
        for row in _rows(path, None):
            before = newest.get(row["url"])
            if before is None or _age(before) < _age(row):
                newest[row["url"]] = row
    return newest


def found_links(out: Path) -> Counter[LinkRow]:
    """The multiset of rows in `links`, to compare with `expected_links`."""
    return Counter(link_row(row) for row in rows_of(out, "links"))


def link_row(row: Mapping[str, Any]) -> LinkRow:
    """What is compared of a row of `links`."""
    return LinkRow(
        row["source_url"],
        row["target_url"],
        row["element"],
        tuple(sorted(row["rel"])),
        row["rel_class"],
        row["follow"],
        row["anchor_text"],
        row["image_alt"],
        row["placement"],
    )


def _rows(path: Path, columns: Iterable[str] | None) -> list[dict[str, Any]]:
    wanted = None if columns is None else ["visit_id", *columns]
    rows: list[dict[str, Any]] = pq.ParquetFile(path).read(columns=wanted).to_pylist()
    return rows


def _age(visit: Mapping[str, Any]) -> tuple[Any, str]:
    return visit["visited_at"], visit["visit_id"]
