"""What a worker has to tell the frontier and need not wait for: retries, returns, releases, robots.txt.

It is sent in batches, and kept until the server has taken it: every call is idempotent.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.held import HeldSite
from linkcrawl.frontier.replies import Release
from linkcrawl.records import Lease, RobotsRecord


@dataclass(slots=True)
class Outbox:
    """One owner: the worker, on its event loop."""

    frontier: Frontier
    gone: Callable[[Lease], None]
    """Called with each lease that the server has taken back."""
    wake: Callable[[], None]
    """Called when something is to be sent."""
    retries: list[tuple[Lease, int]] = field(default_factory=list)
    returns: list[Lease] = field(default_factory=list)
    _releases: list[tuple[HeldSite, int]] = field(default_factory=list)
    _robots: list[tuple[str, RobotsRecord]] = field(default_factory=list)

    @property
    def leases(self) -> int:
        """Leases on their way back."""
        return len(self.retries) + len(self.returns)

    def retry(self, lease: Lease, wait_ms: int) -> None:
        """To be tried again after so long."""
        self.retries.append((lease, wait_ms))
        self.wake()

    def give_back(self, leases: Iterable[Lease]) -> None:
        """Never started: back to the head of their queue."""
        self.returns += leases
        self.wake()

    def give_back_rest(self, held: Iterable[Lease]) -> None:
        """At the end: all that is held and not to be retried."""
        retried = {lease.visit_id for lease, _ in self.retries}
        self.returns = [lease for lease in held if lease.visit_id not in retried]

    def release(self, site: HeldSite) -> None:
        """Give a site back, with the URLs that it still has waiting."""
        self.returns += site.waiting
        site.waiting.clear()
        self._releases.append((site, round(site.penalty_s * 1000)))
        self.wake()

    def robots(self, site: str, record: RobotsRecord) -> None:
        """For all workers to know."""
        self._robots.append((site, record))

    def forget(self, visit_ids: set[str]) -> None:
        """These leases are no longer ours."""
        self.retries = [entry for entry in self.retries if entry[0].visit_id not in visit_ids]
        self.returns = [lease for lease in self.returns if lease.visit_id not in visit_ids]

    def forget_sites(self) -> None:
        """No hold is ours any more."""
        self._releases.clear()

    async def send(self) -> None:
        """Send all of it. Raises FrontierUnavailable; what was not taken stays."""
        if retries := self.retries[:]:
            await self.frontier.retry(retries)
            del self.retries[: len(retries)]
            for lease, _ in retries:
                self.gone(lease)
        if returns := self.returns[:]:
            await self.frontier.give_back(returns)
            del self.returns[: len(returns)]
            for lease in returns:
                self.gone(lease)
        trouble = await self._send_robots()
        if releases := self._releases[:]:
            now = monotonic()
            await self.frontier.release([_as_release(site, penalty, now) for site, penalty in releases])
            del self._releases[: len(releases)]
        if trouble is not None:
            raise trouble

    async def _send_robots(self) -> FrontierUnavailable | None:
        """Before the releases, so that the next who holds the site need not ask again. A server that is full takes
        no robots.txt: that keeps no site from being released."""
        try:
            while self._robots:
                await self.frontier.put_robots(*self._robots[0])
                del self._robots[0]
        except FrontierUnavailable as why:
            return why
        return None


def _as_release(site: HeldSite, penalty_ms: int, now: float) -> Release:
    return Release(
        site.hold,
        since_last_request_ms=site.since_last_request_ms(now),
        delay_ms=round(site.delay_s * 1000),
        penalty_ms=penalty_ms,
        failed=site.failed(),
    )
