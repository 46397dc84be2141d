"""Normalize: what each link of a page points at, and which of the URLs are to be crawled.

Parses the page, fills `links_internal`, `links_external`, `links_watched` and `discovered`, and leaves in
`reading` what the next pipeline needs: the links that are recorded, and all links to other sites.
"""

from collections import Counter
from dataclasses import dataclass, field

from scrapy.crawler import Crawler

from linkcrawl import policy
from linkcrawl.frontier.held import split_url
from linkcrawl.frontier.scheduler import LeaseScheduler, scheduler_of
from linkcrawl.html import Document, FoundLink
from linkcrawl.records import Candidate, Element, Page, Refusal, Seed
from linkcrawl.run import Run
from linkcrawl.spiders.reading import Redirect, read
from linkcrawl.urls.target import Target
from linkcrawl.urls.traps import trap

FOLLOWED = frozenset({Element.A, Element.AREA, Element.IFRAME, Element.META_REFRESH, Element.CANONICAL})
"""Elements whose targets are pages that a visitor may come to."""
LONGEST_URL = 2083
FAMILIAR_HREFS = 40_000
"""Links of the sites' own that are remembered, of all origins; some 200 bytes each."""


@dataclass(slots=True)
class Resolved:
    """A read page whose links know where they point."""

    document: Document | Redirect
    kept: list[tuple[FoundLink, Target, tuple[str, ...]]] = field(default_factory=list)
    """Links to record: (link, target, patterns of the watch list that matched)."""
    outward: list[tuple[FoundLink, str]] = field(default_factory=list)
    """All links to other sites: (link, target site)."""
    counts: Counter[str] = field(default_factory=Counter)
    """How often each recorded target URL is linked on the page."""

    def keep(self, link: FoundLink, target: Target, watch: tuple[str, ...]) -> None:
        """Record the link. Whether one is recorded depends on its target alone, so the counts are whole."""
        self.kept.append((link, target, watch))
        self.counts[target.url] += 1


class Familiar:
    """Links that the pages of a site repeat: hrefs that are relative to the origin alone, and lead to the same site."""

    def __init__(self) -> None:
        self._origins: dict[tuple[str, str], dict[str, int]] = {}
        self.taken = 0
        """How many were taken in since all were forgotten."""

    def on(self, base: str, codec: str) -> dict[str, int]:
        """{href: hash of its URL} for pages with this base URL and codec."""
        if self.taken > FAMILIAR_HREFS:
            self._origins.clear()
            self.taken = 0
        return self._origins.setdefault((split_url(base)[0], codec), {})


class NormalizePipeline:
    """Needs the run, which the scheduler has when the pipelines open."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._scheduler: LeaseScheduler
        self._run: Run
        self._familiar = Familiar()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "NormalizePipeline":
        """Scrapy's way to make one."""
        return cls(crawler)

    def open_spider(self) -> None:
        """The scheduler is open by now."""
        self._scheduler = scheduler_of(self._crawler)
        assert self._scheduler.run is not None
        self._run = self._scheduler.run

    def process_item(self, item: Page) -> Page:
        """One page. From here to the last pipeline no other page has its turn."""
        self._scheduler.work_table.reading(item.lease)
        read(item, self._run)
        if isinstance(item.reading, Document):
            self._links(item, item.reading)
        elif isinstance(item.reading, Redirect):
            self._redirect(item, item.reading)
        elif item.lease.candidate.seed is Seed.HTTPS_FIRST and item.outcome in policy.NO_CONNECTION:
            plain = item.lease.candidate._replace(
                url=item.lease.candidate.url.replace("https://", "http://", 1), seed=Seed.YES
            )
            item.discovered.append(plain)
        return item

    def _links(self, page: Page, document: Document) -> None:
        run, here = self._run, page.lease.candidate
        resolve, record = run.resolver.resolve, run.config.record
        reading = Resolved(document)
        internal = external = watched = 0
        base, codec, site, in_header = document.base_url, document.codec, here.site, Element.LINK_HEADER
        followed: dict[str, Target] = {}
        worker = self._scheduler.worker
        assert worker is not None
        known, familiar = worker.known, self._familiar.on(base, codec)
        for link in document.links:
            # Most links of a page stand on the site's other pages too, and lead to what is known already.
            if familiar.get(link.href) in known and record != "internal":
                internal += 1
                continue
            # An HTTP header's link is not subject to <base> (RFC 8288, 3.1).
            target = resolve(base if link.element is not in_header else document.url, link.href, codec)
            if target is None:
                continue
            if link.element in FOLLOWED:
                followed[target.url] = target
            if target.site == site:
                internal += 1
                if link.href.startswith("/") and link.element in FOLLOWED:
                    familiar[link.href] = hash(target.url)
                    self._familiar.taken += 1
                if record == "internal":
                    reading.keep(link, target, ())
                continue
            external += 1
            reading.outward.append((link, target.site))
            patterns = self._watched_by(target)
            watched += bool(patterns)
            if patterns or record != "watched":
                reading.keep(link, target, patterns)
        page.links_internal, page.links_external, page.links_watched = internal, external, watched
        page.reading = reading
        self._discover(page, followed)

    def _watched_by(self, target: Target) -> tuple[str, ...]:
        """The patterns that the target matches, or the URL inside a known redirector's URL."""
        watch = self._run.watch
        patterns = watch.match(target.url, target.host)
        if not patterns and target.unwrapped is not None:
            inner = self._run.resolver.resolve(target.unwrapped, target.unwrapped)
            patterns = watch.match(inner.url, inner.host) if inner else ()
        return patterns

    def _discover(self, page: Page, followed: dict[str, Target]) -> None:
        """URLs to crawl: in scope, not known to the frontier already, not a trap."""
        worker = self._scheduler.worker
        assert worker is not None
        here, scope, known = page.lease.candidate, self._run.scope, worker.known
        for url, target in followed.items():
            if not scope.holds(target.host, target.site):
                page.refused[Refusal.SCOPE] = page.refused.get(Refusal.SCOPE, 0) + 1
            elif hash(url) not in known and url != here.url:
                if reason := self._refusal(url):
                    page.refused[reason] = page.refused.get(reason, 0) + 1
                else:
                    page.discovered.append(Candidate(url, target.host, target.site, here.depth + 1, here.url))

    def _refusal(self, url: str) -> Refusal | None:
        run = self._run
        if len(url) > LONGEST_URL:
            return Refusal.LENGTH
        if run.filters and run.filters.refuses(url):
            return Refusal.EXCLUDED
        return Refusal.TRAP if trap(url) else None

    def _redirect(self, page: Page, redirect: Redirect) -> None:
        run, here = self._run, page.lease.candidate
        target = run.resolver.resolve(here.url, redirect.location)
        reading = Resolved(redirect)
        page.reading = reading
        if target is None:
            page.error = "the Location is no http(s) URL"
            return
        link = FoundLink(redirect.location, Element.REDIRECT, (), 0, None)
        if target.site != here.site:
            reading.outward.append((link, target.site))
            patterns = self._watched_by(target)
            if patterns or run.config.record != "watched":
                reading.keep(link, target, patterns)
        elif run.config.record == "internal":
            reading.keep(link, target, ())
        self._follow_redirect(page, target)

    def _follow_redirect(self, page: Page, target: Target) -> None:
        here = page.lease.candidate
        seed = Seed.YES if here.seed is not Seed.NO else Seed.NO
        in_scope = seed is not Seed.NO or self._run.scope.holds(target.host, target.site)
        reason = self._refusal(target.url) if in_scope else Refusal.SCOPE
        if reason:
            page.refused[reason] = page.refused.get(reason, 0) + 1
            return
        page.discovered.append(
            Candidate(
                target.url,
                target.host,
                target.site,
                here.depth,
                here.url,
                hops=here.hops + 1,
                seed=seed,
            )
        )
