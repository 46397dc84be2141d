"""Seeds that stand in a column of a table: CSV or Parquet, row by row."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from linkcrawl.dataset.location import reason
from linkcrawl.errors import UsageError

USUAL_NAMES = ("url", "domain")
PARQUET_MAGIC = b"PAR1"

_DELIMITERS = ",;\t|"
_NO_DELIMITER = "\x1f"
"""Of a file with one column: URLs may hold any of the others."""
_ROWS_AT_ONCE = 8192
_NAMES_SHOWN = 20

Cell = tuple[int, str]
"""The number of a row (of a CSV file: of its line, 1 is the first), and the text in it."""


def is_parquet(head: bytes) -> bool:
    """Whether a file that begins so is Parquet."""
    return head.startswith(PARQUET_MAGIC)


def parquet_seeds(file: IO[bytes], wanted: str | None) -> Iterator[Cell]:
    """The texts of a column, null left out. file: can be sought in. Raises UsageError."""
    try:
        table = pq.ParquetFile(file)
        name = _column(table.schema_arrow.names, wanted)
        kind = table.schema_arrow.field(name).type
        if not _is_text(kind):
            raise UsageError(f"its column {name!r} holds {kind}, not text")
        number = 0
        for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE, columns=[name]):
            for text in batch.column(0).to_pylist():
                number += 1
                if text is not None:
                    yield number, text
    except (pa.ArrowException, OSError) as why:
        raise UsageError(f"is not a Parquet file that can be read: {reason(why)}") from None


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def csv_seeds(lines: Iterable[str], wanted: str | None, is_seed: Callable[[str], bool]) -> Iterator[Cell]:
    """The texts of a column of CSV; the delimiter is the one that its first line holds most of.

    is_seed: whether a text is a seed: a first line that is one is no header. Raises UsageError.
    """
    rest = iter(lines)
    first = next(rest, "")
    alone = wanted is None and is_seed(first.strip().strip('"'))
    most = max(_DELIMITERS, key=first.count)
    delimiter = _NO_DELIMITER if alone or most not in first else most
    rows = csv.reader(_chained(first, rest), delimiter=delimiter)
    try:
        at = 0
        if not alone:
            at = _position([name.strip() for name in next(rows, [])], wanted)
        for row in rows:
            if at < len(row):
                yield rows.line_num, row[at]
    except csv.Error as why:
        raise UsageError(f"line {rows.line_num}: {why}") from None


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _position(names: Sequence[str], wanted: str | None) -> int:
    return names.index(_column(names, wanted))


def _column(names: Sequence[str], wanted: str | None) -> str:
    """The name of the column that holds the seeds."""
    shown = ", ".join(map(repr, names[:_NAMES_SHOWN])) + (", ..." if len(names) > _NAMES_SHOWN else "")
    if wanted is not None:
        if wanted in names:
            return wanted
        raise UsageError(f"has no column {wanted!r}; it has {shown or 'none'}")
    if len(names) == 1:
        return names[0]
    for usual in USUAL_NAMES:
        same = [name for name in names if name.lower() == usual]
        if len(same) == 1:
            return same[0]
    raise UsageError(
        f"has no column named url or domain: name the one that holds the seeds with --seeds-column; "
        f"it has {shown or 'none'}"
    )
