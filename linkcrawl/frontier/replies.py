"""What the frontier answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from linkcrawl.records import EndState, Lease, Outcome, Refusal, SiteHold


class Release(NamedTuple):
    """A held site on its way back."""

    hold: SiteHold
    since_last_request_ms: int | None = None
    """Since the start of the last request; None if none was made."""
    delay_ms: int | None = None
    """The site's delay from now on; None leaves it."""
    penalty_ms: int = 0
    """On top of the delay, this once."""
    failed: bool | None = None
    """None: no request was made; True: every request failed; False: one worked."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a beat."""

    alive: bool
    """False: this incarnation was declared dead. Drop all leases and holds, and join anew."""
    paused: bool
    end_state: EndState | None
    scope_version: int
    watch_version: int
    blocked_version: int
    server_us: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a worker has to forget, since the server knows nothing of it."""

    alive: bool
    """False: this incarnation was declared dead; everything is to be dropped."""
    dropped: tuple[Lease, ...]
    dropped_holds: tuple[SiteHold, ...]
    returned: int
    """Leases that the server knew and the worker did not: queued again."""


class WorkerFacts(msgspec.Struct, frozen=True):
    """What a worker tells of itself with each beat, for `status`. Of its present incarnation."""

    host: str = ""
    version: str = ""
    """Of linkcrawl."""
    pages: int = 0
    """Recorded."""
    links: int = 0
    pages_a_second: float = 0.0
    """Over the last ten seconds or so."""
    sites: int = 0
    """Held."""
    downloading: int = 0
    rss_bytes: int = 0
    hindrance: str | None = None
    """Why it takes no leases."""


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A live worker."""

    worker_id: str
    incarnation: int
    last_beat_ms: int
    """Since its last beat."""
    facts: WorkerFacts | None
    """None: it has told nothing, or in words of another version."""


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """One site of the crawl."""

    site: str
    accepted: int
    refused: Mapping[Refusal, int]
    settled: Mapping[Outcome, int]
    queued: int
    """Not reached (yet)."""
    given_up: bool
    failing_since_us: int | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What was found in a queue and is no entry of ours."""

    at_us: int
    reason: str
    where: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Books:
    """The crawl, counted."""

    accepted: int
    queued: int
    delayed: int
    leased: int
    dead: int
    settled: Mapping[Outcome, int]
    refused: Mapping[Refusal, int]
    leases_given: int
    retried: int
    returned: int
    reclaimed: int
    stale: int
    crashes: int
    submits: int
    links: int
    """Found by all workers so far."""
    sites: int
    sites_due: int
    sites_held: int
    off: tuple[str, ...]
    """Which equation does not hold in which partition; () if the books balance."""

    @property
    def balanced(self) -> bool:
        """Whether every URL is where the counters say."""
        return not self.off

    @property
    def pages(self) -> int:
        """Visits settled."""
        return sum(self.settled.values())

    @property
    def open(self) -> int:
        """URLs that are yet to be brought to an outcome."""
        return self.queued + self.delayed + self.leased
