"""Whose fault a failed connection is: the rules, and the watch that waits, probes and judges."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.frontier import network_watch
from linkcrawl.frontier.doubt import (
    IN_A_ROW,
    PROBED,
    WINDOW,
    Doubt,
    Ruling,
    connection,
    robots_connection,
)
from linkcrawl.frontier.held import HeldSite
from linkcrawl.frontier.network_watch import NetworkWatch
from linkcrawl.records import Fetch, Outcome, RobotsRecord, RobotsState, SiteHold

SOON_S = 10.0


def origin(site: str) -> str:
    return f"http://{site}"


def doubt_that_knows(*sites: str) -> Doubt:
    doubt = Doubt(Random(1))
    for site in sites:
        doubt.connected(site, origin(site))
    return doubt


@pytest.mark.parametrize(
    ("fetch", "told"),
    [
        (Fetch(Outcome.OK, 200), True),
        (Fetch(Outcome.HTTP_ERROR, 503), True),
        (Fetch(Outcome.TLS_ERROR), True),
        (Fetch(Outcome.BAD_RESPONSE), True),
        (Fetch(Outcome.TIMEOUT, 200), True),
        (Fetch(Outcome.TIMEOUT), False),
        (Fetch(Outcome.DNS_ERROR), False),
        (Fetch(Outcome.CONNECT_ERROR), False),
        (Fetch(Outcome.BLOCKED_ADDRESS), None),
        (Fetch(Outcome.BAD_URL), None),
        (Fetch(Outcome.INTERNAL_ERROR), None),
    ],
)
def test_what_a_fetch_tells_of_the_network(fetch: Fetch, told: bool | None) -> None:
    assert connection(fetch) is told


@pytest.mark.parametrize(
    ("state", "cause", "told"),
    [
        (RobotsState.ALLOWED, None, True),
        (RobotsState.MISSING, None, True),
        (RobotsState.UNREACHABLE, Outcome.HTTP_ERROR, True),
        (RobotsState.UNREACHABLE, Outcome.CONNECT_ERROR, False),
        (RobotsState.UNREACHABLE, Outcome.DNS_ERROR, False),
        (RobotsState.UNREACHABLE, None, None),
    ],
)
def test_what_robots_txt_tells_of_the_network(
    state: RobotsState, cause: Outcome | None, told: bool | None
) -> None:
    assert robots_connection(RobotsRecord("http://a", state, b"", None, 1, cause=cause)) is told


def test_without_another_site_that_worked_a_failure_counts() -> None:
    assert Doubt().failed("a", 0.0) is Ruling.COUNTS
    doubt = doubt_that_knows("a")
    assert doubt.failed("a", 0.0) is Ruling.COUNTS
    assert doubt.failed("b", 0.0) is Ruling.IN_DOUBT
    doubt.vouch("c", origin("c"))
    assert doubt.failed("a", 0.0) is Ruling.IN_DOUBT, "another worker has read c's robots.txt"


def test_many_failures_in_a_row_are_suspicious() -> None:
    doubt = doubt_that_knows("good")
    for n in range(IN_A_ROW - 1):
        doubt.failed(f"bad{n}", 1.0)
        doubt.failed("bad0", 1.0)
        assert not doubt.suspicious
    doubt.failed("one more", 1.0)
    assert doubt.suspicious
    doubt.connected("good", origin("good"))
    assert not doubt.suspicious


def test_over_half_of_the_last_sites_failing_is_suspicious() -> None:
    doubt = doubt_that_knows(*(f"good{n}" for n in range(WINDOW)))
    for n in range(WINDOW):
        doubt.failed(f"bad{n}", 1.0)
        if n % 5 == 4:
            doubt.connected(f"good{n}", origin(f"good{n}"))
        if n == WINDOW * 2 // 5:
            assert not doubt.suspicious
    assert doubt.suspicious, "four of five"
    doubt.works(2.0)
    assert not doubt.suspicious, "a list of dead sites is no outage"


def test_while_the_network_is_gone_and_of_what_began_then_nothing_is_a_sites_fault() -> None:
    doubt = doubt_that_knows("a", "b")
    doubt.lost()
    assert doubt.failed("c", 5.0) is Ruling.OURS
    doubt.works(10.0)
    assert doubt.failed("c", 9.0) is Ruling.OURS
    assert doubt.failed("c", 10.5) is Ruling.IN_DOUBT


@given(known=st.integers(0, 400), doubted=st.integers(0, 10))
def test_few_origins_are_probed_and_rather_those_that_nobody_doubts(known: int, doubted: int) -> None:
    doubt = doubt_that_knows(*(f"s{n}" for n in range(known)))
    in_doubt = {f"s{known - 1 - n}" for n in range(doubted)}
    chosen = doubt.to_probe(in_doubt)
    assert len(chosen) == len(set(chosen)) == min(known, PROBED)
    if known - doubted >= PROBED:
        assert not {origin(site) for site in in_doubt} & set(chosen)


@dataclass
class Scene:
    """A watch, and a network that works or not."""

    works: bool = True
    given_back: list[str] = field(default_factory=list)
    changes: list[bool] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    sites: dict[str, HeldSite] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = NetworkWatch(self, self._give_back, self.changes.append)

    async def connects(self, origin: str) -> bool:
        self.probes.append(origin)
        await asyncio.sleep(0)
        return self.works

    async def address_of(self, url: str) -> str | None:
        raise AssertionError

    async def robots_of(self, origin: str) -> RobotsRecord:
        raise AssertionError

    def _give_back(self, site: HeldSite) -> None:
        site.released = True
        self.given_back.append(site.hold.site)

    def site(self, name: str) -> HeldSite:
        if name not in self.sites:
            self.sites[name] = HeldSite(SiteHold(name, 0, 1, 0, 0, ()), 0.0, waiting=deque())
        return self.sites[name]

    def connected(self, name: str) -> None:
        self.watch.connected(self.site(name), origin(name), monotonic())

    def failed(self, name: str) -> Ruling:
        return self.watch.failed(self.site(name), monotonic(), lambda: self.judged.append(name))

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_watch, "FIRST_PROBE_S", 0.02)
    monkeypatch.setattr(network_watch, "PROBE_EVERY_S", 0.04)


def test_another_site_that_connects_afterwards_ends_the_doubt() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.connected("good")
        began = monotonic()
        assert scene.failed("bad") is Ruling.IN_DOUBT
        scene.watch.connected(scene.site("good"), origin("good"), began)
        assert not scene.judged, "it was under way before"
        scene.connected("good")
        assert scene.judged == ["bad"]
        assert not scene.probes

    asyncio.run(scene())


def test_a_probe_that_connects_ends_the_doubt() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.connected("good")
        scene.failed("bad")
        await scene.until(lambda: scene.judged)
        assert scene.judged == ["bad"]
        assert scene.probes == [origin("good")]
        assert not scene.changes

    asyncio.run(scene())


def test_a_few_sites_that_died_together_are_blamed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_watch, "LONGEST_DOUBT_S", 0.1)

    async def scene() -> None:
        scene = Scene(works=False)
        for name in "ab":
            scene.connected(name)
        for name in "ab":
            assert scene.failed(name) is Ruling.IN_DOUBT
        await scene.until(lambda: len(scene.judged) == 2)
        assert not scene.changes
        assert not scene.given_back

    asyncio.run(scene())


def test_a_network_that_is_gone_and_comes_back() -> None:
    async def scene() -> None:
        scene = Scene(works=False)
        names = [f"s{n}" for n in range(IN_A_ROW)]
        for name in names:
            scene.connected(name)
        for name in names:
            scene.failed(name)
        await scene.until(lambda: scene.changes)
        assert scene.changes == [True]
        assert scene.given_back == names
        assert scene.failed("s0") is Ruling.OURS
        probes = len(scene.probes)
        await scene.until(lambda: len(scene.probes) > probes)
        assert scene.changes == [True]
        scene.works = True
        await scene.until(lambda: len(scene.changes) == 2)
        assert scene.changes == [True, False]
        assert not scene.judged

    asyncio.run(scene())


def test_a_list_of_dead_sites_is_no_outage() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.connected("good")
        names = [f"bad{n}" for n in range(3 * IN_A_ROW)]
        for name in names:
            scene.failed(name)
        await scene.until(lambda: len(scene.judged) == len(names))
        assert scene.judged == names
        assert not scene.changes
        assert len(scene.probes) <= 2

    asyncio.run(scene())


def test_who_has_stopped_judges_nothing() -> None:
    async def scene() -> None:
        scene = Scene()
        scene.connected("good")
        scene.failed("bad")
        scene.watch.stop()
        await asyncio.sleep(0.05)
        scene.connected("good")
        assert not scene.judged
        assert not scene.given_back

    asyncio.run(scene())


@given(chance=st.randoms(use_true_random=False), steps=st.integers(1, 60))
def test_every_case_is_judged_once_or_given_back(chance: Random, steps: int) -> None:
    """Directly on the watch's parts, without its clock."""

    async def scene() -> None:
        scene = Scene()
        open_cases = 0
        for step in range(steps):
            name = f"s{chance.randrange(20)}"
            if chance.random() < 0.4:
                scene.connected(name)
            elif not scene.site(name).busy:
                before = len(scene.watch._cases)
                scene.failed(f"f{step}")
                open_cases += len(scene.watch._cases) - before
            if chance.random() < 0.1:
                scene.watch._lost()
            if chance.random() < 0.2:
                scene.watch._works(monotonic())
        scene.watch._works(monotonic() + 1)
        assert len(scene.judged) == len(set(scene.judged))
        assert not set(scene.judged) & set(scene.given_back)
        assert len(scene.judged) + len(scene.given_back) == open_cases
        scene.watch.stop()

    asyncio.run(scene())
