"""When a visit is settled: never before its discoveries and its rows are durable, whatever the server does."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import settlement as settlement_module
from linkcrawl.frontier.settlement import DOUBTED_S, Settlement
from linkcrawl.records import Candidate, Lease, Outcome, Refusal

SOON_S = 10.0
_serials = count(1)


def a_lease() -> Lease:
    serial = next(_serials)
    return Lease(
        Candidate(f"http://a.example/{serial}", "a.example", "a.example", 0), f"v{serial}", 0, serial, 1
    )


def links(number: int = 2) -> list[Candidate]:
    return [
        Candidate(f"http://a.example/l{next(_serials)}", "a.example", "a.example", 1) for _ in range(number)
    ]


class ServerThatLoses:
    """What settlement asks of a frontier. A write is volatile until a barrier; a break loses what is volatile.

    `fails` says of each call by name whether it breaks the connection: before the server took it or after.
    """

    def __init__(self) -> None:
        self.volatile: set[str] = set()
        self.durable: set[str] = set()
        self.scope: set[str] = set()
        self.settled: dict[str, Outcome] = {}
        self.refused: dict[Refusal, int] = {}
        self.calls: list[str] = []
        self.fails: Callable[[str], str | None] = lambda name: None
        self.breaks = 0

    async def _call(self, name: str, work: Callable[[], None]) -> None:
        self.calls.append(name)
        await asyncio.sleep(0)
        how = self.fails(name)
        if how != "before":
            work()
        if how:
            self.break_()
            raise FrontierUnavailable(f"{name} broke")

    def break_(self) -> None:
        """The server restarts, and has lost what it had not written."""
        self.volatile.clear()
        self.breaks += 1

    def lose_what_was_durable(self) -> None:
        """It comes back without even what it had said was on its disk."""
        self.durable.clear()
        self.break_()

    async def submit(
        self, candidates: Sequence[Candidate], parent: Lease | None = None
    ) -> list[Refusal | None]:
        urls = [candidate.url for candidate in candidates]
        known = self.volatile | self.durable
        seen = [url in known for url in urls]
        await self._call("submit", lambda: self.volatile.update(urls))
        return [Refusal.SEEN if was else None for was in seen]

    async def add_scope(self, names: Sequence[str]) -> int:
        await self._call("add_scope", lambda: self.scope.update(names))
        return len(self.scope)

    async def barrier(self, since: int | None = None) -> None:
        def write() -> None:
            self.durable |= self.volatile

        if self.breaks != since:
            raise FrontierUnavailable("a connection broke since")
        await self._call("barrier", write)

    async def settle(self, done: Sequence[tuple[Lease, Outcome]]) -> int:
        await self._call(
            "settle", lambda: self.settled.update({lease.visit_id: outcome for lease, outcome in done})
        )
        return 0

    async def record_refused(self, counts: dict[Refusal, int]) -> None:
        def take() -> None:
            for reason, number in counts.items():
                self.refused[reason] = self.refused.get(reason, 0) + number

        await self._call("record_refused", take)


@dataclass
class Scene:
    """A settlement with its server; what it told."""

    server: ServerThatLoses = field(default_factory=ServerThatLoses)
    known: list[str] = field(default_factory=list)
    forgotten: int = 0
    let_go: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settlement = Settlement(
            self.server,  # type: ignore[arg-type]
            lambda candidates: self.known.extend(candidate.url for candidate in candidates),
            self._forget,
            lambda lease: self.let_go.append(lease.visit_id),
        )

    def _forget(self) -> None:
        self.forgotten += 1
        self.known.clear()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                await asyncio.sleep(0.001)


def played(play: Callable[[Scene], Awaitable[None]]) -> Scene:
    """Run the settlement while the play goes on."""
    scene = Scene()

    async def work() -> None:
        running = asyncio.create_task(scene.settlement.run())
        await play(scene)
        scene.settlement.stop()
        await asyncio.wait_for(running, SOON_S)

    asyncio.run(work())
    return scene


async def some_turns() -> None:
    await asyncio.sleep(0.25)


def test_a_visit_is_settled_once_both_are_durable() -> None:
    lease = a_lease()

    async def play(scene: Scene) -> None:
        some = links()
        scene.settlement.add(lease, Outcome.OK, some)
        await scene.until(lambda: "submit" in scene.server.calls)
        await some_turns()
        assert not scene.server.settled, "its rows are not written"
        scene.settlement.rows_durable([lease])
        await scene.until(lambda: bool(scene.let_go))
        assert {candidate.url for candidate in some} <= scene.server.durable
        assert scene.known == [candidate.url for candidate in some]

    scene = played(play)
    assert scene.server.settled == {lease.visit_id: Outcome.OK}
    assert scene.let_go == [lease.visit_id]
    assert scene.settlement.unsettled == 0
    assert scene.server.calls.index("submit") < scene.server.calls.index("barrier")


def test_rows_without_a_barrier_do_not_settle() -> None:
    lease = a_lease()

    async def play(scene: Scene) -> None:
        scene.server.fails = lambda name: "before" if name == "barrier" else None
        scene.settlement.add(lease, Outcome.OK, links())
        scene.settlement.rows_durable([lease])
        await scene.until(lambda: scene.server.calls.count("barrier") >= 2)
        assert not scene.server.settled
        scene.server.fails = lambda name: None
        await scene.until(lambda: bool(scene.server.settled))

    scene = played(play)
    assert scene.let_go == [lease.visit_id]


def test_after_a_broken_barrier_what_may_be_lost_is_submitted_again() -> None:
    lease, some = a_lease(), links(5)

    async def play(scene: Scene) -> None:
        def first_barrier(name: str) -> str | None:
            return "before" if name == "barrier" and scene.server.calls.count("barrier") == 1 else None

        scene.server.fails = first_barrier
        scene.settlement.rows_durable([lease])
        scene.settlement.add(lease, Outcome.OK, some)
        await scene.until(lambda: bool(scene.server.settled))

    scene = played(play)
    assert scene.server.calls.count("submit") >= 2
    assert scene.forgotten >= 1, "what the worker believed known may be unknown"
    assert {candidate.url for candidate in some} <= scene.server.durable
    assert sorted(scene.known) == sorted(candidate.url for candidate in some)


def test_rows_may_be_durable_before_the_page_is_read() -> None:
    with_links, without = a_lease(), a_lease()

    async def play(scene: Scene) -> None:
        scene.settlement.rows_durable([with_links, without])
        scene.settlement.add(without, Outcome.NOT_HTML, ())
        scene.settlement.add(with_links, Outcome.OK, links())
        await scene.until(lambda: len(scene.let_go) == 2)

    assert played(play).server.settled == {
        with_links.visit_id: Outcome.OK,
        without.visit_id: Outcome.NOT_HTML,
    }


def test_what_discovers_nothing_waits_for_its_rows_alone() -> None:
    lease = a_lease()

    async def play(scene: Scene) -> None:
        scene.settlement.add(lease, Outcome.TIMEOUT, ())
        await some_turns()
        assert not scene.server.settled
        scene.settlement.rows_durable([lease])
        await scene.until(lambda: bool(scene.server.settled))

    scene = played(play)
    assert scene.server.calls == ["settle"]


def test_scope_is_known_before_what_needs_it() -> None:
    async def play(scene: Scene) -> None:
        scene.settlement.add(a_lease(), Outcome.REDIRECT, links(1), ["new.example"])
        await scene.until(lambda: "submit" in scene.server.calls)

    scene = played(play)
    assert scene.server.calls[:2] == ["add_scope", "submit"]
    assert scene.server.scope == {"new.example"}


def test_a_lease_that_is_no_longer_ours_is_let_go_once_and_not_settled() -> None:
    gone, kept = a_lease(), a_lease()

    async def play(scene: Scene) -> None:
        scene.settlement.add(gone, Outcome.OK, links())
        scene.settlement.add(kept, Outcome.OK, links())
        scene.settlement.forget(gone.visit_id)
        scene.settlement.rows_durable([gone, kept])
        await scene.until(lambda: kept.visit_id in scene.server.settled)

    scene = played(play)
    assert sorted(scene.let_go) == sorted([gone.visit_id, kept.visit_id])
    assert gone.visit_id not in scene.server.settled


@pytest.mark.parametrize("how", ["before", "after"])
def test_the_reply_to_a_settle_is_lost(how: str) -> None:
    lease = a_lease()

    async def play(scene: Scene) -> None:
        broken = iter([how])
        scene.server.fails = lambda name: next(broken, None) if name == "settle" else None
        scene.settlement.add(lease, Outcome.OK, ())
        scene.settlement.rows_durable([lease])
        await scene.until(lambda: bool(scene.let_go))

    scene = played(play)
    assert scene.server.calls.count("settle") == 2
    assert scene.server.settled == {lease.visit_id: Outcome.OK}


def test_refusals_are_counted_though_the_server_was_away() -> None:
    async def play(scene: Scene) -> None:
        broken = iter(["before"])
        scene.server.fails = lambda name: next(broken, None)
        scene.settlement.refuse({Refusal.SCOPE: 3})
        await scene.until(lambda: "record_refused" in scene.server.calls)
        scene.settlement.refuse({Refusal.SCOPE: 2, Refusal.TRAP: 1})
        await scene.until(lambda: bool(scene.server.refused))

    assert played(play).server.refused == {Refusal.SCOPE: 5, Refusal.TRAP: 1}


def test_draining_settles_what_it_can_and_ends_in_time() -> None:
    done, unwritten = a_lease(), a_lease()

    async def work() -> Scene:
        scene = Scene()
        for lease in (done, unwritten):
            scene.settlement.add(lease, Outcome.OK, links())
        scene.settlement.rows_durable([done])
        await asyncio.wait_for(scene.settlement.drain(5.0), SOON_S)
        return scene

    scene = asyncio.run(work())
    assert set(scene.server.settled) == {done.visit_id}
    assert scene.settlement.unsettled == 1


def test_draining_gives_up_where_nobody_answers() -> None:
    async def work() -> Scene:
        scene = Scene()
        scene.server.fails = lambda name: "before"
        scene.settlement.add(a_lease(), Outcome.OK, links())
        await asyncio.wait_for(scene.settlement.drain(0.5), SOON_S)
        return scene

    scene = asyncio.run(work())
    assert not scene.server.settled
    assert scene.settlement.unsettled == 1


def test_draining_alone_is_a_turn_in_which_a_cancelled_call_loses_nothing() -> None:
    """`close` cancels `run` in the middle of whatever it does, and drains then."""
    lease, some = a_lease(), links(3)

    async def work(steps: int) -> Scene:
        scene = Scene()
        scene.settlement.add(lease, Outcome.OK, some)
        scene.settlement.rows_durable([lease])
        scene.settlement.refuse({Refusal.SCOPE: 1})
        running = asyncio.create_task(scene.settlement.run())
        await scene.until(lambda: len(scene.server.calls) >= steps)
        scene.settlement.stop()
        running.cancel()
        assert await asyncio.wait({running}, timeout=SOON_S) == ({running}, set())
        await scene.settlement.drain(5.0)
        return scene

    for steps in range(1, 5):
        scene = asyncio.run(work(steps))
        assert scene.server.settled == {lease.visit_id: Outcome.OK}, steps
        assert {candidate.url for candidate in some} <= scene.server.durable
        assert scene.let_go == [lease.visit_id]
        assert scene.server.refused[Refusal.SCOPE] >= 1, steps


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), pages=st.integers(1, 12))
def test_whatever_breaks_nothing_is_settled_before_its_time(seed: int, pages: int) -> None:
    chance = Random(seed)
    discovered: dict[str, set[str]] = {}
    written: set[str] = set()

    class Strict(ServerThatLoses):
        async def settle(self, done: Sequence[tuple[Lease, Outcome]]) -> int:
            for lease, _ in done:
                assert lease.visit_id in written
                assert discovered[lease.visit_id] <= self.durable
            return await super().settle(done)

    async def work() -> Scene:
        scene = Scene(server=Strict())
        scene.server.fails = lambda name: chance.choice([None, None, None, "before", "after"])
        leases = [a_lease() for _ in range(pages)]
        for lease in leases:
            some = links(chance.randint(0, 3))
            discovered[lease.visit_id] = {candidate.url for candidate in some}
            if chance.random() < 0.3:
                written.add(lease.visit_id)
                scene.settlement.rows_durable([lease])
            scene.settlement.add(lease, Outcome.OK, some)
            if chance.random() < 0.3:
                await one_turn(scene.settlement)
        missing = [lease for lease in leases if lease.visit_id not in written]
        chance.shuffle(missing)
        for lease in missing:
            written.add(lease.visit_id)
            scene.settlement.rows_durable([lease])
            for _ in range(chance.randint(0, 3)):
                await one_turn(scene.settlement)
        scene.server.fails = lambda name: None
        await scene.settlement.drain(SOON_S)
        assert set(scene.server.settled) == set(discovered)
        assert sorted(scene.let_go) == sorted(discovered)
        return scene

    asyncio.run(work())


async def one_turn(settlement: Settlement) -> None:
    """As `run` takes it, without its waiting."""
    with contextlib.suppress(FrontierUnavailable):
        await settlement._turn(0.0, at_once=True)


def test_a_server_that_forgot_what_it_had_called_durable_is_told_again() -> None:
    early, late = a_lease(), a_lease()
    some, others = links(3), links(2)

    async def play(scene: Scene) -> None:
        scene.settlement.add(early, Outcome.OK, some)
        scene.settlement.add(late, Outcome.OK, [*others, *some])
        await scene.until(lambda: {candidate.url for candidate in some + others} <= scene.server.durable)
        await some_turns()
        scene.server.lose_what_was_durable()
        scene.settlement.rows_durable([early, late])
        await scene.until(lambda: len(scene.let_go) == 2)

    scene = played(play)
    assert {candidate.url for candidate in some + others} <= scene.server.durable
    assert scene.forgotten >= 1


def test_durable_discoveries_are_kept_for_the_seconds_that_a_server_may_lose_and_no_longer() -> None:
    async def work() -> None:
        scene = Scene()
        old, young = a_lease(), a_lease()
        links_of = {old: links(), young: links()}
        scene.settlement.add(old, Outcome.OK, links_of[old])
        await scene.settlement._turn(0.0, at_once=True)
        scene.settlement.add(young, Outcome.OK, links_of[young])
        await scene.settlement._turn(DOUBTED_S, at_once=True)
        scene.server.lose_what_was_durable()
        for _ in range(2):
            with contextlib.suppress(FrontierUnavailable):
                await scene.settlement._turn(DOUBTED_S + 1, at_once=True)
        assert scene.server.durable == {candidate.url for candidate in links_of[young]}
        scene.settlement.rows_durable([old, young])
        await scene.settlement.drain(SOON_S)
        assert set(scene.server.settled) == {old.visit_id, young.visit_id}

    asyncio.run(work())


def test_pages_that_keep_coming_keep_no_other_from_being_settled() -> None:
    first = a_lease()

    async def play(scene: Scene) -> None:
        def one_more(name: str) -> None:
            if name == "submit":
                scene.settlement.add(a_lease(), Outcome.OK, links())

        scene.server.fails = one_more
        scene.settlement.add(first, Outcome.OK, links())
        scene.settlement.rows_durable([first])
        await scene.until(lambda: bool(scene.let_go))

    assert played(play).let_go == [first.visit_id]


def test_a_line_that_breaks_between_any_two_turns_costs_no_progress() -> None:
    async def work() -> None:
        scene = Scene()
        lease = a_lease()
        scene.settlement.add(lease, Outcome.OK, links())
        scene.settlement.rows_durable([lease])
        scene.server.break_()
        await scene.settlement._turn(0.0, at_once=True)
        assert set(scene.server.settled) == {lease.visit_id}

    asyncio.run(work())


def test_who_reads_faster_than_it_submits_is_told_to_wait_until_it_has_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settlement_module, "MOST_WAITING", 10)

    async def work() -> None:
        scene = Scene()
        told: list[bool] = []
        scene.settlement.caught_up = lambda: told.append(scene.settlement.keeps_up)
        kept_up = []
        for more in (9, 1):
            scene.settlement.add(a_lease(), Outcome.OK, links(more))
            kept_up.append(scene.settlement.keeps_up)
        assert kept_up == [True, False]
        await scene.settlement._turn(0.0, at_once=True)
        scene.settlement.add(a_lease(), Outcome.OK, links(5))
        await scene.settlement._turn(0.0, at_once=True)
        assert told == [True]

    asyncio.run(work())
