"""Makes a crawl that workers on any machine serve, or adds seeds to it; crawls nothing itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from linkcrawl.chronicle import Chronicle
from linkcrawl.config import OPTIONS, CrawlConfig
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.marker import has_marker
from linkcrawl.errors import DatasetError, FrontierUnavailable, UsageError
from linkcrawl.founding import Found, add, make
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.spec import CrawlState
from linkcrawl.intake import Seen
from linkcrawl.plan import Addition, Plan, make_addition, make_plan
from linkcrawl.run import unpack_config
from linkcrawl.seeding import Watched


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asked for."""

    config: CrawlConfig
    """What was given, defaults in place of the rest."""
    given: frozenset[str]
    """Names of the settings that were given."""
    seeds: Sequence[str]
    """As arguments."""
    mistakes: Sequence[str]
    """Found in the settings."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    found: Found
    made: bool
    out: str
    hint: str | None = None
    """What the operator should know."""


async def submit(asked: Asked, checked: Seen, watched: Watched) -> Result:
    """Make the crawl, or add to it. checked: told how many seeds were read and found right.

    Raises UsageError with every mistake before anything is made or changed; FrontierUnavailable, FrontierLost,
    DatasetError.
    """
    address = _address(asked)
    try:
        frontier = await Frontier.connect(address, asked.config.name)
    except FrontierUnavailable as why:
        raise UsageError(f"--redis: {why}") from None
    try:
        state = await frontier.find()
        if state is None:
            return await _make(frontier, asked, checked, watched)
        return await _add(frontier, state, asked, checked, watched)
    finally:
        await frontier.close()


def _address(asked: Asked) -> ServerAddress:
    mistakes = list(asked.mistakes)
    if asked.config.redis:
        try:
            address = ServerAddress.from_url(asked.config.redis)
        except UsageError as why:
            mistakes += [f"--redis: {problem}" for problem in why.problems]
    else:
        mistakes.append("--redis: missing: where the crawl's frontier is, like redis://host:6379/0")
    if mistakes:
        raise UsageError(mistakes)
    return address


async def _make(frontier: Frontier, asked: Asked, checked: Seen, watched: Watched) -> Result:
    plan: Plan = make_plan(asked.config, asked.seeds, (), checked)
    with plan.seeds:
        found = await make(frontier, plan, watched)
    await Chronicle(plan.config, plan.location, frontier).begun()
    return Result(found, made=True, out=str(plan.location), hint=_hint(plan.location))


def _hint(location: Location) -> str | None:
    if not location.is_local:
        return None
    return f"every worker has to reach {location}: a folder that all machines share, or -o s3://bucket/path"


async def _add(
    frontier: Frontier, state: CrawlState, asked: Asked, checked: Seen, watched: Watched
) -> Result:
    before = unpack_config(state.spec.options)
    given = {name: getattr(asked.config, name) for name in asked.given & OPTIONS.keys()}
    config = replace(before, **{**given, "name": asked.config.name})
    plan: Addition = make_addition(config, asked.given, asked.seeds, checked)
    with plan.seeds:
        found = await add(frontier, state, plan, watched)
    out = before.out or ""
    location = plan.location or Location.parse(out)
    return Result(
        found, made=False, out=out, hint=await _tell_datasets(frontier, plan.config, location, found)
    )


async def _tell_datasets(
    frontier: Frontier, config: CrawlConfig, location: Location, found: Found
) -> str | None:
    """Write the rows of the beginning, where OUT can be reached from here: workers write the others."""
    try:
        if await asyncio.to_thread(has_marker, location, found.spec.crawl_id):
            await Chronicle(config, location, frontier).begun()
    except (DatasetError, UsageError) as why:
        return f"its rows are not written, since OUT can not be reached from here: {why}"
    return None
