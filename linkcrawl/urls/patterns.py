"""Patterns that narrow a crawl: --include P and --exclude P.

P is one of
  * `example.com/blog/*`  the URL without its scheme, and the whole of it must match. `*` stands for any text,
    also for none, and after the host also for slashes; all else stands for itself (`?` too). Without a slash,
    as in `example.com` or `*.example.com`, all of the host; a port that is not the default belongs to the
    host (`example.com:8080/*`). Files of a kind on any host are `*/*.pdf`;
  * `/private/*`  starts with a slash: path and query on any host;
  * `re:REGEX`  a regular expression of Python's, searched anywhere in the URL, scheme included; case counts.
Matching the first two costs at most length of URL times length of pattern; for `re:` its author answers.
"""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

import ada_url

from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import normal_escapes

_Search = Callable[[str], re.Match[str] | None]

_SCHEME = re.compile(r"https?://", re.I)
_PRINTABLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class UrlPatterns:
    """Which URLs a crawl takes: those that an include pattern matches (all, if there is none) and no exclude
    does.

    Raises UsageError that names every pattern that can not be understood. Immutable.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        problems: list[str] = []
        self._include = _compiled("--include", include, problems)
        self._exclude = _compiled("--exclude", exclude, problems)
        if problems:
            raise UsageError(problems)

    def refuses(self, url: str) -> bool:
        """Whether an identity URL is left out."""
        if self._include and not any(search(url) for search in self._include):
            return True
        return any(search(url) for search in self._exclude)

    def __bool__(self) -> bool:
        return bool(self._include or self._exclude)


def _compiled(flag: str, patterns: Sequence[str], problems: list[str]) -> list[_Search]:
    searches = []
    for pattern in patterns:
        try:
            searches.append(_search(pattern.strip()))
        except ValueError as reason:
            problems.append(f"{flag} {pattern!r}: {reason}")
    return searches


def _search(pattern: str) -> _Search:
    if pattern.startswith("re:"):
        try:
            return re.compile(pattern[3:]).search
        except re.error as reason:
            raise ValueError(f"not a regular expression: {reason}") from None
    if pattern.startswith("/"):
        return re.compile("https?://" + _glob("*" + _path(pattern))).match
    rest = _SCHEME.sub("", pattern, count=1)
    host, slash, path = rest.partition("/")
    if not host:
        raise ValueError("it is empty: write a host, a path that starts with '/', or re:REGEX")
    path = _path(slash + path) if slash else "/*"
    return re.compile("https?://" + _glob(_host(host) + path)).match


def _host(host: str) -> str:
    if any(character.isspace() for character in host):
        raise ValueError("a host holds no white space")
    misplaced = re.search(r"[?&=#]", host)
    if misplaced:
        raise ValueError(
            f"it starts with a host, and no host holds {misplaced[0]!r}: write */... for any host"
        )
    labels = [label if label.isascii() else _punycode(label) for label in host.split(".")]
    return ".".join(labels).lower()


def _punycode(label: str) -> str:
    ascii_label = "" if "*" in label else ada_url.idna.encode(label).decode("ascii")
    if not ascii_label:
        raise ValueError(f"the label {label!r} can not be written in punycode")
    return ascii_label


def _path(path: str) -> str:
    return normal_escapes(quote(path, safe=_PRINTABLE_ASCII))


def _glob(pattern: str) -> str:
    """A regular expression for a whole glob, host first.

    Each `*` but the last takes the shortest text that lets the next literal follow, and no longer one. That finds a
    match wherever there is one, in linear time for each `*`. (An atomic group says the same, but not before
    Python 3.11.5.)
    """
    first, *rest = pattern.split("*")
    expression = re.escape(first)
    in_host = "/" not in first
    for literal in rest[:-1]:
        until = re.escape(literal)
        expression += f"(?:(?!{until}){'[^/]' if in_host else '.'})*{until}"
        in_host = in_host and "/" not in literal
    for literal in rest[-1:]:
        expression += f"{'[^/]' if in_host else '.'}*{re.escape(literal)}"
    return expression + r"\Z"
