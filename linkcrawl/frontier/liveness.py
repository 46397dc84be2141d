"""Who is alive: join, beat, reconcile, reclaim, leave."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.pages import PageShare
from linkcrawl.frontier.recognition import recognise
from linkcrawl.frontier.replies import Beat, Reconciled, WorkerFacts, WorkerSeen
from linkcrawl.frontier.server import Call
from linkcrawl.frontier.session import Session, awake_ms
from linkcrawl.records import EndState, Lease, SiteHold

_MOVED_AT_ONCE = 200


class Liveness:
    """This worker's standing with the server."""

    def __init__(self, session: Session, pages: PageShare) -> None:
        self._session = session
        self._pages = pages
        self._beat_ms: float | None = None
        """When the last acknowledged beat was sent."""
        self._steady_since_ms = 0.0
        self._beat_breaks = 0

    async def join(self) -> None:
        """Become a new incarnation of this worker; it holds nothing."""
        session = self._session
        sent, breaks = awake_ms(), session.server.breaks
        await recognise(session)
        incarnation, server_us = await session.server.run_one(
            "join", session.keys.crawl, session.epoch, session.worker_id
        )
        session.incarnation = int(incarnation)
        session.requests = 0
        session.asked.clear()
        session.declared_dead = False
        session.reconciled_at = breaks
        session.hear(int(server_us))
        self._pages.reset()
        self._steady_since_ms = sent
        self._acknowledged(sent, breaks)
        self._learn((await session.server.run([self._attend_call()]))[0])

    def _attend_call(self, facts: WorkerFacts | None = None) -> Call:
        session = self._session
        told = (b"", 0) if facts is None else (msgspec.msgpack.encode(facts), facts.links)
        after_ms = session.spec.reclaim_after_ms
        return session.on_crawl("attend", session.incarnation or "", session.worker_id, after_ms, *told)

    async def beat(self, in_download: Sequence[Lease], facts: WorkerFacts | None = None) -> Beat:
        """Say that this worker lives, what it downloads and how it fares; learn what changed.

        One that was declared dead names nothing: a server that lost its last moments may have forgotten that, and
        would count a crash for each download of a life that is over.
        """
        session = self._session
        tokens: dict[int, list[str]] = {}
        if not session.declared_dead:
            tokens = {partition: [] for partition in sorted(session.asked)}
            for lease in in_download:
                tokens.setdefault(lease.partition, []).append(str(lease.token))
        sent, breaks = awake_ms(), session.server.breaks
        me = session.me
        calls = [session.on_partition("beat", p, me, " ".join(some)) for p, some in tokens.items()]
        attended, *replies = await session.server.run([self._attend_call(facts), *calls])
        if any(alive != b"1" for alive, _us in replies) and session.incarnation == me:
            session.declared_dead = True  # unless another beat learned it first, and a new life began
        answer = self._learn(attended)
        if not session.declared_dead:
            self._acknowledged(sent, breaks)
            if not session.must_reconcile:
                await self._pages.return_unused()
        return answer

    async def last_beat(self, incarnation: int, tokens: Mapping[int, Sequence[int]]) -> bool:
        """Beat in the place of a worker that is dead; whether it counts anywhere."""
        session = self._session
        calls = [
            session.on_partition("beat", p, incarnation, " ".join(map(str, tokens.get(p, ()))))
            for p in session.partitions
        ]
        replies = await session.server.run(calls)
        return any(alive == b"1" for alive, _us in replies)

    def _learn(self, attended: list[Any]) -> Beat:
        session = self._session
        server_us, ended, paused, scope, watch, blocked, most, live, silent = attended
        session.hear(int(server_us))
        session.end_state = EndState(ended.decode()) if ended else None
        session.paused = paused == b"1"
        session.max_pages = int(most) if most else None
        session.live = frozenset(int(member) for member in live)
        session.silent = frozenset(int(member) for member in silent)
        return Beat(
            alive=not session.declared_dead,
            paused=session.paused,
            end_state=session.end_state,
            scope_version=scope,
            watch_version=watch,
            blocked_version=blocked,
            server_us=int(server_us),
        )

    def _acknowledged(self, sent_ms: float, breaks: int) -> None:
        gap = sent_ms - self._beat_ms if self._beat_ms is not None else 0.0
        if breaks != self._beat_breaks or gap > self._session.spec.reclaim_after_ms / 2:
            self._steady_since_ms = sent_ms
        self._beat_ms, self._beat_breaks = sent_ms, breaks

    def may_start(self) -> bool:
        """Whether this worker knows that it is alive, so that it may start a request."""
        session = self._session
        if (
            session.incarnation is None
            or session.declared_dead
            or session.must_reconcile
            or self._beat_ms is None
        ):
            return False
        return awake_ms() - self._beat_ms < session.spec.reclaim_after_ms / 2

    async def reconcile(self, held: Sequence[Lease], holds: Sequence[SiteHold]) -> Reconciled:
        """Compare what this worker holds with what the server says it holds; nothing of it after it was declared
        dead, whatever the server remembers of that."""
        session = self._session
        if session.declared_dead:
            await session.server.renew()
            return Reconciled(False, tuple(held), tuple(holds), 0)
        leases: dict[int, dict[int, Lease]] = {p: {} for p in sorted(session.asked)}
        sites: dict[int, dict[str, SiteHold]] = {}
        for lease in held:
            leases.setdefault(lease.partition, {})[lease.token] = lease
        for hold in holds:
            leases.setdefault(hold.partition, {})
            sites.setdefault(hold.partition, {})[hold.site] = hold
        calls = []
        for partition, known in leases.items():
            pairs: list[Argument] = []
            for hold in sites.get(partition, {}).values():
                pairs += (hold.site, hold.token)
            known_here = (len(known), *known, *pairs)
            calls.append(
                session.on_partition("reconcile", partition, session.me, session.requests, *known_here)
            )
        replies, returned = await self._compare(calls)
        if any(reply[0] == b"dead" for reply in replies):
            session.declared_dead = True
            return Reconciled(False, tuple(held), tuple(holds), 0)
        dropped: list[Lease] = []
        dropped_holds: list[SiteHold] = []
        for partition, (_ok, server_us, unknown, not_held, _returned) in zip(leases, replies, strict=True):
            session.hear(int(server_us))
            dropped += [leases[partition][int(token)] for token in unknown]
            dropped_holds += [sites[partition][site.decode()] for site in not_held]
        await self._pages.recount(len(held) - len(dropped))
        return Reconciled(True, tuple(dropped), tuple(dropped_holds), returned)

    async def _compare(self, calls: Sequence[Call]) -> tuple[list[Any], int]:
        """The replies of reconcile.lua over connections that held, and how many leases were returned in
        all."""
        session = self._session
        await session.server.renew()
        returned = 0
        for _ in range(3):
            sent, breaks = awake_ms(), session.server.breaks
            await recognise(session)
            # Something is always sent, so that a connection is open whose end tells of the next restart.
            *replies, attended = await session.server.run([*calls, self._attend_call()])
            self._learn(attended)
            returned += sum(reply[4] for reply in replies)
            session.reconciled_at = breaks
            if not session.must_reconcile:
                self._acknowledged(sent, breaks)
                return replies, returned
        raise FrontierUnavailable(f"the connections to {session.server.address} break again and again")

    async def reclaim(self, everyone: bool) -> int:
        """Queue again what dead workers hold; how many URLs."""
        session = self._session
        after = session.spec.reclaim_after_ms
        if everyone:
            after = 0
            self._learn((await session.server.run([self._attend_call()]))[0])
        elif not self.may_start() or awake_ms() - self._steady_since_ms < after:
            return 0
        own = session.incarnation or ""
        moved = 0
        asked = list(session.partitions)
        while asked:
            replies = await session.server.run(
                session.on_each("reclaim", asked, own, after, _MOVED_AT_ONCE, "", "1")
            )
            moved += sum(reply[0] for reply in replies)
            asked = [p for p, reply in zip(asked, replies, strict=True) if reply[1] == b"1" or reply[2]]
        silent = session.live | session.silent if everyone else session.silent
        for incarnation in sorted(silent - {own}):
            moved += await self._bury(incarnation, after, died=True)
        if everyone:
            # Nobody is left who could ask what a server that restarted has forgotten; its sites still keep their delay.
            now_ms = session.now_us() // 1000
            await session.server.run(session.on_each("steer", session.partitions, "quiet", now_ms))
        return moved

    async def _bury(self, incarnation: int, after_ms: int, died: bool) -> int:
        """Declare an incarnation gone in every partition, queue again what it holds, then close its account
        of pages."""
        session = self._session
        own = session.incarnation if died and session.incarnation is not None else ""
        moved: int = 0
        asked = list(session.partitions)
        while asked:
            flag = "1" if died else "0"
            calls = session.on_each("reclaim", asked, own, after_ms, _MOVED_AT_ONCE, incarnation, flag)
            replies = await session.server.run(calls)
            moved += sum(reply[0] for reply in replies)
            if any(reply[3] == b"1" for reply in replies):
                return moved
            asked = [p for p, reply in zip(asked, replies, strict=True) if reply[1] == b"1"]
        paid_keys = [session.keys.of_partition(p, ":paid") for p in session.partitions]
        paid = await session.server.commands([("HGET", key, incarnation) for key in paid_keys])
        used = sum(int(pages or 0) for pages in paid)
        await session.server.run([session.on_crawl("account", incarnation, used)])
        await session.server.commands([("HDEL", key, incarnation) for key in paid_keys])
        return moved

    async def leave(self) -> None:
        """End this incarnation: what it still holds is queued again, its unused pages go back."""
        session = self._session
        if session.incarnation is None:
            return
        if session.must_reconcile:
            await recognise(session)
        await self._bury(session.incarnation, 0, died=False)
        session.incarnation = None
        session.asked.clear()
        self._pages.reset()
        self._beat_ms = None

    async def workers(self) -> list[WorkerSeen]:
        """The workers that beat within the reclaim time."""
        session = self._session
        beats = session.keys.of_crawl(":beats")
        call = session.on_crawl("attend", "", "", session.spec.reclaim_after_ms, "", 0)
        server_us, *_, live, _silent = (await session.server.run([call]))[0]
        session.hear(int(server_us))
        if not live:
            return []
        scores = await session.server.commands([("ZSCORE", beats, member) for member in live])
        names = await session.server.commands(
            [("HGET", session.keys.of_crawl(":workers"), member) for member in live]
        )
        told = await session.server.command("HMGET", session.keys.of_crawl(":told"), *live)
        now_ms = int(server_us) // 1000
        return [
            WorkerSeen(name.decode(), int(member), max(0, now_ms - int(float(score))), _read_facts(raw))
            for member, score, name, raw in zip(live, scores, names, told, strict=True)
            if score is not None and name is not None
        ]


def _read_facts(raw: bytes | None) -> WorkerFacts | None:
    try:
        return None if raw is None else msgspec.msgpack.decode(raw, type=WorkerFacts)
    except msgspec.MsgspecError:
        return None
