"""A visit and what its request brought -> a Page. No I/O.

A body becomes a document in the pipelines (`read`), and is let go before the next one does: a parsed page takes
over a megabyte, whatever its size, and Scrapy holds dozens of answered pages at a time.
"""

from hashlib import blake2b

from linkcrawl import html
from linkcrawl.frontier.held import Visit
from linkcrawl.html.document import Document
from linkcrawl.records import Directives, Fetch, Outcome, Page
from linkcrawl.run import Run

LONGEST_ERROR = 500


def page_of(visit: Visit, fetch: Fetch, visited_at_us: int, run: Run) -> Page:
    """The item of one visit. Raises nothing that a page can cause."""
    candidate = visit.lease.candidate
    page = Page(
        lease=visit.lease,
        visited_at_us=visited_at_us,
        outcome=fetch.outcome,
        robots_state=visit.robots_state,
        http_status=fetch.http_status,
        content_type=fetch.header(b"content-type"),
        bytes=len(fetch.body) if fetch.wire_bytes is not None else None,
        wire_bytes=fetch.wire_bytes,
        truncated=fetch.truncated,
        fetch_ms=fetch.fetch_ms,
        ip=fetch.ip,
        etag=fetch.header(b"etag"),
        last_modified=fetch.header(b"last-modified"),
        watch_version=run.watch_version,
        error=fetch.error[:LONGEST_ERROR] if fetch.error else None,
    )
    if fetch.outcome is Outcome.REDIRECT:
        location = fetch.header(b"location") or ""
        page.reading = Redirect(location, _x_robots_nofollow(fetch))
        target = run.resolver.resolve(candidate.url, location)
        page.redirect_url = target.url if target else None
    elif fetch.outcome is Outcome.OK:
        page.reading = Unread(fetch)
    return page


class Unread:
    """A page that was answered and not parsed yet."""

    __slots__ = ("fetch",)

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch


class Redirect:
    """What a redirect tells: its Location as text, and whether the answer says nofollow."""

    __slots__ = ("directives", "location")

    def __init__(self, location: str, directives: Directives) -> None:
        self.location = location
        self.directives = directives


def _x_robots_nofollow(fetch: Fetch) -> Directives:
    tags = [value.decode("latin-1") for name, value in fetch.headers if name.lower() == b"x-robots-tag"]
    return html.directives_of((), tags)


def read(page: Page, run: Run) -> None:
    """Parse the page, if it is one that was not yet: what it says of itself is filled in, `reading` is its Document.

    The links stay in there until the pipelines have normalized and classified them: only what is recorded is
    described in full.
    """
    if not isinstance(page.reading, Unread):
        return
    fetch = page.reading.fetch
    document: Document = html.read(fetch.body, page.lease.candidate.url, fetch.headers)
    page.reading = document
    page.charset = document.charset
    page.lang = document.lang
    page.title = document.title
    page.directives = document.directives
    page.content_hash = blake2b(fetch.body, digest_size=16).hexdigest()
    page.truncated = fetch.truncated or document.links_cut
    if (link := document.canonical) is not None:
        canonical = run.resolver.resolve(document.base_of(link), link.href, document.codec)
        page.canonical_url = canonical.url if canonical else None
