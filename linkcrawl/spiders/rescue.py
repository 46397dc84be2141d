"""Every visit has its outcome, whatever breaks on the way of its item.

Scrapy tells of an exception in a callback or a pipeline only by a signal. What such a visit held is replaced by a
Page that says `internal_error`, and goes straight to the writer and the frontier.
"""

import logging
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from linkcrawl.frontier.scheduler import LeaseScheduler, scheduler_of
from linkcrawl.records import Lease, Outcome, Page

logger = logging.getLogger(__name__)


class Rescue:
    """An extension, on the signals that end an item or a request without its last pipeline."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        connect = crawler.signals.connect
        connect(self._spider_error, signal=signals.spider_error)
        connect(self._item_lost, signal=signals.item_error)
        connect(self._item_lost, signal=signals.item_dropped)
        connect(self._request_dropped, signal=signals.request_dropped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Rescue":
        """Scrapy's way to make one."""
        return cls(crawler)

    def _spider_error(self, failure: Any, response: Response | Any) -> None:
        request = getattr(response, "request", None)
        if request is not None:
            self._settle(request.meta["visit"].lease, getattr(failure, "value", None))

    def _item_lost(self, item: Page, response: Response | None = None, **told: Any) -> None:
        why = told.get("exception") or getattr(told.get("failure"), "value", None)
        self._settle(item.lease, why)

    def _request_dropped(self, request: Request) -> None:
        visit = request.meta.get("visit")
        if visit is not None:
            self._settle(visit.lease, None)

    def _settle(self, lease: Lease, why: BaseException | None) -> None:
        scheduler: LeaseScheduler = scheduler_of(self._crawler)
        page = Page(
            lease=lease,
            visited_at_us=scheduler.now_us(),
            outcome=Outcome.INTERNAL_ERROR,
            error=f"{type(why).__name__}: {why}"[:500] if why else "lost on its way",
        )
        logger.error("%s ended as internal_error: %s", lease.candidate.url, page.error)
        scheduler.rescue(page)
