"""How the commands that steer a crawl reach it."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from linkcrawl.cli.flags import crawl_address
from linkcrawl.frontier import Frontier
from linkcrawl.steer.connect import connected

_T = TypeVar("_T")


def steer(arguments: argparse.Namespace, action: Callable[[Frontier], Awaitable[_T]]) -> _T:
    """What the action answers, on the crawl that the flags name."""
    config = crawl_address(arguments)

    async def act() -> _T:
        async with connected(config) as frontier:
            return await action(frontier)

    return asyncio.run(act())
