"""The HTTP `Link` header, by RFC 8288 (section 3 and appendix B.2), forgiving as its appendix is."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TARGET = re.compile(r"[\s,]*<([^>]*)>")
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"<]+)?(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;,"]*)))?', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class HeaderLink(NamedTuple):
    """One link of a Link header."""

    href: str
    rel: str
    title: str | None


def links_of_header(value: str) -> Iterator[HeaderLink]:
    """The links of one header value about the page itself, in order.

    One with an `anchor` parameter speaks of another resource, and is left out. Of a repeated parameter the
    first counts.
    """
    position = 0
    while (target := _TARGET.match(value, position)) is not None:
        parameters: dict[str, str] = {}
        position = target.end()
        while (found := _PARAMETER.match(value, position)) is not None:
            quoted, token = found[2], found[3]
            text = _ESCAPE.sub(r"\1", quoted) if quoted is not None else token or ""
            parameters.setdefault((found[1] or "").lower(), text)
            position = found.end()
        if "anchor" not in parameters:
            yield HeaderLink(target[1].strip(), parameters.get("rel", ""), parameters.get("title"))
        position = _next_value(value, position)


def _next_value(value: str, position: int) -> int:
    """Past what is not a parameter, to the next comma: one broken link does not cost those after it."""
    comma = value.find(",", position)
    return len(value) if comma < 0 else comma + 1
