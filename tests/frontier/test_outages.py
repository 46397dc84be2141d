"""An outage is said once when it begins and once when it ends, whoever meets it."""

import logging
from collections.abc import Iterator

import pytest

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.outages import CALM_S, Outages
from linkcrawl.frontier.outages import logger as outages_logger


class Ear(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


@pytest.fixture
def said() -> Iterator[list[logging.LogRecord]]:
    """What was logged, as it comes."""
    ear = Ear()
    outages_logger.addHandler(ear)
    yield ear.heard
    outages_logger.removeHandler(ear)


def test_one_line_for_each_end_of_an_outage(said: list[logging.LogRecord]) -> None:
    now = [0.0]
    outages = Outages(lambda: now[0])
    outages.answered("lease")
    assert not said
    for who in ("lease", "beat", "settle", "lease"):
        outages.away(who, FrontierUnavailable("the server is full"))
    assert [record.getMessage() for record in said] == ["the server is full: waiting; nothing is lost"]
    now[0] += CALM_S
    outages.answered("lease")
    outages.answered("beat")
    assert len(said) == 1, "settle still waits"
    outages.answered("settle")
    assert [record.getMessage() for record in said[1:]] == ["the frontier answers again"]
    outages.answered("settle")
    assert len(said) == 2
    outages.away("beat", FrontierUnavailable("away"))
    assert len(said) == 3


def test_a_server_that_answers_now_and_then_is_one_outage(said: list[logging.LogRecord]) -> None:
    now = [0.0]
    outages = Outages(lambda: now[0])
    for _ in range(50):
        outages.away("lease", FrontierUnavailable("full"))
        now[0] += CALM_S / 3
        outages.answered("lease")
    assert len(said) == 1
    now[0] += CALM_S
    outages.answered("lease")
    assert len(said) == 2


def test_who_leaves_says_that_it_is_over_only_if_it_is(said: list[logging.LogRecord]) -> None:
    outages = Outages(lambda: 0.0)
    outages.over()
    outages.away("lease", FrontierUnavailable("full"))
    outages.away("beat", FrontierUnavailable("full"))
    outages.over("lease")
    assert len(said) == 1
    outages.over("beat")
    assert len(said) == 2
