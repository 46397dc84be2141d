"""Pages for these tests: plain ones, and any that a hostile web could lead to."""

import uuid
from collections.abc import Sequence

from hypothesis import strategies as st

from linkcrawl.records import (
    AnchorKind,
    Candidate,
    Directives,
    Edge,
    Element,
    FollowReason,
    Hidden,
    Kind,
    Lease,
    Link,
    Outcome,
    Page,
    Placement,
    RelClass,
    RobotsState,
)

NOON_US = 1_769_860_800_000_000  # 2026-01-31T12:00:00Z
DAY_US = 86_400_000_000


def a_lease(url: str, site: str, discovered_from: str = "") -> Lease:
    candidate = Candidate(url, site, site, depth=1, discovered_from=discovered_from)
    return Lease(candidate, visit_id=str(uuid.uuid4()), partition=0, token=1, attempt=1)


def a_link(target_url: str, target_site: str, **changes: object) -> Link:
    fields: dict[str, object] = {
        "href": target_url,
        "target_url_resolved": target_url,
        "target_url": target_url,
        "target_host": target_site,
        "target_site": target_site,
        "unwrapped_url": None,
        "watch": (target_site,),
        "element": Element.A,
        "rel": (),
        "rel_class": RelClass.FOLLOW,
        "follow": True,
        "follow_reasons": (),
        "anchor": "a shop",
        "anchor_kind": AnchorKind.TEXT,
        "image_alt": None,
        "link_title": None,
        "text_before": "bought at",
        "text_after": "last week",
        "placement": Placement.MAIN,
        "position": 0,
        "hidden": None,
        "same_target_count": 1,
    }
    return Link(**{**fields, **changes})  # type: ignore[arg-type]


def a_page(
    number: int = 0,
    *,
    site: str = "blog.example",
    at_us: int = NOON_US,
    links: Sequence[Link] = (),
    edges: Sequence[Edge] = (),
) -> Page:
    """A page that was read well."""
    return Page(
        lease=a_lease(f"https://{site}/{number}", site, discovered_from=f"https://{site}/"),
        visited_at_us=at_us,
        outcome=Outcome.OK,
        robots_state=RobotsState.ALLOWED,
        http_status=200,
        title=f"Page {number}",
        bytes=34_000,
        directives=Directives(),
        links_internal=60,
        links_external=len(links),
        links_watched=len(links),
        watch_version=1,
        links=list(links),
        edges=list(edges),
    )


# Any code point, surrogates and NUL too: lengths of one to a few find the same as long ones do.
texts = st.text(st.characters(), max_size=8)
maybe = st.none() | texts
counts = st.integers(0, 2**31 - 1)
maybe_counts = st.none() | counts
sites = st.sampled_from(["a.example", "b.example", "c.example", "192.0.2.1"])

links = st.builds(
    Link,
    href=texts,
    target_url_resolved=texts,
    target_url=texts,
    target_host=texts,
    target_site=sites,
    unwrapped_url=maybe,
    watch=st.lists(texts, max_size=2).map(tuple),
    element=st.sampled_from(Element),
    rel=st.lists(st.sampled_from(["nofollow", "ugc", "sponsored", "noopener"]), max_size=3).map(tuple),
    rel_class=st.sampled_from(RelClass),
    follow=st.booleans(),
    follow_reasons=st.lists(st.sampled_from(FollowReason), max_size=2).map(tuple),
    anchor=texts,
    anchor_kind=st.sampled_from(AnchorKind),
    image_alt=maybe,
    link_title=maybe,
    text_before=texts,
    text_after=texts,
    placement=st.sampled_from(Placement),
    position=counts,
    hidden=st.none() | st.sampled_from(Hidden),
    same_target_count=counts,
)
leases = st.builds(
    Lease,
    candidate=st.builds(
        Candidate,
        url=texts,
        host=texts,
        site=sites,
        depth=counts,
        discovered_from=texts,
        hops=counts,
        kind=st.sampled_from(Kind),
    ),
    visit_id=st.uuids().map(str),
    partition=st.just(0),
    token=st.just(1),
    attempt=st.integers(1, 9),
)
pages = st.builds(
    Page,
    lease=leases,
    visited_at_us=st.integers(NOON_US - DAY_US, NOON_US + DAY_US),
    outcome=st.sampled_from(Outcome),
    robots_state=st.sampled_from(RobotsState),
    http_status=maybe_counts,
    redirect_url=maybe,
    content_type=maybe,
    charset=maybe,
    lang=maybe,
    title=maybe,
    bytes=maybe_counts,
    wire_bytes=st.none() | st.integers(0, 2**62),
    truncated=st.booleans(),
    fetch_ms=maybe_counts,
    ip=maybe,
    etag=maybe,
    last_modified=maybe,
    content_hash=maybe,
    canonical_url=maybe,
    directives=st.none()
    | st.builds(Directives, st.booleans(), st.booleans(), meta_robots=maybe, x_robots_tag=maybe),
    links_internal=maybe_counts,
    links_external=maybe_counts,
    links_watched=maybe_counts,
    watch_version=counts,
    error=maybe,
    links=st.lists(links, max_size=3),
    edges=st.lists(st.builds(Edge, sites, counts, counts), max_size=4),
)
