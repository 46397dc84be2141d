"""What is written of the crawl itself: its crawls, watchlists and sites rows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict

from linkcrawl.config import CrawlConfig
from linkcrawl.dataset.tables import (
    CrawlRow,
    SiteRow,
    SitesTime,
    WatchlistVersion,
    write_crawl,
    write_sites,
    write_watchlist,
)
from linkcrawl.founding import Found
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.replies import SiteSummary
from linkcrawl.plan import Plan
from linkcrawl.records import EndState

SECRETS = frozenset({"redis", "header", "proxy"})
"""Settings whose values may hold passwords: a dataset says only that they were given."""


class Chronicle:
    """Writes to OUT, by the frontier's clock; blocking work is done on a thread."""

    def __init__(self, plan: Plan, frontier: Frontier, found: Found) -> None:
        self._plan = plan
        self._frontier = frontier
        self._found = found

    async def begun(self) -> None:
        """The crawl begins or goes on."""
        version = WatchlistVersion(
            self._found.spec.crawl_id, self._found.watch_version, self._frontier.now_us()
        )
        await asyncio.to_thread(write_watchlist, self._plan.location, version, self._plan.watch.patterns)
        await self._crawl_row(None)

    async def ended(self, state: EndState | None) -> None:
        """The run has ended."""
        await self.sites()
        await self._crawl_row(state)

    async def sites(self) -> None:
        """The counters of every site, as they stand."""
        spec = self._found.spec
        at = SitesTime(spec.crawl_id, spec.name, self._frontier.now_us())
        summaries = self._frontier.sites()
        rows = _pulled(summaries, asyncio.get_running_loop())
        await asyncio.to_thread(write_sites, self._plan.location, at, rows)

    async def _crawl_row(self, state: EndState | None) -> None:
        spec, now = self._found.spec, self._frontier.now_us()
        row = CrawlRow(
            crawl_id=spec.crawl_id,
            crawl_name=spec.name,
            written_at_us=now,
            started_at_us=spec.created_us,
            url_rules=spec.url_rules,
            watch_version=self._found.watch_version,
            seeds=self._found.seeds,
            options=without_secrets(self._plan.config) | {"out": str(self._plan.location)},
            ended_at_us=now if state is not None else None,
            end_state=state,
        )
        await asyncio.to_thread(write_crawl, self._plan.location, row)


def without_secrets(config: CrawlConfig) -> dict[str, object]:
    """The settings as they may be shown."""
    return {name: "(given)" if name in SECRETS and value else value for name, value in asdict(config).items()}


def _pulled(sites: AsyncIterator[SiteSummary], loop: asyncio.AbstractEventLoop) -> Iterator[SiteRow]:
    """The rows, for a thread: each is asked for on the event loop, so that no more than a few are in memory."""

    async def some() -> list[SiteSummary]:
        batch = []
        async for summary in sites:
            batch.append(summary)
            if len(batch) == 2_000:
                break
        return batch

    while batch := asyncio.run_coroutine_threadsafe(some(), loop).result():
        for summary in batch:
            yield SiteRow(
                site=summary.site,
                accepted=summary.accepted,
                not_reached=summary.queued,
                refused=summary.refused,
                settled=summary.settled,
            )
