"""The watch list: which URLs' backlinks are recorded.

A pattern is `example.com` (the domain and all below it), `=www.example.com` (that host alone), or either with
a path, `example.com/blog/`: then the identity URL must go on after its host with exactly that text (so
`example.com/blog` also watches `/blogger`; end it with a slash to watch a folder). A pasted URL is taken by
its host and path: the scheme does not matter. Any port matches. Names may be written in Unicode or punycode.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple, Self

from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import normal_escapes
from linkcrawl.urls.parse import BadUrl, Url, parse
from linkcrawl.urls.site import is_public_suffix

_SCHEME = re.compile(r"https?://", re.I)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_COMMON = re.compile(
    r"(=?)((?!xn--)[a-z0-9-]+(?:\.(?!xn--)[a-z0-9-]+)*\.(?!xn--)[a-z][a-z0-9-]*)((?:/[A-Za-z0-9_-]+)*/?)"
)
"""Patterns that are in their one form already, as nearly all of a long list are: they need no parsing."""
_COMMENT = re.compile(r"(?:^|\s)#.*", re.S)

_REMEMBERED_HOSTS = 16_384

_Found = tuple[int, str]
"""A pattern's place in the list, and its text."""


class _Pattern(NamedTuple):
    host: str
    alone: bool
    """Whether the host's subdomains are left out."""
    path: str
    """'/' for all of the host."""

    def __str__(self) -> str:
        return ("=" if self.alone else "") + self.host + (self.path if self.path != "/" else "")


class _Paths:
    """Path prefixes of one host. Finding those of a path costs a binary search and the matches."""

    def __init__(self, found: Iterable[tuple[str, _Found]]) -> None:
        ordered = sorted(found)
        self._prefixes = [prefix for prefix, _ in ordered]
        self._found = [place for _, place in ordered]
        # For each prefix the longest other one that it starts with: -1 for none.
        self._shorter: list[int] = []
        for at, prefix in enumerate(self._prefixes):
            above = at - 1
            while above >= 0 and not prefix.startswith(self._prefixes[above]):
                above = self._shorter[above]
            self._shorter.append(above)

    def matching(self, path: str) -> list[_Found]:
        # Every prefix of the path sorts before it, and all that sorts between them starts with that prefix
        # too.
        at = bisect_right(self._prefixes, path) - 1
        matches = []
        while at >= 0:
            if path.startswith(self._prefixes[at]):
                matches.append(self._found[at])
            at = self._shorter[at]
        return matches


class _Plan(NamedTuple):
    whole: tuple[_Found, ...]
    """Patterns that all URLs of the host match."""
    texts: tuple[str, ...]
    """Their texts."""
    paths: tuple[_Paths, ...]


class WatchList:
    """Watch patterns, ready to be matched. Immutable."""

    patterns: tuple[str, ...]
    """Each in one form, in the order given, without repetitions."""

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        unique = list(dict.fromkeys(patterns))
        self.patterns = tuple(map(str, unique))
        self._below: dict[str, _Found] = {}
        self._alone: dict[str, _Found] = {}
        paths_below: dict[str, list[tuple[str, _Found]]] = {}
        paths_alone: dict[str, list[tuple[str, _Found]]] = {}
        for place, pattern in enumerate(unique):
            found = (place, self.patterns[place])
            if pattern.path == "/":
                (self._alone if pattern.alone else self._below)[pattern.host] = found
            else:
                paths = paths_alone if pattern.alone else paths_below
                paths.setdefault(pattern.host, []).append((pattern.path, found))
        self._paths_below = {host: _Paths(found) for host, found in paths_below.items()}
        self._paths_alone = {host: _Paths(found) for host, found in paths_alone.items()}
        self._plans: dict[str, _Plan | None] = {}

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Self:
        """Reads patterns, one a line; blank lines and comments (`#` at the start or after white space) are
        skipped.

        Raises UsageError that names every bad line, its number and what is wrong with it.
        """
        patterns, problems = [], []
        for number, line in enumerate(lines, 1):
            text = line.removeprefix("\ufeff").strip()
            if "#" in text:
                text = _COMMENT.sub("", text).strip()
            if not text:
                continue
            try:
                patterns.append(_pattern(text))
            except BadUrl as reason:
                problems.append(f"line {number}: {text[:200]!r} can not be watched: {reason}")
        if problems:
            raise UsageError(problems)
        return cls(patterns)

    def __len__(self) -> int:
        return len(self.patterns)

    def match(self, url: str, host: str) -> tuple[str, ...]:
        """The patterns that match an identity URL with that host, in the list's order; () if none does."""
        try:
            plan = self._plans[host]
        except KeyError:
            plan = self._plan(host)
        if plan is None:
            return ()
        if not plan.paths:
            return plan.texts
        path = url[url.find("/", url.find("//") + 2) :]
        found = [*plan.whole]
        for prefixes in plan.paths:
            found += prefixes.matching(path)
        found.sort()
        return tuple([text for _, text in found])

    @property
    def remembered(self) -> int:
        """Of how many hosts it is remembered what can match."""
        return len(self._plans)

    def may_match(self, host: str) -> bool:
        """Whether some URL of that host can match: False spares making the URL."""
        try:
            return self._plans[host] is not None
        except KeyError:
            return self._plan(host) is not None

    def _plan(self, host: str) -> _Plan | None:
        """What can match URLs of a host; remembered, since links name few hosts often."""
        wholes, paths = [self._alone.get(host)], [self._paths_alone.get(host)]
        domain = host
        while domain:
            wholes.append(self._below.get(domain))
            paths.append(self._paths_below.get(domain))
            domain = domain.partition(".")[2]
        whole = sorted(found for found in wholes if found is not None)
        plan = _Plan(
            tuple(whole), tuple(text for _, text in whole), tuple(prefixes for prefixes in paths if prefixes)
        )
        if len(self._plans) >= _REMEMBERED_HOSTS:
            self._plans.clear()
        remembered = plan if plan.whole or plan.paths else None
        self._plans[host] = remembered
        return remembered


def _pattern(text: str) -> _Pattern:
    """One pattern; raises BadUrl with what is wrong."""
    common = _COMMON.fullmatch(text)
    if common is not None:
        _check_owner(common[2], bool(common[1]))
        return _Pattern(common[2], bool(common[1]), common[3] or "/")
    alone = text.startswith("=")
    rest = text.removeprefix("=").strip()
    if _SCHEME.match(rest):
        rest = _SCHEME.sub("", rest)
    elif _OTHER_SCHEME.match(rest):
        raise BadUrl("only http and https URLs can be watched")
    name = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if any(character.isspace() for character in name):
        raise BadUrl("a domain holds no white space: one pattern a line")
    if "*" in name:
        raise BadUrl("write it without '*': example.com stands for all hosts below it too")
    if "@" in name:
        raise BadUrl("a name with '@' is an email address or holds a password: write the domain alone")
    url = parse("http://" + rest)
    _check(url, name, alone)
    path = url.path if url.query is None else f"{url.path}?{url.query}"
    return _Pattern(url.host.rstrip("."), alone, normal_escapes(path))


def _check(url: Url, name: str, alone: bool) -> None:
    host = url.host.rstrip(".")
    if url.port is not None or re.search(r":\d*$", name):
        raise BadUrl("a pattern has no port: it matches all ports of its host")
    if not host or ".." in host or host.startswith("."):
        raise BadUrl("a label of its host is empty")
    if url.fragment is not None:
        raise BadUrl("a pattern has no fragment: leave out '#' and what follows")
    _check_owner(host, alone)


def _check_owner(host: str, alone: bool) -> None:
    if not alone and is_public_suffix(host):
        raise BadUrl(
            f"sites of many owners lie below {host}: write ={host} for that host alone"
            if "." in host
            else f"{host} is a public suffix or has no dot: write ={host} for that host alone"
        )
