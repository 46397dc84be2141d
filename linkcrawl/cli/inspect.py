"""`linkcrawl inspect`: how one page is read, as a crawl would read it. JSON, no crawl."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from linkcrawl import html
from linkcrawl.cli.parser import INSPECT_SETTINGS
from linkcrawl.config import CrawlConfig, checked
from linkcrawl.download.configure import fetch_options
from linkcrawl.download.fetcher import Fetcher
from linkcrawl.errors import UsageError
from linkcrawl.records import Fetch, Outcome
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.target import Resolver, Target
from linkcrawl.urls.watch import WatchList

NOTE = "Links that only JavaScript makes are not seen."
FILE_BASE = "http://localhost/"


def run(arguments: argparse.Namespace) -> int:
    """One JSON line for each page, in order; -> 0 if every page could be read, else 1."""
    raw = {name: getattr(arguments, name) for name in INSPECT_SETTINGS}
    config = checked([raw | {"header": arguments.header}])
    inspector = _Inspector(config, WatchList.parse(arguments.watch or ()), arguments.base_url)
    reports = asyncio.run(inspector.all(arguments.page))
    for report in reports:
        text = msgspec.json.encode(report)
        sys.stdout.buffer.write((msgspec.json.format(text, indent=2) if arguments.pretty else text) + b"\n")
    return 1 if any(report["error"] for report in reports) else 0


class _Inspector:
    def __init__(self, config: CrawlConfig, watch: WatchList, base_url: str | None) -> None:
        self._options = fetch_options(config)
        self._watch = watch
        self._base_url = base_url
        self._resolver = Resolver(IdentityRules(config.tracking_param))
        if base_url is not None and self._resolver.resolve(base_url, base_url) is None:
            raise UsageError(f"--base-url: {base_url!r} is no http(s) URL")

    async def all(self, pages: list[str]) -> list[dict[str, Any]]:
        fetcher = Fetcher(self._options)
        try:
            return [await self._one(page, fetcher) for page in pages]
        finally:
            await fetcher.close()

    async def _one(self, page: str, fetcher: Fetcher) -> dict[str, Any]:
        if page.lower().startswith(("http://", "https://")):
            target = self._resolver.resolve(page, page)
            if target is None:
                raise UsageError(f"{page!r} is no http(s) URL")
            return self._fetched(target, await fetcher.fetch(target.url))
        try:
            body = await asyncio.to_thread(Path(page).read_bytes)
        except OSError as why:
            raise UsageError(f"{page} can not be read: {why.strerror}") from None
        headers = [(name.encode(), value.encode()) for name, value in self._options.headers]
        base = self._resolver.resolve(FILE_BASE, self._base_url or FILE_BASE)
        assert base is not None
        read = {"page": page, "url": base.resolved, "outcome": None, "http_status": None, "error": None}
        return read | self._read(html.read(body, base.resolved, headers))

    def _fetched(self, target: Target, fetch: Fetch) -> dict[str, Any]:
        told = {
            "page": target.resolved,
            "url": target.url,
            "outcome": fetch.outcome,
            "http_status": fetch.http_status,
            "error": fetch.error,
            "ip": fetch.ip,
            "fetch_ms": fetch.fetch_ms,
            "truncated": fetch.truncated,
        }
        if fetch.outcome is Outcome.REDIRECT:
            redirect = self._resolver.resolve(target.url, fetch.header(b"location") or "")
            return told | {"redirect_url": redirect.url if redirect else None}
        if fetch.outcome is not Outcome.OK:
            return told | {"error": fetch.error or f"ended as {fetch.outcome}"}
        return told | self._read(html.read(fetch.body, target.url, fetch.headers))

    def _read(self, document: html.Document) -> dict[str, Any]:
        directives, canonical = document.directives, document.canonical
        where = self._resolver.resolve(document.base_of(canonical), canonical.href) if canonical else None
        return {
            "base_url": document.base_url,
            "charset": document.charset,
            "charset_source": document.charset_source,
            "lang": document.lang,
            "title": document.title,
            "canonical_url": where.url if where else None,
            "meta_robots": directives.meta_robots,
            "x_robots_tag": directives.x_robots_tag,
            "page_noindex": directives.noindex,
            "page_nofollow": directives.nofollow,
            "links_cut": document.links_cut,
            "depth_cut": document.depth_cut,
            "note": NOTE,
            "links": [self._link(document, link) for link in document.links],
        }

    def _link(self, document: html.Document, link: html.FoundLink) -> dict[str, Any]:
        target = self._resolver.resolve(document.base_of(link), link.href, document.codec)
        judged = html.verdict(link.element, link.rel, document.directives)
        details = document.describe(link)
        return {
            "position": link.position,
            "element": link.element,
            "href": link.href,
            "target_url_resolved": target.resolved if target else None,
            "target_url": target.url if target else None,
            "target_site": target.site if target else None,
            "unwrapped_url": target.unwrapped if target else None,
            "watch": list(self._watch.match(target.url, target.host)) if target else [],
            "rel": list(link.rel),
            "rel_class": judged.rel_class,
            "follow": judged.follow,
            "follow_reasons": list(judged.reasons),
            "anchor": details.anchor,
            "anchor_kind": details.anchor_kind,
            "image_alt": details.image_alt,
            "link_title": details.title,
            "text_before": details.text_before,
            "text_after": details.text_after,
            "placement": details.placement,
            "hidden": details.hidden,
        }
