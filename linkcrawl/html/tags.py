"""The tags of a page's source, found as the HTML tokenizer finds them (13.2.5), without building a tree.

Possessive patterns: each byte is looked at a bounded number of times, whatever the page holds.
"""

import re
from typing import NamedTuple

MOST_ATTRIBUTES = 512
"""Attributes of one tag that are kept: each costs a comparison with all before it."""

_VALUE = rb"\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r >\"'][^\t\n\f\r >]*+"
ATTRIBUTE = (
    rb"(?:[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:" + _VALUE + rb")?+)?+)"
)
_MOST = str(MOST_ATTRIBUTES).encode()

MANY_ATTRIBUTES = re.compile(rb"<[a-zA-Z][^\t\n\f\r />]*+" + ATTRIBUTE + rb"{" + _MOST + rb"}+")
"""Matches wherever a tag with that many attributes may begin, in a comment or a script too."""

_MARKUP = re.compile(
    rb"<(?:(/?[a-zA-Z][^\t\n\f\r />]*+)(" + ATTRIBUTE + rb"{0," + _MOST + rb"}+)"
    rb"(" + ATTRIBUTE + rb"*+)[\t\n\f\r /]*+(?:>|\Z)|(!--)|[!?/])"
)
_COMMENT_START = re.compile(rb"-?>")
_COMMENT_END = re.compile(rb"--!?>")
_SCRIPT_STEP = re.compile(rb"<!--|-->|<(/?)script(?=[\t\n\f\r />])", re.IGNORECASE)

RAW = frozenset(
    {b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes", b"plaintext"}
)
"""Elements whose content is text, up to their own end tag."""

_RAW_END = {name: re.compile(rb"</" + name + rb"(?=[\t\n\f\r />])", re.IGNORECASE) for name in RAW}


class Tag(NamedTuple):
    """A tag in the source."""

    name: bytes
    """In lower case; an end tag's begins with a slash."""
    start: int
    end: int
    surplus: tuple[int, int] | None
    """Where its attributes beyond the bound stand."""


def next_tag(html: bytes, position: int) -> Tag | None:
    """The first tag at or after a position outside of markup and raw text; comments are passed over."""
    while (found := _MARKUP.search(html, position)) is not None:
        name = found[1]
        if name is not None:
            return Tag(name.lower(), found.start(), found.end(), found.span(3) if found[3] else None)
        if found[4] is None:
            close = html.find(b">", found.end())
            position = close + 1 if close >= 0 else len(html)
            continue
        at_once = _COMMENT_START.match(html, found.end())
        end = at_once or _COMMENT_END.search(html, found.end())
        position = end.end() if end is not None else len(html)
    return None


def raw_text_end(html: bytes, name: bytes, position: int) -> int:
    """Where the content of a raw text element that begins at a position ends: before its end tag."""
    if name == b"plaintext":
        return len(html)
    if name == b"script":
        return _script_end(html, position)
    found = _RAW_END[name].search(html, position)
    return found.start() if found is not None else len(html)


def _script_end(html: bytes, position: int) -> int:
    """Past "<!--" a "<script" hides the next "</script" (the "script data double escaped" states)."""
    escaped = double = False
    while (found := _SCRIPT_STEP.search(html, position)) is not None:
        position = found.end()
        text = found[0]
        if text == b"<!--":
            # Its dashes may be those of a "-->".
            if not escaped:
                escaped, position = True, found.start() + 2
        elif text == b"-->":
            escaped = double = False
        elif found[1]:
            if not double:
                return found.start()
            double = False
        elif escaped:
            double = True
    return len(html)
