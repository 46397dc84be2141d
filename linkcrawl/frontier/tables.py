"""What all workers share beside the URLs: scope, watch list, blocked domains, robots, refusals."""

from collections.abc import Mapping, Sequence

from linkcrawl.frontier.blocklist import REMOVED, blocked_domains
from linkcrawl.frontier.fingerprint import partition_of
from linkcrawl.frontier.keys import BLOCKED, SCOPE, WATCH
from linkcrawl.frontier.session import Session
from linkcrawl.frontier.wire import pack_robots
from linkcrawl.records import Refusal, RobotsRecord

_AT_ONCE = 5000


async def _append(session: Session, suffix: str, values: Sequence[str]) -> int:
    length = 0
    for first in range(0, max(1, len(values)), _AT_ONCE):
        batch = values[first : first + _AT_ONCE]
        length = await session.server.run_one("append", session.keys.crawl, session.epoch, suffix, *batch)
    return length


async def _read(session: Session, suffix: str, since: int = 0) -> list[str]:
    values: list[str] = []
    while True:
        first = since + len(values)
        page = await session.server.command(
            "LRANGE", session.keys.of_crawl(suffix), first, first + _AT_ONCE - 1
        )
        values += [value.decode() for value in page]
        if len(page) < _AT_ONCE:
            return values


async def add_scope(session: Session, names: Sequence[str]) -> int:
    """Append sites or hosts to the scope; its new version. What is there already is not looked for."""
    return await _append(session, SCOPE, names)


async def read_scope(session: Session, since: int) -> tuple[int, list[str]]:
    """What was appended after version `since`, a part of it where that is much, and the version that this
    makes."""
    page = await session.server.command("LRANGE", session.keys.of_crawl(SCOPE), since, since + _AT_ONCE - 1)
    return since + len(page), [value.decode() for value in page]


async def set_watch(session: Session, patterns: Sequence[str]) -> int:
    """Replace the watch list; its new version. Workers read the old one until the new one is whole."""
    version = await session.server.command("HINCRBY", session.keys.crawl, "watch_next", 1)
    await _append(session, f"{WATCH}{version}", patterns)
    call = session.on_crawl("publish", "watch_version", WATCH, version)
    current: int = (await session.server.run([call]))[0]
    return current


async def read_watch(session: Session) -> tuple[int, list[str]]:
    """The watch list's version and patterns."""
    record = session.keys.crawl
    while True:
        version = int(await session.server.command("HGET", record, "watch_version") or 0)
        patterns = await _read(session, f"{WATCH}{version}")
        if int(await session.server.command("HGET", record, "watch_version") or 0) == version:
            return version, patterns


async def block(session: Session, domain: str) -> int:
    """Block a domain and all below it; the new version of the list."""
    version, known = await read_blocked(session)
    await session.server.run(session.on_each("block", session.partitions, domain))
    return version if domain in known else await _append(session, BLOCKED, [domain])


async def unblock(session: Session, domain: str) -> int:
    """Block a domain no more; the new version of the list. What was recorded as blocked stays so."""
    version, known = await read_blocked(session)
    # First the list: a worker that reads the old one still would record what the partitions give it.
    if domain in known:
        version = await _append(session, BLOCKED, [REMOVED + domain])
    await session.server.run(session.on_each("unblock", session.partitions, domain))
    return version


async def read_blocked(session: Session) -> tuple[int, list[str]]:
    """The version of the list of blocked domains, and the domains that are blocked now."""
    entries = await _read(session, BLOCKED)
    return len(entries), blocked_domains(entries)


async def put_robots(session: Session, site: str, record: RobotsRecord) -> None:
    """Keep what one origin of the site said in its robots.txt, until it expires."""
    partition = partition_of(site, session.spec.partitions)
    packed = pack_robots(record)
    await session.server.run(
        [session.on_partition("robots", partition, record.origin, packed, record.expires_in_ms)]
    )


async def record_refused(session: Session, counts: Mapping[Refusal, int]) -> None:
    """Add URLs that a worker refused by itself to the totals."""
    pairs = [part for reason, times in counts.items() if times for part in (reason.value, times)]
    if pairs:
        await session.server.run([session.on_crawl("refused", *pairs)])
