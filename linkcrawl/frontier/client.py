"""The frontier, as the rest of the program sees it."""

import os
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from linkcrawl.errors import FrontierLost
from linkcrawl.frontier import audit, claims, health, lifecycle, lookup, moves, steering, tables
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.claims import Claim
from linkcrawl.frontier.durability import Barrier
from linkcrawl.frontier.health import NodeFacts, SiteSeen
from linkcrawl.frontier.keys import Keys
from linkcrawl.frontier.liveness import Liveness
from linkcrawl.frontier.lookup import SiteFound, UrlFound
from linkcrawl.frontier.pages import PageShare
from linkcrawl.frontier.recognition import is_another_run
from linkcrawl.frontier.replies import (
    Beat,
    Books,
    DeadLetter,
    Reconciled,
    Release,
    SiteSummary,
    WorkerFacts,
    WorkerSeen,
)
from linkcrawl.frontier.server import Server
from linkcrawl.frontier.session import Session
from linkcrawl.frontier.spec import CrawlSpec, CrawlState
from linkcrawl.frontier.start_urls import DEFAULT_KEY, ScopeKey, StartUrls, Taken, key_of
from linkcrawl.records import Candidate, EndState, Lease, Outcome, Refusal, RobotsRecord, SiteHold
from linkcrawl.urls.identity import IdentityRules


class Frontier:
    """A client of one crawl. One event loop; calls may overlap.

    Every call may raise FrontierUnavailable (the server does not answer; nothing is lost, call again),
    FrontierLost (the crawl is not there any more, or another one is) and UsageError (the server refuses the
    user or the password).
    After FrontierUnavailable, or whenever `must_reconcile`, a worker calls `reconcile` before it starts a
    request.
    """

    def __init__(self, session: Session, start_urls_key: str = DEFAULT_KEY) -> None:
        self._session = session
        self._start_urls = StartUrls(session, key_of(start_urls_key, session.keys.name))
        self._pages = PageShare(session)
        self._leasing = moves.Leasing(session, self._pages)
        self._liveness = Liveness(session, self._pages)
        self._barrier: Barrier | None = None

    @classmethod
    async def connect(
        cls,
        server: ServerAddress,
        name: str,
        *,
        worker_id: str | None = None,
        start_urls_key: str = DEFAULT_KEY,
    ) -> "Frontier":
        """A client of the crawl `name`, which need not exist yet. Raises FrontierUnavailable, UsageError.

        worker_id: names this process in `status` and in file names; made from host, process and chance
        without it. start_urls_key: where seeds are pushed by hand; `%(name)s` stands for the crawl's name.
        """
        own_name = worker_id or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        frontier = cls(Session(Server(server), Keys(name), own_name), start_urls_key)
        try:
            await frontier.find()
        except FrontierLost:
            pass
        except BaseException:
            await frontier.close()
            raise
        return frontier

    @property
    def worker_id(self) -> str:
        """The name of this client among the workers."""
        return self._session.worker_id

    @property
    def name(self) -> str:
        """The name of the crawl."""
        return self._session.keys.name

    @property
    def address(self) -> ServerAddress:
        """Where the crawl is; its text shows no password."""
        return self._session.server.address

    @property
    def incarnation(self) -> int | None:
        """The number of this worker's present life; None before join() and after leave()."""
        return self._session.incarnation

    @property
    def spec(self) -> CrawlSpec:
        """The crawl. Raises FrontierLost if there is none."""
        return self._session.spec

    # --- the crawl

    async def create(self, spec: CrawlSpec) -> None:
        """Make the crawl. Raises UsageError if the name is taken, and says by what."""
        await lifecycle.create(self._session, spec)
        await self._open_barrier()

    async def find(self) -> CrawlState | None:
        """The crawl as it stands, or None if there is none. Raises FrontierLost if it is not whole, or no
        crawl."""
        state = await lifecycle.find(self._session)
        if state is not None:
            await self._open_barrier()
        return state

    async def _open_barrier(self) -> None:
        if self._barrier is None:
            session = self._session
            marks = [session.keys.of_partition(p, ":mark") for p in session.partitions]
            marks.append(session.keys.of_crawl(":mark"))
            barrier = Barrier(session.server, marks)
            await barrier.open()
            self._barrier = barrier

    async def set_limits(self, **changes: int | bytes | None) -> CrawlSpec:
        """Change limits (`max_pages`, `max_pages_per_site`, `max_depth`, `delay_ms`, ...) or `options`; the
        new spec."""
        return await lifecycle.set_limits(self._session, **changes)

    async def pause(self) -> None:
        """Give no leases until resume(); what is leased goes on."""
        await lifecycle.set_paused(self._session, True)

    async def resume(self) -> None:
        """Give leases again."""
        await lifecycle.set_paused(self._session, False)

    async def end(self, state: EndState) -> EndState | None:
        """Store how the crawl ended; the first wins. The state stored now.

        None: FINISHED was asked for, but something was submitted after the crawl was found complete: go on.
        """
        return await lifecycle.end(self._session, state)

    async def reopen(self) -> None:
        """An operator's command: take back the end, so that leasing goes on."""
        await lifecycle.reopen(self._session)

    async def claim(self, what: str, ms: int) -> Claim:
        """Take on work that one of many has to do once (`what` names it), for so long; again before that runs
        out if it takes longer. Whoever dies at it is followed by another."""
        return await claims.claim(self._session, what, ms)

    async def fulfil(self, what: str, ms: int = 0) -> None:
        """The claimed work is done: nobody does it again for so long (0: ever)."""
        await claims.fulfil(self._session, what, ms)

    async def drop_claim(self, what: str) -> None:
        """The claimed work was not done: another may."""
        await claims.drop(self._session, what)

    async def filling(self, ms: int) -> None:
        """An operator is submitting seeds: for so long the crawl is not complete. 0: they are in."""
        await claims.filling(self._session, ms)

    async def nobody_fills(self) -> None:
        """Whoever was submitting seeds is dead. Only for a server that nobody else uses."""
        await claims.nobody_fills(self._session)

    async def set_deadline(self, ms: int | None) -> None:
        """The time of the crawl (`--max-time`) is over in so many ms, None: never. Whoever supervises its workers
        then ends it (`CrawlState.deadline_us`)."""
        await lifecycle.set_deadline(self._session, ms)

    async def count_seeds(self, number: int) -> None:
        """Add to the seeds that operators gave (`CrawlState.seeds`)."""
        await lifecycle.count_seeds(self._session, number)

    async def delete(self) -> None:
        """Remove every key of the crawl, whole or not, in bounded batches."""
        await lifecycle.delete(self._session)

    # --- being a worker

    async def join(self) -> None:
        """Begin a new life as a worker, which holds nothing.

        Before its first lease a worker waits until that is on disk (`barrier`): should the server then lose its last
        moments, it still knows that this worker may be asking sites.
        """
        await self._liveness.join()

    async def leave(self) -> None:
        """End it: what is still held is queued again, unchanged."""
        await self._liveness.leave()

    async def beat(self, in_download: Sequence[Lease], facts: WorkerFacts | None = None) -> Beat:
        """Say that this worker lives, what it is downloading, and how it fares."""
        return await self._liveness.beat(in_download, facts)

    async def last_beat(self, incarnation: int, tokens: Mapping[int, Sequence[int]]) -> bool:
        """Say for a worker that is dead whom its death is counted to, by partition: these visits and none that its
        own last beat named. False: the incarnation was declared dead already, and nothing changes. Either way what it
        held goes back as it would have, `--reclaim-after` from now at most."""
        return await self._liveness.last_beat(incarnation, tokens)

    async def reconcile(self, held: Sequence[Lease], holds: Sequence[SiteHold]) -> Reconciled:
        """Compare what this worker holds with what the server says it holds; what has to be dropped.

        What the server says this worker holds and it does not name is queued again.
        """
        return await self._liveness.reconcile(held, holds)

    @property
    def must_reconcile(self) -> bool:
        """Whether a connection broke since the last join() or reconcile()."""
        return self._session.must_reconcile

    async def is_another_run(self) -> bool:
        """Whether the server, or a node of it, is another run than at the last join() or reconcile(): what it gave
        since may be a site that another worker asks still, and must not be kept."""
        return await is_another_run(self._session)

    def may_start(self) -> bool:
        """Whether a request may be started: the last acknowledged beat is younger than half the reclaim
        time."""
        return self._liveness.may_start()

    async def reclaim(self, *, everyone: bool = False) -> int:
        """Queue again what dead workers held; how many URLs. Does nothing before a reclaim time of unbroken
        beats.

        everyone: all other incarnations are dead, at once. Only for a server that nobody else uses.
        """
        return await self._liveness.reclaim(everyone)

    async def workers(self) -> list[WorkerSeen]:
        """The live workers."""
        return await self._liveness.workers()

    # --- the work

    async def submit(
        self, candidates: Sequence[Candidate], parent: Lease | None = None
    ) -> list[Refusal | None]:
        """Offer URLs; parallel to them, why each was refused, or None if it was accepted.

        parent: the page that they stood on; without it they are an operator's, and open a finished crawl
        again.
        """
        return await moves.submit(self._session, candidates, parent)

    async def record_refused(self, counts: Mapping[Refusal, int]) -> None:
        """Add what a worker refused by itself to the totals."""
        await tables.record_refused(self._session, counts)

    async def lease(self, sites: int, urls_per_site: int) -> list[SiteHold]:
        """Up to `sites` sites that are due, held for this worker, each with up to `urls_per_site` URLs.

        [] if nothing is due (see `next_due_in_ms`), no page of --max-pages is free, or it ended or is paused.
        Raises FrontierUnavailable while `must_reconcile`.
        """
        return await self._leasing.lease(sites, urls_per_site)

    @property
    def next_due_in_ms(self) -> int | None:
        """As of the last lease: until one of the partitions that gave nothing has something due; None if none
        has."""
        return self._leasing.next_due_in_ms

    async def release(self, releases: Sequence[Release]) -> int:
        """Give sites back, in one round trip; how many were no longer held (stale)."""
        return await moves.release(self._session, releases)

    async def settle(self, done: Sequence[tuple[Lease, Outcome]]) -> int:
        """Tell the outcomes of visits whose discoveries and rows are durable; how many were stale."""
        return await moves.settle(self._session, done)

    async def retry(self, again: Sequence[tuple[Lease, int]]) -> int:
        """Queue each URL again after so many ms, as its next attempt; how many were stale."""
        stale = await moves.retry(self._session, again)
        self._pages.came_back(len(again) - stale)
        return stale

    async def give_back(self, leases: Iterable[Lease]) -> int:
        """Queue URLs again at the head, unchanged; how many were stale."""
        some = list(leases)
        stale = await moves.give_back(self._session, some)
        self._pages.came_back(len(some) - stale)
        return stale

    async def barrier(self, since: int | None = None) -> None:
        """Return when everything that this client submitted before is on the server's disk.

        since: `breaks` as it was before the submits; without it, as it was when barrier() last ended (for one
        caller).
        Raises FrontierUnavailable if a connection broke since: submit again, then call again.
        """
        await self._open_barrier()
        assert self._barrier is not None
        await self._barrier.wait(since)

    @property
    def breaks(self) -> int:
        """How many connections broke so far."""
        return self._session.server.breaks

    @property
    def guarantee_off(self) -> bool:
        """Whether the server keeps no append-only file, so that barrier() promises nothing."""
        return self._barrier is not None and self._barrier.guarantee_off

    # --- shared tables

    async def put_robots(self, site: str, record: RobotsRecord) -> None:
        """Keep what an origin of the site says in robots.txt, for the whole cluster, until it expires."""
        await tables.put_robots(self._session, site, record)

    async def add_scope(self, names: Sequence[str]) -> int:
        """Append sites or hosts to the scope; its version. The caller leaves out what it knows is there."""
        return await tables.add_scope(self._session, names)

    async def scope(self, since: int = 0) -> tuple[int, list[str]]:
        """What came into scope after version `since`, and the version that this makes: at most some thousands,
        so ask again until nothing comes."""
        return await tables.read_scope(self._session, since)

    async def set_watch(self, patterns: Sequence[str]) -> int:
        """Replace the watch list; its version."""
        return await tables.set_watch(self._session, patterns)

    async def watch(self) -> tuple[int, list[str]]:
        """The watch list's version (0: none was set) and patterns."""
        return await tables.read_watch(self._session)

    async def block(self, domain: str) -> int:
        """Block a domain with all below it, in seconds for all workers; the version of the list."""
        return await tables.block(self._session, domain)

    async def unblock(self, domain: str) -> int:
        """Block it no more; the version of the list. What is queued of it is crawled again."""
        return await tables.unblock(self._session, domain)

    async def blocked(self) -> tuple[int, list[str]]:
        """The version of the list of blocked domains, and those that are blocked now."""
        return await tables.read_blocked(self._session)

    # --- the end, and the books

    async def complete(self) -> bool:
        """Whether nothing is queued, delayed or leased, nothing waits to be taken in, and nothing was submitted
        while that was read."""
        # First what waits: who takes it in has submitted it before it is gone from there.
        return not await self._start_urls.waiting() and await audit.is_complete(self._session)

    async def start_urls_waiting(self) -> int:
        """How many seeds that were pushed by hand wait to be taken in."""
        return await self._start_urls.waiting()

    async def take_start_urls(self, rules: IdentityRules, scope_key: ScopeKey) -> Taken:
        """Take the next of them in, as an operator's seeds; what is no seed goes to the dead letters.

        Any number of clients may do this at once, and die at it: none is lost.
        """
        breaks = self.breaks
        return await self._start_urls.take(rules, scope_key, lambda: self.barrier(breaks))

    @property
    def max_pages(self) -> int | None:
        """How many visits may be settled in all, as last heard; None: as many as there are."""
        return self._session.max_pages

    async def recount_pages(self, held: int) -> None:
        """Give back what this worker reserved of `max_pages` and neither settled nor holds (`held` leases), though it
        did not know. Not while a lease is under way."""
        await self._pages.recount(held)
        await self._pages.return_unused()

    async def books(self, *, audited: bool = True) -> Books:
        """The crawl, counted; its cost does not grow with the crawl.

        audited: compared with what lies in the tables of all workers; without it, cheaper: only counters are
        read, and numbers of sites are 0.
        """
        return await audit.read_books(self._session, audited)

    def sites(self) -> AsyncIterator[SiteSummary]:
        """Every site that had a URL accepted, each once, in bounded steps."""
        return audit.read_sites(self._session)

    def dead_letters(self) -> AsyncIterator[DeadLetter]:
        """What was found in the queues and is no entry of ours."""
        return audit.read_dead_letters(self._session)

    # --- what an operator sees and steers

    async def find_url(self, url: str, site: str) -> UrlFound:
        """Where a URL (in its identity form) is, in bounded steps."""
        return await lookup.find_url(self._session, url, site)

    async def find_site(self, site: str, host: str, origins: Sequence[str] = ()) -> SiteFound:
        """How a site stands; whether `host` of it is blocked; robots.txt of its origins, and of those named."""
        return await lookup.find_site(self._session, site, host, origins)

    async def in_scope(self, key: str) -> bool:
        """Whether a site or host (as the crawl's scope has it) stands in the scope's list."""
        return await lookup.in_scope(self._session, key)

    async def change_watch(self, patterns: Sequence[str], since: int) -> int | None:
        """Replace version `since` of the watch list; the new version, or None if another one counts by now."""
        return await steering.change_watch(self._session, patterns, since)

    async def watched(self) -> tuple[int, int]:
        """The watch list's version, and how many patterns it has: without reading them."""
        return await steering.watched(self._session)

    async def begin_round(self) -> list[int]:
        """Begin a round of retries, from 1; when each began, us by the server's clock, the new one last."""
        return await steering.begin_round(self._session)

    async def pushed_seeds(self) -> bool:
        """Whether `NAME:start_urls`, which is no key of the crawl, holds seeds."""
        return await steering.pushed_seeds(self._session)

    async def nodes(self) -> list[NodeFacts]:
        """The servers that hold the crawl, as far as this user may ask."""
        return await health.read_nodes(self._session)

    async def sample_sites(self) -> list[SiteSeen]:
        """A bounded sample of sites: held, due first, due last."""
        return await health.sample_sites(self._session)

    def now_us(self) -> int:
        """Microseconds since the epoch by the server's clock: that of the last reply plus what passed
        since."""
        return self._session.now_us()

    async def close(self) -> None:
        """End every connection. What is held stays held: leave() first. May be called twice."""
        server = self._session.server
        closing = server.close()
        if self._barrier is not None:
            await self._barrier.close()
            self._barrier = None
        await closing
