"""Short ways to read a page in a test."""

from linkcrawl.html import Document, FoundLink, LinkDetails, read

URL = "http://s.example/dir/page"


def page(html: str | bytes, *headers: tuple[str, str], url: str = URL) -> Document:
    """The document of a page, in UTF-8 if it is given as text."""
    body = html if isinstance(html, bytes) else html.encode()
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if not isinstance(html, bytes):
        sent.append((b"Content-Type", b"text/html; charset=utf-8"))
    return read(body, url, sent)


def found(html: str, *headers: tuple[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Element, href and rel tokens of each link of a page."""
    return [(link.element.value, link.href, link.rel) for link in page(html, *headers).links]


def link_to(document: Document, href: str = "x") -> FoundLink:
    """The link with that href."""
    return next(link for link in document.links if link.href == href)


def details(html: str, href: str = "x") -> LinkDetails:
    """The details of the link with that href."""
    document = page(html)
    return document.describe(link_to(document, href))
