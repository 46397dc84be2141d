"""What belongs to the crawl: the seeds' sites, their hosts, or everything. Pure.

A million sites take 8 MB: keys are kept as sorted 64-bit hashes, so that a link to a foreign site is refused
without a round trip. (Two of 2^64 hashes may collide: one foreign site in 10^13 would be let in.)
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b

from linkcrawl.records import Candidate


class ScopeRule(StrEnum):
    """What is followed."""

    SITE = "site"
    HOST = "host"
    WEB = "web"


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


class Scope:
    """The keys (sites or hosts, by the rule) that the crawl follows links to."""

    def __init__(self, rule: ScopeRule) -> None:
        self.rule = rule
        self._sorted = array("q")
        self._recent: set[int] = set()
        self._asked: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._sorted) + len(self._recent)

    def add(self, keys: Iterable[str]) -> None:
        """Take more keys in."""
        self._recent.update(map(_hash, keys))
        self._asked.clear()
        if len(self._recent) > 10_000:
            self._sorted = array("q", sorted(self._recent.union(self._sorted)))
            self._recent.clear()

    def key(self, host: str, site: str) -> str:
        """The key of a URL under this rule."""
        return host if self.rule is ScopeRule.HOST else site

    def holds(self, host: str, site: str) -> bool:
        """Whether a URL on that host of that site is followed."""
        if self.rule is ScopeRule.WEB:
            return True
        key = host if self.rule is ScopeRule.HOST else site
        known = self._asked.get(key)
        if known is None:
            if len(self._asked) >= 50_000:
                self._asked.clear()
            known = self._asked[key] = self._find(_hash(key))
        return known

    def holds_candidate(self, candidate: Candidate) -> bool:
        """Whether the candidate is followed."""
        return self.holds(candidate.host, candidate.site)

    def _find(self, hashed: int) -> bool:
        if hashed in self._recent:
            return True
        at = bisect_left(self._sorted, hashed)
        return at < len(self._sorted) and self._sorted[at] == hashed
