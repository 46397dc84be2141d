"""A page, read: its encoding, its links, and what it says about itself."""

from collections.abc import Iterable, Iterator, Sequence

import ada_url
from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkcrawl.records import Directives, Element

from .decode import decode
from .depth import bounded
from .description import Describer, LinkDetails
from .directives import directives_of
from .encoding import CharsetSource, Encoding, encoding_of_page
from .labels import codec_of
from .limits import DEFAULT, ReadLimits
from .links import FoundLink, header_links, link_of
from .text import collapse

# One pass over the tree in C finds every element that may matter, in document order.
_INTERESTING = "a,area,iframe[src],form[action],link[rel][href],meta[name],meta[http-equiv],base[href],title"
# No mutation events: they only serve `selectedcontent`, whose copies would be links not in the source.
_WITHOUT_EVENTS = 1
# Under these an element named "title" is not HTML's, unless an integration point stands between.
_FOREIGN = frozenset({"svg", "math"})
_INTEGRATION_POINTS = frozenset(
    {"foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"}
)

Headers = Sequence[tuple[bytes, bytes]]


class Document:
    """One page. Holds its tree: drop it when its links are recorded."""

    __slots__ = (
        "base_url",
        "canonical",
        "charset",
        "charset_source",
        "codec",
        "depth_cut",
        "describer",
        "directives",
        "lang",
        "links",
        "links_cut",
        "title",
        "url",
    )

    url: str
    base_url: str
    """What hrefs are relative to: the first `base` with an href, by the HTML standard; else `url`."""
    charset: str
    """The Encoding Standard's name, in lower case."""
    codec: str
    """The Python codec that a URL's query is encoded with."""
    charset_source: CharsetSource
    lang: str | None
    title: str | None
    """Text of the first HTML `title`, white space collapsed."""
    canonical: FoundLink | None
    """The first canonical link: an element, else a Link header's."""
    directives: Directives
    links: Sequence[FoundLink]
    """In document order; those of the HTTP Link header last."""
    links_cut: bool
    """More than `ReadLimits.max_links` links (or `max_tags` tags) stood there."""
    depth_cut: bool
    """Elements were left out before the tree was built, since it would have grown too deep or too large."""

    describer: Describer

    @property
    def canonical_href(self) -> str | None:
        """The canonical URL as written."""
        return None if self.canonical is None else self.canonical.href

    def base_of(self, link: FoundLink) -> str:
        """What this link is relative to. An HTTP header's is not subject to `base` (RFC 8288, 3.1)."""
        return self.url if link.element is Element.LINK_HEADER else self.base_url

    def describe(self, link: FoundLink) -> LinkDetails:
        """What can be seen of one of this document's links: texts, place, whether it is hidden."""
        return self.describer.describe(link)


def read(body: bytes, url: str, headers: Headers = (), limits: ReadLimits = DEFAULT) -> Document:
    """Read a page.

    body: as received, content-decoded. url: where it was fetched from, absolute.
    headers: the response's, as received. Never raises, whatever the bytes are.
    """
    encoding = encoding_of_page(body, _values(headers, b"content-type"), limits.detect_bytes)
    source = bounded(_utf_8(body, encoding), limits)
    parser = LexborHTMLParser(source.html, options=_WITHOUT_EVENTS)
    page = _Reading(parser, url, limits)
    document = Document()
    document.url = url
    document.charset = encoding.name
    document.codec = codec_of(encoding.name)
    document.charset_source = encoding.source
    page.walk(headers)
    document.base_url = page.base_url if page.base_url is not None else url
    document.title = page.title
    document.lang = page.language(parser, _values(headers, b"content-language"))
    document.canonical = page.canonical
    document.directives = directives_of(page.robots, _values(headers, b"x-robots-tag"))
    document.links = page.links
    document.links_cut = page.links_cut or source.ended
    document.depth_cut = source.cut
    document.describer = Describer(parser, limits)
    return document


class _Reading:
    """What the walk over a page has found so far."""

    def __init__(self, parser: LexborHTMLParser, url: str, limits: ReadLimits) -> None:
        self._elements: Iterator[LexborNode] = iter(parser.css(_INTERESTING))
        self._url = url
        self._limits = limits
        self._content_language: str | None = None
        self.links: list[FoundLink] = []
        self.links_cut = False
        self.refreshed = False
        self.robots: list[tuple[str, str]] = []
        self.base_url: str | None = None
        self.title: str | None = None
        self.canonical: FoundLink | None = None

    def walk(self, headers: Headers) -> None:
        """Take every element in document order, then the Link headers."""
        links, most = self.links, self._limits.max_links
        for node in self._elements:
            tag = node.tag or ""
            if tag == "title":
                self._take_title(node)
                continue
            if len(links) > most and tag in ("a", "area"):
                continue
            attributes = node.attributes
            if tag == "base":
                self._take_base(attributes)
                continue
            if tag == "meta" and not self._is_refresh(attributes):
                self._take_meta(attributes)
                continue
            link = link_of(node, tag, attributes, len(links))
            if link is not None:
                self._take_link(link)
        for link in header_links(_values(headers, b"link"), len(links)):
            self._take_link(link)
        if len(links) > most:
            del links[most:]
            self.links_cut = True

    def _take_link(self, link: FoundLink) -> None:
        if len(self.links) <= self._limits.max_links:
            self.links.append(link)
        if self.canonical is None and "canonical" in link.rel and link.element in _CANONICALS:
            self.canonical = link
        if link.element is Element.META_REFRESH:
            self.refreshed = True

    def _take_title(self, node: LexborNode) -> None:
        if self.title is None and not _is_foreign(node):
            self.title = collapse(node.text())

    def _take_base(self, attributes: dict[str, str | None]) -> None:
        """ "Set the frozen base URL": the first base with an href decides, even if its href is of no use."""
        if self.base_url is None:
            self.base_url = _joined(self._url, attributes["href"] or "")

    def _take_meta(self, attributes: dict[str, str | None]) -> None:
        content = attributes.get("content")
        if content is None:
            content = "" if "content" in attributes else None
        if content is None:
            return
        name = attributes.get("name")
        if name is not None:
            self.robots.append((name, content))
        if (
            attributes.get("http-equiv") or ""
        ).lower() == "content-language" and self._content_language is None:
            self._content_language = content

    def _is_refresh(self, attributes: dict[str, str | None]) -> bool:
        """Only the first refresh of a page that leads somewhere is obeyed."""
        return not self.refreshed and (attributes.get("http-equiv") or "").lower() == "refresh"

    def language(self, parser: LexborHTMLParser, header: Sequence[str]) -> str | None:
        """`lang` of the root element, else the page's, else the server's content language if it is one."""
        root = parser.root
        attributes = root.attributes if root is not None else {}
        declared = attributes.get("lang") or attributes.get("xml:lang")
        for value in (declared, self._content_language, *header):
            language = collapse(value or "")
            if language and "," not in language and " " not in language:
                return language
        return None


_CANONICALS = frozenset({Element.CANONICAL, Element.LINK_HEADER})


def _is_foreign(node: LexborNode) -> bool:
    """Whether an element stands in SVG or MathML, where only integration points lead back to HTML."""
    parent = node.parent
    while parent is not None:
        tag = (parent.tag or "").lower()
        if tag in _FOREIGN:
            return True
        if tag in _INTEGRATION_POINTS:
            return False
        parent = parent.parent
    return False


def _joined(url: str, href: str) -> str:
    """The base URL, or the document's own where the href is no URL or one that may not be a base."""
    try:
        base = ada_url.join_url(url, href)
    except ValueError:
        return url
    return url if base.startswith(("data:", "javascript:")) else base


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in headers if key.lower() == name]


def _utf_8(body: bytes, encoding: Encoding) -> bytes:
    """The page in UTF-8, without its byte order mark. Bytes that are valid UTF-8 are not touched."""
    if encoding.bom_bytes:
        body = body[encoding.bom_bytes :]
    if encoding.name == "utf-8":
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return body.decode("utf-8", "replace").encode("utf-8")
        return body
    if body.isascii() and encoding.name not in _NOT_ASCII_COMPATIBLE:
        return body
    # A lone surrogate can only come from a decoder that is laxer than the standard's.
    return decode(body, encoding.name).encode("utf-8", "replace")


_NOT_ASCII_COMPATIBLE = frozenset({"utf-16le", "utf-16be", "iso-2022-jp", "replacement"})
