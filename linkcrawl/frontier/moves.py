"""The moves of URLs and sites that a worker asks for: submit, lease, release, settle, retry, return."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import lifecycle
from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.fingerprint import buckets_of_partition, fingerprint, partition_of, share_of
from linkcrawl.frontier.pages import PageShare
from linkcrawl.frontier.replies import Release
from linkcrawl.frontier.server import Call
from linkcrawl.frontier.session import Session
from linkcrawl.frontier.wire import (
    REFUSAL_BY_LETTER,
    Unreadable,
    pack,
    pack_again,
    pack_candidate,
    read_lease,
    read_robots,
)
from linkcrawl.records import Candidate, Lease, Outcome, Refusal, RobotsRecord, SiteHold

_ITEMS_A_CALL = 500
"""Of one script: it blocks the server for about 12 us each."""
_CALLS_AT_ONCE = 8


async def submit(
    session: Session, candidates: Sequence[Candidate], parent: Lease | None
) -> list[Refusal | None]:
    """Offer URLs; what came of each, in their order (None: accepted)."""
    answers: list[Refusal | None] = [None] * len(candidates)
    same_as = _repetitions(candidates)
    calls, numbers = _submit_calls(session, candidates, same_as, parent)
    opened = False
    for first in range(0, len(calls), _CALLS_AT_ONCE):
        replies = await session.server.run(calls[first : first + _CALLS_AT_ONCE])
        for positions, reply in zip(numbers[first : first + _CALLS_AT_ONCE], replies, strict=True):
            letters = reply.decode()
            opened = opened or letters.startswith("!")
            for position, letter in zip(positions, letters.lstrip("!"), strict=True):
                answers[position] = REFUSAL_BY_LETTER[letter]
    if opened:
        await lifecycle.reopen(session)
    for position, first_one in same_as.items():
        answers[position] = answers[first_one] or Refusal.SEEN
    return answers


def _repetitions(candidates: Sequence[Candidate]) -> dict[int, int]:
    """{position: the earlier position that it repeats}; these are not asked about, but counted.

    Pages that are read in the same second hold the same menu. The server would find that it has seen such a
    URL, or refuse it as it refused the first: no less deep and after no fewer hops, nothing else can come of
    it.
    """
    first: dict[tuple[str, int], int] = {}
    same_as: dict[int, int] = {}
    for position, candidate in enumerate(candidates):
        key = (candidate.url, candidate.round)
        known = first.setdefault(key, position)
        earlier = candidates[known]
        if known != position and candidate.depth >= earlier.depth and candidate.hops >= earlier.hops:
            same_as[position] = known
        else:
            first[key] = position
    return same_as


def _submit_calls(
    session: Session, candidates: Sequence[Candidate], same_as: Mapping[int, int], parent: Lease | None
) -> tuple[list[Call], list[list[int]]]:
    """The calls, by partition and site, and the positions of the candidates that each call holds."""
    partitions = session.spec.partitions
    by_partition: dict[int, dict[str, list[int]]] = {}
    repeated = Counter(same_as.values())
    for position, candidate in enumerate(candidates):
        if position in same_as:
            continue
        site = candidate.site
        by_partition.setdefault(partition_of(site, partitions), {}).setdefault(site, []).append(position)
    buckets = buckets_of_partition(session.spec.expect_urls, partitions)
    calls: list[Call] = []
    numbers: list[list[int]] = []
    flag = "" if parent is None else "1"
    for partition, by_site in by_partition.items():
        for batch in _batches(by_site):
            items: list[object] = []
            for site, positions in batch:
                items += (site, len(positions))
                for position in positions:
                    items += (*_item(candidates[position], buckets), repeated[position])
            here = [position for _, positions in batch for position in positions]
            entries = [pack_candidate(candidates[position]) for position in here]
            calls.append(session.on_partition("submit", partition, flag, pack(items), *entries))
            numbers.append(here)
    return calls, numbers


def _batches(by_site: Mapping[str, list[int]]) -> Iterator[list[tuple[str, list[int]]]]:
    """Sites with some of their positions, sorted by site, so many at a time as one call may hold."""
    batch: list[tuple[str, list[int]]] = []
    size = 0
    for site in sorted(by_site):
        positions = by_site[site]
        for first in range(0, len(positions), _ITEMS_A_CALL):
            part = positions[first : first + _ITEMS_A_CALL]
            if size + len(part) > _ITEMS_A_CALL:
                yield batch
                batch, size = [], 0
            batch.append((site, part))
            size += len(part)
    if batch:
        yield batch


def _item(candidate: Candidate, buckets: int) -> tuple[object, ...]:
    number = fingerprint(candidate.url)
    mark = ""
    if candidate.round:
        # Once a round: what is remembered is the URL with the round, and the URL itself.
        mark = f"{number % buckets} {number}"
        number = fingerprint(f"{candidate.round} {candidate.url}")
    depth, hops = candidate.depth, candidate.hops
    return number % buckets, str(number), depth, hops, mark


class Leasing:
    """Asks the partitions for work."""

    def __init__(self, session: Session, pages: PageShare) -> None:
        self.next_due_in_ms: int | None = None
        """After a lease that gave nothing: until something is due in the partitions asked; None: nothing
        waits there."""
        self._session = session
        self._pages = pages
        self._turn = 0

    async def lease(self, sites: int, urls_per_site: int) -> list[SiteHold]:
        """Hold up to so many sites that are due, with up to so many URLs each."""
        session = self._session
        if session.must_reconcile:
            raise FrontierUnavailable("a connection broke: what this worker holds has to be reconciled first")
        if (
            session.declared_dead
            or session.paused
            or session.end_state is not None
            or sites < 1
            or urls_per_site < 1
        ):
            return []
        most = await self._pages.reserve(sites * urls_per_site)
        if most == 0:
            return []
        try:
            holds = await self._ask_all(sites, urls_per_site, most)
        except BaseException:
            # Some partitions may have given leases that nobody knows of, with no connection broken: a full server
            # carries one call of a batch out and refuses the next.
            session.reconcile_again()
            self._pages.lease_failed()
            raise
        await self._pages.leased(sum(len(hold.leases) for hold in holds))
        return holds

    async def _ask_all(self, sites: int, urls_per_site: int, most: int) -> list[SiteHold]:
        """First the partitions that are this worker's share, then the others."""
        session = self._session
        own = share_of(session.me, session.live, session.spec.partitions)
        rest = [p for p in session.partitions if p not in set(own)]
        holds: list[SiteHold] = []
        waits: list[int] = []
        for group in (own, rest):
            holds += await self._ask_until_dry(group, sites, urls_per_site, most, waits)
            if holds:
                break
        self.next_due_in_ms = min(waits, default=None)
        return holds

    async def _ask_until_dry(
        self, group: Sequence[int], sites: int, urls_per_site: int, most: int, waits: list[int]
    ) -> list[SiteHold]:
        """Ask all of the group for an equal part, then those that gave all of theirs for what is missing."""
        holds: list[SiteHold] = []
        self._turn += 1
        turn = self._turn % max(1, len(group))
        ready = [*group[turn:], *group[:turn]]
        if len(ready) > min(sites, most):
            # Too many to give each a part: first see who has anything due.
            _, heard = await self._ask(dict.fromkeys(ready, (0, 0)), urls_per_site)
            waits += [wait for wait in heard.values() if wait > 0]
            ready = [p for p in ready if heard.get(p) == 0]
        while ready and sites > 0 and most > 0:
            asked = ready[: min(sites, most)]
            parts = {
                p: (_part(sites, len(asked), i), _part(most, len(asked), i)) for i, p in enumerate(asked)
            }
            found, heard = await self._ask(parts, urls_per_site)
            waits += heard.values()
            ready = ready[len(asked) :] + [p for p in asked if len(found.get(p, ())) >= parts[p][0]]
            for given in found.values():
                holds += given
                sites -= len(given)
                most -= sum(len(hold.leases) for hold in given)
        return holds

    async def _ask(
        self, parts: Mapping[int, tuple[int, int]], urls_per_site: int
    ) -> tuple[dict[int, list[SiteHold]], dict[int, int]]:
        """Ask partitions for (sites, URLs): the holds of each, and ms until those without any have something
        due."""
        session = self._session
        session.asked.update(parts)
        session.requests += 1
        calls = [
            session.on_partition("lease", p, session.me, session.requests, sites, urls_per_site, most)
            for p, (sites, most) in parts.items()
        ]
        try:
            replies = await session.server.run(calls)
        except FrontierUnavailable:
            # The same request, so the same reply if it was carried out. What it holds is reconciled all the
            # same.
            replies = await session.server.run(calls)
        found: dict[int, list[SiteHold]] = {}
        waits: dict[int, int] = {}
        spoiled: list[Call] = []
        for partition, (state, server_us, wait, holds) in zip(parts, replies, strict=True):
            session.hear(int(server_us))
            if state == b"dead":
                session.declared_dead = True
            if wait >= 0:
                waits[partition] = wait
            for raw in holds:
                hold = self._read(partition, raw, spoiled)
                if hold is not None:
                    found.setdefault(partition, []).append(hold)
        await session.server.run(spoiled)
        return found, waits

    def _read(self, partition: int, raw: list[Any], spoiled: list[Call]) -> SiteHold | None:
        session = self._session
        site, token, delay, ready, failing, urls, robots = raw
        name = site.decode("utf-8", "replace")
        leases: list[Lease] = []
        unreadable: list[bytes] = []
        crawl = session.epoch.encode()
        for lease_token, entry, record_only in zip(urls[::3], urls[1::3], urls[2::3], strict=True):
            try:
                leases.append(
                    read_lease(entry, name, partition, int(lease_token), crawl, record_only.decode())
                )
            except Unreadable:
                unreadable.append(lease_token)
        if unreadable:
            spoiled.append(session.on_partition("bury", partition, session.me, *unreadable))
        if not leases:
            spoiled.append(session.on_partition("release", partition, session.me, site, token, "", "", 0, ""))
            return None
        known = _robots(robots)
        return SiteHold(name, partition, int(token), delay, ready, tuple(leases), known, failing)


def _part(whole: int, parts: int, number: int) -> int:
    """The share of one of `parts` that divide `whole` as evenly as can be."""
    return whole // parts + (number < whole % parts)


def _robots(flat: list[Any]) -> dict[str, RobotsRecord]:
    known: dict[str, RobotsRecord] = {}
    for origin, ttl, packed in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        name = origin.decode()
        record = read_robots(name, packed, ttl)
        if record is not None:
            known[name] = record
    return known


async def release(session: Session, releases: Sequence[Release]) -> int:
    """Give sites back; how many were no longer held (stale)."""
    by_partition: dict[int, list[Argument]] = {}
    for hold, since, delay, penalty, failed in releases:
        by_partition.setdefault(hold.partition, []).extend((
            hold.site,
            hold.token,
            "" if since is None else max(0, since),
            "" if delay is None else delay,
            penalty,
            "" if failed is None else int(failed),
        ))  # fmt: skip
    return await _run(session, "release", by_partition)


async def settle(session: Session, done: Sequence[tuple[Lease, Outcome]]) -> int:
    """Tell the outcomes of visits; how many were no longer leased (stale)."""
    by_partition: dict[int, list[Argument]] = {}
    for lease, outcome in done:
        by_partition.setdefault(lease.partition, []).extend((lease.token, outcome.value))
    return await _run(session, "settle", by_partition)


async def retry(session: Session, again: Sequence[tuple[Lease, int]]) -> int:
    """Queue URLs again after a wait in ms, with one more attempt; how many were no longer leased."""
    by_partition: dict[int, list[Argument]] = {}
    for lease, wait_ms in again:
        by_partition.setdefault(lease.partition, []).extend((lease.token, max(0, wait_ms), pack_again(lease)))
    return await _run(session, "retry", by_partition)


async def give_back(session: Session, leases: Iterable[Lease]) -> int:
    """Queue URLs again at the head, unchanged; how many were no longer leased."""
    by_partition: dict[int, list[Argument]] = {}
    for lease in sorted(leases, key=lambda lease: -lease.token):
        by_partition.setdefault(lease.partition, []).append(lease.token)
    return await _run(session, "return", by_partition)


async def _run(session: Session, script: str, by_partition: dict[int, list[Argument]]) -> int:
    calls = [session.on_partition(script, p, session.me, *arguments) for p, arguments in by_partition.items()]
    return sum(reply.count(b"0") for reply in await session.server.run(calls))
