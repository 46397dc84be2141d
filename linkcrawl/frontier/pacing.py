"""The sites that this worker holds, and the moment at which each may be asked again.

One request of a site at a time, its delay between the starts of two, at most so many downloads at once, at most
so many sites of one address. It starts visits; it knows neither Scrapy nor Redis.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from linkcrawl import policy
from linkcrawl.frontier.blocklist import Blocklist
from linkcrawl.frontier.doubt import Ruling, connection, robots_connection
from linkcrawl.frontier.held import HeldSite, Visit, split_url
from linkcrawl.frontier.network_watch import Network, NetworkWatch
from linkcrawl.frontier.places import AddressPlaces
from linkcrawl.frontier.work_table import WorkTable
from linkcrawl.records import Fetch, Lease, Outcome, RobotsRecord, RobotsState, Seed, SiteHold


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
    network_changed: Callable[[bool], None]
    """Called with True when this worker's own network is gone, with False when it is back."""
    work_table: WorkTable = field(default_factory=WorkTable.unread)
    """Where what is in download is named, should this process be killed."""
    blocked: Blocklist = field(default_factory=Blocklist)
    watch: NetworkWatch = field(init=False)
    places: AddressPlaces = field(init=False)
    sites: dict[str, HeldSite] = field(default_factory=dict)
    downloading: dict[str, Visit] = field(default_factory=dict)
    """By visit id: handed to the download, not answered yet."""
    _asking: set[HeldSite] = field(default_factory=set)
    """Sites whose robots.txt is being fetched."""
    _no_room: deque[HeldSite] = field(default_factory=deque)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    def __post_init__(self) -> None:
        self.watch = NetworkWatch(self.network, self._give_back_unjudged, self._network_changed)
        self.places = AddressPlaces(self.pace.per_ip, self._turn, self._give_back)

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
            site.learn(origin, record, self.pace.max_crawl_delay_ms)
            if robots_connection(record):
                self.watch.doubt.vouch(hold.site, origin)
        self.sites[hold.site] = site
        if self.blocked.touches(hold.site):
            self._record_blocked(site)
        self._turn(site)

    def stop(self) -> list[HeldSite]:
        """Start nothing more; -> the sites held, all released here (the caller tells the frontier)."""
        self._closed = True
        held = list(self.sites.values())
        for site in held:
            self._forget(site)
        for task in self._tasks:
            task.cancel()
        self.watch.stop()
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

    def block(self, blocked: Blocklist) -> None:
        """From now on nothing of these domains is asked for; what waits of them is recorded as blocked."""
        self.blocked = blocked
        for site in list(self.sites.values()):
            if blocked.touches(site.hold.site):
                self._record_blocked(site)

    def _record_blocked(self, site: HeldSite) -> None:
        rest: deque[Lease] = deque()
        waiting, site.waiting = site.waiting, rest
        for lease in waiting:
            if lease.record_only is None and self.blocked.holds(lease.candidate.host):
                self._start_known(Visit(lease, site, fetch=Fetch(Outcome.BLOCKED_DOMAIN)))
            else:
                rest.append(lease)
        if not rest and not self._is_asked(site):
            self._give_back(site)

    def _is_asked(self, site: HeldSite) -> bool:
        return site in self._asking or any(visit.site is site for visit in self.downloading.values())

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
            known = lease.record_only
            if known is None and self.blocked.holds(lease.candidate.host):
                known = Outcome.BLOCKED_DOMAIN
            if known is not None:
                self._start_known(Visit(site.waiting.popleft(), site, fetch=Fetch(known)))
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
        state, known = RobotsState.IGNORED, None
        if self.pace.obey_robots:
            robots = site.robots.get(origin)
            if robots is None:
                site.busy = True
                self._asking.add(site)
                site.last_start = monotonic()
                self._spawn(self._fetch_robots(site, origin))
                return
            state, known = robots.say(lease, target)
        site.waiting.popleft()
        visit = Visit(lease, site, state, known)
        if known is not None:
            self._start_known(visit)
            return
        site.busy = True
        self.downloading[lease.visit_id] = visit
        self.work_table.downloading(lease)
        self.start(visit)

    def _start_known(self, visit: Visit) -> None:
        """The outcome is known without a download: no request, no delay."""
        assert visit.fetch is not None
        self._judge(visit, visit.fetch)
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
        if visit.dropped or not self.may_start() or self.blocked.holds(visit.lease.candidate.host):
            return False
        visit.began = visit.site.last_start = monotonic()
        visit.site.penalty_s = 0.0
        return True

    def fetched(self, visit: Visit, fetch: Fetch, retry_after_ms: int | None) -> None:
        """The request was answered or failed."""
        site = visit.site
        self._ended(visit)
        if fetch.sent_at is not None:
            site.last_start = fetch.sent_at
        if (did := connection(fetch)) is False and not visit.dropped:
            again = Visit(visit.lease, site, visit.robots_state, fetch)
            ruling = self.watch.failed(site, visit.began, lambda: self._judge_after_all(again))
            if ruling is not Ruling.COUNTS:
                visit.dropped = True
                self._put_back(visit.lease, site)
                if ruling is Ruling.OURS and not site.released:
                    self._give_back_unjudged(site)
                self._fill_room()
                return
        elif did:
            self.watch.connected(site, split_url(visit.lease.candidate.url)[0], visit.began)
        self._take_note(visit, fetch, retry_after_ms)
        self._go_on(site)

    def _judge_after_all(self, visit: Visit) -> None:
        """A fetch that was in doubt is the site's."""
        site, fetch = visit.site, visit.fetch
        assert fetch is not None
        if site.waiting and site.waiting[0] is visit.lease:  # else it was dropped meanwhile
            site.waiting.popleft()
            self._take_note(visit, fetch, None)
            self.start(visit)
        self._go_on(site)

    def _take_note(self, visit: Visit, fetch: Fetch, retry_after_ms: int | None) -> None:
        visit.site.take_note(fetch, retry_after_ms)
        self._judge(visit, fetch)

    def _put_back(self, lease: Lease, site: HeldSite) -> None:
        if site.released:
            self.unsent(lease)
        else:
            site.waiting.appendleft(lease)

    def not_sent(self, visit: Visit) -> None:
        """The request was never sent: its lease is whole, and waits for another turn."""
        self._ended(visit)
        if not visit.dropped:
            self._put_back(visit.lease, visit.site)
        visit.dropped = True
        self._go_on(visit.site)

    def _ended(self, visit: Visit) -> None:
        self.downloading.pop(visit.lease.visit_id, None)
        self.work_table.forget(visit.lease.visit_id)

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
        began = monotonic()
        try:
            record = await self.network.robots_of(origin)
        finally:
            self._asking.discard(site)
        site.last_start = monotonic()  # redirects may have asked the site again
        if (did := robots_connection(record)) is False and not site.released:
            ruling = self.watch.failed(site, began, lambda: self._heed_robots(site, origin, record))
            if ruling is not Ruling.COUNTS:
                if ruling is Ruling.OURS:
                    self._give_back_unjudged(site)
                self._fill_room()
                return
        elif did:
            self.watch.connected(site, origin, began)
        self._heed_robots(site, origin, record)

    def _heed_robots(self, site: HeldSite, origin: str, record: RobotsRecord) -> None:
        site.learn(origin, record, self.pace.max_crawl_delay_ms)
        site.take_note_of_robots(record)
        self.keep_robots(site, record)
        self._go_on(site)

    # --- sites of one address

    async def _find_place(self, site: HeldSite, url: str) -> None:
        address = await self.network.address_of(url)
        if not site.released:
            self.places.enter(site, address)

    # --- the end of a hold

    def _give_back(self, site: HeldSite) -> None:
        self._forget(site)
        self.release(site)

    def _give_back_unjudged(self, site: HeldSite) -> None:
        site.failures, site.penalty_s = 0, 0.0
        self._give_back(site)

    def _network_changed(self, gone: bool) -> None:
        self.network_changed(gone)
        for site in list(self.sites.values()) if gone else ():
            if not self._is_asked(site):
                self._give_back_unjudged(site)

    def _forget(self, site: HeldSite) -> None:
        if site.released:
            return
        site.released = True
        self.places.leave(site)
        if self.sites.get(site.hold.site) is site:
            del self.sites[site.hold.site]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()
