"""A guess at the encoding of a page that names none."""

from charset_normalizer import from_bytes

from .labels import encoding_of

_CUT = 4
"""A page cut at the size limit may end inside a character."""


def detect(body: bytes, most: int) -> str | None:
    """The encoding that the bytes look like, or None where nothing tells (plain ASCII, above all).

    Valid UTF-8 with a character beyond ASCII is taken for UTF-8: texts in other encodings hardly ever are.
    """
    if body.isascii():
        return "iso-2022-jp" if b"\x1b$B" in body or b"\x1b$@" in body else None
    if _is_utf_8(body):
        return "utf-8"
    best = from_bytes(_telling_part(body, most)).best()
    return encoding_of(best.encoding.replace("_", "-")) if best is not None else None


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start >= len(body) - _CUT
    return True


def _telling_part(body: bytes, most: int) -> bytes:
    return body[:most]
