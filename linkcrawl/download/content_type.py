"""Is it HTML? Pure."""

import re

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# As good as no type at all (WHATWG MIME Sniffing, 7).
_UNKNOWN_TYPES = frozenset({"", "unknown/unknown", "application/unknown", "*/*"})
SNIFF_BYTES = 1445
"""How much of a body the standard looks at."""

# WHATWG MIME Sniffing, 7.1: these tags, followed by white space or '>', and a comment's start. A byte order
# mark and an XML declaration before them are let pass: many pages in XHTML begin so.
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\x0c\r ]*(?:<\?xml[^>]{0,200}>[\t\n\x0c\r ]*)?"
    rb"<(?:!--|(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)"
    rb"[\t\n\x0c\r >])",
    re.IGNORECASE,
)


def essence(content_type: str | None) -> str:
    """ "Text/HTML; charset=x" -> "text/html"; '' if there is none."""
    if not content_type:
        return ""
    return content_type.partition(";")[0].partition(",")[0].strip(" \t").lower()


def is_html(content_type: str | None) -> bool | None:
    """What the header says; None if it says nothing, so that `looks_like_html` must decide."""
    kind = essence(content_type)
    return True if kind in _HTML_TYPES else None if kind in _UNKNOWN_TYPES else False


def looks_like_html(body: bytes) -> bool:
    """What the first bytes of a body without a content type say."""
    return _HTML_START.match(body, 0, SNIFF_BYTES) is not None
