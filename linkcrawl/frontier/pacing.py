"""The sites that this worker holds, and the moment at which each may be asked again.

One request of a site at a time, its delay between the starts of two, at most so many downloads at once, at most
so many sites of one address. It starts visits; it knows neither Scrapy nor Redis.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

from linkcrawl import policy
from linkcrawl.frontier.held import LONGEST_WAIT_S, HeldSite, OriginRobots, Visit, split_url
from linkcrawl.records import Fetch, Lease, Outcome, RobotsRecord, RobotsState, Seed, SiteHold
from linkcrawl.robots import Rules


class Network(Protocol):
    """What the pacing needs to know of the network."""

    async def address_of(self, url: str) -> str | None:
        """The IP address that counts for the bound of sites per address; None: no bound applies."""
        ...

    async def robots_of(self, origin: str) -> RobotsRecord:
        """Fetch and read an origin's robots.txt. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, and how often again."""

    concurrency: int
    per_ip: int
    delay_s: float
    max_crawl_delay_ms: int
    retries: int
    retry_wait_ms: int
    obey_robots: bool


@dataclass(slots=True)
class Pacing:
    """Starts what is due. One owner: the session, on its event loop."""

    pace: Pace
    network: Network
    start: Callable[[Visit], None]
    """Hand a visit to the download."""
    release: Callable[[HeldSite], None]
    """Give a site back, with the URLs that it still has waiting."""
    unsent: Callable[[Lease], None]
    """Give back a lease whose site is given back already."""
    keep_robots: Callable[[HeldSite, RobotsRecord], None]
    may_start: Callable[[], bool]
    sites: dict[str, HeldSite] = field(default_factory=dict)
    downloading: dict[str, Visit] = field(default_factory=dict)
    """By visit id: handed to the download, not answered yet."""
    _asking: set[HeldSite] = field(default_factory=set)
    """Sites whose robots.txt is being fetched."""
    _no_room: deque[HeldSite] = field(default_factory=deque)
    _of_address: dict[str, int] = field(default_factory=dict)
    _waiting_for: dict[str, deque[HeldSite]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    # --- taking and giving back

    def take(self, hold: SiteHold) -> None:
        """Begin with a site that was just leased."""
        site = HeldSite(
            hold,
            delay_s=max(hold.delay_ms / 1000, self.pace.delay_s),
            waiting=deque(hold.leases),
            not_before=monotonic() + hold.ready_in_ms / 1000,
        )
        for origin, record in hold.robots.items():
            self._learn(site, origin, record)
        self.sites[hold.site] = site
        self._turn(site)

    def stop(self) -> list[HeldSite]:
        """Start nothing more; -> the sites held, all released here (the caller tells the frontier)."""
        self._closed = True
        held = list(self.sites.values())
        for site in held:
            self._forget(site)
        for task in self._tasks:
            task.cancel()
        self._asking.clear()  # a task that is cancelled before its first step runs none of its code
        return held

    def resume_all(self) -> None:
        """Go on after `may_start` had said no."""
        for site in list(self.sites.values()):
            if not site.busy:
                self._turn(site)

    def drop(self, visit_ids: set[str]) -> None:
        """These leases are no longer ours."""
        for visit_id in visit_ids & self.downloading.keys():
            self.downloading[visit_id].dropped = True
        for site in list(self.sites.values()):
            if any(lease.visit_id in visit_ids for lease in site.waiting):
                site.waiting = deque(lease for lease in site.waiting if lease.visit_id not in visit_ids)

    def drop_site(self, name: str) -> None:
        """The hold of this site is no longer ours."""
        site = self.sites.get(name)
        if site is not None:
            site.waiting.clear()
            self._forget(site)

    @property
    def active(self) -> int:
        """Requests under way."""
        return len(self.downloading) + len(self._asking)

    # --- one site's turn

    def _turn(self, site: HeldSite) -> None:
        """Start the site's next visit if it may start now; else see to it that the turn comes again."""
        if site.released or site.busy or self._closed or not self.may_start():
            return
        now = monotonic()
        if (wait := site.next_start(now) - now) > 0.0005:
            self._loop().call_later(wait, self._turn, site)
            return
        while site.waiting and not site.busy:
            lease = site.waiting[0]
            if lease.record_only is not None:
                self._start_known(site, Fetch(lease.record_only), RobotsState.NOT_CHECKED)
                continue
            if self.pace.per_ip and site.address is None:
                site.busy = True
                self._spawn(self._find_place(site, lease.candidate.url))
                return
            if self.active >= self.pace.concurrency:
                self._no_room.append(site)
                return
            self._start_next(site, lease)
        if not site.waiting and not site.busy:
            self._give_back(site)

    def _start_next(self, site: HeldSite, lease: Lease) -> None:
        origin, target = split_url(lease.candidate.url)
        state = RobotsState.IGNORED
        if self.pace.obey_robots:
            robots = site.robots.get(origin)
            if robots is None:
                site.busy = True
                self._asking.add(site)
                site.last_start = monotonic()
                self._spawn(self._fetch_robots(site, origin))
                return
            state = robots.state
            if state is RobotsState.UNREACHABLE:
                self._start_known(site, _unreachable(lease, robots.cause), state)
                return
            if robots.rules is not None:
                decision = robots.rules.decide(target)
                if not decision.allowed:
                    fetch = Fetch(Outcome.ROBOTS_DISALLOWED, error=decision.rule)
                    self._start_known(site, fetch, RobotsState.DISALLOWED)
                    return
        site.waiting.popleft()
        site.busy = True
        visit = Visit(lease, site, state)
        self.downloading[lease.visit_id] = visit
        self.start(visit)

    def _start_known(self, site: HeldSite, fetch: Fetch, state: RobotsState) -> None:
        """The outcome is known without a download: no request, no delay."""
        visit = Visit(site.waiting.popleft(), site, state, fetch)
        self._judge(visit, fetch)
        self.start(visit)

    def _judge(self, visit: Visit, fetch: Fetch) -> None:
        if visit.lease.record_only is not None:
            return
        candidate = visit.lease.candidate
        if candidate.seed is Seed.HTTPS_FIRST and fetch.outcome in policy.NO_CONNECTION:
            return  # its http form is tried instead
        visit.retry_in_ms = policy.retry_wait_ms(
            fetch, visit.lease.attempt, self.pace.retries, self.pace.retry_wait_ms
        )

    # --- what the download reports

    def started(self, visit: Visit) -> bool:
        """The request is about to be sent; False: it must not be."""
        if visit.dropped or not self.may_start():
            return False
        visit.site.last_start = monotonic()
        visit.site.penalty_s = 0.0
        return True

    def fetched(self, visit: Visit, fetch: Fetch, retry_after_ms: int | None) -> None:
        """The request was answered or failed."""
        site = visit.site
        self.downloading.pop(visit.lease.visit_id, None)
        if fetch.sent_at is not None:
            site.last_start = fetch.sent_at
        meant = policy.verdict(fetch)
        failed = meant.backs_off or meant.site_failed
        site.failures = site.failures + 1 if failed else 0
        site.answered = site.answered or not meant.site_failed
        delay_ms = round(site.delay_s * 1000)
        site.penalty_s = policy.penalty_ms(fetch, site.failures, delay_ms, retry_after_ms) / 1000
        self._judge(visit, fetch)
        self._go_on(site)

    def not_sent(self, visit: Visit) -> None:
        """The request was never sent: its lease is whole, and waits for another turn."""
        self.downloading.pop(visit.lease.visit_id, None)
        if not visit.dropped and not visit.site.released:
            visit.site.waiting.appendleft(visit.lease)
        elif not visit.dropped:
            self.unsent(visit.lease)
        visit.dropped = True
        self._go_on(visit.site)

    def _go_on(self, site: HeldSite) -> None:
        site.busy = False
        if not site.released:
            if not site.waiting or site.must_wait_too_long(monotonic()):
                self._give_back(site)
            else:
                self._turn(site)
        self._fill_room()

    def _fill_room(self) -> None:
        while self._no_room and self.active < self.pace.concurrency:
            self._turn(self._no_room.popleft())

    # --- robots.txt

    async def _fetch_robots(self, site: HeldSite, origin: str) -> None:
        try:
            record = await self.network.robots_of(origin)
        finally:
            self._asking.discard(site)
        site.last_start = monotonic()  # redirects may have asked the site again
        self._learn(site, origin, record)
        self.keep_robots(site, record)
        site.answered = site.answered or record.state is not RobotsState.UNREACHABLE
        site.failures += record.state is RobotsState.UNREACHABLE
        self._go_on(site)

    def _learn(self, site: HeldSite, origin: str, record: RobotsRecord) -> None:
        rules = None
        state = record.state
        if state is RobotsState.ALLOWED:
            try:
                rules = Rules.unpack(record.rules)
            except ValueError:
                return  # not ours to read: fetched again
        site.robots[origin] = OriginRobots(state, rules, record.cause)
        asked = [] if record.crawl_delay_ms is None else [record.crawl_delay_ms]
        site.delay_s = (
            policy.site_delay_ms(round(site.delay_s * 1000), asked, self.pace.max_crawl_delay_ms) / 1000
        )

    # --- sites of one address

    async def _find_place(self, site: HeldSite, url: str) -> None:
        address = await self.network.address_of(url)
        if site.released:
            return
        site.address = address or ""
        site.busy = False
        if not address:
            self._turn(site)
        elif self._of_address.get(address, 0) < self.pace.per_ip:
            self._of_address[address] = self._of_address.get(address, 0) + 1
            self._turn(site)
        else:
            site.busy = True
            self._waiting_for.setdefault(address, deque()).append(site)
            self._loop().call_later(LONGEST_WAIT_S, self._give_up_waiting, site, address)

    def _give_up_waiting(self, site: HeldSite, address: str) -> None:
        queue = self._waiting_for.get(address)
        if queue and site in queue:
            queue.remove(site)
            site.address = ""
            site.busy = False
            self._give_back(site)

    def _leave_place(self, site: HeldSite) -> None:
        address, site.address = site.address, ""
        if not address:
            return
        queue = self._waiting_for.get(address)
        if queue and site in queue:
            queue.remove(site)  # it never had the place
            return
        while queue:
            follower = queue.popleft()
            if not follower.released:
                follower.busy = False
                self._loop().call_soon(self._turn, follower)
                return
        self._waiting_for.pop(address, None)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    # --- the end of a hold

    def _give_back(self, site: HeldSite) -> None:
        self._forget(site)
        self.release(site)

    def _forget(self, site: HeldSite) -> None:
        if site.released:
            return
        site.released = True
        self._leave_place(site)
        if self.sites.get(site.hold.site) is site:
            del self.sites[site.hold.site]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


def _unreachable(lease: Lease, cause: Outcome | None) -> Fetch:
    """What a visit brings whose robots.txt can not be read. A bare domain's https form, where nothing connects,
    tells so: its http form has a robots.txt of its own."""
    if lease.candidate.seed is Seed.HTTPS_FIRST and cause is not None and cause in policy.NO_CONNECTION:
        return Fetch(cause, error="robots.txt was asked for")
    return Fetch(Outcome.ROBOTS_UNREACHABLE)
