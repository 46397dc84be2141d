"""`--max-pages` is never overshot and always reached, whatever is lost, whoever dies."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import Frontier, Release, ServerAddress
from linkcrawl.records import Lease, Outcome, SiteHold
from tests.frontier.cable import Cable, Fault
from tests.frontier.conftest import Crawl, OpenCrawl, url
from tests.frontier.test_moves import lease_until, leases_of

MOST = 60


async def account(crawl: Crawl, incarnation: int) -> tuple[int, int, int]:
    """Of an incarnation, on the server: pages reserved, pages settled, leases in flight."""
    partitions = range(crawl.spec.partitions)
    reserved = await crawl.raw.command("HGET", "{test}:pages", incarnation)
    paid = [await crawl.raw.command("HGET", f"{{test:{p}}}:paid", incarnation) for p in partitions]
    flying = [await crawl.raw.command("HLEN", f"{{test:{p}}}:f:{incarnation}") for p in partitions]
    return int(reserved or 0), sum(int(pages or 0) for pages in paid), sum(flying)


@dataclass
class Hand:
    """A worker on a line that breaks, reduced to what it does with the frontier."""

    crawl: Crawl
    frontier: Frontier
    cable: Cable
    held: dict[int, Lease] = field(default_factory=dict)
    holds: list[SiteHold] = field(default_factory=list)
    sending: set[int] = field(default_factory=set)

    async def _tell(self, how: str, some: list[Lease]) -> None:
        match how:
            case "settle":
                await self.frontier.settle([(lease, Outcome.OK) for lease in some])
            case "give_back":
                await self.frontier.give_back(some)
            case _:
                await self.frontier.retry([(lease, 0) for lease in some])
        for lease in some:
            self.held.pop(lease.token, None)

    async def move(self, chance: Random) -> None:
        with contextlib.suppress(FrontierUnavailable):
            if self.frontier.must_reconcile:
                await self._beat()
            what = chance.choice(
                ["lease", "lease", "settle", "settle", "give_back", "retry", "beat", "release"]
            )
            some = [lease for lease in self.held.values() if chance.random() < 0.5]
            if what == "lease":
                # A beat may come at any moment of it.
                leasing = asyncio.ensure_future(self._lease(chance))
                if chance.random() < 0.5:
                    await asyncio.gather(leasing, self._plain_beat())
                await leasing
            elif what == "beat":
                await self._beat()
            elif what == "release":
                holds, self.holds = self.holds, []
                await self.frontier.release([Release(hold) for hold in holds])
            elif some:
                await self._tell(what, some)

    async def _plain_beat(self) -> None:
        with contextlib.suppress(FrontierUnavailable):
            await self.frontier.beat([])

    async def _lease(self, chance: Random) -> None:
        with contextlib.suppress(FrontierUnavailable):
            for hold in await self.frontier.lease(chance.randint(1, 4), chance.randint(1, 4)):
                self.holds.append(hold)
                self.held.update({lease.token: lease for lease in hold.leases})

    async def _beat(self) -> None:
        beat = await self.frontier.beat([])
        if beat.alive and self.frontier.must_reconcile:
            result = await self.frontier.reconcile(list(self.held.values()), self.holds)
            for lease in result.dropped:
                del self.held[lease.token]
            self.holds = [hold for hold in self.holds if hold not in result.dropped_holds]
            if result.alive:
                return
        elif beat.alive:
            return
        self.held.clear()
        self.holds.clear()
        await self.frontier.join()


@contextlib.asynccontextmanager
async def hands_of(crawl: Crawl, number: int) -> AsyncIterator[list[Hand]]:
    assert crawl.address.path is not None
    hands: list[Hand] = []
    async with contextlib.AsyncExitStack() as stack:
        for n in range(number):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lc-test-"))
            cable = Cable(crawl.address.path, Path(folder))
            await cable.open()
            stack.push_async_callback(cable.close)
            address = ServerAddress.from_url(f"unix://{cable.path}")
            frontier = await Frontier.connect(address, "test", worker_id=f"w{n}")
            stack.push_async_callback(frontier.close)
            await frontier.join()
            hands.append(Hand(crawl, frontier, cable))
        yield hands


@pytest.mark.parametrize("seed", range(4))
def test_never_more_is_settled_than_wanted_and_in_the_end_no_less(crawl_of: OpenCrawl, seed: int) -> None:
    async def scenario() -> None:
        chance = Random(seed)
        async with crawl_of(max_pages=MOST) as crawl, hands_of(crawl, 3) as hands:
            operator = await crawl.client()
            await operator.submit([url(f"s{n % 20}.example", f"/{n}") for n in range(3 * MOST)])
            for step in range(250):
                hand = chance.choice(hands)
                if chance.random() < 0.15:
                    hand.cable.faults.append(chance.choice(list(Fault)))
                await hand.move(chance)
                if chance.random() < 0.1:
                    await hand.cable.deliver()
                if step % 60 == 59:
                    await operator.reclaim(everyone=True)  # all of them were taken for dead
                if step % 5 == 0:
                    assert (await operator.books()).pages <= MOST
                    for other in hands:
                        assert other.frontier.incarnation is not None
                        reserved, paid, flying = await account(crawl, other.frontier.incarnation)
                        assert paid + flying <= reserved or not reserved, "more in hand than reserved"
            await finish(hands, operator)
            books = await operator.books()
            assert books.balanced
            assert books.pages == MOST

    asyncio.run(scenario())


async def finish(hands: list[Hand], operator: Frontier) -> None:
    """Nothing breaks any more: each settles what it holds, and goes on until nobody gets anything."""
    idle = 0
    for hand in hands:
        hand.cable.faults.clear()
        await hand.cable.deliver()
    # What was reserved under an incarnation that is no more comes back once that is silent for the reclaim time.
    await operator.reclaim(everyone=True)
    while idle < 3 * len(hands):  # one that is dead learns it by its next lease, and joins anew after that
        for hand in hands:
            await hand._beat()
            await hand.frontier.settle([(lease, Outcome.OK) for lease in hand.held.values()])
            await hand.frontier.release([Release(hold) for hold in hand.holds])
            hand.held.clear()
            hand.holds.clear()
            await hand.frontier.recount_pages(0)
            got = await hand.frontier.lease(20, 5)
            hand.holds = got
            hand.held = {lease.token: lease for hold in got for lease in hold.leases}
            idle = 0 if got else idle + 1


def test_a_settled_page_whose_reply_was_lost_is_used_up(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(max_pages=3) as crawl, hands_of(crawl, 1) as [hand]:
            await hand.frontier.submit([url("a.example", f"/{n}") for n in range(9)])
            hand.holds = await hand.frontier.lease(1, 2)
            known, *leases = leases_of(hand.holds)
            await hand.frontier.settle([(known, Outcome.OK)])  # from now on the server has the script
            hand.held = {lease.token: lease for lease in leases}
            hand.cable.faults.append(Fault.REPLY_LOST)
            with pytest.raises(FrontierUnavailable):
                await hand.frontier.settle([(leases[0], Outcome.OK)])
            await hand._beat()
            assert not hand.held, "the server no longer knows the lease"
            await hand.frontier.release([Release(hold) for hold in hand.holds])
            [lease] = leases_of(await lease_until(hand.frontier, 1, 9))
            await hand.frontier.settle([(lease, Outcome.OK)])
            assert await hand.frontier.lease(9, 9) == []
            assert (await hand.frontier.books()).pages == 3

    asyncio.run(scenario())


def test_a_beat_in_the_middle_of_a_lease_takes_no_page_away(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(max_pages=8) as crawl:
            first, second = await crawl.worker("first"), await crawl.worker("second")
            await first.submit([url(f"s{n}.example") for n in range(40)])
            held: list[Lease] = []
            for worker in (first, second):
                for _ in range(4):
                    leasing = asyncio.ensure_future(worker.lease(2, 1))
                    await asyncio.gather(leasing, *(worker.beat([]) for _ in range(8)))
                    held += leases_of(await leasing)
            assert len(held) == 8
            for worker in (first, second):
                assert worker.incarnation is not None
                reserved, _paid, flying = await account(crawl, worker.incarnation)
                assert flying <= reserved

    asyncio.run(scenario())


def test_rows_of_who_was_taken_for_dead_settle_nothing(crawl_of: OpenCrawl) -> None:
    """Such a worker may have written rows of visits that others then settle: more rows than pages, as docs/decisions
    tells; but its settles are stale."""

    async def scenario() -> None:
        async with crawl_of(max_pages=3) as crawl:
            sleeper, other = await crawl.worker("sleeper"), await crawl.worker("other")
            await other.submit([url("a.example", f"/{n}") for n in range(9)])
            written = leases_of(await sleeper.lease(1, 3))
            assert len(written) == 3
            await other.reclaim(everyone=True)
            again = leases_of(await lease_until(other, 1, 9))
            assert {lease.candidate.url for lease in again} == {lease.candidate.url for lease in written}
            assert await sleeper.settle([(lease, Outcome.OK) for lease in written]) == 3
            assert await other.settle([(lease, Outcome.OK) for lease in again]) == 0
            assert (await other.books()).pages == 3
            assert {lease.visit_id for lease in again}.isdisjoint(lease.visit_id for lease in written)

    asyncio.run(scenario())
