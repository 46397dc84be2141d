"""The pace of sites, against a network that answers when the test says so. Times are read off what was started."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from time import monotonic

import pytest

from linkcrawl.frontier.blocklist import Blocklist
from linkcrawl.frontier.held import HeldSite, Visit
from linkcrawl.frontier.pacing import Pace, Pacing
from linkcrawl.records import Candidate, Fetch, Lease, Outcome, RobotsRecord, RobotsState, Seed, SiteHold
from linkcrawl.robots import parse

A_DAY_MS = 24 * 3_600_000
SOON_S = 5.0
EARLY_S = 0.005
"""A timer may fire by its clock's grain too early."""

OPEN = Pace(
    concurrency=50,
    per_ip=0,
    delay_s=0.0,
    max_crawl_delay_ms=60_000,
    retries=2,
    retry_wait_ms=1_000,
    obey_robots=True,
)
_serials = count(1)


def a_lease(site: str, path: str = "/", attempt: int = 1, **fields: object) -> Lease:
    serial = next(_serials)
    candidate = Candidate(f"http://{site}{path}", site, site, 0)
    return Lease(replace_seed(candidate, fields), f"visit-{serial}", 0, serial, attempt, **fields)  # type: ignore[arg-type]


def replace_seed(candidate: Candidate, fields: dict[str, object]) -> Candidate:
    """A bare domain's seed is of its https form."""
    seed = fields.pop("seed", Seed.NO)
    if seed is Seed.HTTPS_FIRST:
        candidate = candidate._replace(url=candidate.url.replace("http:", "https:"))
    return candidate._replace(seed=seed)  # type: ignore[arg-type]


def a_hold(site: str, *leases: Lease, delay_ms: int = 0, ready_in_ms: int = 0) -> SiteHold:
    return SiteHold(site, 0, next(_serials), delay_ms, ready_in_ms, leases or (a_lease(site),))


def allows_all(origin: str) -> RobotsRecord:
    return RobotsRecord(origin, RobotsState.MISSING, b"", None, A_DAY_MS)


@dataclass
class Web:
    """A Network, and the download: it takes note of what is asked, and when."""

    pace: Pace = OPEN
    addresses: Mapping[str, str] = field(default_factory=dict)
    """By host; a host that is not here has none that counts."""
    robots: dict[str, RobotsRecord] = field(default_factory=dict)
    answers: dict[str, Fetch] = field(default_factory=dict)
    """By URL; one that is not here is answered with a page."""
    download_s: float | None = 0.0
    """None: a download ends when the test ends it."""
    alive: bool = True
    started: list[tuple[float, str]] = field(default_factory=list)
    known: list[Visit] = field(default_factory=list)
    open: dict[str, Visit] = field(default_factory=dict)
    robots_asked: list[str] = field(default_factory=list)
    robots_kept: list[RobotsRecord] = field(default_factory=list)
    released: list[HeldSite] = field(default_factory=list)
    unsent: list[Lease] = field(default_factory=list)
    network_changes: list[bool] = field(default_factory=list)
    connectable: bool = True
    probed: list[str] = field(default_factory=list)
    most_of_site: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.pacing = Pacing(
            self.pace,
            self,
            self._start,
            self.released.append,
            self.unsent.append,
            lambda site, record: self.robots_kept.append(record),
            lambda: self.alive,
            self.network_changes.append,
        )

    async def address_of(self, url: str) -> str | None:
        await asyncio.sleep(0)
        return self.addresses.get(url.split("/")[2])

    async def robots_of(self, origin: str) -> RobotsRecord:
        self.robots_asked.append(origin)
        await asyncio.sleep(0.001)
        return self.robots.get(origin) or allows_all(origin)

    async def connects(self, origin: str) -> bool:
        self.probed.append(origin)
        await asyncio.sleep(0.001)
        return self.connectable

    def _start(self, visit: Visit) -> None:
        if visit.fetch is not None:
            self.known.append(visit)
            return
        asyncio.get_running_loop().call_soon(self._send, visit)

    def _send(self, visit: Visit) -> None:
        if not self.pacing.started(visit):
            self.pacing.not_sent(visit)
            return
        url = visit.lease.candidate.url
        self.started.append((monotonic(), url))
        self.open[url] = visit
        under_way = Counter(other.site.hold.site for other in self.open.values())
        self.most_of_site |= under_way
        self.most_at_once = max(self.most_at_once, under_way.total())
        if self.download_s is not None:
            asyncio.get_running_loop().call_later(self.download_s, self.answer, url)

    def answer(self, url: str, fetch: Fetch | None = None, retry_after_ms: int | None = None) -> None:
        """The download ends."""
        given = fetch or self.answers.get(url) or Fetch(Outcome.OK, 200)
        self.pacing.fetched(self.open.pop(url), given, retry_after_ms)

    def urls(self) -> list[str]:
        """What was requested, in order."""
        return [url for _, url in self.started]

    async def until(self, number: int) -> None:
        """That many requests were started."""
        async with asyncio.timeout(SOON_S):
            while len(self.started) < number:
                await asyncio.sleep(0.001)

    async def until_released(self, number: int) -> None:
        """That many sites were given back."""
        async with asyncio.timeout(SOON_S):
            while len(self.released) < number:
                await asyncio.sleep(0.001)


def urls_of(site: str, number: int) -> tuple[Lease, ...]:
    return tuple(a_lease(site, f"/{i}") for i in range(number))


async def rest() -> None:
    """Everything that can happen by itself has happened."""
    await asyncio.sleep(0.02)


def run(work: AsyncIterator[None] | object) -> None:
    asyncio.run(work)  # type: ignore[arg-type]


def test_a_site_is_asked_for_one_page_at_a_time_in_order_and_given_back() -> None:
    async def scene() -> None:
        web = Web(download_s=0.002)
        for site in ("a.example", "b.example"):
            web.pacing.take(a_hold(site, *urls_of(site, 5)))
        await web.until_released(2)
        for site in ("a.example", "b.example"):
            of_site = [url for url in web.urls() if site in url]
            assert of_site == [f"http://{site}/{i}" for i in range(5)]
            assert web.most_of_site[site] == 1
        assert web.most_at_once == 2, "the one does not wait for the other"
        assert not web.pacing.sites
        assert web.pacing.active == 0

    run(scene())


@pytest.mark.parametrize(
    ("hold_ms", "pace_s", "crawl_delay_ms", "wanted_s"),
    [
        (30, 0.0, None, 0.03),
        (0, 0.03, None, 0.03),
        (0, 0.0, 30, 0.03),
        (30, 0.0, 10, 0.03),
        (0, 0.0, 10_000, 0.05),
    ],
)
def test_the_largest_of_the_delays_is_kept_between_starts(
    hold_ms: int, pace_s: float, crawl_delay_ms: int | None, wanted_s: float
) -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, delay_s=pace_s, max_crawl_delay_ms=50))
        origin = "http://a.example"
        web.robots[origin] = RobotsRecord(
            origin, RobotsState.ALLOWED, parse(b"", "us").pack(), crawl_delay_ms, A_DAY_MS
        )
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 4), delay_ms=hold_ms))
        await web.until_released(1)
        starts = [at for at, _ in web.started]
        assert min(after - before for before, after in pairwise(starts)) > wanted_s - EARLY_S
        assert web.released[0].delay_s == pytest.approx(wanted_s)

    run(scene())


def test_a_hold_that_is_not_ready_waits() -> None:
    async def scene() -> None:
        web = Web()
        began = monotonic()
        web.pacing.take(a_hold("a.example", ready_in_ms=40))
        await web.until(1)
        assert web.started[0][0] - began > 0.04 - EARLY_S
        assert web.robots_asked == ["http://a.example"], "robots.txt waits too"

    run(scene())


def test_no_more_downloads_at_once_than_wanted_and_nobody_is_forgotten() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, concurrency=3), download_s=0.003)
        for n in range(10):
            web.pacing.take(a_hold(f"s{n}.example", *urls_of(f"s{n}.example", 3)))
        await web.until_released(10)
        assert len(web.started) == 30
        assert web.most_at_once <= 3

    run(scene())


def test_sites_of_one_address_take_turns() -> None:
    async def scene() -> None:
        sites = [f"s{n}.example" for n in range(9)]
        web = Web(pace=replace(OPEN, per_ip=4), download_s=None, addresses=dict.fromkeys(sites, "192.0.2.1"))
        for site in [*sites, "elsewhere.example"]:
            web.pacing.take(a_hold(site, *urls_of(site, 2)))
        await web.until(5)
        await rest()
        assert len(web.open) == 5, "four of the address, and one of no address that counts"
        while web.open or len(web.released) < 10:
            here = [url for url in web.open if "elsewhere" not in url]
            assert len(here) <= 4
            async with asyncio.timeout(SOON_S):
                for url in list(web.open):
                    web.answer(url)
                await asyncio.sleep(0.002)
        assert len(web.started) == 20
        assert {site.hold.site for site in web.released} == {*sites, "elsewhere.example"}
        assert not web.pacing.places.taken, "each place was given up"

    run(scene())


def test_a_site_that_waits_for_its_address_can_be_dropped() -> None:
    async def scene() -> None:
        sites = ["a.example", "b.example", "c.example"]
        web = Web(pace=replace(OPEN, per_ip=1), download_s=None, addresses=dict.fromkeys(sites, "192.0.2.1"))
        for site in sites:
            web.pacing.take(a_hold(site))
        await web.until(1)
        await rest()
        web.pacing.drop_site("b.example")
        web.answer(web.urls()[0])
        await web.until(2)
        assert web.urls()[1] == "http://c.example/"
        web.answer("http://c.example/")
        await web.until_released(2)
        await rest()
        assert not web.pacing.places.taken

    run(scene())


def test_a_site_that_must_wait_for_long_is_given_back_with_what_it_has() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        leases = urls_of("a.example", 3)
        web.pacing.take(a_hold("a.example", *leases))
        await web.until(1)
        web.answer("http://a.example/0", Fetch(Outcome.HTTP_ERROR, 503), retry_after_ms=31_000)
        (site,) = web.released
        assert [lease.visit_id for lease in site.waiting] == [lease.visit_id for lease in leases[1:]]
        assert site.penalty_s == 31.0
        assert site.released
        assert not web.pacing.sites

    run(scene())


def test_a_site_that_must_wait_a_little_is_kept() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 2)))
        await web.until(1)
        web.answer("http://a.example/0", Fetch(Outcome.HTTP_ERROR, 429), retry_after_ms=5_000)
        await rest()
        assert not web.released
        assert len(web.started) == 1

    run(scene())


def test_robots_txt_is_asked_for_once_an_origin_and_decides() -> None:
    async def scene() -> None:
        web = Web()
        origin = "http://a.example"
        rules = parse(b"User-agent: *\nDisallow: /1\nDisallow: /3\n", "us")
        web.robots[origin] = RobotsRecord(origin, RobotsState.ALLOWED, rules.pack(), None, A_DAY_MS)
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 5)))
        await web.until_released(1)
        assert web.robots_asked == [origin]
        assert [record.origin for record in web.robots_kept] == [origin]
        assert web.urls() == [f"{origin}/{i}" for i in (0, 2, 4)]
        assert [(visit.lease.candidate.url, visit.robots_state) for visit in web.known] == [
            (f"{origin}/1", RobotsState.DISALLOWED),
            (f"{origin}/3", RobotsState.DISALLOWED),
        ]
        assert all(v.fetch and v.fetch.outcome is Outcome.ROBOTS_DISALLOWED for v in web.known)
        assert all(visit.retry_in_ms is None for visit in web.known)

    run(scene())


def test_robots_txt_costs_the_site_its_delay() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, delay_s=0.03))
        began = monotonic()
        web.pacing.take(a_hold("a.example"))
        await web.until(1)
        assert web.started[0][0] - began > 0.03 - EARLY_S

    run(scene())


def test_what_the_frontier_knows_of_robots_txt_is_not_asked_for() -> None:
    async def scene() -> None:
        web = Web()
        hold = replace(a_hold("a.example"), robots={"http://a.example": allows_all("http://a.example")})
        web.pacing.take(hold)
        await web.until_released(1)
        assert not web.robots_asked

    run(scene())


def test_where_robots_txt_can_not_be_read_nothing_is_fetched_and_all_is_tried_again() -> None:
    async def scene() -> None:
        web = Web()
        origin = "http://a.example"
        web.robots[origin] = RobotsRecord(
            origin, RobotsState.UNREACHABLE, b"", None, 1_000, cause=Outcome.TIMEOUT
        )
        leases = [a_lease("a.example", "/1"), a_lease("a.example", "/3", attempt=3)]
        web.pacing.take(a_hold("a.example", *leases))
        await web.until_released(1)
        assert not web.started
        assert [visit.fetch.outcome for visit in web.known if visit.fetch] == [Outcome.ROBOTS_UNREACHABLE] * 2
        assert [visit.retry_in_ms for visit in web.known] == [1_000, None]
        assert web.released[0].failed() is True

    run(scene())


@pytest.mark.parametrize(
    ("cause", "outcome", "retried"),
    [
        (Outcome.CONNECT_ERROR, Outcome.CONNECT_ERROR, False),
        (Outcome.TLS_ERROR, Outcome.TLS_ERROR, False),
        (Outcome.HTTP_ERROR, Outcome.ROBOTS_UNREACHABLE, True),
        (None, Outcome.ROBOTS_UNREACHABLE, True),
    ],
)
def test_a_bare_domain_tells_of_its_https_that_nothing_answers(
    cause: Outcome | None, outcome: Outcome, retried: bool
) -> None:
    async def scene() -> None:
        web = Web()
        origin = "https://a.example"
        web.robots[origin] = RobotsRecord(origin, RobotsState.UNREACHABLE, b"", None, 1_000, cause=cause)
        web.pacing.take(a_hold("a.example", a_lease("a.example", seed=Seed.HTTPS_FIRST)))
        await web.until_released(1)
        (visit,) = web.known
        assert visit.fetch is not None
        assert visit.fetch.outcome is outcome
        assert (visit.retry_in_ms is not None) is retried

    run(scene())


def test_a_url_for_the_record_costs_no_request() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, delay_s=60.0, per_ip=4))
        lease = a_lease("a.example", record_only=Outcome.ABANDONED)
        web.pacing.take(a_hold("a.example", lease))
        await web.until_released(1)
        (visit,) = web.known
        assert visit.fetch == Fetch(Outcome.ABANDONED)
        assert visit.retry_in_ms is None
        assert not web.robots_asked

    run(scene())


def test_without_robots_txt_nobody_asks_for_it() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, obey_robots=False))
        web.pacing.take(a_hold("a.example"))
        await web.until_released(1)
        assert not web.robots_asked
        assert len(web.started) == 1

    run(scene())


def test_nothing_is_started_by_who_may_be_dead_and_each_turn_comes_again() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 3)))
        await web.until(1)
        web.alive = False
        web.answer("http://a.example/0")
        await rest()
        assert len(web.started) == 1
        web.alive = True
        web.download_s = 0.0
        web.pacing.resume_all()
        await web.until_released(1)
        assert web.urls() == [f"http://a.example/{i}" for i in range(3)], "in order, each once"

    run(scene())


def test_a_request_that_was_not_sent_waits_for_another_turn() -> None:
    async def scene() -> None:
        web = Web()
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 3)))
        async with asyncio.timeout(SOON_S):
            while not web.pacing.downloading:
                await asyncio.sleep(0)
        web.alive = False
        await rest()
        assert not web.started
        assert not web.pacing.downloading
        web.alive = True
        web.pacing.resume_all()
        await web.until_released(1)
        assert web.urls() == [f"http://a.example/{i}" for i in range(3)], "in order, each once"

    run(scene())


def test_going_on_hurries_nobody() -> None:
    async def scene() -> None:
        web = Web()
        began = monotonic()
        web.pacing.take(a_hold("a.example", *urls_of("a.example", 2), delay_ms=40, ready_in_ms=40))
        web.pacing.resume_all()
        await web.until(1)
        web.pacing.resume_all()
        await web.until_released(1)
        starts = [at for at, _ in web.started]
        assert starts[0] - began > 0.08 - EARLY_S, "ready after 40 ms, then robots.txt and its delay"
        assert starts[1] - starts[0] > 0.04 - EARLY_S
        assert len(starts) == 2

    run(scene())


def test_what_was_not_sent_of_a_site_that_is_given_back_is_given_back() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        lease = a_lease("a.example")
        web.pacing.take(a_hold("a.example", lease))
        async with asyncio.timeout(SOON_S):
            while not web.pacing.downloading:
                await asyncio.sleep(0)
        web.alive = False
        assert [site.hold.site for site in web.pacing.stop()] == ["a.example"]
        await rest()
        assert not web.started
        assert web.unsent == [lease]
        assert web.pacing.active == 0

    run(scene())


def test_a_stopped_pacing_starts_nothing_and_what_is_under_way_ends() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        leases = urls_of("a.example", 3)
        web.pacing.take(a_hold("a.example", *leases))
        web.pacing.take(a_hold("later.example", ready_in_ms=10))
        await web.until(1)
        sites = web.pacing.stop()
        left = [lease for site in sites for lease in site.waiting]
        assert len(left) == 3
        assert leases[0] not in left
        web.answer("http://a.example/0")
        web.pacing.resume_all()
        await rest()
        assert len(web.started) == 1
        assert web.pacing.active == 0

    run(scene())


def test_leases_that_are_no_longer_ours_are_forgotten() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        leases = urls_of("a.example", 3)
        web.pacing.take(a_hold("a.example", *leases))
        await web.until(1)
        web.pacing.drop({leases[0].visit_id, leases[1].visit_id})
        visit = web.open["http://a.example/0"]
        assert visit.dropped
        web.answer("http://a.example/0")
        await web.until(2)
        assert web.urls()[1] == "http://a.example/2"

    run(scene())


def test_a_site_all_of_whose_leases_are_dropped_is_not_kept() -> None:
    """It would be held for ever: nobody else could crawl it."""

    async def scene() -> None:
        web = Web(pace=replace(OPEN, delay_s=0.03))
        leases = urls_of("a.example", 2)
        web.pacing.take(a_hold("a.example", *leases))
        await web.until(1)
        web.pacing.drop({lease.visit_id for lease in leases})
        await web.until_released(1)
        assert not web.pacing.sites

    run(scene())


@pytest.mark.parametrize(
    ("fetches", "failed"),
    [
        ([Fetch(Outcome.OK, 200)], False),
        ([Fetch(Outcome.CONNECT_ERROR)], True),
        ([Fetch(Outcome.TIMEOUT), Fetch(Outcome.OK, 200)], False),
        ([Fetch(Outcome.HTTP_ERROR, 404)], False),
    ],
)
def test_a_site_is_said_to_have_failed_if_all_of_its_requests_did(
    fetches: Iterable[Fetch], failed: bool
) -> None:
    async def scene() -> None:
        some = list(fetches)
        web = Web(pace=replace(OPEN, obey_robots=False))
        web.answers = {f"http://a.example/{i}": fetch for i, fetch in enumerate(some)}
        web.pacing.take(a_hold("a.example", *urls_of("a.example", len(some))))
        await web.until_released(1)
        assert web.released[0].failed() is failed

    run(scene())


NO_CONNECTION = Fetch(Outcome.CONNECT_ERROR, error="Connection refused")


def test_a_visit_in_doubt_is_judged_when_another_site_connects() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, obey_robots=False), download_s=None)
        web.pacing.take(a_hold("good.example", *urls_of("good.example", 3)))
        web.pacing.take(a_hold("bad.example", *urls_of("bad.example", 2)))
        await web.until(2)
        web.answer("http://good.example/0")
        visit = web.open["http://bad.example/0"]
        web.answer("http://bad.example/0", NO_CONNECTION)
        await web.until(3)
        assert visit.dropped, "its first way through the pipelines leads nowhere"
        assert not web.known
        assert web.pacing.active == 1, "a site in doubt takes no room"
        web.answer("http://good.example/1")
        await web.until(4)
        web.answer("http://good.example/2")
        await web.until(5)
        (judged,) = web.known
        assert judged.lease is visit.lease
        assert judged.fetch == NO_CONNECTION
        assert judged.retry_in_ms == 1_000
        web.answer("http://bad.example/1")
        await web.until_released(2)
        assert {site.hold.site: site.failed() for site in web.released} == {
            "good.example": False,
            "bad.example": False,
        }

    run(scene())


def test_robots_txt_in_doubt_is_heeded_when_another_site_connects() -> None:
    async def scene() -> None:
        web = Web(download_s=None)
        bad = "http://bad.example"
        web.robots[bad] = RobotsRecord(
            bad, RobotsState.UNREACHABLE, b"", None, 1_000, cause=Outcome.DNS_ERROR
        )
        web.pacing.take(a_hold("good.example", *urls_of("good.example", 2)))
        await web.until(1)
        web.pacing.take(a_hold("bad.example"))
        await rest()
        assert bad in web.robots_asked
        assert [record.origin for record in web.robots_kept] == ["http://good.example"]
        web.answer("http://good.example/0")
        await web.until(2)
        web.answer("http://good.example/1")
        await web.until_released(2)
        assert [record.origin for record in web.robots_kept] == ["http://good.example", bad]
        (judged,) = web.known
        assert judged.fetch == Fetch(Outcome.ROBOTS_UNREACHABLE)

    run(scene())


def test_when_the_network_is_gone_all_goes_back_without_outcome() -> None:
    async def scene() -> None:
        sites = [f"s{n}.example" for n in range(12)]
        web = Web(pace=replace(OPEN, obey_robots=False), download_s=None, connectable=False)
        for site in sites:
            web.pacing.take(a_hold(site, *urls_of(site, 3)))
        web.pacing.take(a_hold("later.example", ready_in_ms=60_000))
        await web.until(12)
        for url in list(web.open):
            web.answer(url)
        await web.until(24)
        slow, *others = list(web.open)
        for url in others:
            web.answer(url, NO_CONNECTION)
        async with asyncio.timeout(SOON_S):
            while not web.network_changes:
                await asyncio.sleep(0.01)
        assert web.network_changes == [True]
        assert len(web.released) == 12, "those in doubt, and the one that waited"
        web.answer(slow, NO_CONNECTION)
        await web.until_released(13)
        assert not web.known
        assert not web.pacing.sites
        assert web.pacing.active == 0
        for back in web.released:
            assert back.failed() is (None if back.hold.site == "later.example" else False)
            assert back.penalty_s == 0.0
            assert len(back.waiting) == (1 if back.hold.site == "later.example" else 2)
        web.pacing.stop()

    run(scene())


def test_who_stops_in_doubt_gives_the_lease_back() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, obey_robots=False), download_s=None)
        web.pacing.take(a_hold("good.example", *urls_of("good.example", 2)))
        web.pacing.take(a_hold("bad.example"))
        web.pacing.take(a_hold("slow.example"))
        await web.until(3)
        web.answer("http://good.example/0")
        web.answer("http://bad.example/", NO_CONNECTION)
        held = {site.hold.site: len(site.waiting) for site in web.pacing.stop()}
        assert held["bad.example"] == 1
        web.answer("http://slow.example/", NO_CONNECTION)
        assert [lease.candidate.site for lease in web.unsent] == ["slow.example"]
        assert not web.known

    run(scene())


def test_what_is_blocked_is_recorded_at_once_and_never_asked_for() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, delay_s=60.0), download_s=None)
        here = [a_lease("part.example", f"/{n}") for n in range(3)]
        blog = [
            replace(lease, candidate=lease.candidate._replace(host="blog.part.example"))
            for lease in urls_of("part.example", 2)
        ]
        web.pacing.take(a_hold("part.example", here[0], *blog, *here[1:], ready_in_ms=60_000))
        web.pacing.take(a_hold("bad.example", *urls_of("bad.example", 4), ready_in_ms=60_000))
        web.pacing.take(a_hold("fine.example", ready_in_ms=60_000))
        web.pacing.block(Blocklist(["bad.example", "blog.part.example"]))
        assert len(web.known) == 6
        assert {visit.fetch for visit in web.known} == {Fetch(Outcome.BLOCKED_DOMAIN)}
        assert all(visit.retry_in_ms is None for visit in web.known)
        assert [site.hold.site for site in web.released] == ["bad.example"]
        assert list(web.pacing.sites["part.example"].waiting) == here
        web.pacing.take(a_hold("bad.example", *urls_of("bad.example", 2), ready_in_ms=60_000))
        assert len(web.known) == 8, "a lease that was under way"
        assert [site.hold.site for site in web.released] == ["bad.example"] * 2
        assert not web.robots_asked
        assert not web.started
        web.pacing.stop()

    run(scene())


def test_what_is_blocked_on_its_way_to_the_download_is_not_sent() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, obey_robots=False), download_s=None)
        web.pacing.take(a_hold("bad.example", *urls_of("bad.example", 2)))
        async with asyncio.timeout(SOON_S):
            while not web.pacing.downloading:
                await asyncio.sleep(0)
        web.pacing.block(Blocklist(["bad.example"]))
        await web.until_released(1)
        assert not web.started
        assert len(web.known) == 2

    run(scene())


def test_a_request_under_way_when_its_site_is_blocked_comes_to_its_end() -> None:
    async def scene() -> None:
        web = Web(pace=replace(OPEN, obey_robots=False), download_s=None)
        web.pacing.take(a_hold("bad.example", *urls_of("bad.example", 3)))
        await web.until(1)
        web.pacing.block(Blocklist(["bad.example"]))
        assert len(web.known) == 2
        assert not web.released, "nobody else asks the site meanwhile"
        web.answer("http://bad.example/0")
        await web.until_released(1)

    run(scene())
