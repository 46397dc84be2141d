"""Classify: what a search engine would make of each recorded link, and the page's edges.

After this, the parsed page is let go: `links` and `edges` are rows in all but name.
"""

from linkcrawl.html import Document, FoundLink
from linkcrawl.html.verdict import Verdict, verdict
from linkcrawl.records import AnchorKind, Directives, Edge, Element, Link, Page, Placement
from linkcrawl.urls.target import Target
from pipelines.normalize import Resolved

NO_DIRECTIVES = Directives()


class ClassifyPipeline:
    """Pure: it needs nothing but the page."""

    def process_item(self, item: Page) -> Page:
        """One page."""
        if isinstance(item.reading, Resolved):
            reading = item.reading
            directives = reading.document.directives
            item.links = [
                _link(reading, directives, found, target, watch) for found, target, watch in reading.kept
            ]
            item.edges = _edges(reading, directives)
        item.reading = None
        return item


def _link(
    reading: Resolved, directives: Directives, found: FoundLink, target: Target, watch: tuple[str, ...]
) -> Link:
    judged: Verdict = verdict(found.element, found.rel, directives)
    link = Link(
        href=found.href,
        target_url_resolved=target.resolved,
        target_url=target.url,
        target_host=target.host,
        target_site=target.site,
        unwrapped_url=target.unwrapped,
        watch=watch,
        element=found.element,
        rel=found.rel,
        rel_class=judged.rel_class,
        follow=judged.follow,
        follow_reasons=judged.reasons,
        anchor="",
        anchor_kind=AnchorKind.EMPTY,
        image_alt=None,
        link_title=None,
        text_before="",
        text_after="",
        placement=Placement.BODY,
        position=found.position,
        hidden=None,
        same_target_count=reading.counts[target.url],
    )
    if isinstance(reading.document, Document) and found.element is not Element.LINK_HEADER:
        details = reading.document.describe(found)
        link.anchor, link.anchor_kind = details.anchor, details.anchor_kind
        link.image_alt, link.link_title = details.image_alt, details.title
        link.text_before, link.text_after = details.text_before, details.text_after
        link.placement, link.hidden = details.placement, details.hidden
    return link


def _edges(reading: Resolved, directives: Directives) -> list[Edge]:
    counted: dict[str, list[int]] = {}
    for found, site in reading.outward:
        numbers = counted.setdefault(site, [0, 0])
        numbers[0] += 1
        numbers[1] += verdict(found.element, found.rel, directives).follow
    return [Edge(site, links, followed) for site, (links, followed) in counted.items()]
