"""What a worker knows of the crawl that it works for: read from the frontier once, kept up to date by it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from linkcrawl.config import CrawlConfig
from linkcrawl.scope import Scope, ScopeRule
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.patterns import UrlPatterns
from linkcrawl.urls.target import Resolver
from linkcrawl.urls.watch import WatchList

RESOLVED_URLS = 20_000
"""hrefs whose targets are remembered: some 10 MB; a site's navigation is a few hundred."""


def pack_config(config: CrawlConfig) -> bytes:
    """For the frontier: JSON, so that a newer worker reads an older crawl."""
    return msgspec.json.encode({field.name: getattr(config, field.name) for field in fields(config)})


def unpack_config(raw: bytes) -> CrawlConfig:
    """As packed; settings that this version does not know are left out."""
    known = {field.name for field in fields(CrawlConfig)}
    read = msgspec.json.decode(raw, type=dict[str, Any])
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in read.items()
        if name in known
    }
    return CrawlConfig(**values)


@dataclass(frozen=True, slots=True)
class CrawlIdentity:
    """Which crawl this is, and who works for it."""

    crawl_id: str
    name: str
    worker_id: str


@dataclass(slots=True)
class Run:
    """One worker's view of its crawl. `scope` and `watch` change while it runs."""

    identity: CrawlIdentity
    config: CrawlConfig
    rules: IdentityRules
    resolver: Resolver
    scope: Scope
    watch: WatchList
    watch_version: int
    filters: UrlPatterns

    @classmethod
    def of(cls, identity: CrawlIdentity, config: CrawlConfig, watch: tuple[int, Sequence[str]]) -> "Run":
        """watch: (version, patterns), as the frontier keeps them."""
        rules = IdentityRules(config.tracking_param)
        return cls(
            identity=identity,
            config=config,
            rules=rules,
            resolver=Resolver(rules, cache_size=RESOLVED_URLS),
            scope=Scope(ScopeRule(config.scope)),
            watch=WatchList.parse(watch[1]),
            watch_version=watch[0],
            filters=UrlPatterns(config.include, config.exclude),
        )

    def rewatch(self, version: int, patterns: Sequence[str]) -> None:
        """Take up a watch list that was changed while the crawl runs."""
        self.watch, self.watch_version = WatchList.parse(patterns), version
