"""The model and a real server, driven by the same random moves and troubles, compared after each."""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import Frontier, Release, ServerAddress
from linkcrawl.frontier.fingerprint import partition_of, share_of
from linkcrawl.frontier.lua import script
from linkcrawl.frontier.server import Server
from linkcrawl.frontier.session import awake_ms
from linkcrawl.records import Candidate, Lease, Outcome, Refusal, SiteHold
from tests.frontier import keyspace
from tests.frontier.cable import Cable, Fault
from tests.frontier.conftest import OpenCrawl, a_spec, url
from tests.frontier.model import CRASH_LIMIT, PARTITIONS, Item, Model
from tests.frontier.test_moves import lease_until

SITES = [f"{letter}.example" for letter in "abcde"]
STEPS = 220
RECLAIM_AFTER_MS = 500
Effect = Callable[[], object]
Disk = list[tuple[bytes, bytes]]
"""Each key with its DUMP."""
SCRIPTS = ("submit", "lease", "release", "settle", "retry", "return", "beat", "reconcile", "reclaim")


async def disk_of(raw: Server) -> Disk:
    """What the server's disk holds as of now."""
    keys = list(await raw.command("KEYS", "*"))
    return list(zip(keys, await raw.commands([("DUMP", key) for key in keys]), strict=True))


async def restore(raw: Server, disk: Disk) -> None:
    """As if the server was killed and came back with that: every connection breaks."""
    await raw.command("FLUSHALL")
    await raw.commands([("RESTORE", key, 0, dump) for key, dump in disk])
    await raw.commands([("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")])


class Hand:
    """One worker: what it holds, as it knows it."""

    def __init__(self, client: Frontier, cable: Cable) -> None:
        self.client = client
        self.cable = cable
        self.leases: dict[int, Lease] = {}
        self.holds: dict[int, SiteHold] = {}
        self.past: list[Lease] = []
        """Leases that it let go: their tokens are stale."""

    @property
    def me(self) -> int:
        """Its incarnation."""
        assert self.client.incarnation is not None
        return self.client.incarnation


class Walk:
    """A random walk of the model and the server, side by side."""

    def __init__(self, seed: int, raw: Server, hands: list[Hand]) -> None:
        self.random = random.Random(seed)
        self.raw = raw
        self.hands = hands
        self.model = Model()
        self.late: list[tuple[Hand, Effect]] = []
        """What the model does when a late request arrives."""
        self.saved: tuple[Model, Disk] | None = None
        self.serial = 0
        self.happened: Counter[str] = Counter()

    # --- trouble

    async def troubled(
        self,
        hand: Hand,
        move: str,
        call: Callable[[], Coroutine[Any, Any, Any]],
        effect: Callable[[], object],
    ) -> Any:
        """Make a call, maybe under a fault, with its effect on the model; its answer, None if lost."""
        if hand.client.must_reconcile:
            fault = None  # one trouble at a time: what a fault does has to be known
            await self.reconcile(hand)
        fault = self.random.choice([None, None, None, *Fault])
        if fault is None:
            self.happened[move] += 1
            answer = await call()
            assert answer == effect()
            return answer
        self.happened[f"{move}: {fault.value}"] += 1
        hand.cable.faults.append(fault)
        with pytest.raises(FrontierUnavailable):
            await call()
        assert hand.client.must_reconcile
        assert not hand.client.may_start()
        if fault is Fault.REPLY_LOST:
            effect()
            if self.random.random() < 0.5:
                self.happened["request repeated"] += 1
                await self.reconcile(hand)
                assert await call() == effect()
        if fault is Fault.LATE:
            self.late.append((hand, effect))
        return None

    async def deliver_late(self, hand: Hand) -> None:
        """What was stuck in a broken connection arrives, in order."""
        for other in self.hands:
            self.happened["late request delivered"] += await other.cable.deliver()
            for whose, effect in self.late:
                if whose is other:
                    effect()
        self.late.clear()

    # --- moves

    async def submit(self, hand: Hand) -> None:
        """URLs old and new; of those of one call, none twice."""
        some: dict[str, Candidate] = {}
        for _ in range(self.random.choice([1, 1, 3, 12])):
            self.serial += self.random.random() < 0.6
            site = self.random.choice(SITES)
            page = url(site, f"/{self.random.randint(max(0, self.serial - 20), self.serial)}")
            some[page.url] = page._replace(depth=sum(map(ord, page.url)) % 3)
        pages = list(some.values())
        items = [Item(page.url, page.site, page.depth) for page in pages]

        async def call() -> list[bool]:
            answers = await hand.client.submit(pages)
            assert {answer for answer in answers if answer is not None} <= {Refusal.SEEN}
            return [answer is None for answer in answers]

        # A late submit of two partitions arrives as one request; the order of sites is the client's.
        await self.troubled(hand, "submit", call, lambda: self._submitted(items))

    def _submitted(self, items: list[Item]) -> list[bool]:
        by_site = sorted(range(len(items)), key=lambda i: items[i].site)
        answers = dict(zip(by_site, self.model.submit([items[i] for i in by_site]), strict=True))
        return [answers[i] for i in range(len(items))]

    async def lease(self, hand: Hand) -> None:
        """A lease, whose reply may be lost once (it is asked for again) or twice (it is reconciled)."""
        if hand.client.must_reconcile:
            with pytest.raises(FrontierUnavailable):
                await hand.client.lease(1, 1)
            await self.reconcile(hand)
        sites, urls = self.random.choice([1, 2, 10]), self.random.choice([1, 2, 5])
        own = share_of(hand.me, hand.client._session.live, PARTITIONS)
        rest = [p for p in range(PARTITIONS) if p not in own]
        due = [[site for p in group for site in self.model.due(p)] for group in (own, rest)]
        gone = any(hand.me in gone for gone in self.model.gone.values())
        fault = self.random.choice([None, None, None, *Fault])
        if fault is not None and own:
            times = 2 if fault is not Fault.REPLY_LOST else self.random.choice([1, 2])
            self.happened[f"lease: {fault.value} {times}"] += 1
            hand.cable.faults.extend([fault] * times)
        else:
            fault, times = None, 0
            self.happened["lease"] += 1
        try:
            holds = await hand.client.lease(sites, urls)
        except FrontierUnavailable:
            assert times == 2
            holds = None
        hand.cable.faults.clear()  # one that was declared dead asks for nothing
        self._promoted(await keyspace.read(self.raw, PARTITIONS))
        await self._absorb(hand.me, holds)
        if holds is None:
            if fault is Fault.LATE:
                # It may arrive after the worker has reconciled, and then nothing may come of it.
                await self.reconcile(hand)
                await self.deliver_late(hand)
            return
        if fault is None and not gone and not hand.client._session.declared_dead:
            assert len(holds) == min(sites, len(due[0]) or len(due[1]))
        for hold in holds:
            assert 1 <= len(hold.leases) <= urls
            hand.holds[hold.token] = hold
            for lease in hold.leases:
                assert lease.record_only == (Outcome.ABANDONED if lease.crashes >= CRASH_LIMIT else None)
                self.happened["abandoned"] += lease.record_only is not None
                hand.leases[lease.token] = lease

    def _promoted(self, found: keyspace.Keyspace) -> None:
        """Delayed items that are no longer delayed on the server: their time had come."""
        there = set(found.delayed)
        for partition in range(PARTITIONS):
            ripe = [
                i
                for i, is_ripe in self.model.delayed.items()
                if partition_of(i.site, PARTITIONS) == partition
            ]
            if any(item not in there for item in ripe):
                self.happened["delay over"] += 1
                self.model.promote(partition)

    async def _absorb(self, incarnation: int, holds: list[SiteHold] | None) -> None:
        """Sites that the server now says are held: what the model has to agree with."""
        found = await keyspace.read(self.raw, PARTITIONS)
        known = {token for _, token in self.model.holds.values()}
        flights = found.flights.get(incarnation, {})
        new = {t: i for t, i in flights.items() if t not in self.model.flights.get(incarnation, {})}
        fresh = {s: t for s, t in found.holds.get(incarnation, {}).items() if t not in known}
        for site, token in sorted(fresh.items()):
            self.model.hold(incarnation, site, token, {t: i for t, i in new.items() if i.site == site})
        if holds is not None:
            assert {hold.site: hold.token for hold in holds} == fresh
            given = {lease.token: lease for hold in holds for lease in hold.leases}
            assert {t: (i.url, i.attempt, i.crashes) for t, i in new.items()} == {
                t: (lease.candidate.url, lease.attempt, lease.crashes) for t, lease in given.items()
            }

    def _some_leases(self, hand: Hand) -> list[Lease]:
        some = list(hand.leases.values())
        chosen = self.random.sample(some, min(len(some), self.random.choice([1, 1, 4])))
        if hand.past and self.random.random() < 0.2:
            self.happened["stale token"] += 1
            chosen.append(self.random.choice(hand.past))
        for lease in chosen:
            hand.leases.pop(lease.token, None)
            hand.past.append(lease)
        return chosen

    async def settle(self, hand: Hand) -> None:
        """Visits are settled."""
        if done := self._some_leases(hand):
            me = hand.me
            await self.troubled(
                hand,
                "settle",
                lambda: hand.client.settle([(lease, Outcome.OK) for lease in done]),
                lambda: sum(not self.model.settle(me, lease.token, lease.candidate.site) for lease in done),
            )

    async def retry(self, hand: Hand) -> None:
        """URLs are delayed: not for long, or for longer than the test."""
        if again := self._some_leases(hand)[:1]:
            ripe = not any(self.model.delayed.values()) and not self.late
            me, wait_ms = hand.me, 0 if ripe else 3_600_000
            await self.troubled(
                hand,
                "retry",
                lambda: hand.client.retry([(lease, wait_ms) for lease in again]),
                lambda: sum(not self.model.retry(me, x.token, x.candidate.site, ripe) for x in again),
            )

    async def give_back(self, hand: Hand) -> None:
        """URLs go back as they were."""
        if back := sorted(self._some_leases(hand), key=lambda lease: -lease.token):
            me = hand.me
            await self.troubled(
                hand,
                "give back",
                lambda: hand.client.give_back(back),
                lambda: sum(not self.model.give_back(me, x.token, x.candidate.site) for x in back),
            )

    async def release(self, hand: Hand) -> None:
        """A site is given back, its URLs in whatever state."""
        if hand.holds:
            token = self.random.choice(list(hand.holds))
            hold, me = hand.holds.pop(token), hand.me
            await self.troubled(
                hand,
                "release",
                lambda: hand.client.release([Release(hold, 5, failed=False)]),
                lambda: int(not self.model.release(me, token, hold.site)),
            )

    async def beat(self, hand: Hand) -> None:
        """A beat that names some downloads; its reply may be lost, or it may arrive much later."""
        if hand.client.must_reconcile:
            await self.reconcile(hand)
        fault = self.random.choice([*[None] * 9, *Fault])
        if fault is None:
            await self._beat(hand)
            return
        self.happened[f"beat: {fault.value}"] += 1
        some, effect = self._named(hand)
        hand.cable.faults.append(fault)
        with pytest.raises(FrontierUnavailable):
            await hand.client.beat(some)
        assert hand.client.must_reconcile
        assert not hand.client.may_start()
        if fault is Fault.REPLY_LOST:
            effect()
        if fault is Fault.LATE:
            self.late.append((hand, effect))

    async def _beat(self, hand: Hand) -> None:
        """A beat that is answered; a worker that learns that it is dead begins anew."""
        self.happened["beat"] += 1
        some, effect = self._named(hand)
        sent = awake_ms()
        answer = await hand.client.beat(some)
        may_start, took = hand.client.may_start(), awake_ms() - sent
        assert answer.alive == effect()
        if not answer.alive:
            await self._begin_anew(hand)
        elif took < RECLAIM_AFTER_MS / 2:
            assert may_start

    def _named(self, hand: Hand) -> tuple[list[Lease], Callable[[], bool]]:
        """Some downloads, and what a beat that names them does: whether it is answered with life."""
        share = self.random.choice([0.0, 0.8, 0.8])
        some = [lease for lease in hand.leases.values() if self.random.random() < share]
        session, me = hand.client._session, hand.me
        knows_of_its_death = session.declared_dead
        named: dict[int, set[int]] = {partition: set() for partition in session.asked}
        for lease in some:
            named.setdefault(lease.partition, set()).add(lease.token)
        return some, lambda: not knows_of_its_death and self.model.beat(me, named)

    async def _begin_anew(self, hand: Hand) -> None:
        self.happened["woke up dead"] += 1
        hand.past += hand.leases.values()
        hand.leases.clear()
        hand.holds.clear()
        await hand.client.join()
        assert not hand.client.must_reconcile

    async def reconcile(self, hand: Hand) -> None:
        """What the worker holds against what the server says."""
        self.happened["reconcile"] += 1
        result = await hand.client.reconcile(list(hand.leases.values()), list(hand.holds.values()))
        if not result.alive:
            await self._begin_anew(hand)
            return
        assert not hand.client.must_reconcile
        flights = self.model.flights.get(hand.me, {})
        for lease in result.dropped:
            del hand.leases[lease.token]
            hand.past.append(lease)
        for hold in result.dropped_holds:
            del hand.holds[hold.token]
        assert set(hand.leases) <= set(flights)
        held = {(hold.site, hold.token) for hold in hand.holds.values()}
        assert result.returned == self.model.reconcile(hand.me, set(hand.leases), held)
        self.happened["returned by reconcile"] += result.returned
        self.happened["dropped by reconcile"] += len(result.dropped)

    async def sleep(self, hand: Hand) -> None:
        """One or both of the others sleep past the reclaim time; who is awake beats, and reclaims what they held."""
        if self.random.random() < 0.6:
            return
        asleep = [other for other in self.hands if other is not hand]
        awake = [hand, *([] if self.random.random() < 0.5 else [asleep.pop(self.random.randrange(2))])]
        for other in awake:
            if other.client.must_reconcile:
                await self.reconcile(other)
        await self._until_reclaimed(hand, awake, {other.me for other in asleep})
        self.happened["slept past the reclaim"] += 1

    async def _until_reclaimed(self, hand: Hand, awake: list[Hand], sleepers: set[int]) -> None:
        gone = self.model.gone
        async with asyncio.timeout(60):
            # One that is gone in some partitions only (it is not known in the others) has to be gone in all.
            while not sleepers <= gone[0] or any(some != gone[0] for some in gone.values()):
                began = awake_ms()
                for other in awake:
                    await self._beat(other)
                moved = await hand.client.reclaim()
                buried, expected = await self._learn_who_is_gone()
                assert moved == expected
                self.happened["reclaimed from sleepers"] += moved
                assert hand.me not in buried
                if awake_ms() - began < RECLAIM_AFTER_MS:
                    assert buried.isdisjoint(other.me for other in awake)
                await asyncio.sleep(RECLAIM_AFTER_MS / 8000)

    async def _learn_who_is_gone(self) -> tuple[set[int], int]:
        """Whom the server has declared dead since the model last heard, and how many URLs that moved."""
        found = await keyspace.read(self.raw, PARTITIONS)
        buried: set[int] = set()
        moved = 0
        for partition, known in self.model.gone.items():
            members = await self.raw.command("ZRANGE", f"{{test:{partition}}}:gone", 0, -1)
            new = sorted({int(member) for member in members} - known)
            moved += self._bury_in_found_order(partition, new, found)
            buried |= set(new)
        return buried, moved

    def _bury_in_found_order(self, partition: int, dead: list[int], found: keyspace.Keyspace) -> int:
        """Several dead are taken in any order, in each partition: in the one that the server's queues show."""
        queues = {s: q for s, q in found.queues.items() if partition_of(s, PARTITIONS) == partition}
        holders = [who for who in dead if self.model.in_flight(partition, who)]
        rest = [who for who in dead if who not in holders]
        order: tuple[int, ...] = ()
        for order in permutations(holders):
            trial = self.model.copy_of_queues()
            for who in order:
                trial.bury_in(partition, who, died=True)
            if all(
                trial.queued(s) == [item for _, q in sorted(queues[s].items()) for item in q] for s in queues
            ):
                break
        return sum(self.model.bury_in(partition, who, died=True) for who in (*order, *rest))

    async def take_over(self, hand: Hand) -> None:
        """All others were killed at once, with the server that they shared; one goes on."""
        if hand.client.must_reconcile:
            await self.reconcile(hand)
        if self.random.random() < 0.8:
            return
        holders = {incarnation for incarnation, _ in self.model.holds.values()} | set(self.model.flights)
        # They did not die one by one: the order in which they are reclaimed is not left to chance.
        for other in sorted(({other.me for other in self.hands} | holders) - {hand.me}):
            moved = await hand.client._liveness._bury(other, -1, died=True)
            assert moved == self.model.bury(other, died=True)
            self.happened["reclaimed from the killed"] += moved
        assert await hand.client.reclaim(everyone=True) == 0

    async def leave_and_join(self, hand: Hand) -> None:
        """A worker ends in good order, and a new one comes."""
        if hand.client.must_reconcile:
            await self.reconcile(hand)
        me = hand.me
        await hand.client.leave()
        self.model.bury(me, died=False)
        self.happened["leave"] += 1
        hand.past += hand.leases.values()
        hand.leases.clear()
        hand.holds.clear()
        await hand.client.join()

    async def save(self, hand: Hand) -> None:
        """The server's disk as of now."""
        self.saved = (self.model.copy(), await disk_of(self.raw))

    async def roll_back(self, hand: Hand) -> None:
        """The server was killed and came back without its last moments; every connection broke."""
        if self.saved is None or self.late:
            return
        model, dumps = self.saved
        self.saved = None
        await restore(self.raw, dumps)
        self.model = model
        self.happened["rolled back"] += 1
        for other in self.hands:
            await self._until_noticed(other)
            await self.reconcile(other)

    async def _until_noticed(self, hand: Hand) -> None:
        async with asyncio.timeout(5):
            while not hand.client.must_reconcile:
                try:
                    await hand.client.workers()
                except FrontierUnavailable:
                    return
                await asyncio.sleep(0.001)

    # --- the walk

    async def compare(self) -> None:
        """Model and server say the same, and the invariants hold on the server's keys."""
        found = await keyspace.read(self.raw, PARTITIONS)
        keyspace.check_invariants(found)
        model = self.model
        assert {s: {k: q for k, q in v.items() if q} for s, v in found.queues.items() if any(v.values())} == {
            s: {k: q for k, q in v.items() if q} for s, v in model.queues.items() if any(v.values())
        }
        assert sorted(found.delayed) == sorted(model.delayed)
        assert {w: f for w, f in found.flights.items() if f} == {w: f for w, f in model.flights.items() if f}
        holds = {site: (who, token) for who, sites in found.holds.items() for site, token in sites.items()}
        assert holds == model.holds
        total = sum(found.counters.values(), Counter[str]())
        assert total["o:ok"] == model.settled
        for name in ("accepted", "leases", "retried", "returned", "reclaimed"):
            assert total[name] == model.counts[name], name
        assert found.seen == len(model.seen)
        for partition, named in model.downloading.items():
            assert await self._named_in(partition) == {who: tokens for who, tokens in named.items() if tokens}

    async def _named_in(self, partition: int) -> dict[int, set[int]]:
        """The downloads that each incarnation named in its last beat, as the partition has them."""
        keys = await self.raw.command("KEYS", f"{{test:{partition}}}:d:*")
        texts = await self.raw.commands([("GET", key) for key in keys])
        return {
            int(key.rpartition(b":")[2]): {int(token) for token in text.split()}
            for key, text in zip(keys, texts, strict=True)
        }

    async def run(self, steps: int) -> None:
        """So many steps."""
        moves = [
            *[self.submit] * 4,
            *[self.lease] * 6,
            *[self.settle] * 4,
            *[self.retry] * 3,
            *[self.give_back] * 3,
            *[self.release] * 5,
            *[self.beat] * 4,
            self.deliver_late,
            self.reconcile,
            self.sleep,
            self.take_over,
            self.leave_and_join,
            self.save,
            self.roll_back,
        ]
        for step in range(steps):
            move = self.random.choice(moves)
            hand = self.random.choice(self.hands)
            try:
                await move(hand)
                await self.compare()
            except BaseException as problem:
                problem.add_note(f"step {step}: {move.__name__}")
                raise


MUST_HAPPEN = [
    *(
        "submit",
        "lease",
        "settle",
        "retry",
        "give back",
        "release",
        "beat",
        "slept past the reclaim",
        "leave",
        "reconcile",
        "rolled back",
    ),
    *(
        f"{move}: {fault.value}"
        for move in ("submit", "settle", "release", "retry", "give back", "beat")
        for fault in Fault
    ),
    *("lease: reply lost 1", "lease: reply lost 2", "lease: connection cut 2", "lease: request late 2"),
    *("request repeated", "late request delivered", "stale token", "woke up dead", "delay over"),
    *("reclaimed from sleepers", "reclaimed from the killed"),
    *("returned by reconcile", "dropped by reconcile"),
]


async def walk(seed: int, server_url: str, folder: Path, steps: int) -> Counter[str]:
    """One walk of so many steps on an emptied server, with three workers, each on its own cable."""
    path = server_url.removeprefix("unix://")
    raw = Server(ServerAddress.from_url(server_url))
    cables, clients = [], []
    spec = a_spec(partitions=PARTITIONS, crash_limit=CRASH_LIMIT, reclaim_after_ms=RECLAIM_AFTER_MS)
    try:
        await raw.command("FLUSHALL")
        for name in SCRIPTS:
            await raw.command("SCRIPT", "LOAD", script(name).text)
        for number in range(3):
            place = folder / str(number)
            place.mkdir()
            cable = Cable(path, place)
            cables.append(cable)
            await cable.open()
            address = ServerAddress.from_url(f"unix://{cable.path}")
            client = await Frontier.connect(address, "test", worker_id=f"w{number}")
            clients.append(client)
            if number == 0:
                await client.create(spec)
            await client.find()
            await client.join()
        hands = [Hand(client, cable) for client, cable in zip(clients, cables, strict=True)]
        going = Walk(seed, raw, hands)
        await going.run(steps)
        return going.happened
    finally:
        for client in clients:
            await client.close()
        for cable in cables:
            await cable.close()
        await raw.close()


def missing(happened: Counter[str]) -> list[str]:
    """What did not happen yet."""
    return [move for move in MUST_HAPPEN if not happened[move]]


def walks(seeds: range, server_url: str, steps: int) -> Counter[str]:
    """One walk a seed, until nothing is missing, but at least five; what happened."""
    happened: Counter[str] = Counter()
    for seed in seeds:
        if seed >= seeds.start + 5 and not missing(happened):
            break
        with tempfile.TemporaryDirectory(prefix="lc-") as folder:
            try:
                happened += asyncio.run(walk(seed, server_url, Path(folder), steps))
            except BaseException as problem:
                problem.add_note(f"seed {seed}")
                raise
    return happened


def test_model_and_server_agree(server_url: str) -> None:
    # Incarnations, and so the partitions that each worker asks first, come from the clock: a walk is not the
    # same twice, and now and then five of them leave something out.
    assert missing(walks(range(20), server_url, STEPS)) == []


@pytest.mark.long
@pytest.mark.parametrize("first_seed", range(100, 120, 5))
def test_model_and_server_agree_for_long(server_url: str, first_seed: int) -> None:
    assert missing(walks(range(first_seed, first_seed + 20), server_url, 3 * STEPS)) == []


def test_a_worker_that_knows_of_its_death_counts_no_crash_though_the_server_forgot_it(
    crawl_of: OpenCrawl,
) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1) as crawl:
            sleeper, other = await crawl.worker("sleeper"), await crawl.worker("other")
            await other.submit([url("a.example")])
            [hold] = await sleeper.lease(1, 1)
            disk = await disk_of(crawl.raw)
            assert await other.reclaim(everyone=True) == 1
            assert await sleeper.lease(1, 1) == []
            await restore(crawl.raw, disk)
            assert not (await sleeper.reconcile(hold.leases, [hold])).alive
            assert not (await sleeper.beat(hold.leases)).alive
            assert not sleeper.may_start()
            await sleeper.join()
            await other.reconcile([], [])
            assert await other.reclaim(everyone=True) == 1
            [again] = await lease_until(other)
            assert [lease.crashes for lease in again.leases] == [0]

    asyncio.run(scenario())
