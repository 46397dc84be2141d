"""Reads how a crawl stands off its frontier."""

from collections.abc import Mapping, Sequence

from linkcrawl.errors import LinkcrawlError
from linkcrawl.frontier import Books, CrawlState, Frontier, NodeFacts, SiteFound, SiteSeen, WorkerSeen
from linkcrawl.frontier.health import INTSET_LIMIT, members_of_bucket
from linkcrawl.records import Outcome, Refusal
from linkcrawl.run import unpack_config
from linkcrawl.status.parts import (
    BooksPart,
    CrawlPart,
    LetterPart,
    LettersPart,
    RobotsPart,
    SeenPart,
    ServerPart,
    SitePart,
    SitesPart,
    SiteStatus,
    Status,
    UrlsPart,
    WorkerPart,
    moment,
)
from linkcrawl.status.warnings import guarantees_off, warnings

LETTERS_SHOWN = 5
SITES_SHOWN = 5


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
        off = guarantees_off(nodes)
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
            warnings=warnings(state, books, workers, nodes, seen),
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
