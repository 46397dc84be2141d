"""Nothing that a page holds moves the cursor, turns the text around or becomes a formula."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from linkcrawl.report.text import guarded, json_safe, padded, plain, shorten

ANYTHING = st.text(st.characters())


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1bPdevice control\x1b\\after", "after"),
        ("\x1bcreset", "reset"),
        ("gpj\u202eexe", "gpjexe"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("a\0b\x08c\x7fd\x85e", "abcd e"),
        ("half \ud800 pair", "half  pair"),
        ("日本語 and é", "日本語 and é"),
    ],
)
def test_controls_are_taken_out(hostile: str, harmless: str) -> None:
    assert plain(hostile) == harmless


@given(ANYTHING)
def test_no_control_character_is_ever_left(text: str) -> None:
    assert not [character for character in plain(text) if unicodedata.category(character) in ("Cc", "Cs")]
    assert plain(plain(text)) == plain(text)
    plain(text).encode()  # raises for what UTF-8 can not hold


@given(ANYTHING.map(plain), st.integers(0, 30))
def test_a_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cell_len(short) <= width
    assert cell_len(padded(short, width)) == width
    if cell_len(text) <= width:
        assert short == text
    elif width:
        head, mark, tail = short.partition("…") if "…" not in text else (short[:0], "…", "")
        assert mark
        assert text.startswith(head)
        assert text.endswith(tail)


def test_a_long_url_loses_its_middle() -> None:
    assert shorten("blog.example/2026/01/a-post-about-shops", 20) == "blog.examp…out-shops"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_formulas_are_guarded(start: str) -> None:
    assert guarded(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert guarded(f"a{start}1") == f"a{start}1"


@given(ANYTHING)
def test_json_keeps_its_meaning_and_is_printable(text: str) -> None:
    encoded = json_safe(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(encoded) == {"text": text}
    assert plain(encoded) == encoded
    encoded.encode()
