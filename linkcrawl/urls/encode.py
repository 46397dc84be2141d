"""The query of a link on a page that is not in UTF-8: encoded as the page is.

By the URL standard ("percent-encode after encoding" with the document's output encoding) the query of an
http(s) URL is sent in the encoding of the page; the path is always in UTF-8.
"""

import codecs
import re
from collections.abc import Callable
from functools import cache

from linkcrawl.urls.parse import C0_OR_SPACE

_NOT_IN_URL = re.compile("[\t\n\r]")
# The standard's special-query percent-encode set, but for the bytes that no encoding of the web can give.
_ENCODED = frozenset((*range(0x21), *b"\"#<>'", *range(0x7F, 0x100)))
_BYTES = [f"%{byte:02X}" if byte in _ENCODED else chr(byte) for byte in range(256)]

# The Encoding Standard's encodings by the names of Python's codecs, some of which are narrower than what the
# web means by the name. All others (UTF-16 too, by the standard) send UTF-8.
_WEB = {
    name: name
    for name in (
        *("cp866", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp874"),
        *(f"cp125{digit}" for digit in range(9)),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("gbk", "gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "iso2022_jp"),
    )
} | {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gbk",
    "big5": "big5hkscs",
}


def with_query_in(href: str, encoding: str) -> str:
    """The href with the non-ASCII characters of its query percent-encoded as on a page in that encoding.

    encoding: the name of a Python codec. UTF-8, UTF-16 (by the standard such pages send UTF-8) and unknown
    names change nothing. To be resolved by the URL standard afterwards.
    """
    encode = _encoder(encoding)
    if encode is None:
        return href
    start, _, fragment = href.strip(C0_OR_SPACE).partition("#")
    path, mark, query = start.partition("?")
    if query.isascii():
        return href
    coded = "".join(map(_BYTES.__getitem__, encode(_NOT_IN_URL.sub("", query))))
    return f"{path}{mark}{coded}#{fragment}" if "#" in href else f"{path}{mark}{coded}"


@cache
def _encoder(encoding: str) -> Callable[[str], bytes] | None:
    """How a query is brought to bytes; None for UTF-8."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return None
    if name not in _WEB:
        return None
    name = _WEB[name]
    single = name == "cp874" or name.startswith("cp125")
    handler = "linkcrawl.query.controls" if single else "linkcrawl.query"
    return lambda text: text.encode(name, handler)


def _reference(error: UnicodeError) -> tuple[str | bytes, int]:
    """What the encoding lacks is sent as a numeric character reference, percent-encoded."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(f"%26%23{ord(character)}%3B" for character in lacking), error.end


def _reference_or_control(error: UnicodeError) -> tuple[str | bytes, int]:
    """The web's windows-125x hold a C1 control wherever Python's leave a byte undefined."""
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    if 0x80 <= code <= 0x9F:
        try:
            bytes((code,)).decode(error.encoding)
        except UnicodeDecodeError:
            return bytes((code,)), error.start + 1
    return f"%26%23{code}%3B", error.start + 1


codecs.register_error("linkcrawl.query", _reference)
codecs.register_error("linkcrawl.query.controls", _reference_or_control)
