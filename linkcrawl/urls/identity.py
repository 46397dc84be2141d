"""The identity of a URL: what may be written differently and is surely the same resource, in one form.

Changed: credentials, a trailing dot of the host and the fragment go (a `#!` fragment stays: it named a page
of its own in Google's AJAX crawling scheme); percent-encoding takes the form of RFC 3986, 6.2.2.1 and
6.2.2.2; tracking parameters go. Host and default port are in one form already by the URL standard. All else
stays byte for byte: order and repetition of parameters, case of the path, slashes, `www.`, and a bare `?`
that was written (servers can tell `/a?` from `/a`); a `?` goes only with the last of its parameters.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

from linkcrawl.errors import UsageError
from linkcrawl.urls.site import site_of
from linkcrawl.urls.tracking import KEPT_ON, NAMES, PREFIXES

_RULES = "1"
"""To be raised with any change of this file that gives some URL another identity."""

_PLAIN = re.compile(r"https?://([a-z0-9_.-]*[a-z0-9_-])(?::[0-9]+)?/[^?#]*(?:\?([^#]*))?")
"""Nearly all hrefs, once their fragment is off: host and query are groups."""
_PARTS = re.compile(
    r"(https?://)(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:@]*)(:[0-9]+)?(/[^?#]*)(\?[^#]*)?(#.*)?", re.S
)
_NOT_NORMAL = re.compile(
    # An unreserved character, or a lower-case hex digit.
    "%(?:2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee]|[0-9A-F][a-f]|[a-f][0-9A-Fa-f])"
)
_HEX = frozenset("0123456789abcdefABCDEF")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_EXTRA_NAME = re.compile(r"[^\s=&#?*]+\*?")


class IdentityRules:
    """The identity rules of one crawl. Immutable.

    extra_tracking: more parameter names to drop, in any case; one that ends in `*` is a prefix (`pf_*`).
    Raises UsageError for names that can not stand in a query.
    """

    version: str
    """The column `url_rules`: another one whenever some URL may get another identity."""

    def __init__(self, extra_tracking: Sequence[str] = ()) -> None:
        extras = sorted({name.strip().lower() for name in extra_tracking} - {""})
        wrong = [name for name in extras if not _EXTRA_NAME.fullmatch(name)]
        if wrong:
            raise UsageError([f"{name!r} is not the name of a query parameter" for name in wrong])
        self._names = NAMES.union(name for name in extras if not name.endswith("*"))
        self._prefixes = tuple(sorted({*PREFIXES, *(name[:-1] for name in extras if name.endswith("*"))}))
        told = repr((_RULES, sorted(self._names), self._prefixes, sorted(KEPT_ON)))
        self.version = f"{_RULES}.{blake2b(told.encode(), digest_size=4).hexdigest()}"

    def identity(self, href: str) -> str:
        """The identity form of an http(s) href that the URL standard serialized; any other text as it is."""
        return self.identify(href)[0]

    def identify(self, href: str) -> tuple[str, str]:
        """The identity form, and the host in it ('' if the href is no http(s) URL)."""
        url = href
        if "#" in href:
            before, _, fragment = href.partition("#")
            if not fragment.startswith("!"):
                url = before
        plain = _PLAIN.fullmatch(url)
        if plain is not None and not ("%" in url and _NOT_NORMAL.search(url)):
            query = plain[2]
            if query is None or not any(map(self._tracks, query.split("&"))):
                return url, plain[1]
        return self._identify_any(href)

    def _identify_any(self, href: str) -> tuple[str, str]:
        match = _PARTS.fullmatch(href)
        if match is None:
            return href, ""
        scheme, host, port, path, query, fragment = match.groups("")
        if host.endswith(".") and not host.endswith("..") and host != ".":
            host = host[:-1]
        if len(query) > 1:
            query = self._without_tracking(normal_escapes(query), host)
        fragment = normal_escapes(fragment) if fragment.startswith("#!") else ""
        url = f"{scheme}{host}{port}{normal_escapes(path)}{query}{fragment}"
        return (href if url == href else url), host

    def _without_tracking(self, query: str, host: str) -> str:
        """query: with its `?`. Sent back as it is, or without the parameters that only track."""
        parameters = query[1:].split("&")
        kept = [parameter for parameter in parameters if not self._tracks(parameter)]
        if len(kept) == len(parameters) or site_of(host) in KEPT_ON:
            return query
        left = "&".join(kept)
        return "?" + left if left else ""

    def _tracks(self, parameter: str) -> bool:
        # An ampersand that was escaped once too often in the page leaves `amp;` before the name.
        name = parameter.partition("=")[0].lower().removeprefix("amp;")
        return name in self._names or name.startswith(self._prefixes)


def normal_escapes(text: str) -> str:
    """Percent-encoding in one form: unreserved characters decoded, other hex digits upper-case."""
    return _NOT_NORMAL.sub(_normal, text) if "%" in text else text


def _normal(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    if character not in _UNRESERVED:
        return match[0].upper()
    if character in _HEX and _completes_a_triplet(match.string, match.start()):
        return match[0].upper()
    return character


def _completes_a_triplet(text: str, at: int) -> bool:
    """Whether a hex digit at this place would make an escape of a stray `%` before it, as in `%4%31`."""
    before = text[max(at - 2, 0) : at]
    return before.endswith("%") or (len(before) == 2 and before[0] == "%" and before[1] in _HEX)
