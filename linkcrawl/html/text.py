"""White space, by one rule for all texts of a page."""

import re
import unicodedata

# What `\s` means in ECMAScript: Unicode's space separators and line ends, tab, and U+FEFF. To Python, U+001C
# to U+001F and U+0085 are white space too, and U+FEFF is not.
SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_RUN = re.compile(f"[{SPACE}]+")
_ODD = re.compile("[\x1c-\x1f\x85\ufeff]")

ASCII_SPACE = "\t\n\f\r "
"""ASCII white space of the HTML standard."""


def collapse(text: str) -> str:
    """The text with each run of white space as one space, and none at its ends."""
    if _ODD.search(text) is None:
        return " ".join(text.split())
    return _RUN.sub(" ", text).strip(" ")


_JOINER = "\u200d"
# Regional indicators come in pairs (flags); skin tones and variation selectors belong to what they follow.
_INDICATOR = re.compile("[\U0001f1e6-\U0001f1ff]+")
_EXTENDS = frozenset("\u200c\u200d") | frozenset(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xFE00, 0xFE10))))


def first_words(text: str, most: int) -> str:
    """The start of a collapsed text, at most that many characters, cut between words where possible."""
    if len(text) <= most:
        return text
    end = text.rfind(" ", most // 2, most + 1)
    if end < 0:
        end = most
        while end > 0 and not _may_cut(text, end):
            end -= 1
    return text[:end].rstrip(" ")


def last_words(text: str, most: int) -> str:
    """The end of a collapsed text, at most that many characters, cut between words where possible."""
    if len(text) <= most:
        return text
    start = len(text) - most
    space = text.find(" ", start - 1, start + most // 2)
    if space >= 0:
        start = space + 1
    else:
        while start < len(text) and not _may_cut(text, start):
            start += 1
    return text[start:].lstrip(" ")


def _may_cut(text: str, index: int) -> bool:
    """Whether a cut before this character leaves both sides whole (graphemes, by Unicode's main rules)."""
    following = text[index]
    if following in _EXTENDS or unicodedata.category(following) in ("Mn", "Mc", "Me"):
        return False
    if text[index - 1] == _JOINER:
        return False
    if _INDICATOR.match(following):
        start = index
        while start > 0 and _INDICATOR.match(text[start - 1]):
            start -= 1
        return (index - start) % 2 == 0
    return True
