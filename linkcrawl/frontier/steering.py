"""What an operator changes of a running crawl beside its state: the watch list, rounds of retries."""

from collections.abc import Sequence

from linkcrawl.frontier.keys import ROUNDS, WATCH
from linkcrawl.frontier.session import Session

_AT_ONCE = 5_000


async def change_watch(session: Session, patterns: Sequence[str], since: int) -> int | None:
    """Replace version `since` of the watch list; the new version, or None if another one counts by now."""
    server, record = session.server, session.keys.crawl
    version = await server.command("HINCRBY", record, "watch_next", 1)
    name = f"{WATCH}{version}"
    for first in range(0, len(patterns), _AT_ONCE):
        await server.run([session.on_crawl("append", name, *patterns[first : first + _AT_ONCE])])
    call = session.on_crawl("republish", "watch_version", WATCH, version, since)
    current: int = (await server.run([call]))[0]
    return current if current == version else None


async def begin_round(session: Session) -> list[int]:
    """Begin a new round of retries: when each round so far began, us by the server's clock, this one the last.

    Rounds count from 1.
    """
    await session.server.run([session.on_crawl("round")])
    starts = await session.server.command("LRANGE", session.keys.of_crawl(ROUNDS), 0, -1)
    return [int(start) for start in starts]


async def pushed_seeds(session: Session) -> bool:
    """Whether seeds lie under `NAME:start_urls`, which is no key of the crawl itself."""
    return bool(await session.server.command("EXISTS", f"{session.keys.name}:start_urls"))


async def watched(session: Session) -> tuple[int, int]:
    """The watch list's version, and how many patterns it has."""
    version = int(await session.server.command("HGET", session.keys.crawl, "watch_version") or 0)
    return version, await session.server.command("LLEN", session.keys.of_crawl(f"{WATCH}{version}"))
