"""The crawl that a command is about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkcrawl.config import CrawlConfig
from linkcrawl.frontier import Frontier, ServerAddress


@asynccontextmanager
async def connected(config: CrawlConfig) -> AsyncIterator[Frontier]:
    """A client of the crawl that the settings name, which need not exist.

    Raises UsageError for an address that is none or a password that is refused, FrontierUnavailable.
    """
    frontier = await Frontier.connect(ServerAddress.from_url(config.redis or ""), config.name)
    try:
        yield frontier
    finally:
        await frontier.close()
