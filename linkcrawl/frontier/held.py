"""A site that this worker holds: which of its URLs is next, and when. Pure: every time is an argument.

Times are seconds of a monotonic clock.
"""

from collections import deque
from dataclasses import dataclass, field

from linkcrawl.records import Fetch, Lease, Outcome, RobotsState, SiteHold
from linkcrawl.robots import Rules

LONGEST_WAIT_S = 30.0
"""A site that must wait longer is released, so that its place serves another."""


@dataclass(slots=True)
class OriginRobots:
    """What robots.txt says on one origin, ready to be asked."""

    state: RobotsState
    rules: Rules | None
    """None unless the state is ALLOWED."""
    cause: Outcome | None = None
    """Why it is unreachable, where this worker asked itself."""


@dataclass(slots=True, eq=False)
class HeldSite:
    """A hold, with what the worker learned while it holds it."""

    hold: SiteHold
    delay_s: float
    waiting: deque[Lease]
    not_before: float = 0.0
    """The moment of its first request, as the frontier has it."""
    robots: dict[str, OriginRobots] = field(default_factory=dict)
    last_start: float | None = None
    failures: int = 0
    """Failed fetches in a row, within this hold."""
    answered: bool = False
    """Whether any request of this hold was answered."""
    penalty_s: float = 0.0
    busy: bool = False
    """A request to it is under way."""
    released: bool = False
    address: str | None = None
    """The IP address whose slot it occupies."""

    def next_start(self, now: float) -> float:
        """The earliest moment of its next request."""
        if self.last_start is None:
            return max(now, self.not_before)
        return max(now, self.not_before, self.last_start + self.delay_s + self.penalty_s)

    def must_wait_too_long(self, now: float) -> bool:
        """Whether it should be given back rather than kept waiting."""
        return self.next_start(now) - now > LONGEST_WAIT_S

    def since_last_request_ms(self, now: float) -> int | None:
        """For the release; None if no request was made."""
        return None if self.last_start is None else max(0, int((now - self.last_start) * 1000))

    def failed(self) -> bool | None:
        """For the release: did all requests of this hold fail? None: none was made."""
        if self.answered:
            return False
        return True if self.failures else None


@dataclass(slots=True, eq=False)
class Visit:
    """One lease on its way through this worker."""

    lease: Lease
    site: HeldSite
    robots_state: RobotsState = RobotsState.NOT_CHECKED
    fetch: Fetch | None = None
    """Set before the download where the outcome is known without one."""
    retry_in_ms: int | None = None
    """The frontier will lease the URL again: no row is written for this one."""
    dropped: bool = False
    """The lease is no longer ours: nothing of it is kept."""


def split_url(url: str) -> tuple[str, str]:
    """Identity URL -> (origin, path and query): what robots.txt is kept by and what its rules speak of."""
    cut = url.find("/", 8)
    if cut < 0:
        return url, "/"
    target = url[cut:]
    fragment = target.find("#")
    return url[:cut], target if fragment < 0 else target[:fragment]
