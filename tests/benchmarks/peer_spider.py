"""The peers' crawl: plain Scrapy, or with the scheduler and dupe filter of scrapy-redis, as in their docs.

`python -m tests.benchmarks.peer_spider --seeds FILE --items FILE [--redis URL]`. Default settings, but for
the pace (no delay, one request at a time to a host, as many hosts at once as there are), robots.txt obeyed,
the log at INFO. One `LinkExtractor` pass a page serves both following and recording.
"""

import argparse
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor

from tests.benchmarks.pages import WATCH


class PeerSpider(scrapy.Spider):
    """Follows links within the seeds' hosts, yields an item for every link to a watched domain."""

    name = "peer"

    def __init__(self, seeds: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seeds = seeds
        self._hosts = {urlsplit(seed).netloc for seed in seeds}
        self._links = LinkExtractor()

    async def start(self) -> AsyncIterator[Any]:
        """A request for each seed."""
        for seed in self._seeds:
            yield scrapy.Request(seed)

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Any]:
        """Items and requests of a page."""
        if not isinstance(response, TextResponse):
            return
        for link in self._links.extract_links(response):
            host = urlsplit(link.url).netloc
            if host in self._hosts:
                yield scrapy.Request(link.url)
            elif any(host == domain or host.endswith("." + domain) for domain in WATCH):
                yield {
                    "source": response.url,
                    "target": link.url,
                    "anchor": link.text,
                    "nofollow": link.nofollow,
                }


def settings(items: Path, hosts: int, redis: str | None) -> dict[str, Any]:
    """Every setting that is not Scrapy's default."""
    chosen: dict[str, Any] = {
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS": hosts,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "ROBOTSTXT_OBEY": True,
        "LOG_LEVEL": "INFO",
        "FEEDS": {str(items): {"format": "jsonlines"}},
    }
    if redis is not None:
        chosen |= {
            "SCHEDULER": "scrapy_redis.scheduler.Scheduler",
            "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
            "REDIS_URL": redis,
        }
    return chosen


def main() -> None:
    """Crawl to the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--items", type=Path, required=True)
    parser.add_argument("--redis")
    asked = parser.parse_args()
    seeds = asked.seeds.read_text().split()
    process = AsyncCrawlerProcess(settings(asked.items, len(seeds), asked.redis))
    process.crawl(PeerSpider, seeds=seeds)
    process.start()
    if process.bootstrap_failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
