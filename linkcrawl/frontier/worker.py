"""One worker's life with the frontier: it leases, beats, settles and leaves. No Scrapy in it.

Always true: what this worker holds (`_held`) is a superset of what it may still settle; every lease leaves it by
exactly one of settled, retried, returned or dropped. While the server is away the worker keeps what it has,
starts nothing once its beat is too old, and tries again with back-off.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkcrawl.crash import crash_point
from linkcrawl.errors import FrontierLost, FrontierUnavailable, UsageError
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.held import HeldSite, Visit
from linkcrawl.frontier.hooks import Hooks
from linkcrawl.frontier.network_watch import Network
from linkcrawl.frontier.outages import Outages
from linkcrawl.frontier.outbox import Outbox
from linkcrawl.frontier.pacing import Pace, Pacing
from linkcrawl.frontier.settlement import Settlement
from linkcrawl.frontier.tables_heeded import TablesHeeded
from linkcrawl.frontier.work_table import WorkTable
from linkcrawl.hash_table import HashMemory
from linkcrawl.records import Candidate, EndState, Fetch, Lease, Outcome, Refusal

logger = logging.getLogger(__name__)

PATIENCE_S = 0.05
"""Between two turns of the lease loop at least: what happens meanwhile shares a round trip."""
LONGEST_POLL_S = 1.0
SHORTEST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.1, 5.0
START_URLS_EVERY_S = 1.0
KNOWN_SLOTS = 1 << 20
"""For URLs remembered as known to the frontier: a repeated navigation link then costs no round trip. 8 MB."""


@dataclass(slots=True)
class FrontierWorker:
    """Owns the leases. One event loop; `open`, then `stop`, then `close`."""

    frontier: Frontier
    network: Network
    pace: Pace
    max_sites: int
    beat_every_s: float
    hooks: Hooks
    work_table: WorkTable = field(default_factory=WorkTable.unread)
    """Where its supervisor looks if it is killed."""
    pacing: Pacing = field(init=False)
    settlement: Settlement = field(init=False)
    outbox: Outbox = field(init=False)
    tables: TablesHeeded = field(init=False)
    hindrances: dict[str, str] = field(default_factory=dict)
    """Why no leases are taken now, by who says so; empty: they are."""
    known: HashMemory = field(default_factory=lambda: HashMemory(KNOWN_SLOTS))
    """hash() of URLs that the frontier has seen."""
    outages: Outages = field(default_factory=Outages)
    _held: dict[str, Lease] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _exchange: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while leases come or go: reconciling meanwhile would compare what is under way."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _said_dead: bool = False
    _life_on_disk: int | None = None
    """The incarnation whose join is on the server's disk."""
    _paused: bool = False
    _end_state: EndState | None = None

    def __post_init__(self) -> None:
        outbox = self.outbox = Outbox(self.frontier, self._let_go, self._wake.set)
        self.pacing = Pacing(
            self.pace,
            self.network,
            self.hooks.start,
            outbox.release,
            lambda lease: outbox.give_back([lease]),
            lambda site, record: outbox.robots(site.hold.site, record),
            lambda: self.settlement.keeps_up and self.frontier.may_start(),
            self._network_changed,
            self.work_table,
        )
        self.tables = TablesHeeded(
            self.frontier,
            self.pacing.block,
            self.hooks.scope_grew,
            self.hooks.in_scope,
            self.hooks.tables_changed,
        )
        self.settlement = Settlement(
            self.frontier,
            self._now_known,
            self.known.clear,
            self._let_go,
            self.outages,
            self.pacing.resume_all,
        )

    # --- what the crawler around it calls

    async def open(self) -> None:
        """Join the crawl, now or as soon as the server takes it, and start to work. Raises FrontierLost."""
        try:
            await self._join()
        except FrontierUnavailable as why:
            self.outages.away("join", why)
            self._tasks.append(asyncio.create_task(self._watched(self._join_when_it_can)))
        else:
            self._begin()

    async def _join(self) -> None:
        await self._begin_life()
        await self._beat()
        self.outages.answered("join")

    async def _begin_life(self) -> None:
        await self.frontier.join()
        assert self.frontier.incarnation is not None
        self.work_table.begin(self.frontier.incarnation)

    async def _join_when_it_can(self) -> None:
        back_off = SHORTEST_BACK_OFF_S
        while not self._stopping:
            try:
                await self._join()
            except FrontierUnavailable as why:
                self.outages.away("join", why)
                back_off = await self._back_off(back_off)
            else:
                self._begin()
                return

    def _begin(self) -> None:
        loops = (
            self._lease_until_stopped,
            self._beat_until_stopped,
            self._take_in_until_stopped,
            self.settlement.run,
        )
        for work in loops:
            self._tasks.append(asyncio.create_task(self._watched(work)))

    def fetched(self, visit: Visit, fetch: Fetch, retry_after_ms: int | None) -> None:
        """The download has ended."""
        self.pacing.fetched(visit, fetch, retry_after_ms)

    def read(
        self, visit_id: str, outcome: Outcome, candidates: Sequence[Candidate], scope: Sequence[str]
    ) -> None:
        """A visit's page went through the pipelines; its rows wait for a commit."""
        self.work_table.forget(visit_id)
        lease = self._held.get(visit_id)
        if lease is not None:
            self.settlement.add(lease, outcome, candidates, scope)

    def again(self, visit: Visit) -> None:
        """The visit is to be retried: back to the frontier."""
        if visit.retry_in_ms is not None and visit.lease.visit_id in self._held:
            self.outbox.retry(visit.lease, visit.retry_in_ms)

    def refuse(self, counts: dict[Refusal, int]) -> None:
        """Count URLs that this worker refused by itself."""
        self.settlement.refuse(counts)

    def stop(self) -> None:
        """Lease nothing more and start nothing more; what is in download goes on."""
        self._stopping = True
        self._give_sites_back()
        self._wake.set()

    async def close(self, seconds: float) -> None:
        """Settle what can be, return the rest, leave; within about that time. Never raises for a server."""
        if not self._stopping:
            self.stop()
        self._closing.set()
        self.settlement.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds / 3)
            for task in self._tasks:
                task.cancel()
            # One that is inside a call of the server may end late, or swallow this: it must not meet the rest.
            await asyncio.wait(self._tasks, timeout=1.0)
        await self.settlement.drain(seconds / 3)
        self.outbox.give_back_rest(self._held.values())
        try:
            async with asyncio.timeout(seconds / 3):
                async with self._exchange:
                    await self.outbox.send()
                await self.frontier.leave()
        except (FrontierUnavailable, FrontierLost, TimeoutError) as why:
            logger.warning("left without goodbye, the frontier takes the leases back by itself: %s", why)
        else:
            self.outages.over()

    @property
    def in_pipelines(self) -> int:
        """Leases that are neither waiting for their turn, nor in download, nor waiting to be settled."""
        waiting = sum(len(site.waiting) for site in self.pacing.sites.values())
        elsewhere = len(self.pacing.downloading) + self.settlement.unsettled + self.outbox.leases
        return len(self._held) - waiting - elsewhere

    # --- callbacks

    def _now_known(self, candidates: Sequence[Candidate]) -> None:
        self.known.update(hash(candidate.url) for candidate in candidates)
        self._wake.set()

    def _let_go(self, lease: Lease) -> None:
        self._held.pop(lease.visit_id, None)
        if not self._held:
            self._wake.set()

    def _give_sites_back(self) -> None:
        for site in self.pacing.stop():
            self.outbox.release(site)

    # --- the loops

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Nothing that goes wrong in a loop may leave the crawl hanging."""
        try:
            await work()
        except FrontierLost as why:
            if not self._stopping:  # each loop meets it
                logger.error("%s", why)
            self.hooks.ended("frontier_lost")
        except UsageError as why:
            # The password was changed, a right was taken: only an operator can mend it.
            logger.error("%s", why)
            self.hooks.ended("frontier_refused")
        except Exception:
            logger.exception("the worker broke: it stops, and its leases go back by themselves")
            self.hooks.ended("internal_error")

    async def _lease_until_stopped(self) -> None:
        poll, back_off = PATIENCE_S, SHORTEST_BACK_OFF_S
        while not self._stopping:
            try:
                if self.frontier.must_reconcile:
                    await self._beat()
                await self._be_on_disk()
                async with self._exchange:
                    await self.outbox.send()
                    got = await self._lease()
                if not got and self._idle():
                    await self._when_dry()
            except FrontierUnavailable as why:
                self.outages.away("lease", why)
                back_off = await self._back_off(back_off)
                continue
            back_off = SHORTEST_BACK_OFF_S
            self.outages.answered("lease")
            poll = PATIENCE_S if got else min(poll * 1.5, LONGEST_POLL_S)
            await self._sleep_until_woken(min(poll, self._until_due_s()))

    async def _back_off(self, seconds: float) -> float:
        """Wait, or until this worker closes; -> how long to wait the next time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return min(seconds * 2, LONGEST_BACK_OFF_S)

    async def _sleep_until_woken(self, seconds: float) -> None:
        await asyncio.sleep(PATIENCE_S)
        if seconds > PATIENCE_S and not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds - PATIENCE_S):
                    await self._wake.wait()
        self._wake.clear()

    def _until_due_s(self) -> float:
        due_in_ms = self.frontier.next_due_in_ms
        return LONGEST_POLL_S if due_in_ms is None else due_in_ms / 1000

    async def _be_on_disk(self) -> None:
        """Before this life asks for a lease: a server that forgets its last moments names it still."""
        life = self.frontier.incarnation
        if life != self._life_on_disk and not self.frontier.must_reconcile:
            await self.frontier.barrier(self.frontier.breaks)
            self._life_on_disk = life

    async def _lease(self) -> bool:
        wanted = self.max_sites - len(self.pacing.sites)
        if wanted <= 0 or self._stopping or self._paused or self._end_state or self.hindrances:
            return False
        if not self.frontier.may_start():
            return False
        holds = await self.frontier.lease(wanted, self._urls_per_site())
        if holds:
            crash_point("leased")
        if self.frontier.must_reconcile and await self.frontier.is_another_run():
            # The server came back just now, and may have forgotten who asks these sites: reconciling returns them.
            return True
        for hold in holds:
            for lease in hold.leases:
                self._held[lease.visit_id] = lease
        if self._stopping or self._end_state:
            for hold in holds:
                self.outbox.release(HeldSite(hold, 0, waiting=deque(hold.leases)))
            return False
        await self.tables.learn_scope_of(holds)
        for hold in holds:
            self.pacing.take(hold)
        return bool(holds)

    def _urls_per_site(self) -> int:
        return max(2, min(32, round(20 / max(self.pace.delay_s, 0.001))))

    def _idle(self) -> bool:
        return not self.pacing.sites and not self.pacing.active and self.in_pipelines <= 0

    async def _when_dry(self) -> None:
        """Nothing in hand but visits that wait for their files: publish, and look whether this is the end."""
        books = await self.frontier.books(audited=False)
        most = self.frontier.max_pages
        at_limit = most is not None and books.pages >= most
        if most is not None and not at_limit and not self._held:
            # Pages that got lost on the way would be missing for ever: nobody could reach the limit.
            async with self._exchange:
                await self.frontier.recount_pages(len(self._held))
        if self._end_state is None and not at_limit and books.queued + books.delayed > 0:
            if books.queued == 0 or (most is not None and books.pages + books.leased >= most):
                self.hooks.dry()
            return
        self.hooks.dry()
        if self._held:
            return
        if at_limit and self._end_state is None and not await self.frontier.complete():
            self._end_state = await self.frontier.end(EndState.LIMIT)
        if self._end_state is not None:
            if books.leased == 0:
                self._end(self._end_state)
        elif await self.frontier.complete() and (state := await self.frontier.end(EndState.FINISHED)):
            self._end(state)

    def _end(self, state: EndState) -> None:
        self._stopping = True
        self.hooks.ended(state.value)

    async def _beat_until_stopped(self) -> None:
        while not self._closing.is_set():
            await self._back_off(self.beat_every_s)
            try:
                await self._beat()
                await self.frontier.reclaim()
            except FrontierUnavailable as why:
                self.outages.away("beat", why)
            else:
                self.outages.answered("beat")

    async def _take_in_until_stopped(self) -> None:
        """Seeds that were pushed by hand. Those who push to a crawl that was stopped mean the next one."""
        back_off = SHORTEST_BACK_OFF_S
        while not self._stopping:
            try:
                more = self._end_state in (None, EndState.FINISHED) and await self.hooks.take_start_urls()
            except FrontierUnavailable as why:
                self.outages.away("start_urls", why)
                back_off = await self._back_off(back_off)
                continue
            back_off = SHORTEST_BACK_OFF_S
            self.outages.answered("start_urls")
            if more:
                self._wake.set()
            else:
                await self._back_off(START_URLS_EVERY_S)

    async def _beat(self) -> None:
        could_start, life = self.frontier.may_start(), self.frontier.incarnation
        in_download = [visit.lease for visit in self.pacing.downloading.values()]
        beat = await self.frontier.beat(in_download, self.hooks.facts())
        async with self._exchange:
            if not beat.alive:
                await self._begin_anew(life)
                return
            if self.frontier.must_reconcile:
                could_start = False  # turns that came since the break were let pass
                await self._reconcile()
        if not could_start:
            self.pacing.resume_all()
        self._paused = beat.paused
        if beat.end_state is not None and self._end_state is None:
            self._end_state = beat.end_state
            self._give_sites_back()
            self._wake.set()
        await self.tables.heed(beat)

    async def _begin_anew(self, life: int | None) -> None:
        """life: the incarnation that is dead; another beat may have begun anew already."""
        if self.frontier.incarnation != life:
            return
        if not self._said_dead:
            self._said_dead = True  # a full server may refuse to let it join for a while
            logger.warning("this worker was taken for dead: its leases went back to the frontier")
        self._drop(set(self._held))
        for name in list(self.pacing.sites):
            self.pacing.drop_site(name)
        self.outbox.forget_sites()
        await self._begin_life()
        self._said_dead = False

    async def _reconcile(self) -> None:
        holds = [site.hold for site in self.pacing.sites.values()]
        result = await self.frontier.reconcile(list(self._held.values()), holds)
        # A server that lost its last moments knows less: pages that it gives out again offer all of their URLs.
        self.known.clear()
        if not result.alive:
            await self._begin_anew(self.frontier.incarnation)
            return
        self._drop({lease.visit_id for lease in result.dropped})
        for hold in result.dropped_holds:
            self.pacing.drop_site(hold.site)

    def _drop(self, visit_ids: set[str]) -> None:
        self.pacing.drop(visit_ids)
        self.outbox.forget(visit_ids)
        for visit_id in visit_ids:
            self.settlement.forget(visit_id)
            self._held.pop(visit_id, None)

    def _network_changed(self, gone: bool) -> None:
        if gone:
            self.hindrances["network"] = (
                "its network is gone: none of the sites that worked can be connected to"
            )
        else:
            del self.hindrances["network"]
        self._wake.set()
