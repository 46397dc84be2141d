"""Rows as table, CSV, JSON lines or Parquet. Text from pages is data: none of these lets it be more.

table    for people: chosen columns, shortened to the terminal's width
csv      RFC 4180 in UTF-8: all columns, null as an empty cell, list items with a space between them; a cell
         that a spreadsheet would take for a formula gets a leading '
json     a JSON object on each line: all columns, times in ISO 8601 with Z
parquet  all columns with their types
"""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import IO, Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from linkcrawl.errors import UsageError
from linkcrawl.report.table import TableColumn, few_columns, write_table
from linkcrawl.report.text import guarded, json_safe


class Format(StrEnum):
    """What `--format` takes."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def render(
    rows: pa.RecordBatchReader, form: Format, stream: TextIO, columns: Sequence[TableColumn] | None = None
) -> int:
    """Write the rows, in bounded memory; returns how many there were.

    stream: standard output, or a file opened for text. Only a table is written in its encoding; the others
    are bytes of their own, written to its `buffer`.
    columns: of the table; None for the first few of the rows.
    Raises UsageError for Parquet on a terminal, before anything is read.
    """
    if form is Format.TABLE:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # A terminal in another encoding than UTF-8 shows what it can.
        width = shutil.get_terminal_size().columns
        return write_table(_batches(rows), columns or few_columns(rows.schema.names), stream, width)
    if form is Format.PARQUET and stream.isatty():
        raise UsageError(
            "Parquet is not for a terminal: send it to a file, as in `... --format parquet > FILE`."
        )
    stream.flush()
    written = _WRITERS[form](rows, stream.buffer)
    stream.buffer.flush()
    return written


def write_csv(rows: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    """Write a header and all rows; returns how many there were."""
    count = 0
    names = rows.schema.names
    text = io.TextIOWrapper(stream, "utf-8", errors="replace", newline="", write_through=True)
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(names)
        for batch in _batches(rows):
            writer.writerows([[_csv_cell(row[name]) for name in names] for row in batch])
            count += len(batch)
    finally:
        text.detach()
    return count


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, list):
        return guarded(" ".join(map(str, value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _iso(value) if isinstance(value, date) else value


def write_json(rows: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    """Write an object on each line; returns how many there were."""
    count = 0
    for batch in _batches(rows):
        lines = [json_safe(json.dumps(row, ensure_ascii=False, default=_iso)) + "\n" for row in batch]
        stream.write("".join(lines).encode())
        count += len(batch)
    return count


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no column holds a {type(value).__name__}")


def write_parquet(rows: pa.RecordBatchReader, stream: IO[bytes]) -> int:
    """Write one Parquet file; returns the number of rows."""
    count = 0
    # pyarrow asks for the position, which a pipe does not know.
    with (
        pa.PythonFile(_Positioned(stream), "w") as sink,
        pq.ParquetWriter(sink, rows.schema, compression="zstd") as file,
    ):
        for batch in rows:
            file.write_batch(batch)
            count += batch.num_rows
    return count


class _Positioned:
    """A stream of bytes that knows how many were written. Closing it leaves the stream open."""

    closed = False

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._position = 0

    def write(self, data: bytes) -> int:
        written = self._stream.write(data)
        self._position += written
        return written

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


def _batches(rows: pa.RecordBatchReader) -> Iterator[list[dict[str, Any]]]:
    return (batch.to_pylist() for batch in rows if batch.num_rows)


_WRITERS = {Format.CSV: write_csv, Format.JSON: write_json, Format.PARQUET: write_parquet}
