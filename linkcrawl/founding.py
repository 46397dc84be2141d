"""A crawl is made, or found and gone on with, or added to.

The order of steps makes each of them harmless to break off at: a crawl is made, then said to be filled (so that
no worker takes it for complete), then marked in OUT, then given its watch list (for which workers wait), then
its seeds. The same command does the rest.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from linkcrawl.config import CrawlConfig, flag
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.marker import check_marker, has_marker, leave_marker
from linkcrawl.errors import UsageError
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.spec import CrawlSpec, CrawlState
from linkcrawl.plan import Addition, Plan
from linkcrawl.records import EndState
from linkcrawl.run import pack_config, unpack_config
from linkcrawl.seeding import Submitted, Watched, filling, submit_seeds
from linkcrawl.urls.identity import IdentityRules

NOT_OF_THE_CRAWL = frozenset(
    {
        "redis",
        "name",
        "seeds",
        "seeds_column",
        "watch",
        "out",
        "state",
        "workers",
        "metrics_port",
        "metrics_host",
    }
)
"""Settings of a command, or kept elsewhere."""
KEPT_SETTINGS = ("scope", "tracking_param", "partitions", "expect_urls", "delay", "record", "out")
"""What an unfinished crawl keeps: the rows of one crawl must mean the same from its first to its last."""


@dataclass(frozen=True, slots=True)
class Found:
    """The crawl that this command works for."""

    spec: CrawlSpec
    resumed: bool
    submitted: Submitted
    seeds: int
    """Of the crawl, so far."""
    watch_version: int
    patterns: int
    """Of the watch list."""


async def begin(frontier: Frontier, plan: Plan, watched: Watched) -> Found:
    """Make the crawl, or find it and open it again; then submit the seeds. After a finished one, a new one is made.

    Raises UsageError if an unfinished crawl of that name was made with settings that can not change.
    """
    state = await frontier.find()
    if state is not None and state.end_state is EndState.FINISHED:
        await frontier.delete()
        state = None
    if state is None:
        return await make(frontier, plan, watched)
    before = unpack_config(state.spec.options)
    # The state of an embedded frontier moves with its OUT: there is nothing that it could be mistaken for.
    shared = plan.config.redis is not None
    if shared:
        moves = await _out_moved(before, plan.config, plan.location, state.spec)
    else:
        moves = plan.config.state is None
    _check_unchanged(before, plan.config, [name for name in KEPT_SETTINGS if not (name == "out" and moves)])
    if shared:
        await asyncio.to_thread(check_marker, plan.location, state.spec.crawl_id, state.spec.name)
    else:
        await frontier.nobody_fills()
        await asyncio.to_thread(leave_marker, plan.location, state.spec.crawl_id, state.spec.name)
    async with filling(frontier):
        kept = replace(plan.config, out=before.out) if shared else plan.config
        await _set_limits(frontier, kept)
        await frontier.set_deadline(plan.config.max_time)
        await frontier.reopen()
        await _set_watch(frontier, plan.watch.patterns)
        submitted = await submit_seeds(frontier, plan.seeds, watched, durably=shared)
    return await _found(frontier, submitted, resumed=True)


async def make(frontier: Frontier, plan: Plan, watched: Watched) -> Found:
    """Make the crawl, and submit the seeds. Raises UsageError if there is one of that name."""
    spec = _spec(plan)
    await frontier.create(spec)
    async with filling(frontier):
        await asyncio.to_thread(leave_marker, plan.location, spec.crawl_id, spec.name)
        await frontier.set_deadline(plan.config.max_time)
        await frontier.set_watch(plan.watch.patterns)
        submitted = await submit_seeds(frontier, plan.seeds, watched, durably=plan.config.redis is not None)
    return await _found(frontier, submitted, resumed=False)


async def add(frontier: Frontier, state: CrawlState, plan: Addition, watched: Watched) -> Found:
    """Add seeds to the crawl, whatever its state; what was given again changes. A finished one is opened again by
    the first seed that is new to it.

    Raises UsageError for settings that can not change.
    """
    before = unpack_config(state.spec.options)
    kept = [name for name in KEPT_SETTINGS if name in plan.given]
    if plan.location is not None and await _out_moved(before, plan.config, plan.location, state.spec):
        kept = [name for name in kept if name != "out"]
    _check_unchanged(before, plan.config, kept)
    async with filling(frontier):
        if plan.given - NOT_OF_THE_CRAWL:
            await _set_limits(frontier, replace(plan.config, out=before.out))
        if state.end_state is not None or "max_time" in plan.given:
            await frontier.set_deadline(plan.config.max_time)
        if state.end_state not in (None, EndState.FINISHED):
            await frontier.reopen()
        if plan.watch is not None:
            await _set_watch(frontier, plan.watch.patterns)
        submitted = await submit_seeds(frontier, plan.seeds, watched, durably=True)
    return await _found(frontier, submitted, resumed=True)


async def _found(frontier: Frontier, submitted: Submitted, *, resumed: bool) -> Found:
    state = await frontier.find()
    version, patterns = await frontier.watch()
    seeds = state.seeds if state is not None else submitted.seeds
    return Found(frontier.spec, resumed, submitted, seeds, version, len(patterns))


async def _out_moved(before: CrawlConfig, now: CrawlConfig, location: Location, spec: CrawlSpec) -> bool:
    """Whether OUT has another name here than where the crawl was made, and is the same place."""
    return before.out != now.out and await asyncio.to_thread(has_marker, location, spec.crawl_id)


async def _set_limits(frontier: Frontier, config: CrawlConfig) -> None:
    await frontier.set_limits(
        max_pages=config.max_pages,
        max_pages_per_site=config.max_pages_per_site,
        max_depth=config.max_depth,
        options=pack_config(public(config)),
    )


async def _set_watch(frontier: Frontier, patterns: Iterable[str]) -> None:
    _, before = await frontier.watch()
    wanted = list(patterns)
    if before != wanted:
        await frontier.set_watch(wanted)


def public(config: CrawlConfig) -> CrawlConfig:
    """What the frontier keeps: workers are told the server's address when they start, and what a machine does for
    itself is not the crawl's."""
    own = {"redis": None, "seeds": None, "seeds_column": None, "watch": (), "metrics_port": None}
    return replace(config, **own)  # type: ignore[arg-type]


def _check_unchanged(before: CrawlConfig, now: CrawlConfig, kept: Iterable[str]) -> None:
    changed = [name for name in kept if getattr(before, name) != getattr(now, name)]
    if changed:
        raise UsageError(
            [
                f"{flag(name)}: the unfinished crawl {now.name!r} was made with {getattr(before, name)!r}, "
                f"not {getattr(now, name)!r}: give the same again, or another --name for another crawl"
                for name in changed
            ]
        )


def _spec(plan: Plan) -> CrawlSpec:
    config = plan.config
    return CrawlSpec(
        crawl_id=ulid(time.time_ns() // 1_000_000),
        name=config.name,
        created_us=time.time_ns() // 1000,
        partitions=config.partitions,
        expect_urls=config.expect_urls,
        delay_ms=config.delay,
        max_depth=config.max_depth,
        max_pages_per_site=config.max_pages_per_site,
        max_queued_per_site=config.max_queued_per_site,
        max_pages=config.max_pages,
        site_give_up_ms=config.site_give_up,
        reclaim_after_ms=config.reclaim_after,
        scope=config.scope,
        url_rules=IdentityRules(config.tracking_param).version,
        options=pack_config(public(config)),
    )


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now_ms: int) -> str:
    """A ULID: 48 bits of time, 80 of chance, in Crockford's base 32 (github.com/ulid/spec)."""
    value = now_ms << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
