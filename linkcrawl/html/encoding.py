"""Which encoding a page is in. WHATWG: BOM, then HTTP, then meta, then detection, then windows-1252."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from .decode import charset_of_header
from .detect import detect
from .labels import encoding_of
from .prescan import prescan

PRESCAN_BYTES = 1024
# Browsers change the encoding for a meta that comes later, too; beyond this none is looked for.
LATE_META_BYTES = 65_536

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))


class CharsetSource(StrEnum):
    """What decided on the encoding of a page."""

    BOM = "bom"
    HTTP = "http"
    META = "meta"
    DETECTED = "detected"
    DEFAULT = "default"


class Encoding(NamedTuple):
    """The encoding of a page: its name in lower case, what decided, and how long its byte order mark is."""

    name: str
    source: CharsetSource
    bom_bytes: int = 0


def encoding_of_page(body: bytes, content_types: Sequence[str] = (), detect_bytes: int = 16_384) -> Encoding:
    """Decide on the encoding of a page.

    body: the page. content_types: its Content-Type headers. detect_bytes: how much of it a guess may look at.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Encoding(name, CharsetSource.BOM, len(bom))
    for value in content_types:
        declared = encoding_of(charset_of_header(value) or "")
        if declared is not None:
            return Encoding(declared, CharsetSource.HTTP)
    named = prescan(body[:PRESCAN_BYTES])
    if named is None and len(body) > PRESCAN_BYTES:
        named = prescan(body[:LATE_META_BYTES])
    if named is not None:
        return Encoding(named, CharsetSource.META)
    guess = detect(body, detect_bytes)
    if guess is not None:
        return Encoding(guess, CharsetSource.DETECTED)
    return Encoding("windows-1252", CharsetSource.DEFAULT)
