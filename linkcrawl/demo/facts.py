"""What a crawl of the demo's web must find: every link to a watched domain, from the pages' data. Pure."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from linkcrawl.demo.markup import Anchor, DemoPage, DemoSite, Paragraph
from linkcrawl.demo.web import SEEDS, SITES
from linkcrawl.records import FollowReason, Hidden, Placement


class Fact(NamedTuple):
    """One backlink, in the words of the dataset `links`."""

    source_url: str
    target_url: str
    element: str
    rel_class: str
    follow: bool
    follow_reasons: tuple[str, ...]
    anchor_text: str
    image_alt: str | None
    placement: str
    hidden: str | None


def facts() -> list[Fact]:
    """Every row that a crawl of the demo's seeds and watch list owes, sorted."""
    rows = [fact for url in visited() for fact in _facts_of(url)]
    return sorted(rows, key=repr)


def visited() -> set[str]:
    """Every URL that such a crawl asks for, but what robots.txt forbids."""
    todo, seen = deque(SEEDS), set(SEEDS)
    while todo:
        site, page = _at(todo[0])
        url = todo.popleft()
        for target in _targets(url, site, page):
            if target not in seen and _in_scope(target) and not _forbidden(target):
                seen.add(target)
                todo.append(target)
    return seen


_BY_HOST = {site.host: site for site in SITES}


def _at(url: str) -> tuple[DemoSite, DemoPage | None]:
    parts = urlsplit(url)
    site = _BY_HOST[parts.netloc]
    return site, site.pages.get(urlunsplit(("", "", parts.path, parts.query, "")))


def _in_scope(url: str) -> bool:
    return url.startswith("http://") and urlsplit(url).netloc in _BY_HOST


def _forbidden(url: str) -> bool:
    return urlsplit(url).path.startswith("/private/")


def _identity(url: str) -> str:
    parts = urlsplit(url)
    query = "&".join(pair for pair in parts.query.split("&") if not pair.startswith("utm_"))
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def _anchors(site: DemoSite, page: DemoPage) -> Iterator[tuple[Placement, Anchor]]:
    def of(placement: Placement, paragraph: Paragraph) -> Iterator[tuple[Placement, Anchor]]:
        return ((placement, piece) for piece in paragraph if isinstance(piece, Anchor))

    yield from of(Placement.NAV, site.menu)
    for placement, paragraphs in page.areas():
        for paragraph in paragraphs:
            yield from of(placement, paragraph)
    yield from of(Placement.FOOTER, site.footer)


def _location(page: DemoPage) -> str | None:
    return dict(page.headers).get("Location")


def _targets(url: str, site: DemoSite, page: DemoPage | None) -> Iterator[str]:
    if page is None:
        return
    location = _location(page)
    hrefs = [location] if location is not None else [anchor.href for _, anchor in _anchors(site, page)]
    yield from (_identity(urljoin(url, href)) for href in hrefs)


def _watched(source: str, target: str) -> bool:
    host = urlsplit(target).netloc
    acme = host == "acme.example" or host.endswith(".acme.example")
    own = urlsplit(source).netloc.endswith("acme.example") and acme
    return (acme or host == "globex.example") and not own and target.startswith("http")


def _facts_of(url: str) -> Iterator[Fact]:
    site, page = _at(url)
    if page is None:
        return
    location = _location(page)
    if location is not None:
        target = _identity(urljoin(url, location))
        if _watched(url, target):
            yield Fact(url, target, "redirect", "follow", True, (), "", None, Placement.BODY.value, None)
        return
    for placement, anchor in _anchors(site, page):
        target = _identity(urljoin(url, anchor.href))
        if _watched(url, target):
            rel_class, reasons = _verdict(page, anchor)
            hidden = Hidden.DISPLAY_NONE.value if anchor.style else None
            yield Fact(
                url,
                target,
                "a",
                rel_class,
                not reasons,
                reasons,
                anchor.text,
                anchor.alt,
                placement.value,
                hidden,
            )


def _verdict(page: DemoPage, anchor: Anchor) -> tuple[str, tuple[str, ...]]:
    tokens = set(anchor.rel.lower().replace(",", " ").split())
    rel_class = next((word for word in ("sponsored", "ugc", "nofollow") if word in tokens), "follow")
    reasons = [reason for reason in FollowReason if reason.removeprefix("rel_") in tokens]
    if "nofollow" in (page.robots or ""):
        reasons.append(FollowReason.META_ROBOTS)
    if "nofollow" in dict(page.headers).get("X-Robots-Tag", ""):
        reasons.append(FollowReason.X_ROBOTS_TAG)
    return rel_class, tuple(sorted(reason.value for reason in reasons))
