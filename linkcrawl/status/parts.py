"""What a status is made of. Its fields are the keys of the JSON, which are a contract: see the package."""

from datetime import UTC, datetime, timedelta

import msgspec

from linkcrawl.frontier import SiteSeen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(us: int) -> datetime:
    """A time of the frontier's as JSON has it."""
    return _EPOCH + timedelta(microseconds=us)


class CrawlPart(msgspec.Struct, frozen=True, kw_only=True):
    """The crawl itself."""

    name: str
    crawl_id: str
    state: str
    draining: bool
    started_at: datetime
    ended_at: datetime | None
    ends_by: datetime | None
    out: str | None
    scope: str
    seeds: int
    max_pages: int | None
    watch_version: int
    watch_patterns: int
    blocked_domains: int


class UrlsPart(msgspec.Struct, frozen=True):
    """Where the accepted URLs are."""

    accepted: int
    queued: int
    delayed: int
    leased: int
    settled: int
    dead: int


class SitesPart(msgspec.Struct, frozen=True):
    """Sites that had a URL accepted."""

    known: int
    due: int
    held: int


class WorkerPart(msgspec.Struct, frozen=True, kw_only=True):
    """One live worker."""

    worker_id: str
    last_beat_ms: int
    host: str = ""
    version: str = ""
    pages: int | None = None
    links: int | None = None
    pages_a_second: float | None = None
    sites: int | None = None
    downloading: int | None = None
    rss_bytes: int | None = None
    hindrance: str | None = None


class LetterPart(msgspec.Struct, frozen=True):
    """One dead letter."""

    at: datetime
    reason: str
    where: str


class LettersPart(msgspec.Struct, frozen=True):
    """The dead letters."""

    count: int
    first: list[LetterPart]


class ServerPart(msgspec.Struct, frozen=True):
    """One server that holds data."""

    name: str
    version: str | None
    used_bytes: int | None
    max_bytes: int | None
    policy: str | None
    appendonly: bool | None
    appendfsync: str | None


class SeenPart(msgspec.Struct, frozen=True):
    """The seen set."""

    urls: int
    expected: int
    members_a_bucket: float
    intset_limit: int
    dear: bool


class BooksPart(msgspec.Struct, frozen=True):
    """Whether every URL is where the counters say."""

    balanced: bool
    off: list[str]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: see the package."""

    at: datetime
    crawl: CrawlPart
    urls: UrlsPart
    settled: dict[str, int]
    refused: dict[str, int]
    pages_a_second: float | None
    links: int
    sites: SitesPart
    workers: list[WorkerPart]
    busiest_sites: list[SiteSeen]
    slowest_sites: list[SiteSeen]
    dead_letters: LettersPart
    servers: list[ServerPart]
    seen: SeenPart
    guarantees_off: list[str]
    books: BooksPart
    warnings: list[str]


class RobotsPart(msgspec.Struct, frozen=True):
    """What is known of one origin's robots.txt."""

    state: str
    crawl_delay_ms: int | None
    expires_in_ms: int
    failures: int


class SitePart(msgspec.Struct, frozen=True, kw_only=True):
    """One site: see frontier.lookup.SiteFound."""

    site: str
    partition: int
    accepted: int
    queued: int
    queued_by_depth: dict[int, int]
    settled: dict[str, int]
    refused: dict[str, int]
    delay_ms: int
    ready_in_ms: int | None
    held_by: str | None
    given_up: bool
    failing_ms: int
    blocked_by: str | None
    robots: dict[str, RobotsPart]


class SiteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`status --site`."""

    at: datetime
    crawl: CrawlPart
    site: SitePart


def as_json(status: Status | SiteStatus) -> bytes:
    """One JSON object on one line."""
    return msgspec.json.encode(status)
