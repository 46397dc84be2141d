"""What a crawl is: fixed when it is made, stored with it."""

import msgspec

from linkcrawl.errors import FrontierLost, OtherVersion
from linkcrawl.records import EndState

SPEC_VERSION = 1
"""Of all that workers of one crawl share: this record, the entries and robots records (wire.py), what the scripts
keep in the keys. Raised when a worker of the version before could misread any of it; scripts alone may change
without, since each version of a script has its own name on the server."""


class CrawlSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A crawl as it was made. Limits may change later (`Frontier.set_limits`), the rest never."""

    crawl_id: str
    """A ULID, new for each crawl. It is also the epoch that every script compares."""
    name: str
    created_us: int
    partitions: int = 16
    expect_urls: int = 10_000_000
    """Sizes the seen set's buckets; a crawl that outgrows it takes more memory a URL and loses nothing."""
    delay_ms: int = 1000
    max_depth: int | None = None
    max_hops: int = 10
    max_pages_per_site: int | None = None
    """URLs accepted."""
    max_queued_per_site: int = 100_000
    max_pages: int | None = None
    """Visits settled."""
    site_give_up_ms: int = 6 * 3_600_000
    crash_limit: int = 3
    reclaim_after_ms: int = 60_000
    scope: str = "site"
    url_rules: str = ""
    options: bytes = b""
    """What the rest of the program keeps with the crawl; not read here."""
    version: int = SPEC_VERSION

    def limits(self) -> dict[str, str | int]:
        """What the partitions' scripts need of it, by field; '' where there is no limit."""
        values = {
            "delay_ms": self.delay_ms,
            "max_depth": self.max_depth,
            "max_hops": self.max_hops,
            "max_pages_per_site": self.max_pages_per_site,
            "max_queued_per_site": self.max_queued_per_site,
            "site_give_up_ms": self.site_give_up_ms,
            "crash_limit": self.crash_limit,
        }
        return {field: "" if value is None else value for field, value in values.items()}


def pack_spec(spec: CrawlSpec) -> bytes:
    """The spec as it is stored."""
    return msgspec.msgpack.encode(spec)


class _Versioned(msgspec.Struct, frozen=True):
    """What every version of the record holds."""

    version: int


def read_spec(raw: bytes) -> CrawlSpec:
    """The spec that was stored. Raises OtherVersion for one of another version, whatever else it holds, and
    FrontierLost for what is none."""
    try:
        version = msgspec.msgpack.decode(raw, type=_Versioned).version
        if version == SPEC_VERSION:
            return msgspec.msgpack.decode(raw, type=CrawlSpec)
    except (msgspec.MsgspecError, ValueError) as problem:
        raise FrontierLost(f"the crawl's record cannot be read: {problem}") from None
    if version > SPEC_VERSION:
        age, cure = "a newer", "upgrade linkcrawl on this machine"
    else:
        age, cure = "an older", "finish it with workers of that version, or delete it and crawl anew"
    raise OtherVersion(
        f"the crawl was made by {age} linkcrawl (its record has version {version}, this linkcrawl reads "
        f"{SPEC_VERSION}): {cure}"
    )


class CrawlState(msgspec.Struct, frozen=True):
    """A crawl as it stands."""

    spec: CrawlSpec
    end_state: EndState | None
    started_us: int
    ended_us: int | None
    paused: bool
    seeds: int = 0
    """Given by operators so far, each once."""
    deadline_us: int | None = None
    """When --max-time is over, by the server's clock."""
