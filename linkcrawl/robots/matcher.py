"""Which rule decides about a path: the longest pattern that matches, allow before disallow."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_ESCAPE = re.compile(rb"%[0-9a-fA-F]{2}|[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Decision:
    """What robots.txt says of one URL.

    rule: the line that decided, its value as written ("disallow: /private/"); None if no rule matched.
    """

    allowed: bool
    rule: str | None


NO_RULE = Decision(True, None)


class Line(NamedTuple):
    """One allow or disallow line: the value as written, stripped; it begins with '/' or '*'."""

    allow: bool
    value: bytes


class _Ranked(NamedTuple):
    """The decision of a pattern; among those that match, the highest rank decides."""

    rank: int
    decision: Decision


class _Wild(NamedTuple):
    """A pattern with a '*' inside: its literal parts in order; `end` is bound to the path's end."""

    ranked: _Ranked
    head: str
    middle: tuple[str, ...]
    end: str | None

    def matches(self, path: str) -> bool:
        # The leftmost place of each part leaves most room for the next, so nothing is ever tried twice.
        if not path.startswith(self.head):
            return False
        at = len(self.head)
        for part in self.middle:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return self.end is None or (len(path) - at >= len(self.end) and path.endswith(self.end))


class Matcher:
    """Patterns without '*' are found by bisection, the others are tried from the highest rank down."""

    def __init__(self, lines: Iterable[Line]) -> None:
        prefixes: dict[str, _Ranked] = {}
        self._exact: dict[str, _Ranked] = {}
        self._wild: list[_Wild] = []
        for pattern, ranked in _patterns(lines):
            bound = pattern.endswith("$")
            parts = pattern.removesuffix("$").split("*")
            if bound and len(parts) == 1:
                _keep_higher(self._exact, parts[0], ranked)
                continue
            end = parts.pop() if bound and parts[-1] else None
            middle = tuple(filter(None, parts[1:]))
            if middle or end is not None:
                self._wild.append(_Wild(ranked, parts[0], middle, end))
            else:
                _keep_higher(prefixes, parts[0], ranked)
        self._wild.sort(key=lambda wild: -wild.ranked.rank)
        self._prefixes = sorted(prefixes)
        self._index_prefixes(prefixes)

    def _index_prefixes(self, prefixes: dict[str, _Ranked]) -> None:
        """For each prefix: the longest other one that it begins with, and the best of that chain."""
        self._outer: list[int] = []
        self._best: list[_Ranked] = []
        open_ones: list[int] = []
        for index, prefix in enumerate(self._prefixes):
            while open_ones and not prefix.startswith(self._prefixes[open_ones[-1]]):
                open_ones.pop()
            outer = open_ones[-1] if open_ones else -1
            ranked = prefixes[prefix]
            self._outer.append(outer)
            self._best.append(max(ranked, self._best[outer], key=_rank) if outer >= 0 else ranked)
            open_ones.append(index)

    def decide(self, path: str) -> Decision:
        """path: escaped, beginning with '/'."""
        best = _NOTHING
        index = bisect_right(self._prefixes, path) - 1
        # Every prefix of the path is the one sorted just before it, or a prefix of that one.
        while index >= 0:
            if path.startswith(self._prefixes[index]):
                best = self._best[index]
                break
            index = self._outer[index]
        exact = self._exact.get(path)
        if exact is not None and exact.rank > best.rank:
            best = exact
        for wild in self._wild:
            if wild.ranked.rank <= best.rank:
                break
            if wild.matches(path):
                return wild.ranked.decision
        return best.decision


_NOTHING = _Ranked(-1, NO_RULE)


def _rank(ranked: _Ranked) -> int:
    return ranked.rank


def _keep_higher(table: dict[str, _Ranked], key: str, ranked: _Ranked) -> None:
    if key not in table or ranked.rank > table[key].rank:
        table[key] = ranked


def _patterns(lines: Iterable[Line]) -> Iterable[tuple[str, _Ranked]]:
    for allow, value in lines:
        decision = Decision(allow, f"{'allow' if allow else 'disallow'}: {value.decode('utf-8', 'replace')}")
        pattern = escaped(value)
        yield pattern, _Ranked(2 * len(pattern) + allow, decision)
        # Google takes "allow: /x/index.html" for "/x/" too, at the length of "/x/$".
        folder, slash, name = pattern.rpartition("/")
        if allow and slash and name.startswith("index.htm"):
            pattern = f"{folder}/$"
            yield pattern, _Ranked(2 * len(pattern) + 1, decision)


def escaped(value: bytes) -> str:
    """Percent-encoded where it is not ASCII, escapes in upper case: as patterns are compared."""
    if value.isascii() and b"%" not in value:
        return value.decode("ascii")
    return _ESCAPE.sub(_escape, value).decode("ascii")


def _escape(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return found.upper() if len(found) == 3 else b"%%%02X" % found[0]
