"""Text from pages, made harmless for where it is shown. Pure."""

import re

from rich.cells import cell_len, set_cell_size

# ECMA-48: CSI with its parameters; OSC, DCS, APC, PM and SOS up to their end; other escapes; in their 7-bit
# and 8-bit forms.
_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?"
    "|\x1b[ -/]*[0-~]?"
)
# Unicode Bidi_Control, the line and paragraph separators, and the byte order mark (UAX 9; Trojan Source).
_INVISIBLE = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff"
_SPACE = re.compile("[\t-\r\x85\u2028\u2029]+")
_CONTROL = re.compile(f"[\0-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_IN_JSON = re.compile(f"[\x7f-\x9f\ud800-\udfff{_INVISIBLE}]")


def plain(text: str) -> str:
    """The text on one line, without escape sequences, control characters and overrides of its direction."""
    return _CONTROL.sub("", _SPACE.sub(" ", _ESCAPES.sub("", text)))


def shorten(text: str, width: int) -> str:
    """The text in at most `width` terminal cells; a longer one loses its middle, which matters least."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail_width = (width - 1) // 2
    head = _head(text, width - 1 - tail_width)
    tail = _head(text[::-1], tail_width)[::-1]
    return f"{head}…{tail}"


def _head(text: str, width: int) -> str:
    """As much of the start as fits."""
    # No character that is left after `plain` takes more than two cells, and most take one.
    kept = text[:width]
    while cell_len(kept) > width:
        kept = kept[:-1]
    return kept


def padded(text: str, width: int) -> str:
    """The text in exactly `width` terminal cells."""
    return set_cell_size(text, width)


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def json_safe(encoded: str) -> str:
    """JSON with what a terminal would obey, or UTF-8 can not hold, as \\u escapes: it means the same."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded)
