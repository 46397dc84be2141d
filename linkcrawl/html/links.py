"""The links of a page, in document order, as they are written."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from linkcrawl.records import Element

from .link_header import links_of_header
from .refresh import refresh_target

REL_SEPARATOR = re.compile(r"[\t\n\f\r ,]+")


class FoundLink(NamedTuple):
    """A reference from the page."""

    href: str
    """Exactly as written, character references decoded."""
    element: Element
    rel: tuple[str, ...]
    """Its tokens in lower case, in order, each once."""
    position: int
    """0-based among the page's links."""
    node: object
    """Where it stands in the tree; for a Link header its title, or None. For `Document.describe` only."""


def rel_tokens(rel: str | None) -> tuple[str, ...]:
    """The tokens of a rel: split on ASCII white space (HTML) and on commas (Google), lower case."""
    if not rel:
        return ()
    return tuple(dict.fromkeys(token for token in REL_SEPARATOR.split(rel.lower()) if token))


def link_of(node: LexborNode, tag: str, attributes: dict[str, str | None], position: int) -> FoundLink | None:
    """The link that an element makes, or None. Its attributes hold None for an empty value."""
    if tag in ("a", "area"):
        name = "href" if "href" in attributes or tag == "area" else "xlink:href"
        if name not in attributes:
            return None
        rel = attributes.get("rel")
        return FoundLink(
            attributes[name] or "",
            Element.A if tag == "a" else Element.AREA,
            rel_tokens(rel) if rel else (),
            position,
            node,
        )
    if tag == "link":
        return _head_link(node, attributes, position)
    if tag == "meta":
        target = refresh_target(attributes.get("content") or "")
        return None if target is None else FoundLink(target, Element.META_REFRESH, (), position, node)
    name, element = ("src", Element.IFRAME) if tag == "iframe" else ("action", Element.FORM)
    if name not in attributes:
        return None
    return FoundLink(attributes[name] or "", element, rel_tokens(attributes.get("rel")), position, node)


def _head_link(node: LexborNode, attributes: dict[str, str | None], position: int) -> FoundLink | None:
    rel = rel_tokens(attributes.get("rel"))
    element = _element_of(rel)
    if element is None or "href" not in attributes:
        return None
    return FoundLink(attributes["href"] or "", element, rel, position, node)


def _element_of(rel: tuple[str, ...]) -> Element | None:
    """What a `link` stands for. An alternate style sheet is no other form of the page."""
    if "canonical" in rel:
        return Element.CANONICAL
    return Element.ALTERNATE if "alternate" in rel and "stylesheet" not in rel else None


def header_links(values: Iterable[str], position: int) -> list[FoundLink]:
    """The canonical and alternate links of the HTTP Link headers, numbered from `position`."""
    found: list[FoundLink] = []
    for value in values:
        for link in links_of_header(value):
            rel = rel_tokens(link.rel)
            if _element_of(rel) is not None:
                found.append(
                    FoundLink(link.href, Element.LINK_HEADER, rel, position + len(found), link.title)
                )
    return found
