"""Processes that die are replaced, within reason; what they counted stays counted."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from linkcrawl import crew as crew_module
from linkcrawl.crew import Crew
from linkcrawl.errors import FrontierLost, FrontierUnavailable
from linkcrawl.frontier.work_table import WorkTable
from linkcrawl.records import Candidate, Lease

pytestmark = pytest.mark.slow


async def at_once() -> None:
    """Nothing has to be waited for."""


async def nobody(incarnation: int, tokens: Mapping[int, Sequence[int]]) -> None:
    """None of these workers comes so far as to join a crawl."""
    raise AssertionError(f"blamed: {incarnation}, {tokens}")


def test_processes_that_can_not_even_start_are_not_started_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew_module, "FAILED_START_S", 1_000.0)  # a busy machine takes its time
    log: list[str] = []

    async def scenario() -> Crew:
        crew = Crew(lambda worker_id, work_table: b"no assignment", log.append, at_once, nobody)
        await crew.start(1)
        await crew.wait()
        return crew

    crew = asyncio.run(scenario())
    assert crew.restarts == crew_module.MOST_FAILED_STARTS - 1
    assert crew.broken
    assert crew.alive == 0
    assert sum("a worker died (exit code 1)" in line for line in log) == crew_module.MOST_FAILED_STARTS
    assert log[-1] == "it is not replaced: too many have ended so"


def test_restarts_are_bounded_by_the_hour_and_counts_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(crew_module, "MOST_RESTARTS", 1)
    log: list[str] = []
    ids: list[str] = []

    def assignment(worker_id: str, work_table: int) -> bytes:
        ids.append(worker_id)
        told = {
            "redis_url": f"unix://{tmp_path}/s",
            "name": "x",
            "worker_id": worker_id,
            "out": str(tmp_path),
        }
        return msgspec.json.encode(told)

    async def scenario() -> Crew:
        crew = Crew(assignment, log.append, at_once, nobody)
        await crew.start(1)
        for number in (1, 2):
            while len(ids) < number:
                await asyncio.sleep(0.01)
            (worker,) = crew.workers
            worker.tally = {"pages": 3, "cpu_s": 0.5, "outcomes": {"ok": 2, "timeout": 1}, "sites": 4}
            worker.process.send_signal(signal.SIGKILL)
            await worker.process.wait()
        await crew.wait()
        return crew

    crew = asyncio.run(scenario())
    assert len(set(ids)) == 2
    assert (crew.restarts, crew.alive, crew.broken) == (1, 0, True)
    assert (crew.total("pages"), crew.cpu_s(), crew.present("sites")) == (6, 1.0, 0)
    assert crew.outcomes() == {"ok": 4, "timeout": 2}
    assert crew.moment(1.0, None).errors == 2


A_LEASE = Lease(Candidate("https://a.example/", "a.example", "a.example", depth=0), "visit", 3, 77, 1)


@pytest.mark.parametrize("lost", [False, True], ids=["the server comes back", "the crawl is gone"])
def test_the_last_beat_of_a_worker_that_was_killed_is_tried_until_it_is_heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lost: bool
) -> None:
    monkeypatch.setattr(crew_module, "LAST_BEAT_EVERY_S", 0.01)
    beats: list[tuple[int, Mapping[int, Sequence[int]]]] = []

    async def last_beat(incarnation: int, tokens: Mapping[int, Sequence[int]]) -> None:
        beats.append((incarnation, tokens))
        if len(beats) < 3:
            raise FrontierUnavailable("the server is away")
        if lost:
            raise FrontierLost("the crawl was deleted")

    async def replaceable() -> None:
        assert len(beats) == 3
        crew.stop()

    def assignment(worker_id: str, work_table: int) -> bytes:
        # The process waits for its server: what it would write is written here.
        table = WorkTable.at(work_table)
        table.begin(12)
        table.downloading(A_LEASE)
        told = {"redis_url": f"unix://{tmp_path}/s", "name": "x", "worker_id": "w", "out": str(tmp_path)}
        return msgspec.json.encode(told | {"work_table": work_table})

    async def scenario() -> None:
        await crew.start(1)
        crew.workers[0].process.send_signal(signal.SIGKILL)
        await crew.wait()

    log: list[str] = []
    crew = Crew(assignment, log.append, replaceable, last_beat)
    asyncio.run(scenario())
    assert beats == [(12, {3: [77]})] * 3
    assert log == ["a worker died (signal SIGKILL); its leases go back to the frontier by themselves"]


def test_a_worker_that_is_killed_on_purpose_blames_nobody() -> None:
    def assignment(worker_id: str, work_table: int) -> bytes:
        WorkTable.at(work_table).begin(12)
        return b"no assignment"

    async def scenario() -> None:
        crew = Crew(assignment, list[str]().append, at_once, nobody)
        await crew.start(1)
        crew.kill()
        await crew.wait()

    asyncio.run(scenario())


def test_a_stop_is_no_death() -> None:
    log: list[str] = []

    async def scenario() -> Crew:
        crew = Crew(lambda worker_id, work_table: b"no assignment", log.append, at_once, nobody)
        await crew.start(2)
        crew.kill()
        await crew.wait()
        return crew

    crew = asyncio.run(scenario())
    assert crew.restarts == 0
    assert log == []
