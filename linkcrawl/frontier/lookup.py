"""Where one URL is, and how one site stands: for the operator who asks why. Changes nothing.

Every step is bounded, whatever the size of the crawl: lists are read page by page, tables scanned.
A URL may move while it is looked for. Queues are read from their tail, since leases take from the head: what
is there from the first page to the last is not missed. What was found nowhere is looked for once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.fingerprint import buckets_of_partition, fingerprint, partition_of
from linkcrawl.frontier.keys import BLOCKED, SCOPE
from linkcrawl.frontier.session import Session
from linkcrawl.frontier.wire import Unreadable, read_lease, read_robots
from linkcrawl.records import Lease, Outcome, Refusal, RobotsRecord

PAGE = 1_000
MOST_LOOKED_AT = 300_000
"""Entries of one site's queue, or dead letters of one partition, that are read for one answer."""
_SCOPE_PAGE = 5_000


class Place(StrEnum):
    """Where a URL is."""

    QUEUED = "queued"
    DELAYED = "delayed"
    LEASED = "leased"
    DEAD = "dead"
    SETTLED = "settled"
    """Accepted once, and nowhere now: it was brought to its outcome."""
    UNSEEN = "unseen"
    """Never accepted."""


@dataclass(frozen=True, slots=True)
class UrlFound:
    """What the frontier knows of one URL. What does not apply is None."""

    url: str
    place: Place
    accepted: bool
    """In the seen set."""
    entry: Lease | None = None
    """As it is queued, delayed or leased: depth, where it was found, attempt. Its visit_id means nothing."""
    ahead: int | None = None
    """URLs of its site that are queued before it."""
    waits_ms: int | None = None
    """A delayed one is queued again in so long."""
    worker_id: str | None = None
    """Who leases it."""
    leased_for_ms: int | None = None
    reason: str | None = None
    """Why it lies in the dead letters."""
    whole: bool = True
    """False: its site's queue is too long to be read to its end, so SETTLED may be QUEUED."""


@dataclass(frozen=True, slots=True)
class SiteFound:
    """How one site stands. All zero for a site that never had a URL accepted."""

    site: str
    partition: int
    accepted: int = 0
    queued: int = 0
    queued_by_depth: Mapping[int, int] = field(default_factory=dict)
    delay_ms: int = 0
    ready_in_ms: int | None = None
    """Until it may be asked again; None: held, or nothing is queued."""
    held_by: str | None = None
    """The worker that holds it."""
    given_up: bool = False
    failing_ms: int = 0
    """How long it has answered nothing but failures."""
    refused: Mapping[Refusal, int] = field(default_factory=dict)
    settled: Mapping[Outcome, int] = field(default_factory=dict)
    robots: Mapping[str, RobotsRecord] = field(default_factory=dict)
    """By origin: https and http of the site, and the origins asked for, as far as they are known."""
    blocked_by: str | None = None
    """The blocked domain that it lies below."""


async def find_url(session: Session, url: str, site: str) -> UrlFound:
    """Where the URL is; `url` in its identity form."""
    looked = _Look(session, url, site)
    for _ in range(2):
        found = await looked.once()
        if found.place not in (Place.SETTLED, Place.UNSEEN):
            return found
    return found


class _Look:
    def __init__(self, session: Session, url: str, site: str) -> None:
        self._session = session
        self._url, self._site = url, site
        self._needle = url.encode()
        self._partition = partition_of(site, session.spec.partitions)

    async def once(self) -> UrlFound:
        """One look, in the direction in which URLs move."""
        accepted = await self._is_seen()
        nowhere = UrlFound(self._url, Place.SETTLED if accepted else Place.UNSEEN, accepted)
        await _hear_time(self._session, self._partition)
        queued, whole = await self._in_queue()
        found = queued or await self._in_delayed() or await self._in_flight() or await self._in_dead_letters()
        return found or replace(nowhere, whole=whole)

    def _key(self, suffix: str) -> str:
        return self._session.keys.of_partition(self._partition, suffix)

    async def _is_seen(self) -> bool:
        spec = self._session.spec
        number = fingerprint(self._url)
        bucket = number % buckets_of_partition(spec.expect_urls, spec.partitions)
        return bool(await self._session.server.command("SISMEMBER", self._key(f":seen:{bucket}"), number))

    def _read(self, raw: bytes) -> Lease | None:
        """The entry, if it is that of the URL."""
        if self._needle not in raw:
            return None
        try:
            entry = read_lease(raw, self._site, self._partition, 0, b"", "")
        except Unreadable:
            return None
        return entry if entry.candidate.url == self._url else None

    async def _in_queue(self) -> tuple[UrlFound | None, bool]:
        """What was found, and whether all of the queue was read."""
        server = self._session.server
        levels = await server.command("HGET", self._session.keys.site(self._partition, self._site), "l")
        before, left = 0, MOST_LOOKED_AT
        for level in (levels or b"").decode().split():
            key = self._key(f":q:{level}:{self._site}")
            end, length = -1, 0
            while left > 0:
                length, page = await server.commands([("LLEN", key), ("LRANGE", key, end - PAGE + 1, end)])
                for back, raw in enumerate(reversed(page), start=-end):
                    entry = self._read(raw)
                    if entry is not None:
                        ahead = before + max(0, length - back)
                        return UrlFound(self._url, Place.QUEUED, True, entry, ahead=ahead), True
                left -= len(page)
                end -= PAGE
                if len(page) < PAGE:
                    break
            before += length
        return None, left > 0

    async def _in_delayed(self) -> UrlFound | None:
        pattern = b"* " + _literal(self._site.encode()) + b" *" + _literal(self._needle) + b"*"
        cursor = b"0"
        while True:
            cursor, page = await self._session.server.command(
                "ZSCAN", self._key(":delayed"), cursor, "MATCH", pattern, "COUNT", PAGE
            )
            for record, score in _scored(page):
                entry = self._read(_entry_of(record))
                if entry is not None:
                    waits = max(0, int(score) - self._session.now_us() // 1000)
                    return UrlFound(self._url, Place.DELAYED, True, entry, waits_ms=waits)
            if int(cursor) == 0:
                return None

    async def _in_flight(self) -> UrlFound | None:
        server = self._session.server
        for incarnation in await _incarnations(self._session, self._partition):
            cursor = b"0"
            while True:
                cursor, page = await server.command(
                    "HSCAN", self._key(f":f:{incarnation}"), cursor, "COUNT", PAGE
                )
                for token, record in _pairs(page):
                    entry = self._read(_entry_of(record))
                    if entry is not None:
                        worker = await _worker_of(self._session, incarnation)
                        # A token begins as the server's time of the lease, in microseconds.
                        since = max(0, (self._session.now_us() - int(token)) // 1000)
                        leased = UrlFound(self._url, Place.LEASED, True, entry)
                        return replace(leased, worker_id=worker, leased_for_ms=since)
                if int(cursor) == 0:
                    break
        return None

    async def _in_dead_letters(self) -> UrlFound | None:
        for first in range(0, MOST_LOOKED_AT, PAGE):
            page = await self._session.server.command("LRANGE", self._key(":dead"), first, first + PAGE - 1)
            for letter in page:
                head, _, content = letter.partition(b"\n")
                if self._needle in content:
                    reason = head.decode("utf-8", "replace").split(" ")[1:2]
                    return UrlFound(self._url, Place.DEAD, True, reason="".join(reason))
            if len(page) < PAGE:
                return None
        return None


async def find_site(session: Session, site: str, host: str, origins: Sequence[str] = ()) -> SiteFound:
    """How the site stands. host: whose blocking is asked about; the site itself, or one below it."""
    partition = partition_of(site, session.spec.partitions)
    await _hear_time(session, partition)
    asked = list(dict.fromkeys([*origins, f"https://{site}", f"http://{site}"]))
    keys = [session.keys.of_partition(partition, f":robots:{origin}") for origin in asked]
    commands: list[tuple[Argument, ...]] = [("HGETALL", session.keys.site(partition, site))]
    for key in keys:
        commands += [("GET", key), ("PTTL", key)]
    flat, *known = await session.server.commands(commands)
    record = {key.decode(): value for key, value in _pairs(flat)}
    robots = {
        origin: found
        for origin, raw, ttl in zip(asked, known[::2], known[1::2], strict=True)
        if raw is not None and (found := read_robots(origin, raw, int(ttl))) is not None
    }
    site_found = _site(session, site, partition, record)
    return replace(
        site_found,
        queued_by_depth=await _depths(session, partition, site, record),
        held_by=await _holder(session, partition, site) if record.get("h") else None,
        robots=robots,
        blocked_by=await _blocked_by(session, host),
    )


def _site(session: Session, site: str, partition: int, record: Mapping[str, bytes]) -> SiteFound:
    def number(name: str) -> int:
        return int(record.get(name) or 0)

    def counts(prefix: str) -> dict[str, int]:
        return {name[2:]: int(value) for name, value in record.items() if name.startswith(prefix)}

    now = session.now_us() // 1000
    waits = number("n") > 0 and not record.get("h")
    return SiteFound(
        site=site,
        partition=partition,
        accepted=number("a"),
        queued=number("n"),
        delay_ms=number("d") or session.spec.delay_ms,
        ready_in_ms=max(0, number("u") - now) if waits else None,
        given_up=record.get("g") == b"1",
        failing_ms=max(0, now - number("f")) if record.get("f") else 0,
        refused={Refusal(name): times for name, times in counts("r:").items()},
        settled={Outcome(name): times for name, times in counts("o:").items()},
    )


async def _depths(session: Session, partition: int, site: str, record: Mapping[str, bytes]) -> dict[int, int]:
    levels = (record.get("l") or b"").decode().split()
    keys = [session.keys.of_partition(partition, f":q:{level}:{site}") for level in levels]
    lengths = await session.server.commands([("LLEN", key) for key in keys]) if keys else []
    return {int(level): length for level, length in zip(levels, lengths, strict=True) if length}


async def _holder(session: Session, partition: int, site: str) -> str | None:
    for incarnation in await _incarnations(session, partition):
        key = session.keys.of_partition(partition, f":h:{incarnation}")
        if await session.server.command("HEXISTS", key, site):
            return await _worker_of(session, incarnation)
    return None


async def _blocked_by(session: Session, host: str) -> str | None:
    names = [host]
    while "." in names[-1]:
        names.append(names[-1].partition(".")[2])
    key = session.keys.of_partition(0, BLOCKED)
    hits = await session.server.commands([("SISMEMBER", key, name) for name in names])
    return next((name for name, hit in zip(names, hits, strict=True) if hit), None)


async def in_scope(session: Session, key: str) -> bool:
    """Whether a site or host stands in the scope's list."""
    wanted, first = key.encode(), 0
    while True:
        page = await session.server.command(
            "LRANGE", session.keys.of_crawl(SCOPE), first, first + _SCOPE_PAGE - 1
        )
        if wanted in page:
            return True
        if len(page) < _SCOPE_PAGE:
            return False
        first += len(page)


async def _hear_time(session: Session, partition: int) -> None:
    """The server's time, and whether this is the crawl that it was."""
    server_us, *_ = (await session.server.run([session.on_partition("books", partition)]))[0]
    session.hear(int(server_us))


async def _incarnations(session: Session, partition: int) -> list[str]:
    """Those that may hold something in the partition."""
    beating, dying = await session.server.commands([
        ("ZRANGE", session.keys.of_partition(partition, ":beats"), 0, -1),
        ("SMEMBERS", session.keys.of_partition(partition, ":dying")),
    ])  # fmt: skip
    return [who.decode() for who in [*beating, *dying]]


async def _worker_of(session: Session, incarnation: str) -> str:
    name = await session.server.command("HGET", session.keys.of_crawl(":workers"), incarnation)
    return name.decode() if name else f"a worker that died ({incarnation})"


def _entry_of(record: bytes) -> bytes:
    """Of `<level> <site> <entry>`."""
    return record.split(b" ", 2)[-1]


def _literal(text: bytes) -> bytes:
    """The text as a pattern of SCAN that matches nothing else."""
    for special in (b"\\", b"*", b"?", b"[", b"]", b"^"):
        text = text.replace(special, b"\\" + special)
    return text


def _pairs(reply: Any) -> list[tuple[bytes, bytes]]:
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))


def _scored(reply: Any) -> list[tuple[bytes, float]]:
    """Members with their scores, which redis-py reads on one server and not on another."""
    if reply and isinstance(reply[0], tuple | list):
        return [(member, float(score)) for member, score in reply]
    return [(member, float(score)) for member, score in zip(reply[::2], reply[1::2], strict=True)]
