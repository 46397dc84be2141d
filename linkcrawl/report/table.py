"""Rows as a table for people, which fits the terminal. Rows are written as they come."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, TextIO

from rich.cells import cell_len

from linkcrawl.report.text import padded, plain, shorten

Row = Mapping[str, Any]

_GAP = "  "
_FEWEST_CELLS = 6
_MOST_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table.

    text: of a row; may hold anything that a page did.
    weight: its share of the width that is left; 0 for a column that is never shortened.
    """

    title: str
    text: Callable[[Row], str]
    weight: int = 0


def column_of(name: str) -> TableColumn:
    """A dataset's column under its own name."""
    return TableColumn(name, lambda row: cell(row[name]), weight=1)


def cell(value: object) -> str:
    """A value for people: nothing for null, a date and time to the second, the items of a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def write_table(
    batches: Iterable[Sequence[Row]], columns: Sequence[TableColumn], stream: TextIO, width: int
) -> int:
    """Write a header and a line for each row, none wider than `width` cells; returns the number of rows.

    The widths come from the first batch, so that memory does not grow with the rows.
    """
    texts = ([[plain(column.text(row)) for column in columns] for row in batch] for batch in batches)
    first = next(texts, [])
    if not first:
        return 0
    widths = _widths(columns, first, width)
    stream.write(_line([column.title for column in columns], widths))
    stream.write(_line(["─" * cells for cells in widths], widths))
    count = 0
    for row in chain.from_iterable(_with_first(first, texts)):
        stream.write(_line(row, widths))
        count += 1
    return count


def few_columns(names: Sequence[str]) -> list[TableColumn]:
    """A table of rows that no table was made for: their first columns."""
    return [column_of(name) for name in names[:_MOST_COLUMNS]]


def _with_first(first: list[list[str]], others: Iterator[list[list[str]]]) -> Iterator[list[list[str]]]:
    yield first
    yield from others


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = [padded(shorten(text, cells), cells) for text, cells in zip(texts, widths, strict=True)]
    return _GAP.join(cells).rstrip() + "\n"


def _widths(columns: Sequence[TableColumn], rows: list[list[str]], width: int) -> list[int]:
    """What each column needs; where that is too much, the flexible ones share what the others leave."""
    needed = [
        max(cell_len(column.title), *(cell_len(row[at]) for row in rows)) for at, column in enumerate(columns)
    ]
    available = width - len(_GAP) * (len(columns) - 1)
    widths = list(needed)
    flexible = {at for at, column in enumerate(columns) if column.weight}
    if sum(needed) <= available:
        return widths
    while flexible:
        left = available - sum(cells for at, cells in enumerate(widths) if at not in flexible)
        weights = sum(columns[at].weight for at in flexible)
        shares = {at: max(left * columns[at].weight // weights, _FEWEST_CELLS) for at in flexible}
        # Those that need less than their share get what they need, and the rest is shared again.
        content = {at for at in flexible if needed[at] <= shares[at]}
        if not content:
            for at, share in shares.items():
                widths[at] = share
            break
        flexible -= content
    return widths
