"""LinkSpider: response -> Page."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Spider
from scrapy.http import Response

from linkcrawl.download.downloader import VisitResponse
from linkcrawl.frontier.held import Visit
from linkcrawl.frontier.scheduler import scheduler_of
from linkcrawl.records import Outcome, Page
from linkcrawl.spiders.reading import page_of


class LinkSpider(Spider):
    """Turns each visit into one item. It never starts or follows anything: the frontier does."""

    name = "links"

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: visits come from the frontier."""
        nothing: tuple[Any, ...] = ()
        for never in nothing:
            yield never

    def parse(self, response: Response, **_: Any) -> list[Page]:
        """One response -> one Page, or none where the visit is to be retried or is no longer ours."""
        assert isinstance(response, VisitResponse)
        visit = response.visit
        if visit.dropped:
            return []
        scheduler = scheduler_of(self.crawler)
        if visit.retry_in_ms is not None:
            scheduler.again(visit)
            return []
        assert scheduler.run is not None
        scheduler.work_table.reading(visit.lease)
        try:
            return [page_of(visit, response.fetch, response.visited_at_us, scheduler.run)]
        except Exception as why:
            # Whatever a page holds, the worker goes on, and the visit has its one outcome.
            self.logger.exception("reading %s failed", visit.lease.candidate.url)
            return [internal_error(visit, response.visited_at_us, why)]
        finally:
            # Other pages may have their turn before the pipelines have this one.
            scheduler.work_table.forget(visit.lease.visit_id)


def internal_error(visit: Visit, visited_at_us: int, why: BaseException) -> Page:
    """The Page of a visit that a bug of ours ended."""
    return Page(
        lease=visit.lease,
        visited_at_us=visited_at_us,
        outcome=Outcome.INTERNAL_ERROR,
        robots_state=visit.robots_state,
        error=f"{type(why).__name__}: {why}"[:500],
    )
