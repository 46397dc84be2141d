"""What belongs to the crawl: the seeds' sites, their hosts, or everything. Pure.

A million sites take 17 MB: keys are kept as 64-bit hashes, so that a link to a foreign site is refused without
a round trip. (Two of 2^64 hashes may collide: one foreign site in 10^13 would be let in.)
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b

from linkcrawl.hash_table import HashSet
from linkcrawl.records import Candidate

_ASKED_AT_MOST = 10_000
"""Answers kept at hand: most links of a page lead to few sites."""


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
        self._keys = HashSet()
        self._asked: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Iterable[str]) -> None:
        """Take more keys in; costs as much as there are of them."""
        self._keys.update(map(_hash, keys))
        self._asked.clear()

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
            if len(self._asked) >= _ASKED_AT_MOST:
                self._asked.clear()
            known = self._asked[key] = _hash(key) in self._keys
        return known

    def holds_candidate(self, candidate: Candidate) -> bool:
        """Whether the candidate is followed."""
        return self.holds(candidate.host, candidate.site)
