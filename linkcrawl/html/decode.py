"""Bytes to text, as the Encoding Standard decodes them. Never raises: what is not text becomes U+FFFD."""

import codecs
import re
from collections.abc import Callable
from functools import lru_cache

from .labels import codec_of

_MULTI_BYTE = frozenset({"gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr"})

# JIS X 0208 to Unicode: Python maps these six of EUC-JP and ISO-2022-JP by JIS, the web by Windows-31J.
_AS_WINDOWS = str.maketrans("\u301c\u2016\u2212\u00a2\u00a3\u00ac", "\uff5e\u2225\uff0d\uffe0\uffe1\uffe2")

# Bytes A0 and FD to FF of Shift_JIS, which Python's cp932 takes for signs of Apple's.
_APPLE_SIGNS = dict.fromkeys(range(0xF8F0, 0xF8F4), "\ufffd")


def decode(body: bytes, encoding: str) -> str:
    """The text of the bytes. encoding: a name of the Encoding Standard in lower case; no BOM is taken off."""
    if encoding == "utf-8":
        return body.decode("utf-8", "replace")
    if encoding in ("utf-16le", "utf-16be"):
        return body.decode(encoding, "replace")
    if encoding == "replacement":
        return "\ufffd" if body else ""
    if encoding in _MULTI_BYTE:
        return _decode_multi_byte(body, encoding)
    return codecs.charmap_decode(body, "replace", _table(encoding))[0]


@lru_cache(maxsize=64)
def _table(encoding: str) -> str:
    """Byte -> character of a single-byte encoding, U+FFFE where there is none (codecs' word for it)."""
    if encoding == "x-user-defined":
        return "".join(chr(byte if byte < 0x80 else 0xF700 + byte) for byte in range(256))
    table = [_character(byte, codec_of(encoding)) for byte in range(256)]
    for byte, character in _ADDED.get(encoding, {}).items():
        table[byte] = character
    return "".join(table)


_ADDED = {
    # The standard's koi8-u is KOI8-RU in two places.
    "koi8-u": {0xAE: "\u045e", 0xBE: "\u040e"},
    "windows-1255": {0xCA: "\u05ba"},
}


def _character(byte: int, codec: str) -> str:
    try:
        return bytes((byte,)).decode(codec)
    except UnicodeDecodeError:
        # What code pages leave open among the C1 controls is such a control on the web.
        return chr(byte) if 0x80 <= byte <= 0x9F else "\ufffe"


def _decode_multi_byte(body: bytes, encoding: str) -> str:
    if encoding == "iso-2022-jp":
        return body.decode("iso2022_jp", "replace").translate(_AS_WINDOWS)
    if encoding == "euc-jp":
        return body.decode("euc_jp", "linkcrawl.euc-jp").translate(_AS_WINDOWS)
    codec = "gb18030" if encoding == "gbk" else codec_of(encoding)
    text = body.decode(codec, f"linkcrawl.{encoding}")
    return text.translate(_APPLE_SIGNS) if encoding == "shift_jis" else text


def _handler(recover: Callable[[bytes], tuple[str, int] | None]) -> Callable[[UnicodeError], tuple[str, int]]:
    """An error handler that asks `recover` for what the bytes at hand mean, else replaces one character.

    The standard gives an ASCII byte that ends a broken character back to the stream; Python's codecs may not.
    """

    def handle(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        found = recover(error.object[error.start : error.start + 4])
        if found is not None:
            return found[0], error.start + found[1]
        end = error.end
        for index in range(error.start + 1, end):
            if error.object[index] < 0x80:
                end = index
                break
        return "\ufffd", end

    return handle


def _gb18030(data: bytes) -> tuple[str, int] | None:
    return ("\u20ac", 1) if data[0] == 0x80 else None


def _shift_jis(data: bytes) -> tuple[str, int] | None:
    """The user-defined rows, which the standard maps to the private use area in order."""
    if (
        len(data) < 2
        or not 0xF0 <= data[0] <= 0xF9
        or not (0x40 <= data[1] <= 0x7E or 0x80 <= data[1] <= 0xFC)
    ):
        return None
    return chr(0xE000 + (data[0] - 0xF0) * 188 + data[1] - (0x40 if data[1] < 0x7F else 0x41)), 2


def _euc_jp(data: bytes) -> tuple[str, int] | None:
    """NEC's and IBM's rows, which Python's euc_jp lacks and Windows-31J has."""
    if len(data) < 2 or not 0xA1 <= data[0] <= 0xFE or not 0xA1 <= data[1] <= 0xFE:
        return None
    row, cell = data[0] - 0xA1, data[1] - 0xA1
    lead = (row >> 1) + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row & 1 else 0x40 if cell < 63 else 0x41)
    try:
        return bytes((lead, trail)).decode("cp932"), 2
    except UnicodeDecodeError:
        return None


def _big5(data: bytes) -> tuple[str, int] | None:
    """What HKSCS-2004 lacks and the code page of Windows has."""
    try:
        return data[:2].decode("cp950"), 2
    except UnicodeDecodeError:
        return None


def _none(_data: bytes) -> tuple[str, int] | None:
    return None


for _name, _recover in {
    "gbk": _gb18030,
    "gb18030": _gb18030,
    "shift_jis": _shift_jis,
    "euc-jp": _euc_jp,
    "big5": _big5,
    "euc-kr": _none,
}.items():
    codecs.register_error(f"linkcrawl.{_name}", _handler(_recover))

_HTTP_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^\s;\"]+))", re.IGNORECASE)


def charset_of_header(content_type: str) -> str | None:
    """The label in a Content-Type header, as written; the first charset counts."""
    found = _HTTP_CHARSET.search(content_type)
    return (found[1] if found[1] is not None else found[2]) if found else None
