"""Which rows a crawl of a test web must find, worked out from its data alone: an oracle, which uses nothing
of the crawler but the names of its enums.

It is right for webs that keep to simple things: hosts below one label (`blog.ones.example` is of the site
`ones.example`), URLs that `urllib.parse.urljoin` resolves as browsers do, `utm_*` as the only
tracking parameters.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

from linkcrawl.records import Element, RelClass
from tests.web.pages import IN_HEAD, Answer, Html, LinkTag, Page, Turns, Web

WORDS_OF_ROBOTS = ("robots", "x-robots-tag")


class LinkRow(NamedTuple):
    """What must be right of each row of `links`; as plain text, so that rows of every origin compare."""

    source_url: str
    target_url: str
    element: str
    rel: tuple[str, ...]
    """Sorted."""
    rel_class: str
    follow: bool
    anchor_text: str
    image_alt: str | None
    placement: str


def expected_links(web: Web, watch: Iterable[str], seeds: Iterable[str] | None = None) -> Counter[LinkRow]:
    """The multiset of rows that a crawl with the default scope must record.

    watch: patterns of the watch list. seeds: URLs; without them, `/` of every host.
    """
    patterns = list(watch)
    rows: Counter[LinkRow] = Counter()
    for url in reachable(web, seeds):
        for row in _rows_of(url, page_at(web, url)):
            if _site(row.target_url) != _site(url) and any(matches(row.target_url, p) for p in patterns):
                rows[row] += 1
    return rows


def reachable(web: Web, seeds: Iterable[str] | None = None) -> set[str]:
    """Every URL that a crawl with the default scope visits, those that answer 404 included.

    robots.txt and limits are not looked at: a test of those says itself what is missing.
    """
    todo = deque(identity(seed) for seed in seeds or [f"http://{host}/" for host in web])
    sites = {_site(url) for url in todo}
    seen = set(todo)
    while todo:
        url = todo.popleft()
        for target in _leads_to(url, page_at(web, url)):
            if target not in seen and _site(target) in sites:
                seen.add(target)
                todo.append(target)
    return seen


def page_at(web: Web, url: str) -> Page | None:
    """The page at a URL; None: 404."""
    parts = urlsplit(url)
    return web.get(parts.netloc, {}).get(urlunsplit(("", "", parts.path or "/", parts.query, "")))


def identity(url: str) -> str:
    """The URL without what does not count: fragment, `utm_*` parameters, an empty path."""
    parts = urlsplit(urldefrag(url).url)
    kept = "&".join(pair for pair in parts.query.split("&") if not pair.startswith("utm_"))
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", kept, ""))


def matches(url: str, pattern: str) -> bool:
    """Whether a pattern of the watch list covers the URL."""
    host, path = urlsplit(url).netloc, urlsplit(url).path
    wanted, slash, prefix = pattern.partition("/")
    if wanted.startswith("="):
        return host == wanted[1:]
    below = host == wanted or host.endswith("." + wanted)
    return below and (not slash or path.startswith("/" + prefix))


def _site(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def _last(page: Page | None) -> Answer | Html | None:
    return page.turns[-1] if isinstance(page, Turns) else page


def _leads_to(url: str, page: Page | None) -> Iterator[str]:
    page = _last(page)
    if isinstance(page, Answer):
        yield from (identity(urljoin(url, value)) for name, value in page.headers if name == "Location")
    elif page is not None and page.status == 200:
        for tag in page.links:
            if tag.element in (Element.A, Element.AREA) and (linked := _resolved(url, page, tag)):
                yield identity(linked)


def _resolved(url: str, page: Html, tag: LinkTag) -> str | None:
    target = urljoin(urljoin(url, page.base or ""), tag.href.strip())
    return target if target.startswith(("http://", "https://")) else None


def _rows_of(url: str, page: Page | None) -> Iterator[LinkRow]:
    page = _last(page)
    if isinstance(page, Answer):
        for name, value in page.headers:
            if name == "Location" and 300 <= page.status < 400:
                target = identity(urljoin(url, value))
                yield LinkRow(url, target, "redirect", (), "follow", True, "", None, "body")
    elif page is not None and page.status == 200:
        nofollow = _page_nofollow(page)
        for tag in page.links:
            if linked := _resolved(url, page, tag):
                yield _row(url, identity(linked), tag, nofollow)


def _row(url: str, target: str, tag: LinkTag, page_nofollow: bool) -> LinkRow:
    rel = sorted(set(tag.rel.lower().replace(",", " ").split()))
    if tag.element in (Element.CANONICAL, Element.ALTERNATE):
        rel = [tag.element.value]
    heeded = ("sponsored", "ugc", "nofollow") if tag.element in (Element.A, Element.AREA) else ("nofollow",)
    rel_class = next((word for word in heeded if word in rel), RelClass.FOLLOW.value)
    # What is said in an area's alt attribute is the alternative text of the picture that it is part of.
    alt = tag.alt if tag.element in (Element.A, Element.AREA) else None
    text = " ".join(tag.text.split()) if tag.element is Element.A else ""
    place = "body" if tag.element in IN_HEAD else tag.placement.value
    follow = rel_class == RelClass.FOLLOW and not page_nofollow
    return LinkRow(url, target, tag.element.value, tuple(rel), rel_class, follow, text, alt, place)


def _page_nofollow(page: Html) -> bool:
    said = [page.robots or "", *(value for name, value in page.headers if name.lower() == "x-robots-tag")]
    words = {word.strip().lower() for text in said for word in text.split(",")}
    return bool(words & {"nofollow", "none"})
