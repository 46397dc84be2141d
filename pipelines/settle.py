"""Settle: the page's discoveries go to the frontier at once; its visit when everything is durable."""

from scrapy.crawler import Crawler

from linkcrawl.crash import crash_point
from linkcrawl.frontier.scheduler import LeaseScheduler, scheduler_of
from linkcrawl.records import Page, Seed


class SettlePipeline:
    """The last pipeline."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._scheduler: LeaseScheduler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SettlePipeline":
        """Scrapy's way to make one."""
        return cls(crawler)

    def open_spider(self) -> None:
        """The scheduler is open by now."""
        self._scheduler = scheduler_of(self._crawler)

    def process_item(self, item: Page) -> Page:
        """One page."""
        run = self._scheduler.run
        assert run is not None
        scope = [
            run.scope.key(candidate.host, candidate.site)
            for candidate in item.discovered
            if candidate.seed is not Seed.NO and not run.scope.holds_candidate(candidate)
        ]
        run.scope.add(scope)
        self._scheduler.count(item)
        if item.refused:
            self._scheduler.refuse(item.refused)
        if item.lease.record_only is None:  # else there is nothing of the page that could do harm
            crash_point("read", item.lease.candidate.url)
        self._scheduler.read(item.lease.visit_id, item.outcome, item.discovered, scope)
        return item
