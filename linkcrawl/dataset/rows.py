"""A page as rows: its values in the order of the columns, less those that are the same for a whole run."""

from typing import Any

from linkcrawl.dataset.columns import EDGES, LINKS, VISITS, Column, Dataset
from linkcrawl.records import Directives, Page

Row = tuple[Any, ...]

RUN_COLUMNS = frozenset({"crawl_id", "crawl_name", "worker_id", "url_rules"})
"""Filled when a part is written: not kept with each row in memory."""

_NOT_READ = Directives()


def row_columns(dataset: Dataset) -> tuple[Column, ...]:
    """The columns that differ from row to row, in their order."""
    return tuple(column for column in dataset.columns if column.name not in RUN_COLUMNS)


VISIT_COLUMNS = row_columns(VISITS)
LINK_COLUMNS = row_columns(LINKS)
EDGE_COLUMNS = row_columns(EDGES)


def visit_row(page: Page) -> Row:
    """The row of visits (`VISIT_COLUMNS`)."""
    lease = page.lease
    candidate = lease.candidate
    read = page.directives
    directives = read or _NOT_READ
    return (
        lease.visit_id,
        candidate.url,
        candidate.host,
        candidate.site,
        candidate.kind,
        candidate.depth,
        candidate.discovered_from or None,
        candidate.hops,
        lease.attempt,
        page.visited_at_us,
        page.outcome,
        page.http_status,
        page.redirect_url,
        page.content_type,
        page.charset,
        page.lang,
        page.title,
        page.bytes,
        page.wire_bytes,
        page.truncated,
        page.fetch_ms,
        page.ip,
        page.etag,
        page.last_modified,
        page.content_hash,
        page.canonical_url,
        directives.meta_robots,
        directives.x_robots_tag,
        directives.noindex if read else None,
        directives.nofollow if read else None,
        page.links_internal,
        page.links_external,
        page.links_watched,
        page.robots_state,
        page.watch_version,
        page.error,
    )


def link_rows(page: Page) -> list[Row]:
    """The rows of links (`LINK_COLUMNS`)."""
    visit_id = page.lease.visit_id
    source = page.lease.candidate
    return [
        (
            visit_id,
            source.url,
            source.host,
            source.site,
            link.href,
            None if link.target_url_resolved == link.target_url else link.target_url_resolved,
            link.target_url,
            link.target_host,
            link.target_site,
            link.unwrapped_url,
            link.watch,
            link.element,
            link.rel,
            link.rel_class,
            "nofollow" in link.rel,
            "ugc" in link.rel,
            "sponsored" in link.rel,
            link.follow,
            link.follow_reasons,
            link.anchor,
            link.anchor_kind,
            link.image_alt,
            link.link_title,
            link.text_before,
            link.text_after,
            link.placement,
            link.position,
            link.hidden,
            link.same_target_count,
            page.visited_at_us,
        )
        for link in page.links
    ]
