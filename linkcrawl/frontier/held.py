"""A site that this worker holds: which of its URLs is next, and when. Pure: every time is an argument.

Times are seconds of a monotonic clock.
"""

from collections import deque
from dataclasses import dataclass, field

from linkcrawl import policy
from linkcrawl.records import Fetch, Lease, Outcome, RobotsRecord, RobotsState, Seed, SiteHold
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

    def say(self, lease: Lease, target: str) -> tuple[RobotsState, Fetch | None]:
        """What is said of a URL (target: its path and query), and how its visit ends if it must not be fetched."""
        if self.state is RobotsState.UNREACHABLE:
            return self.state, _unreachable(lease, self.cause)
        if self.rules is not None and not (decision := self.rules.decide(target)).allowed:
            return RobotsState.DISALLOWED, Fetch(Outcome.ROBOTS_DISALLOWED, error=decision.rule)
        return self.state, None


def _unreachable(lease: Lease, cause: Outcome | None) -> Fetch:
    """What a visit brings whose robots.txt can not be read. A bare domain's https form, where nothing connects,
    tells so: its http form has a robots.txt of its own."""
    if lease.candidate.seed is Seed.HTTPS_FIRST and cause is not None and cause in policy.NO_CONNECTION:
        return Fetch(cause, error="robots.txt was asked for")
    return Fetch(Outcome.ROBOTS_UNREACHABLE)


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

    def learn(self, origin: str, record: RobotsRecord, max_crawl_delay_ms: int) -> None:
        """Take up what an origin of the site says in its robots.txt."""
        rules = None
        if record.state is RobotsState.ALLOWED:
            try:
                rules = Rules.unpack(record.rules)
            except ValueError:
                return  # not ours to read: fetched again
        self.robots[origin] = OriginRobots(record.state, rules, record.cause)
        asked = [] if record.crawl_delay_ms is None else [record.crawl_delay_ms]
        self.delay_s = policy.site_delay_ms(round(self.delay_s * 1000), asked, max_crawl_delay_ms) / 1000

    def take_note(self, fetch: Fetch, retry_after_ms: int | None) -> None:
        """A request was answered or failed."""
        meant = policy.verdict(fetch)
        failed = meant.backs_off or meant.site_failed
        self.failures = self.failures + 1 if failed else 0
        self.answered = self.answered or not meant.site_failed
        delay_ms = round(self.delay_s * 1000)
        self.penalty_s = policy.penalty_ms(fetch, self.failures, delay_ms, retry_after_ms) / 1000

    def take_note_of_robots(self, record: RobotsRecord) -> None:
        """A robots.txt of the site was asked for."""
        if record.state is RobotsState.UNREACHABLE:
            self.failures += 1
        else:
            self.answered = True

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
    """Nothing of it is kept: the lease is no longer ours, or it waits for another turn."""
    began: float = 0.0
    """When its request was about to be sent."""


def split_url(url: str) -> tuple[str, str]:
    """Identity URL -> (origin, path and query): what robots.txt is kept by and what its rules speak of."""
    cut = url.find("/", 8)
    if cut < 0:
        return url, "/"
    target = url[cut:]
    fragment = target.find("#")
    return url[:cut], target if fragment < 0 else target[:fragment]
