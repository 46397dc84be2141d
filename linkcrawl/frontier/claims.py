"""Work that one of many has to do once (rows of the crawl itself), and operators who are submitting seeds."""

from enum import StrEnum

from linkcrawl.frontier.session import Session


class Claim(StrEnum):
    """What came of claiming a piece of work."""

    MINE = "mine"
    THEIRS = "theirs"
    """Another client is at it; if that one dies, its claim runs out."""
    DONE = "done"


async def claim(session: Session, what: str, ms: int) -> Claim:
    """Take on a piece of work for so long, or for longer if it is this client's already. Idempotent."""
    return await _ask(session, what, "hold", ms)


async def fulfil(session: Session, what: str, ms: int) -> None:
    """Say that claimed work is done: nobody can claim it for so long (0: for ever)."""
    await _ask(session, what, "done", ms)


async def drop(session: Session, what: str) -> None:
    """Give claimed work back undone."""
    await _ask(session, what, "drop", 0)


async def _ask(session: Session, what: str, verb: str, ms: int) -> Claim:
    answer = await session.server.run_one(
        "claim", session.keys.crawl, session.epoch, what, session.worker_id, verb, ms
    )
    return Claim(bytes(answer).decode())


async def filling(session: Session, ms: int) -> None:
    """Say that this client submits seeds, and is dead if it has not said so again by then; 0: it is through."""
    await session.server.run_one("filling", session.keys.crawl, session.epoch, session.worker_id, ms)


async def nobody_fills(session: Session) -> None:
    """Forget those who said that they submit seeds."""
    await session.server.run_one("filling", session.keys.crawl, session.epoch, "*", 0)
