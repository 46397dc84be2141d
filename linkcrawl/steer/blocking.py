"""Domains are blocked and unblocked, hot: workers act on it with their next beat."""

from collections.abc import Sequence
from dataclasses import dataclass

from linkcrawl.frontier import Frontier
from linkcrawl.status import found


@dataclass(frozen=True, slots=True)
class BlockChange:
    """What came of a change."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    """Were blocked already, or were not blocked."""
    blocked: tuple[str, ...]
    """The list now."""


async def blocked(frontier: Frontier) -> tuple[str, ...]:
    """The blocked domains, sorted."""
    await found(frontier)
    return tuple(sorted((await frontier.blocked())[1]))


async def block(frontier: Frontier, domains: Sequence[str]) -> BlockChange:
    """Block domains, each with all below it. One that stands in the list already is blocked again: a command that
    was cut may have reached only some partitions."""
    before = set(await blocked(frontier))
    for domain in domains:
        await frontier.block(domain)
    return await _changed(frontier, domains, [domain for domain in domains if domain not in before])


async def unblock(frontier: Frontier, domains: Sequence[str]) -> BlockChange:
    """Take domains off the list."""
    before = set(await blocked(frontier))
    for domain in domains:
        await frontier.unblock(domain)
    return await _changed(frontier, domains, [domain for domain in domains if domain in before])


async def _changed(frontier: Frontier, domains: Sequence[str], changed: Sequence[str]) -> BlockChange:
    affected = set(changed)
    unchanged = tuple(domain for domain in domains if domain not in affected)
    return BlockChange(tuple(changed), unchanged, await blocked(frontier))
