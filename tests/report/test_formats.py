"""The same rows in four formats, each read back by a reader that is not ours."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from linkcrawl.dataset.columns import LINKS
from linkcrawl.dataset.columns.column import STRINGS, TIMESTAMP
from linkcrawl.dataset.schema import arrow_schema, well_formed
from linkcrawl.errors import UsageError
from linkcrawl.report.formats import Format, render
from linkcrawl.report.links_table import LINKS_TABLE

SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("number", pa.int32()),
        ("yes", pa.bool_()),
        ("tokens", STRINGS),
        ("at", TIMESTAMP),
        ("day", pa.date32()),
    ]
)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "text": "a",
    "number": -1,
    "yes": True,
    "tokens": ["x", "y"],
    "at": NOON,
    "day": date(2026, 1, 31),
}
NULLS: dict[str, Any] = {"text": None, "number": None, "yes": None, "tokens": [], "at": None, "day": None}


class Terminal(io.TextIOWrapper):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def reader_of(rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA, batch: int = 2) -> pa.RecordBatchReader:
    table = pa.Table.from_pylist(rows, schema)
    return pa.RecordBatchReader.from_batches(schema, table.to_batches(max_chunksize=batch))


def rendered(rows: pa.RecordBatchReader, form: Format) -> bytes:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "utf-8", newline="")
    render(rows, form, stream)
    stream.flush()
    return raw.getvalue()


def test_csv_is_rfc_4180_in_utf8() -> None:
    odd = ROW | {"text": 'quote " comma , line\r\nbreak é'}
    written = rendered(reader_of([odd, NULLS]), Format.CSV)
    assert written.decode() == (
        "text,number,yes,tokens,at,day\r\n"
        '"quote "" comma , line\r\nbreak é",-1,true,x y,2026-01-31T12:00:00.000000Z,2026-01-31\r\n'
        ",,,,,\r\n"
    )


@given(st.lists(st.text(st.characters()).map(well_formed), max_size=5))
def test_csv_gives_every_text_back_but_for_its_guard(texts: list[str]) -> None:
    written = rendered(reader_of([ROW | {"text": text} for text in texts]), Format.CSV)
    found = [row["text"] for row in csv.DictReader(io.StringIO(written.decode(), newline=""))]
    assert found == [f"'{text}" if text[:1] in {*"=+-@\t\r\n"} - {""} else text for text in texts]


def test_csv_guards_the_items_of_lists_too() -> None:
    written = rendered(reader_of([ROW | {"tokens": ["=1+1", "b"]}]), Format.CSV)
    assert b",'=1+1 b," in written


@given(st.lists(st.text(st.characters()).map(well_formed), max_size=5))
def test_json_lines_give_everything_back(texts: list[str]) -> None:
    rows = [ROW | {"text": text, "tokens": texts} for text in texts] + [NULLS]
    lines = rendered(reader_of(rows), Format.JSON).decode().split("\n")
    assert lines.pop() == ""
    as_json = {"at": "2026-01-31T12:00:00.000000Z", "day": "2026-01-31"}
    assert [json.loads(line) for line in lines] == [*(row | as_json for row in rows[:-1]), NULLS]


def test_parquet_keeps_the_types_and_goes_through_a_pipe() -> None:
    rows = [ROW, NULLS] * 5
    assert pq.read_table(io.BytesIO(rendered(reader_of(rows), Format.PARQUET))).to_pylist() == rows
    program = (
        "import sys, pyarrow as pa; from linkcrawl.report.formats import Format, render\n"
        "rows = pa.table({'n': [1, 2]}).to_reader(); render(rows, Format.PARQUET, sys.stdout)"
    )
    piped = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout
    assert pq.read_table(io.BytesIO(piped)).to_pydict() == {"n": [1, 2]}


def test_parquet_is_refused_to_a_terminal() -> None:
    raw = io.BytesIO()
    terminal = Terminal(raw)
    with pytest.raises(UsageError, match="to a file"):
        render(reader_of([ROW]), Format.PARQUET, terminal)
    terminal.flush()
    assert raw.getvalue() == b""


@pytest.mark.parametrize("form", list(Format))
def test_rows_are_counted_and_none_are_no_error(form: Format) -> None:
    for rows in ([], [ROW], [ROW, NULLS, ROW]):
        stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
        assert render(reader_of(rows), form, stream) == len(rows)


def test_a_table_on_a_terminal_without_utf8_shows_what_it_can() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    render(reader_of([ROW | {"text": "日本"}]), Format.TABLE, stream)
    stream.flush()
    assert b"??" in raw.getvalue()


LINK_ROW: dict[str, Any] = {
    "source_url": "https://blog.example/2026/01/a-long-post-about-many-shops-and-their-prices",
    "target_url": "https://example.com/catalogue/shoes?size=42",
    "target_site": "example.com",
    "anchor_text": "the best shop for shoes\x1b[31m\u202e of all that I know",
    "anchor_kind": "text",
    "image_alt": None,
    "follow": False,
    "rel_class": "sponsored",
    "follow_reasons": ["rel_nofollow", "rel_sponsored"],
    "placement": "article",
    "visited_at": NOON,
}


def links_reader(rows: list[dict[str, Any]]) -> pa.RecordBatchReader:
    names = list(LINK_ROW)
    schema = pa.schema([arrow_schema(LINKS).field(name) for name in names])
    return reader_of(rows, schema)


def links_table(rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    assert render(links_reader(rows), Format.TABLE, stream, LINKS_TABLE) == len(rows)
    return stream.getvalue().splitlines()


def test_a_table_of_links_is_readable_in_80_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    head, rule, row = links_table([LINK_ROW], monkeypatch, 80)
    assert head.split() == ["source", "anchor", "follow", "target", "place", "seen"]
    assert max(map(cell_len, (head, rule, row))) <= 80
    assert row.startswith("blog.examp")
    assert "…" in row
    for part in ("sponsored", "article", "2026-01-31", "/cata"):
        assert part in row
    assert cell_len(rule) == 80 or cell_len(rule) == 79  # shares are whole cells


def test_a_wide_terminal_shows_all_and_a_narrow_one_still_aligns(monkeypatch: pytest.MonkeyPatch) -> None:
    *_, wide = links_table([LINK_ROW], monkeypatch, 240)
    assert "blog.example/2026/01/a-long-post-about-many-shops-and-their-prices" in wide
    assert "the best shop for shoes of all that I know" in wide
    east = LINK_ROW | {"anchor_text": "日本語のとても長いアンカーテキスト" * 3}
    for width in (60, 80, 101):
        _, rule, *rows = links_table([LINK_ROW, east, LINK_ROW], monkeypatch, width)
        starts = {cell_len(row[: row.index("2026-01-31", 40 if width > 60 else 30)]) for row in rows}
        assert starts == {cell_len(rule) - 10}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"follow": True, "follow_reasons": []}, "follow"),
        ({"rel_class": "follow", "follow_reasons": ["meta_robots"]}, "meta"),
        ({"rel_class": "follow", "follow_reasons": ["x_robots_tag"]}, "header"),
        ({"anchor_kind": "image", "anchor_text": "", "image_alt": "A logo"}, "[A logo]"),
        ({"anchor_kind": "image", "anchor_text": "", "image_alt": None}, "[image]"),
        ({"target_url": "https://shop.example.com/x"}, "shop.example.com/x"),
    ],
)
def test_cells_of_a_link(changes: dict[str, Any], shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, row = links_table([LINK_ROW | changes], monkeypatch, 240)
    assert shown in row.split("  ") or shown in [cell.strip() for cell in row.split("  ")]


def test_output_does_not_wait_for_all_rows() -> None:
    """A reader that would never end: its first rows are out all the same."""
    read_end, write_end = os.pipe()
    batch = pa.RecordBatch.from_pylist([ROW], SCHEMA)

    def endless() -> Any:
        while True:
            yield batch

    rows = pa.RecordBatchReader.from_batches(SCHEMA, endless())
    with os.fdopen(write_end, "w") as stream:
        os.close(read_end)
        with pytest.raises(BrokenPipeError):
            render(rows, Format.JSON, stream)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
