"""The query of a link on a page that is not in UTF-8: encoded as the page is.

By the URL standard ("percent-encode after encoding" with the document's output encoding) the query of an
http(s) URL is sent in the encoding of the page; the path is always in UTF-8.
"""

import codecs
import re
from collections.abc import Callable
from functools import cache

from linkcrawl.urls.legacy import double_byte, iso_2022_jp, single_byte
from linkcrawl.urls.parse import C0_OR_SPACE

_NOT_IN_URL = re.compile("[\t\n\r]")
# The standard's special-query percent-encode set, as bytes.
_ENCODED = frozenset((*range(0x21), *b"\"#<>'", *range(0x7F, 0x100)))
_ESCAPED = [f"%{byte:02X}" if byte in _ENCODED else chr(byte) for byte in range(256)]

# What the Encoding Standard means by the names of some of Python's narrower codecs, and its names that Python
# does not know.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gbk",
    "big5": "big5hkscs",
}
_SINGLE_BYTE = frozenset(
    (
        *("cp866", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp874"),
        *(f"cp125{digit}" for digit in range(9)),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    )
)
_DOUBLE_BYTE = frozenset(("gbk", "gb18030", "big5hkscs", "cp932", "cp949", "euc_jp"))


def with_query_in(href: str, encoding: str) -> str:
    """The href with its query percent-encoded as on a page in that encoding, if it holds non-ASCII
    characters.

    encoding: the name of a Python codec or of the Encoding Standard. UTF-8, UTF-16 (by the standard such
    pages send UTF-8) and unknown names change nothing. The result is still to be resolved.
    """
    encode = _encoder(encoding)
    if encode is None:
        return href
    before, hash_mark, fragment = href.strip(C0_OR_SPACE).partition("#")
    path, question_mark, query = before.partition("?")
    if query.isascii():
        return href
    return f"{path}{question_mark}{encode(_NOT_IN_URL.sub('', query))}{hash_mark}{fragment}"


@cache
def _encoder(encoding: str) -> Callable[[str], str] | None:
    """From a query to its percent-encoded form; None for UTF-8."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        name = encoding.lower()
    name = _MEANT.get(name, name)
    if name in _SINGLE_BYTE:
        known = single_byte(name)
    elif name in _DOUBLE_BYTE:
        known = double_byte(name)
    elif name == "iso2022_jp":
        return lambda query: "".join(
            _reference(unit) if isinstance(unit, int) else _escaped(unit) for unit in iso_2022_jp(query)
        )
    else:
        return None
    table = _Escapes({code: _escaped(units) for code, units in known.items()})
    table.four_bytes = name == "gb18030"
    return lambda query: query.translate(table)


def _escaped(units: bytes) -> str:
    return "".join([_ESCAPED[byte] for byte in units])


def _reference(code: int) -> str:
    """What an encoding lacks is sent as a numeric character reference, itself percent-encoded."""
    return f"%26%23{code}%3B"


class _Escapes(dict[int, str]):
    """Code point -> percent-encoded bytes, for str.translate."""

    four_bytes = False
    """gb18030: what two bytes can not say, four can."""

    def __missing__(self, code: int) -> str:
        if self.four_bytes and not 0xD800 <= code <= 0xDFFF:
            return _escaped(chr(code).encode("gb18030"))
        # The standard never sees a lone surrogate: it is U+FFFD by then.
        return _reference(0xFFFD if 0xD800 <= code <= 0xDFFF else code)
