"""What is written of the crawl itself: its crawls, watchlists and sites rows.

Any number of machines serve a crawl, and each row is to be written once: whoever writes it claims it in the
frontier first, and one that dies at it is followed by another.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import asdict
from typing import Any

from linkcrawl.config import CrawlConfig
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.tables import (
    CrawlRow,
    SiteRow,
    SitesTime,
    WatchlistVersion,
    write_crawl,
    write_sites,
    write_watchlist,
)
from linkcrawl.errors import DatasetError, FrontierLost, FrontierUnavailable, UsageError
from linkcrawl.frontier.claims import Claim
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.replies import SiteSummary
from linkcrawl.frontier.spec import CrawlState

SECRETS = frozenset({"redis", "header", "proxy"})
"""Settings whose values may hold passwords: a dataset says only that they were given."""
CLAIM_MS, CLAIM_AGAIN_S = 30_000, 10.0
SITES_EVERY_MS = 3_600_000
LOOK_EVERY_S = 0.5
KEEP_EVERY_S = 5.0
DRAINED_WITHIN_S = 60.0
"""How long the end's rows wait for the leases of workers that are stopping."""


class Chronicle:
    """Writes to OUT, by the frontier's clock; blocking work is done on a thread."""

    def __init__(self, config: CrawlConfig, location: Location, frontier: Frontier) -> None:
        """config: what this command was told."""
        self._options = without_secrets(config) | {"out": str(location)}
        self._location = location
        self._frontier = frontier
        self._watch_version = 0
        """The last that is known to be written."""

    async def begun(self) -> None:
        """An operator's command made the crawl, or goes on with it, or adds to it."""
        await self._watchlist()
        await self._crawl_row(await self._state())
        # The first rows of the sites are due an hour from now.
        if await self._frontier.claim("sites", CLAIM_MS) is Claim.MINE:
            await self._frontier.fulfil("sites", SITES_EVERY_MS)

    async def keep(self, log: Callable[[str], None]) -> None:
        """Look now and then, for as long as the task lives; what can not be written is said once, and tried again."""
        hindered = False
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            try:
                await self.look((await self._frontier.watched())[0])
                hindered = False
            except DatasetError as why:
                if not hindered:
                    log(f"the rows of the crawl itself: {why}")
                hindered = True
            except (FrontierUnavailable, FrontierLost, UsageError):
                # Whoever owns the crew hears of it, too.
                continue

    async def look(self, watch_version: int) -> None:
        """Write what is due, if nobody else does: the sites once an hour, a watch list that an operator changed.

        watch_version: that of the frontier. Raises DatasetError, FrontierUnavailable, FrontierLost.
        """
        await self._once("sites", self._sites, SITES_EVERY_MS)
        if watch_version > self._watch_version:
            claimed = await self._once(f"watch-{watch_version}", self._new_watchlist)
            if claimed is Claim.DONE:
                self._watch_version = max(watch_version, self._watch_version)

    async def ended(self, *, alone: bool) -> None:
        """This machine is through with the crawl: write how it ended, or wait until another has; where it has not
        ended, write how it stands.

        alone: no other machine has anything in download.
        """
        found = await self._state()
        if found.end_state is None:
            await self._sites()
            await self._crawl_row(found)
            return
        if not alone:
            await self._until_drained()

        async def write() -> None:
            await self._sites()
            await self._crawl_row(found)

        while await self._once(f"end-{found.ended_us}", write) is Claim.THEIRS:  # noqa: ASYNC110 (on a server)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _state(self) -> CrawlState:
        state = await self._frontier.find()
        if state is None:
            raise FrontierLost(f"the crawl {self._frontier.spec.name!r} was deleted")
        return state

    async def _until_drained(self) -> None:
        """Other machines may still be settling what they had in download."""
        clock = asyncio.get_running_loop().time
        until = clock() + DRAINED_WITHIN_S
        while clock() < until:
            if not (await self._frontier.books()).leased or not await self._frontier.workers():
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _once(
        self, what: str, write: Callable[[], Coroutine[Any, Any, None]], again_ms: int = 0
    ) -> Claim:
        """Write, unless another does or did."""
        claimed = await self._frontier.claim(what, CLAIM_MS)
        if claimed is not Claim.MINE:
            return claimed
        holding = asyncio.create_task(self._hold(what))
        try:
            await write()
        except BaseException:
            with contextlib.suppress(FrontierUnavailable):
                await self._frontier.drop_claim(what)
            raise
        finally:
            holding.cancel()
        await self._frontier.fulfil(what, again_ms)
        return Claim.DONE

    async def _hold(self, what: str) -> None:
        while True:
            await asyncio.sleep(CLAIM_AGAIN_S)
            with contextlib.suppress(FrontierUnavailable):
                await self._frontier.claim(what, CLAIM_MS)

    async def _new_watchlist(self) -> None:
        await self._watchlist()
        await self._crawl_row(await self._state())

    async def _watchlist(self) -> None:
        version, patterns = await self._frontier.watch()
        at = WatchlistVersion(self._frontier.spec.crawl_id, version, self._frontier.now_us())
        await asyncio.to_thread(write_watchlist, self._location, at, patterns)
        what = f"watch-{version}"
        if await self._frontier.claim(what, CLAIM_MS) is Claim.MINE:
            await self._frontier.fulfil(what)
        self._watch_version = version

    async def _sites(self) -> None:
        """The counters of every site, as they stand."""
        spec = self._frontier.spec
        at = SitesTime(spec.crawl_id, spec.name, self._frontier.now_us())
        rows = _pulled(self._frontier.sites(), asyncio.get_running_loop())
        await asyncio.to_thread(write_sites, self._location, at, rows)

    async def _crawl_row(self, found: CrawlState) -> None:
        spec, now = found.spec, self._frontier.now_us()
        version, _ = await self._frontier.watch()
        row = CrawlRow(
            crawl_id=spec.crawl_id,
            crawl_name=spec.name,
            written_at_us=now,
            started_at_us=spec.created_us,
            url_rules=spec.url_rules,
            watch_version=version,
            seeds=found.seeds,
            options=self._options,
            ended_at_us=found.ended_us,
            end_state=found.end_state,
        )
        await asyncio.to_thread(write_crawl, self._location, row)


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
