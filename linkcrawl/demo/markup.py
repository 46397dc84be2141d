"""What a page of the demo consists of, and how it looks as HTML. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from linkcrawl.records import Placement


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link inside a paragraph, attributes as written."""

    href: str
    text: str = ""
    rel: str = ""
    alt: str | None = None
    """Of a picture inside the link; None: no picture."""
    style: str = ""


Paragraph = tuple[str | Anchor, ...]


@dataclass(frozen=True, slots=True)
class DemoPage:
    """One answer of the demo's web."""

    title: str = ""
    main: tuple[Paragraph, ...] = ()
    comments: tuple[Paragraph, ...] = ()
    aside: tuple[Paragraph, ...] = ()
    lang: str = "en"
    robots: str | None = None
    """Content of the meta robots element."""
    canonical: str | None = None
    charset: str = "utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/html"
    plain: str | None = None
    """The whole body of an answer that is no HTML."""

    def areas(self) -> Iterator[tuple[Placement, tuple[Paragraph, ...]]]:
        """The parts of the page that hold paragraphs, in the order in which they stand there."""
        yield Placement.ARTICLE, self.main
        yield Placement.COMMENT, self.comments
        yield Placement.ASIDE, self.aside


@dataclass(frozen=True, slots=True)
class DemoSite:
    """One host: its pages, and what stands on all of them."""

    host: str
    name: str
    menu: tuple[Anchor, ...]
    pages: Mapping[str, DemoPage]
    """{path with its query: page}"""
    footer: Paragraph = ()
    robots_txt: str = "User-agent: *\nDisallow:\n"
    extra: Mapping[str, DemoPage] = field(default_factory=dict)
    """Pages without menu and footer."""


def redirect(to: str, status: int = 301) -> DemoPage:
    """A redirect to a URL."""
    return DemoPage(status=status, headers=(("Location", to),), plain="")


def render(site: DemoSite, page: DemoPage, bare: bool = False) -> bytes:
    """The body of the answer, in the page's charset. bare: without the site's menu and footer."""
    if page.plain is not None:
        return page.plain.encode(page.charset)
    menu = "" if bare else f"<header><h1>{escape(site.name)}</h1></header>\n<nav>{_spaced(site.menu)}</nav>\n"
    foot = "" if bare or not site.footer else f"<footer><p>{_inline(site.footer)}</p></footer>\n"
    parts = "".join(_area(placement, paragraphs) for placement, paragraphs in page.areas() if paragraphs)
    text = (
        f'<!doctype html>\n<html lang="{page.lang}">\n<head>\n<meta charset="{page.charset}">\n'
        f"<title>{escape(page.title)} - {escape(site.name)}</title>\n{_head(page)}</head>\n<body>\n{menu}"
        f"<h2>{escape(page.title)}</h2>\n{parts}{foot}</body>\n</html>\n"
    )
    return text.encode(page.charset, "xmlcharrefreplace")


def _head(page: DemoPage) -> str:
    robots = f'<meta name="robots" content="{escape(page.robots)}">\n' if page.robots else ""
    canonical = f'<link rel="canonical" href="{escape(page.canonical)}">\n' if page.canonical else ""
    return robots + canonical


_AREAS = {
    Placement.ARTICLE: "<main><article>\n{}</article></main>\n",
    Placement.COMMENT: '<section id="comments" class="comments">\n{}</section>\n',
    Placement.ASIDE: "<aside>\n{}</aside>\n",
}


def _area(placement: Placement, paragraphs: tuple[Paragraph, ...]) -> str:
    return _AREAS[placement].format("".join(f"<p>{_inline(paragraph)}</p>\n" for paragraph in paragraphs))


def _spaced(anchors: tuple[Anchor, ...]) -> str:
    return " | ".join(map(_anchor, anchors))


def _inline(paragraph: Paragraph) -> str:
    return "".join(_anchor(piece) if isinstance(piece, Anchor) else escape(piece) for piece in paragraph)


def _anchor(anchor: Anchor) -> str:
    rel = f' rel="{escape(anchor.rel)}"' if anchor.rel else ""
    style = f' style="{escape(anchor.style)}"' if anchor.style else ""
    image = "" if anchor.alt is None else f'<img src="/picture.png" alt="{escape(anchor.alt)}">'
    return f'<a href="{escape(anchor.href)}"{rel}{style}>{image}{escape(anchor.text)}</a>'
