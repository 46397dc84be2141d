"""How a crawl stands, gathered from the frontier at a cost that does not grow with the crawl.

`linkcrawl status --json` prints one object with these keys; they are a contract: keys may come, none goes or
changes its meaning. Times are ISO 8601 in UTC by the server's clock; null is not known or does not apply.

    at               when it was read
    crawl            name, crawl_id, state (running, paused, finished, limit, stopped), draining (it has ended,
                     and workers still end what they hold), started_at, ended_at, ends_by (when --max-time is over),
                     out, scope, seeds (how many), max_pages, watch_version, watch_patterns (how many),
                     blocked_domains (how many)
    urls             accepted, queued, delayed, leased, settled, dead: accepted is the sum of the others
    settled          {outcome: visits}
    refused          {reason: URLs that were not queued}
    pages_a_second   of all workers; null where nothing tells it
    links            rows of `links` found so far
    sites            known, due (something is queued, nobody holds them), held
    workers          [{worker_id, host, version, last_beat_ms (since its last beat), pages, links, pages_a_second,
                     sites, downloading, rss_bytes, hindrance (why it takes no leases)}]
    busiest_sites    of a bounded sample, those with most queued: [{site, accepted, queued, settled, delay_ms, held,
                     ready_in_ms, failing_ms, given_up}]
    slowest_sites    of the sample, those that are asked again last, or have the longest delay: as above
    dead_letters     count, first: [{at, reason, where}]
    servers          [{name, version, used_bytes, max_bytes (0: no bound), policy, appendonly, appendfsync}]
    seen             urls, expected, members_a_bucket, intset_limit, dear (a seen URL takes five times its memory)
    guarantees_off   [what the server's settings do not promise, in a sentence]
    books            balanced, off: [equations that do not hold]
    warnings         [what an operator should look at, in a sentence]

`status --site S --json` has `at`, `crawl`, and `site`: site, partition, accepted, queued, queued_by_depth, settled,
refused, delay_ms, ready_in_ms, held_by, given_up, failing_ms, blocked_by, robots {origin: {state, crawl_delay_ms,
expires_in_ms, failures}}.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from linkcrawl.errors import LinkcrawlError
from linkcrawl.frontier import Books, CrawlState, Frontier, NodeFacts, SiteFound, SiteSeen, WorkerSeen
from linkcrawl.frontier.health import INTSET_LIMIT, members_of_bucket
from linkcrawl.records import Outcome, Refusal
from linkcrawl.run import unpack_config

LETTERS_SHOWN = 5
SITES_SHOWN = 5
NEARLY_FULL = 0.9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CrawlPart(msgspec.Struct, frozen=True, kw_only=True):
    """The crawl itself."""

    name: str
    crawl_id: str
    state: str
    draining: bool
    started_at: datetime
    ended_at: datetime | None
    ends_by: datetime | None
    out: str | None
    scope: str
    seeds: int
    max_pages: int | None
    watch_version: int
    watch_patterns: int
    blocked_domains: int


class UrlsPart(msgspec.Struct, frozen=True):
    """Where the accepted URLs are."""

    accepted: int
    queued: int
    delayed: int
    leased: int
    settled: int
    dead: int


class SitesPart(msgspec.Struct, frozen=True):
    """Sites that had a URL accepted."""

    known: int
    due: int
    held: int


class WorkerPart(msgspec.Struct, frozen=True, kw_only=True):
    """One live worker."""

    worker_id: str
    last_beat_ms: int
    host: str = ""
    version: str = ""
    pages: int | None = None
    links: int | None = None
    pages_a_second: float | None = None
    sites: int | None = None
    downloading: int | None = None
    rss_bytes: int | None = None
    hindrance: str | None = None


class LetterPart(msgspec.Struct, frozen=True):
    """One dead letter."""

    at: datetime
    reason: str
    where: str


class LettersPart(msgspec.Struct, frozen=True):
    """The dead letters."""

    count: int
    first: list[LetterPart]


class ServerPart(msgspec.Struct, frozen=True):
    """One server that holds data."""

    name: str
    version: str | None
    used_bytes: int | None
    max_bytes: int | None
    policy: str | None
    appendonly: bool | None
    appendfsync: str | None


class SeenPart(msgspec.Struct, frozen=True):
    """The seen set."""

    urls: int
    expected: int
    members_a_bucket: float
    intset_limit: int
    dear: bool


class BooksPart(msgspec.Struct, frozen=True):
    """Whether every URL is where the counters say."""

    balanced: bool
    off: list[str]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: see the top of this file."""

    at: datetime
    crawl: CrawlPart
    urls: UrlsPart
    settled: dict[str, int]
    refused: dict[str, int]
    pages_a_second: float | None
    links: int
    sites: SitesPart
    workers: list[WorkerPart]
    busiest_sites: list[SiteSeen]
    slowest_sites: list[SiteSeen]
    dead_letters: LettersPart
    servers: list[ServerPart]
    seen: SeenPart
    guarantees_off: list[str]
    books: BooksPart
    warnings: list[str]


class RobotsPart(msgspec.Struct, frozen=True):
    """What is known of one origin's robots.txt."""

    state: str
    crawl_delay_ms: int | None
    expires_in_ms: int
    failures: int


class SitePart(msgspec.Struct, frozen=True, kw_only=True):
    """One site: see frontier.lookup.SiteFound."""

    site: str
    partition: int
    accepted: int
    queued: int
    queued_by_depth: dict[int, int]
    settled: dict[str, int]
    refused: dict[str, int]
    delay_ms: int
    ready_in_ms: int | None
    held_by: str | None
    given_up: bool
    failing_ms: int
    blocked_by: str | None
    robots: dict[str, RobotsPart]


class SiteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`status --site`."""

    at: datetime
    crawl: CrawlPart
    site: SitePart


def moment(us: int) -> datetime:
    """A time of the frontier's as JSON has it."""
    return _EPOCH + timedelta(microseconds=us)


class Gauge:
    """Reads a crawl's status again and again; tells the pace from two readings where workers do not tell it."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._before: tuple[int, int] | None = None

    async def read(self) -> Status:
        """One reading. Raises FrontierUnavailable, FrontierLost; LinkcrawlError if there is no such crawl."""
        frontier = self._frontier
        state = await found(frontier)
        books = await frontier.books()
        now_us = frontier.now_us()
        workers = sorted(await frontier.workers(), key=lambda worker: worker.worker_id)
        nodes = await frontier.nodes()
        sample = await frontier.sample_sites()
        seen = _seen(state, books, nodes)
        off = _guarantees_off(nodes)
        return Status(
            at=moment(now_us),
            crawl=await crawl_part(frontier, state, books),
            urls=UrlsPart(books.accepted, books.queued, books.delayed, books.leased, books.pages, books.dead),
            settled=_counted(books.settled),
            refused=_counted(books.refused),
            pages_a_second=self._pace(now_us, books.pages, workers),
            links=books.links,
            sites=SitesPart(books.sites, books.sites_due, books.sites_held),
            workers=[_worker(worker) for worker in workers],
            busiest_sites=_busiest(sample),
            slowest_sites=_slowest(sample),
            dead_letters=await self._letters(books.dead),
            servers=[_server(node) for node in nodes],
            seen=seen,
            guarantees_off=off,
            books=BooksPart(books.balanced, list(books.off)),
            warnings=_warnings(state, books, workers, nodes, seen),
        )

    def _pace(self, now_us: int, pages: int, workers: Sequence[WorkerSeen]) -> float | None:
        told = [worker.facts.pages_a_second for worker in workers if worker.facts is not None]
        before, self._before = self._before, (now_us, pages)
        if workers and len(told) == len(workers):
            return round(sum(told), 2)
        if before is not None and now_us > before[0]:
            return round((pages - before[1]) * 1e6 / (now_us - before[0]), 2)
        return None if workers else 0.0

    async def _letters(self, count: int) -> LettersPart:
        first: list[LetterPart] = []
        if count:
            async for letter in self._frontier.dead_letters():
                first.append(LetterPart(moment(letter.at_us), letter.reason, letter.where))
                if len(first) == LETTERS_SHOWN:
                    break
        return LettersPart(count, first)


async def found(frontier: Frontier) -> CrawlState:
    """The crawl. Raises LinkcrawlError if there is none of that name, FrontierLost if it is not whole."""
    state = await frontier.find()
    if state is None:
        raise no_such_crawl(frontier)
    return state


def no_such_crawl(frontier: Frontier) -> LinkcrawlError:
    """What is said where nothing has that name."""
    return LinkcrawlError(
        f"there is no crawl named {frontier.name!r} at {frontier.address}: look at --name and --redis; "
        "`linkcrawl submit` makes a crawl"
    )


async def crawl_part(frontier: Frontier, state: CrawlState, books: Books) -> CrawlPart:
    """The crawl itself."""
    version, patterns = await frontier.watched()
    _, blocked = await frontier.blocked()
    spec = state.spec
    return CrawlPart(
        name=spec.name,
        crawl_id=spec.crawl_id,
        state=str(state.end_state) if state.end_state else "paused" if state.paused else "running",
        draining=state.end_state is not None and books.leased > 0,
        started_at=moment(state.started_us),
        ended_at=None if state.ended_us is None else moment(state.ended_us),
        ends_by=None if state.deadline_us is None else moment(state.deadline_us),
        out=unpack_config(spec.options).out if spec.options else None,
        scope=spec.scope,
        seeds=state.seeds,
        max_pages=spec.max_pages,
        watch_version=version,
        watch_patterns=patterns,
        blocked_domains=len(blocked),
    )


async def read_site(frontier: Frontier, site: str, host: str) -> SiteStatus:
    """How one site stands. host: as the operator named it. Raises as Gauge.read."""
    state = await found(frontier)
    books = await frontier.books()
    known = await frontier.find_site(site, host, [f"https://{host}", f"http://{host}"])
    return SiteStatus(
        at=moment(frontier.now_us()), crawl=await crawl_part(frontier, state, books), site=_site_part(known)
    )


def _site_part(known: SiteFound) -> SitePart:
    robots = {
        origin: RobotsPart(
            str(record.state), record.crawl_delay_ms, max(0, record.expires_in_ms), record.failures
        )
        for origin, record in known.robots.items()
    }
    return SitePart(
        site=known.site,
        partition=known.partition,
        accepted=known.accepted,
        queued=known.queued,
        queued_by_depth=dict(known.queued_by_depth),
        settled=_counted(known.settled),
        refused=_counted(known.refused),
        delay_ms=known.delay_ms,
        ready_in_ms=known.ready_in_ms,
        held_by=known.held_by,
        given_up=known.given_up,
        failing_ms=known.failing_ms,
        blocked_by=known.blocked_by,
        robots=robots,
    )


def _counted(counts: Mapping[Outcome, int] | Mapping[Refusal, int]) -> dict[str, int]:
    """By name, the most frequent first."""
    return {str(name): number for name, number in sorted(counts.items(), key=lambda pair: -pair[1]) if number}


def _worker(worker: WorkerSeen) -> WorkerPart:
    facts = worker.facts
    if facts is None:
        return WorkerPart(worker_id=worker.worker_id, last_beat_ms=worker.last_beat_ms)
    return WorkerPart(
        worker_id=worker.worker_id,
        last_beat_ms=worker.last_beat_ms,
        host=facts.host,
        version=facts.version,
        pages=facts.pages,
        links=facts.links,
        pages_a_second=round(facts.pages_a_second, 2),
        sites=facts.sites,
        downloading=facts.downloading,
        rss_bytes=facts.rss_bytes,
        hindrance=facts.hindrance,
    )


def _busiest(sample: Sequence[SiteSeen]) -> list[SiteSeen]:
    return sorted(sample, key=lambda seen: (-seen.queued, seen.site))[:SITES_SHOWN]


def _slowest(sample: Sequence[SiteSeen]) -> list[SiteSeen]:
    """Those that are asked again last; of those that may be asked now, the ones with the longest delay."""
    waiting = [seen for seen in sample if not seen.given_up]
    return sorted(waiting, key=lambda seen: (-seen.ready_in_ms, -seen.delay_ms, seen.site))[:SITES_SHOWN]


def _server(node: NodeFacts) -> ServerPart:
    return ServerPart(
        node.name,
        node.version,
        node.used_bytes,
        node.max_bytes,
        node.policy,
        node.appendonly,
        node.appendfsync,
    )


def _seen(state: CrawlState, books: Books, nodes: Sequence[NodeFacts]) -> SeenPart:
    spec = state.spec
    members = members_of_bucket(books.accepted, spec.expect_urls, spec.partitions)
    limits = [node.intset_limit for node in nodes if node.intset_limit is not None]
    limit = min(limits, default=INTSET_LIMIT)
    return SeenPart(books.accepted, spec.expect_urls, round(members, 1), limit, members > limit)


def _guarantees_off(nodes: Sequence[NodeFacts]) -> list[str]:
    said = []
    for node in nodes:
        if node.appendonly is False:
            said.append(
                f"{node.name} keeps no append-only file: if it restarts, what it held is lost (appendonly yes)"
            )
        elif node.appendfsync == "no":
            said.append(
                f"{node.name} leaves writing to its system: a power cut may lose minutes (appendfsync everysec)"
            )
        if node.policy not in (None, "noeviction"):
            said.append(
                f"{node.name} forgets keys when it is full ({node.policy}): pages would be lost "
                "(maxmemory-policy noeviction)"
            )
    return said


def _warnings(
    state: CrawlState,
    books: Books,
    workers: Sequence[WorkerSeen],
    nodes: Sequence[NodeFacts],
    seen: SeenPart,
) -> list[str]:
    said = []
    if not books.balanced:
        said.append("the books do not balance, which is a bug of linkcrawl: " + "; ".join(books.off[:3]))
    if not workers and state.end_state is None and books.open:
        said.append("no worker is alive: start some with `linkcrawl worker`")
    silent = [worker for worker in workers if worker.last_beat_ms > state.spec.reclaim_after_ms / 2]
    said += [
        f"worker {worker.worker_id} has not beaten for {worker.last_beat_ms / 1000:.0f} s"
        for worker in silent[:3]
    ]
    for node in nodes:
        if node.max_bytes and node.used_bytes and node.used_bytes > NEARLY_FULL * node.max_bytes:
            said.append(f"{node.name} is nearly full: raise its maxmemory")
    if books.dead:
        said.append(f"{books.dead:,} dead letters: what was found in the queues and is no entry of ours")
    if seen.dear:
        said.append(
            f"the seen set holds {seen.members_a_bucket:,.0f} URLs a bucket, and above {seen.intset_limit} each "
            "takes five times the memory: raise set-max-intset-entries, or make the next crawl with a larger "
            "--expect-urls"
        )
    return said


def as_json(status: Status | SiteStatus) -> bytes:
    """One JSON object on one line."""
    return msgspec.json.encode(status)
