"""What a killed worker had in work is known, whole or not at all, and counted to the right pages."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.frontier import Frontier
from linkcrawl.frontier.work_table import SLOTS, Blame, WorkTable, blame, content_of, new_file
from linkcrawl.records import Lease, Outcome
from tests.frontier.conftest import OpenCrawl, url

ROOT = Path(__file__).parents[2]
INCARNATION = 1_790_000_000_000_001
LEASES = [
    Lease(url(f"{token}.example"), f"visit {token}", partition=token % 3, token=2**60 + token, attempt=1)
    for token in range(8)
]
STEPS: dict[str, Callable[[WorkTable, Lease], None]] = {
    "downloading": WorkTable.downloading,
    "reading": WorkTable.reading,
    "forget": lambda table, lease: table.forget(lease.visit_id),
}


def tokens(*leases: Lease) -> dict[int, list[int]]:
    """By partition."""
    named: dict[int, list[int]] = {}
    for lease in leases:
        named.setdefault(lease.partition, []).append(lease.token)
    return named


class Memory(bytearray):
    """A table that nobody shares, the start of one that is as small as these tests need."""

    def __init__(self, size: int = 400) -> None:
        with new_file() as file:
            super().__init__(content_of(file)[:size])

    def blamed(self) -> Blame:
        """Whoever would be blamed now."""
        blamed = blame(bytes(self))
        assert blamed is not None
        return blamed


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_a_page_that_is_read_is_blamed_and_else_those_in_download(memory: Memory) -> None:
    table, (one, two, other, *_) = WorkTable(memory), LEASES
    assert blame(bytes(memory)) is None, "it never joined"
    table.begin(INCARNATION)
    assert memory.blamed() == Blame(INCARNATION, {})
    for lease in (one, two, other):
        table.downloading(lease)
    assert memory.blamed() == Blame(INCARNATION, tokens(one, two, other))
    table.reading(two)
    assert memory.blamed() == Blame(INCARNATION, tokens(two))
    table.forget(two.visit_id)
    table.forget(two.visit_id)
    table.forget("never heard of")
    assert memory.blamed() == Blame(INCARNATION, tokens(one, other))
    table.begin(INCARNATION + 1)
    assert memory.blamed() == Blame(INCARNATION + 1, tokens(one, other))


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(LEASES)), max_size=40))
def test_whatever_happens_the_table_names_what_is_in_work(steps: list[tuple[str, Lease]]) -> None:
    memory, in_work = Memory(), dict[str, tuple[str, Lease]]()
    table = WorkTable(memory)
    table.begin(INCARNATION)
    for step, lease in steps:
        STEPS[step](table, lease)
        if step == "forget":
            in_work.pop(lease.visit_id, None)
        else:
            in_work[lease.visit_id] = (step, lease)
    reading = [lease for step, lease in in_work.values() if step == "reading"]
    expected = tokens(*(reading or [lease for _, lease in in_work.values()]))
    named = memory.blamed().tokens
    assert {p: sorted(some) for p, some in named.items()} == {p: sorted(some) for p, some in expected.items()}


def test_more_visits_than_there_is_room_for_are_no_trouble() -> None:
    memory = Memory(2**20)
    table = WorkTable(memory)
    table.begin(INCARNATION)
    many = [Lease(url("a.example"), f"visit {i}", 0, i + 1, 1) for i in range(SLOTS + 10)]
    for lease in many:
        table.downloading(lease)
    assert len(memory.blamed().tokens[0]) == SLOTS
    for lease in many:
        table.forget(lease.visit_id)
    assert memory.blamed().tokens == {}
    table.downloading(many[-1])
    assert memory.blamed().tokens == {0: [many[-1].token]}
    nobodys = WorkTable.at(None)
    nobodys.begin(INCARNATION)
    nobodys.reading(many[0])
    nobodys.forget(many[0].visit_id)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_the_death_tore_names_nobody_who_was_not_in_work(memory: Memory, step: str) -> None:
    table, (other, lease, *_) = WorkTable(memory), LEASES
    table.begin(INCARNATION)
    table.downloading(other)
    if step != "downloading":
        table.downloading(lease)
    before = bytes(memory)
    STEPS[step](table, lease)
    after = bytes(memory)
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    for cut in range(changed[0], changed[-1] + 2):
        blamed = blame(after[:cut] + before[cut:])
        assert blamed is not None
        assert blamed.tokens in (tokens(other), tokens(lease), tokens(other, lease))


def test_a_new_life_that_the_death_tore_is_none(memory: Memory) -> None:
    table = WorkTable(memory)
    table.begin(INCARNATION)
    before = bytes(memory)
    table.begin(INCARNATION + 77)
    after = bytes(memory)
    lives: set[int | None] = set()
    for cut in range(40):
        blamed = blame(after[:cut] + before[cut:])
        lives.add(blamed.incarnation if blamed else None)
    assert lives == {INCARNATION, INCARNATION + 77, None}


@given(garbage=st.binary(max_size=400))
def test_garbage_blames_nobody(garbage: bytes) -> None:
    assert blame(garbage) is None


@settings(max_examples=300)
@given(data=st.data())
def test_garbage_in_a_table_blames_nobody_else(data: st.DataObject) -> None:
    memory = Memory()
    table = WorkTable(memory)
    table.begin(INCARNATION)
    for lease in LEASES:
        table.downloading(lease)
    at, garbage = data.draw(st.integers(0, len(memory))), data.draw(st.binary(min_size=1, max_size=60))
    memory[at : at + len(garbage)] = garbage
    blamed = blame(bytes(memory[: data.draw(st.integers(0, len(memory)))]))
    if blamed is not None:
        assert blamed.incarnation == INCARNATION
        known = tokens(*LEASES)
        assert all(set(some) <= set(known[partition]) for partition, some in blamed.tokens.items())


CHILD = """
import os, signal, sys
from linkcrawl.frontier.work_table import WorkTable
from tests.frontier.test_work_table import INCARNATION, LEASES
table = WorkTable.at(int(sys.argv[1]))
table.begin(INCARNATION)
table.downloading(LEASES[0])
table.reading(LEASES[1])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_its_table() -> None:
    with new_file() as file:
        command = [sys.executable, "-c", CHILD, str(file.fileno())]
        done = subprocess.run(command, pass_fds=(file.fileno(),), cwd=ROOT, check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        assert blame(content_of(file)) == Blame(INCARNATION, tokens(LEASES[1]))


# --- the last beat


async def crashes_after(crawl_of: OpenCrawl, last_beats: int, blamed: int | None) -> dict[int, int]:
    """Which of two leases gain a crash (by their place) when a worker that named both in its own beat dies, and its
    supervisor says it was the one at `blamed`, or None of them."""
    async with crawl_of(crash_limit=1) as crawl:
        worker, operator = await crawl.worker("w"), await crawl.client("supervisor")
        await operator.submit([url("a.example"), url("b.example")])
        leases = await two_leases(worker)
        await worker.beat(leases)
        assert worker.incarnation is not None
        for _ in range(last_beats):
            some = [] if blamed is None else [leases[blamed]]
            assert await operator.last_beat(worker.incarnation, tokens(*some))
        other = await crawl.worker("other")
        assert await other.reclaim(everyone=True) == 2
        assert not await operator.last_beat(worker.incarnation, tokens(*leases)), "it is dead already"
        again = await two_leases(other)
        books = await operator.books()
        assert books.balanced, books.off
        assert books.crashes == sum(lease.crashes for lease in again)
        assert all((lease.record_only is Outcome.ABANDONED) == (lease.crashes == 1) for lease in again)
        urls = [lease.candidate.url for lease in leases]
        return {urls.index(lease.candidate.url): lease.crashes for lease in again}


async def two_leases(worker: Frontier) -> list[Lease]:
    leases: list[Lease] = []
    while len(leases) < 2:
        leases += [lease for hold in await worker.lease(4, 4) for lease in hold.leases]
    return leases


def test_a_last_beat_blames_whom_it_names_and_nobody_else(crawl_of: OpenCrawl) -> None:
    assert asyncio.run(crashes_after(crawl_of, 0, None)) == {0: 1, 1: 1}, "as its own last beat says"
    assert asyncio.run(crashes_after(crawl_of, 1, 1)) == {0: 0, 1: 1}
    assert asyncio.run(crashes_after(crawl_of, 2, 0)) == {0: 1, 1: 0}, "sent twice, as once"
    assert asyncio.run(crashes_after(crawl_of, 1, None)) == {0: 0, 1: 0}, "it was at nothing"
