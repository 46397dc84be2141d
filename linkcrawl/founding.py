"""A crawl is made, or found and gone on with."""

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from linkcrawl.config import CrawlConfig, flag
from linkcrawl.errors import UsageError
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.spec import CrawlSpec
from linkcrawl.plan import Plan
from linkcrawl.records import Candidate, EndState, Seed
from linkcrawl.run import pack_config, unpack_config
from linkcrawl.scope import Scope, ScopeRule
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.seeds import SeedUrl

SEEDS_AT_ONCE = 5_000
KEPT_SETTINGS = ("scope", "tracking_param", "partitions", "expect_urls", "delay", "record", "out")
"""What an unfinished crawl keeps: the rows of one crawl must mean the same from its first to its last."""


@dataclass(frozen=True, slots=True)
class Found:
    """The crawl that this run works for."""

    spec: CrawlSpec
    resumed: bool
    seeds: int
    """Seeds of the command."""
    new_seeds: int
    """Those of them that the crawl did not know."""
    watch_version: int


async def begin(frontier: Frontier, plan: Plan) -> Found:
    """Make the crawl, or find it and open it again; then submit the seeds.

    Raises UsageError if an unfinished crawl of that name was made with settings that can not change.
    """
    state = await frontier.find()
    if state is not None and state.end_state is EndState.FINISHED:
        await frontier.delete()
        state = None
    if state is None:
        spec = _spec(plan)
        await frontier.create(spec)
        await frontier.set_watch(plan.watch.patterns)
    else:
        spec = state.spec
        _check_unchanged(unpack_config(spec.options), plan.config)
        await frontier.set_limits(
            max_pages=plan.config.max_pages,
            max_pages_per_site=plan.config.max_pages_per_site,
            max_depth=plan.config.max_depth,
            options=pack_config(_public(plan.config)),
        )
        await frontier.reopen()
        _, patterns = await frontier.watch()
        if tuple(patterns) != tuple(plan.watch.patterns):
            await frontier.set_watch(plan.watch.patterns)
    version, _ = await frontier.watch()
    new = await _submit_seeds(frontier, plan)
    return Found(spec, state is not None, len(plan.seeds), new, version)


def _public(config: CrawlConfig) -> CrawlConfig:
    """What the frontier keeps: workers are told the server's address when they start."""
    return replace(config, redis=None, seeds=None, watch=())


def _check_unchanged(before: CrawlConfig, now: CrawlConfig) -> None:
    # The state of an embedded frontier moves with its OUT: there is nothing that it could be mistaken for.
    moves_along = now.redis is None and now.state is None
    kept = [name for name in KEPT_SETTINGS if not (name == "out" and moves_along)]
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
        options=pack_config(_public(config)),
    )


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now_ms: int) -> str:
    """A ULID: 48 bits of time, 80 of chance, in Crockford's base 32 (github.com/ulid/spec)."""
    value = now_ms << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


async def _submit_seeds(frontier: Frontier, plan: Plan) -> int:
    scope = Scope(ScopeRule(plan.config.scope))
    new = 0
    for batch in _batches(plan.seeds):
        await frontier.add_scope(sorted({scope.key(seed.host, seed.site) for seed in batch}))
        answers = await frontier.submit(
            [
                Candidate(
                    seed.url,
                    seed.host,
                    seed.site,
                    depth=0,
                    seed=Seed.HTTPS_FIRST if seed.https_first else Seed.YES,
                )
                for seed in batch
            ]
        )
        new += sum(answer is None for answer in answers)
    return new


def _batches(seeds: Iterable[SeedUrl]) -> Iterator[list[SeedUrl]]:
    rest = iter(seeds)
    while batch := list(islice(rest, SEEDS_AT_ONCE)):
        yield batch
