"""From a read page to a settled visit.

Always true: a visit is settled only after its discovered URLs are durable in the frontier and its rows have
their final names (invariant 3 of the frontier). Discoveries go out at once; the proof that they are durable, and
the settling, follow when they can. What the server does not take now is kept and sent again: every call is
idempotent.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from linkcrawl.crash import crash_point
from linkcrawl.errors import FrontierLost, FrontierUnavailable, UsageError
from linkcrawl.frontier.bundle import Bundle
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.outages import Outages
from linkcrawl.records import Candidate, Lease, Outcome, Refusal

SUBMIT_EVERY_S = 0.1
SUBMIT_AT_ONCE = 2_000
"""Candidates that are sent without waiting for more."""
SUBMIT_BATCH = 20_000
"""In one turn at most. A round trip takes as long as the pages that are read meanwhile, so that it should carry much;
and URLs that several pages found are sent once."""
WAIT_AS_OBJECTS = 5_000
"""Candidates that may wait so; more wait in bundles."""
MOST_WAITING = 100_000
"""Candidates: with more, no further page is fetched until they are sent. Pages can be read faster than what they hold
can be submitted, and each would wait to be settled meanwhile."""
BARRIER_EVERY_S = 1.0
SHORTEST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.2, 5.0
DOUBTED_S = 30.0
"""How long durable discoveries are kept, to be offered again: a server comes back without seconds at most, and rows
may wait for their file for many minutes."""


@dataclass(slots=True, eq=False)
class _Pending:
    """A visit that is read but not settled."""

    lease: Lease
    outcome: Outcome
    candidates: Sequence[Candidate] | Bundle
    scope: Sequence[str]
    accepted: Sequence[Candidate] | None = ()
    """Those that were new to the frontier; None: not known, since they were sent more than once, or of no use any
    more."""
    discoveries_durable: bool = False
    durable_at: float = 0.0
    rows_durable: bool = False


@dataclass(slots=True)
class Settlement:
    """Submits, waits for durability, settles. One owner: the session, on its event loop."""

    frontier: Frontier
    accepted_or_seen: Callable[[Sequence[Candidate]], None]
    """Called with candidates that the frontier knows now."""
    forget_known: Callable[[], None]
    """Called when the server may have lost what it acknowledged."""
    settled: Callable[[Lease], None]
    """Called once for each visit that is settled, or found to be no longer ours."""
    outages: Outages = field(default_factory=Outages)
    caught_up: Callable[[], None] = lambda: None
    """Called when pages may be fetched again after `keeps_up` was False."""
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _early: set[str] = field(default_factory=set)
    """Visits whose rows were durable before the last pipeline was done with them."""
    _to_submit: list[_Pending] = field(default_factory=list)
    _queued: int = 0
    _submitted: list[_Pending] = field(default_factory=list)
    _to_settle: list[_Pending] = field(default_factory=list)
    _kept: deque[tuple[float, list[_Pending]]] = field(default_factory=deque)
    """Batches by when they were durable: those whose discoveries may be doubted still."""
    _refused: dict[Refusal, int] = field(default_factory=dict)
    _breaks: int = 0
    """The frontier's `breaks` when this last looked."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turning: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One turn at a time: a cancelled one may still be at work (redis-py swallows a cancellation) when `drain`
    begins."""
    _stopping: bool = False
    _last_barrier: float = 0.0

    def add(
        self, lease: Lease, outcome: Outcome, candidates: Sequence[Candidate], scope: Sequence[str] = ()
    ) -> None:
        """A page was read: submit its candidates (and the scope keys that they need) at once."""
        early = lease.visit_id in self._early
        self._early.discard(lease.visit_id)
        offered = Bundle(candidates) if self._queued > WAIT_AS_OBJECTS else candidates
        pending = _Pending(lease, outcome, offered, scope, rows_durable=early)
        self._pending[lease.visit_id] = pending
        if not candidates and not scope:
            pending.discoveries_durable = True
            self._promote(pending)
            return
        self._to_submit.append(pending)
        self._queued += len(candidates)
        if self._queued >= SUBMIT_AT_ONCE:
            self._wake.set()

    def refuse(self, counts: dict[Refusal, int]) -> None:
        """Count URLs that this worker refused by itself."""
        for reason, number in counts.items():
            self._refused[reason] = self._refused.get(reason, 0) + number

    def rows_durable(self, leases: Sequence[Lease]) -> None:
        """The rows of these visits are in files with their final names."""
        for lease in leases:
            pending = self._pending.get(lease.visit_id)
            if pending is None:
                self._early.add(lease.visit_id)
                continue
            pending.rows_durable = True
            self._promote(pending)

    def forget(self, visit_id: str) -> None:
        """The lease is no longer ours: whatever is left of it is dropped."""
        self._early.discard(visit_id)
        pending = self._pending.pop(visit_id, None)
        if pending is not None:
            self.settled(pending.lease)

    @property
    def keeps_up(self) -> bool:
        """Whether what pages hold is sent as fast as they are read."""
        return self._queued < MOST_WAITING

    @property
    def unsettled(self) -> int:
        """Visits that were read and are not settled."""
        return len(self._pending)

    def _promote(self, pending: _Pending) -> None:
        if pending.rows_durable and pending.discoveries_durable:
            self._to_settle.append(pending)
            self._wake.set()

    async def run(self) -> None:
        """Work until `stop`; never raises for a server that is away."""
        back_off = SHORTEST_BACK_OFF_S
        while not self._stopping:
            # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SUBMIT_EVERY_S):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._turn(asyncio.get_running_loop().time())
            except FrontierUnavailable as why:
                self.outages.away("settle", why)
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, LONGEST_BACK_OFF_S)
            else:
                self.outages.answered("settle")
                back_off = SHORTEST_BACK_OFF_S

    async def _turn(self, now: float, *, at_once: bool = False) -> None:
        async with self._turning:
            await self._work(now, at_once)

    async def _work(self, now: float, at_once: bool) -> None:
        """A server that is full takes no URL more, but settling what is durable makes room: so that is tried
        whatever becomes of the rest. Raises the last FrontierUnavailable."""
        trouble: FrontierUnavailable | None = None
        self._forget_older(now - DOUBTED_S)
        if self.frontier.breaks != self._breaks:
            self._breaks = self.frontier.breaks
            self._submit_again()
        try:
            await self._submit()
        except FrontierUnavailable as why:
            trouble = why
        try:
            if self._submitted and (
                at_once or self._to_settle_soon() or now - self._last_barrier > BARRIER_EVERY_S
            ):
                self._last_barrier = now
                await self._barrier(now)
        except FrontierUnavailable as why:
            trouble = why
        await self._settle()
        if trouble is not None:
            raise trouble

    def _submit_again(self) -> None:
        """A connection broke: whatever the server said of its disk, it may have come back without its last moments
        (a copy that was behind, a disk that kept less than it told). So nothing is settled on what it said before,
        and what it took without having said anything of its disk is offered again, too."""
        doubtful = [
            pending
            for pending in self._pending.values()
            if pending.discoveries_durable and (pending.candidates or pending.scope)
        ]
        for pending in doubtful:
            pending.discoveries_durable = False
        self.forget_known()
        self._to_settle = [pending for pending in self._to_settle if pending.discoveries_durable]
        submitted, self._submitted = self._submitted, []
        self._back_to_submit(doubtful + submitted)

    def _forget_older(self, moment: float) -> None:
        while self._kept and self._kept[0][0] < moment:
            for pending in self._kept.popleft()[1]:
                if pending.discoveries_durable and pending.durable_at < moment:
                    pending.candidates = pending.scope = ()

    def _back_to_submit(self, batch: "list[_Pending]") -> None:
        for pending in batch:
            pending.accepted = None
        self._to_submit = batch + self._to_submit
        self._queued += sum(len(pending.candidates) for pending in batch)

    def _to_settle_soon(self) -> bool:
        return any(pending.rows_durable for pending in self._submitted[:1])

    async def _submit(self) -> None:
        await self._submit_refused()
        # One batch a turn: at full speed there is always more, and nothing would ever be settled.
        batch: list[_Pending] = []
        candidates: list[Candidate] = []
        for pending in self._to_submit:
            batch.append(pending)
            candidates += pending.candidates
            if len(candidates) >= SUBMIT_BATCH:
                break
        if not batch:
            return
        scope = [key for pending in batch for key in pending.scope]
        if scope:
            await self.frontier.add_scope(scope)
        first_time = {pending for pending in batch if pending.accepted is not None}
        for pending in batch:
            pending.accepted = None  # should the reply be lost
        answers = await self.frontier.submit(candidates)
        crash_point("submitted")
        answered = list(zip(candidates, answers, strict=True))
        new = {candidate.url for candidate, answer in answered if answer is None}
        rest = iter(candidates)
        for pending in batch:
            own = [candidate for candidate in islice(rest, len(pending.candidates)) if candidate.url in new]
            if pending in first_time:
                pending.accepted = own
        del self._to_submit[: len(batch)]
        kept_up = self.keeps_up
        self._queued -= len(candidates)
        self._submitted += batch
        if self.keeps_up and not kept_up:
            self.caught_up()
        self.accepted_or_seen(
            [candidate for candidate, answer in answered if answer is None or answer is Refusal.SEEN]
        )
        if self._to_submit:
            self._wake.set()

    async def _submit_refused(self) -> None:
        if self._refused:
            counts, self._refused = self._refused, {}
            try:
                await self.frontier.record_refused(counts)
            except BaseException:
                # Cancelled or cut off, it may have been counted: rather twice than never.
                self.refuse(counts)
                raise

    async def _barrier(self, now: float) -> None:
        batch, self._submitted = self._submitted, []
        try:
            # Since this turn began, not since the last barrier: on a line that breaks often, connections end between
            # two turns, and what was submitted after that is as good as ever.
            await self.frontier.barrier(self._breaks)
        except BaseException:
            # The server may have lost what it acknowledged: what is known of it counts for nothing.
            self._back_to_submit(batch)
            self.forget_known()
            raise
        for pending in batch:
            pending.discoveries_durable, pending.durable_at = True, now
            # What was seen before is some other page's to send again, or this one's, sent twice.
            kept = pending.candidates if pending.accepted is None else pending.accepted
            pending.candidates, pending.accepted = Bundle(list(kept)) if kept else (), None
            self._promote(pending)
        self._kept.append((now, batch))

    async def _settle(self) -> None:
        while self._to_settle and self.frontier.breaks == self._breaks:
            batch = self._to_settle[:500]
            crash_point("committed")
            await self.frontier.settle([(pending.lease, pending.outcome) for pending in batch])
            crash_point("settled")
            del self._to_settle[: len(batch)]
            for pending in batch:
                if self._pending.pop(pending.lease.visit_id, None) is not None:
                    self.settled(pending.lease)

    def stop(self) -> None:
        """End `run` after its present turn."""
        self._stopping = True
        self._wake.set()

    async def drain(self, seconds: float) -> None:
        """After `run` has ended: submit, prove durable and settle what can be, for at most that long."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._to_submit or self._submitted or self._to_settle:
            now = asyncio.get_running_loop().time()
            if now >= deadline:
                return
            try:
                async with asyncio.timeout_at(deadline):
                    await self._turn(now, at_once=True)
            except FrontierUnavailable:
                await asyncio.sleep(SHORTEST_BACK_OFF_S)
            except (TimeoutError, FrontierLost, UsageError):
                return  # nothing can be settled any more; who asked first has said why
