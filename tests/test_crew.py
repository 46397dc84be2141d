"""Processes that die are replaced, within reason; what they counted stays counted."""

import asyncio
import signal
from pathlib import Path

import msgspec
import pytest

from linkcrawl import crew as crew_module
from linkcrawl.crew import Crew

pytestmark = pytest.mark.slow


async def at_once() -> None:
    """Nothing has to be waited for."""


def test_processes_that_can_not_even_start_are_not_started_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crew_module, "FAILED_START_S", 1_000.0)  # a busy machine takes its time
    log: list[str] = []

    async def scenario() -> Crew:
        crew = Crew(lambda worker_id: b"no assignment", log.append, at_once)
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

    def assignment(worker_id: str) -> bytes:
        ids.append(worker_id)
        told = {
            "redis_url": f"unix://{tmp_path}/s",
            "name": "x",
            "worker_id": worker_id,
            "out": str(tmp_path),
        }
        return msgspec.json.encode(told)

    async def scenario() -> Crew:
        crew = Crew(assignment, log.append, at_once)
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


def test_a_stop_is_no_death() -> None:
    log: list[str] = []

    async def scenario() -> Crew:
        crew = Crew(lambda worker_id: b"no assignment", log.append, at_once)
        await crew.start(2)
        crew.kill()
        await crew.wait()
        return crew

    crew = asyncio.run(scenario())
    assert crew.restarts == 0
    assert log == []
