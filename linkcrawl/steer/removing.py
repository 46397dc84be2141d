"""A crawl is deleted from the frontier; its datasets stay."""

from dataclasses import dataclass

from linkcrawl.errors import FrontierLost, LinkcrawlError
from linkcrawl.frontier import Frontier
from linkcrawl.steer.running import Standing, standing


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would go."""

    standing: Standing | None
    """None: what has that name is no whole crawl."""
    damage: str = ""
    """Then: what is wrong with it."""


async def look(frontier: Frontier) -> Doomed:
    """What has that name. Raises LinkcrawlError if nothing has."""
    try:
        return Doomed(await standing(frontier))
    except FrontierLost as why:
        return Doomed(None, str(why))


async def delete(frontier: Frontier, *, force: bool) -> None:
    """Remove it. Raises LinkcrawlError while workers live, unless forced."""
    doomed = await look(frontier)
    alive = doomed.standing.workers if doomed.standing is not None else 0
    if alive and not force:
        raise LinkcrawlError(
            f"{alive} worker{'s are' if alive > 1 else ' is'} alive: stop the crawl first (linkcrawl stop --wait), "
            "or say --force; nothing was deleted"
        )
    await frontier.delete()
