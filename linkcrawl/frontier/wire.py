"""What crosses the wire: queue entries and robots records, as msgpack that is checked on reading.

An entry is an array of eleven. The first three are integers below 128, so that the scripts find the version
at its second byte and count crashes in its third without unpacking it.
"""

from hashlib import blake2b
from uuid import UUID

import msgspec

from linkcrawl.records import Candidate, Kind, Lease, Outcome, Refusal, RobotsRecord, RobotsState, Seed

ENTRY_VERSION = 1
ROBOTS_VERSION = 1

REFUSAL_BY_LETTER: dict[str, Refusal | None] = {
    "0": None,
    "s": Refusal.SEEN,
    "d": Refusal.DEPTH,
    "h": Refusal.HOPS,
    "b": Refusal.BUDGET,
    "q": Refusal.QUEUE_FULL,
    "x": Refusal.BLOCKED,
}
"""The letters that submit.lua answers."""

KINDS = tuple(Kind)
_NUMBER_OF_KIND = {kind: number for number, kind in enumerate(KINDS)}


class Entry(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A URL in a queue. Site and host are not in it: the site is its key's, the host is in the URL."""

    version: int
    crashes: int
    attempt: int
    url: str
    depth: int
    shared: int
    """How many characters `discovered_from` shares with `url`: they are not kept twice."""
    rest: str
    """`discovered_from` after those."""
    hops: int
    kind: int
    seed: int
    round: int


class PackedRobots(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What is kept of an origin's robots.txt; its key holds the origin and its expiry."""

    version: int
    state: str
    rules: bytes
    crawl_delay_ms: int | None
    failures: int


class Unreadable(ValueError):
    """Bytes that are no entry of ours."""


pack = msgspec.msgpack.Encoder().encode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode
_decode_robots = msgspec.msgpack.Decoder(PackedRobots).decode


def pack_candidate(candidate: Candidate) -> bytes:
    """The entry of a URL that was never leased."""
    return _pack(candidate, attempt=1, crashes=0)


def pack_again(lease: Lease) -> bytes:
    """The entry for the next attempt at a leased URL."""
    return _pack(lease.candidate, attempt=min(lease.attempt + 1, 127), crashes=min(lease.crashes, 127))


def _pack(candidate: Candidate, attempt: int, crashes: int) -> bytes:
    url, _host, _site, depth, source, hops, kind, seed, round_ = candidate
    shared = _shared_folders(url, source)
    number = _NUMBER_OF_KIND[kind]
    return pack(
        (
            ENTRY_VERSION,
            crashes,
            attempt,
            url,
            depth,
            shared,
            source[shared:],
            hops,
            number,
            int(seed),
            round_,
        )
    )


def _shared_folders(url: str, source: str) -> int:
    end = url.rfind("/") + 1
    while end > 8:  # longer than "https://"
        if source.startswith(url[:end]):
            return end
        end = url.rfind("/", 0, end - 1) + 1
    return 0


def read_lease(raw: bytes, site: str, partition: int, token: int, crawl: bytes, record_only: str) -> Lease:
    """The lease of an entry. `crawl` is the crawl's id. Raises Unreadable for anything that we did not
    write."""
    try:
        entry = _decode_entry(raw)
        if entry.version != ENTRY_VERSION or not 0 <= entry.shared <= len(entry.url):
            raise Unreadable("an entry of another version")
        candidate = Candidate(
            url=entry.url,
            host=host_of(entry.url),
            site=site,
            depth=entry.depth,
            discovered_from=entry.url[: entry.shared] + entry.rest,
            hops=entry.hops,
            kind=KINDS[entry.kind],
            seed=Seed(entry.seed),
            round=entry.round,
        )
    except (msgspec.MsgspecError, ValueError, IndexError, UnicodeError) as problem:
        raise Unreadable(str(problem)) from None
    return Lease(
        candidate=candidate,
        visit_id=visit_id(crawl, partition, token),
        partition=partition,
        token=token,
        attempt=entry.attempt,
        crashes=entry.crashes,
        record_only=Outcome(record_only) if record_only else None,
    )


def host_of(url: str) -> str:
    """The host of a normalized http(s) URL; raises ValueError for any other."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("http", "https"):
        raise ValueError(f"no http URL: {url!r}")
    authority = rest.partition("/")[0].partition("?")[0]
    if authority.startswith("["):
        return authority[: authority.index("]") + 1]
    return authority.partition(":")[0]


def visit_id(crawl: bytes, partition: int, token: int) -> str:
    """The UUIDv7 (RFC 9562) of a lease.

    Made from its token, which begins as the server's time in microseconds: a reply that is read twice gives
    the same id, and no two leases of any crawl share one.
    """
    unique = blake2b(b"%s %d %d" % (crawl, partition, token), digest_size=8).digest()
    ms, us = divmod(token, 1000)
    number = (ms & ((1 << 48) - 1)) << 80 | 7 << 76 | (us * 4) << 64 | 2 << 62
    return str(UUID(int=number | int.from_bytes(unique, "big") >> 2))


def pack_robots(record: RobotsRecord) -> bytes:
    """A robots record without its origin and expiry."""
    return pack((ROBOTS_VERSION, str(record.state), record.rules, record.crawl_delay_ms, record.failures))


def read_robots(origin: str, raw: bytes, expires_in_ms: int) -> RobotsRecord | None:
    """The record of an origin; None for anything that we did not write: it is then fetched anew."""
    try:
        packed = _decode_robots(raw)
        if packed.version != ROBOTS_VERSION:
            return None
        state = RobotsState(packed.state)
    except (msgspec.MsgspecError, ValueError):
        return None
    return RobotsRecord(origin, state, packed.rules, packed.crawl_delay_ms, expires_in_ms, packed.failures)
