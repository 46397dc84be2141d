"""What a test web consists of: plain data, and how a page of it looks as HTML. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from linkcrawl.records import Element, Placement

HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class LinkTag:
    """One link as it stands in a page: attributes as written."""

    href: str
    text: str = ""
    rel: str = ""
    element: Element = Element.A
    alt: str | None = None
    """Of an image inside the link (`a`), or of the `area` itself."""
    title: str | None = None
    placement: Placement = Placement.BODY
    style: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends, byte for byte."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", HTML_TYPE),)
    """As sent, latin-1; Content-Length is added unless one is here."""
    delay_s: float = 0.0
    """Before the first byte."""
    bytes_per_s: float | None = None
    """The body drips at this pace; None: at once."""
    reset_after: int | None = None
    """The connection is reset after so many bytes of head and body; 0: before the first."""


@dataclass(frozen=True, slots=True)
class Html:
    """A page made of links. Its links stand in the page in the order given here."""

    links: tuple[LinkTag, ...] = ()
    title: str = "A page"
    lang: str = "en"
    robots: str | None = None
    """Content of the meta robots element."""
    base: str | None = None
    """`href` of the base element."""
    charset: str = "utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    """Beside Content-Type."""
    status: int = 200
    delay_s: float = 0.0
    filler: str = ""
    """Text of the page beside its links."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Answers in turn, one a request; the last one stays."""

    turns: tuple[Answer | Html, ...]


Page = Answer | Html | Turns
Web = Mapping[str, Mapping[str, Page]]
"""{host: {path with its query: page}}"""


def redirect(to: str, status: int = 301) -> Answer:
    """A redirect; `to` stands in Location as it is."""
    return Answer(status, b"", (("Location", to), ("Content-Type", HTML_TYPE)))


def robots(text: str, status: int = 200) -> Answer:
    """A robots.txt."""
    return Answer(status, text.encode(), (("Content-Type", "text/plain"),))


def answer_of(page: Answer | Html) -> Answer:
    """What is sent for a page."""
    if isinstance(page, Answer):
        return page
    headers = (("Content-Type", f"text/html; charset={page.charset}"), *page.headers)
    return Answer(page.status, render(page), headers, page.delay_s)


def render(page: Html) -> bytes:
    """The page as HTML, in its charset."""
    head = [f"<title>{escape(page.title)}</title>"]
    if page.robots is not None:
        head.append(f'<meta name="robots" content="{escape(page.robots)}">')
    if page.base is not None:
        head.append(f'<base href="{escape(page.base)}">')
    head += [_head_tag(tag) for tag in page.links if tag.element in IN_HEAD]
    body = [_in_place(tag) for tag in page.links if tag.element not in IN_HEAD]
    text = (
        f'<!doctype html>\n<html lang="{escape(page.lang)}">\n<head>\n'
        + "\n".join(head)
        + "\n</head>\n<body>\n"
        f"<h1>{escape(page.title)}</h1>\n<p>{escape(page.filler)}</p>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )
    return text.encode(page.charset, "xmlcharrefreplace")


IN_HEAD = frozenset({Element.CANONICAL, Element.ALTERNATE, Element.META_REFRESH})

_WRAPPED = {
    Placement.MAIN: "<main>{}</main>",
    Placement.ARTICLE: "<article>{}</article>",
    Placement.NAV: "<nav>{}</nav>",
    Placement.HEADER: "<header>{}</header>",
    Placement.FOOTER: "<footer>{}</footer>",
    Placement.ASIDE: "<aside>{}</aside>",
    Placement.COMMENT: '<div class="comments">{}</div>',
    Placement.BODY: "<div>{}</div>",
}
assert set(_WRAPPED) == set(Placement)


def _attributes(tag: LinkTag) -> str:
    pairs = {"rel": tag.rel or None, "title": tag.title, "style": tag.style or None}
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs.items() if value is not None)


def _head_tag(tag: LinkTag) -> str:
    if tag.element is Element.META_REFRESH:
        return f'<meta http-equiv="refresh" content="600; url={escape(tag.href)}">'
    return f'<link rel="{tag.element.value}" href="{escape(tag.href)}">'


def _in_place(tag: LinkTag) -> str:
    return _WRAPPED[tag.placement].format(f"before {_body_tag(tag)} after")


def _body_tag(tag: LinkTag) -> str:
    href, rest, alt = escape(tag.href), _attributes(tag), escape(tag.alt or "")
    match tag.element:
        case Element.A:
            image = "" if tag.alt is None else f'<img src="/i.png" alt="{alt}">'
            return f'<a href="{href}"{rest}>{image}{escape(tag.text)}</a>'
        case Element.AREA:
            return f'<map name="m"><area shape="default" href="{href}" alt="{alt}"{rest}></map>'
        case Element.IFRAME:
            return f'<iframe src="{href}"{rest}></iframe>'
        case Element.FORM:
            return f'<form action="{href}" method="get"{rest}><input name="q"></form>'
        case _:
            raise ValueError(f"{tag.element} does not stand in a page's body")
