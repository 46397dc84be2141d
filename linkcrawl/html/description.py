"""All that can be seen of one link, read when the link is to be recorded."""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkcrawl.records import AnchorKind, Element, Hidden, Placement

from .anchor import anchor_of, kind_of
from .context import Context
from .hidden import SEEN, Sight
from .limits import ReadLimits
from .links import FoundLink
from .placement import by_names, of_element
from .text import collapse, first_words


class LinkDetails(NamedTuple):
    """What can be seen of a link."""

    anchor: str
    anchor_kind: AnchorKind
    image_alt: str | None
    title: str | None
    text_before: str
    text_after: str
    placement: Placement
    hidden: Hidden | None


class _Surroundings(NamedTuple):
    """What an element passes on to what stands in it."""

    landmark: Placement | None = None
    """By the nearest element or role that names one."""
    named: Placement | None = None
    """By the nearest class or id."""
    comment: bool = False
    sight: Sight = SEEN


_NOWHERE = _Surroundings()
# Lists of links stay what they are within comments, too.
_BEFORE_COMMENT = frozenset({Placement.NAV, Placement.ASIDE})
_SHOWN = frozenset({Element.A, Element.AREA, Element.IFRAME, Element.FORM})
_ROOTS = frozenset({"html", "body"})


class Describer:
    """Describes links of one document. What it learns of an element serves all links in it."""

    def __init__(self, parser: LexborHTMLParser, limits: ReadLimits) -> None:
        self._parser = parser
        self._limits = limits
        self._context = Context(limits.context)
        self._known: dict[int, _Surroundings] = {}

    def describe(self, link: FoundLink) -> LinkDetails:
        """The details of a link of this document."""
        node = link.node
        if not isinstance(node, LexborNode):
            title = self._short(node) if isinstance(node, str) else None
            return LinkDetails("", AnchorKind.EMPTY, None, title, "", "", Placement.BODY, None)
        attributes = node.attributes
        title = self._short(attributes["title"] or "") if "title" in attributes else None
        if link.element not in _SHOWN:
            return LinkDetails("", AnchorKind.EMPTY, None, title, "", "", Placement.BODY, None)
        around = self._around(node)
        text, kind, alt = self._anchor(link, node)
        return LinkDetails(
            text,
            kind,
            alt,
            title,
            self._context.before(node),
            self._context.after(node),
            _placement(around),
            _hidden(link.element, attributes, around.sight),
        )

    def _anchor(self, link: FoundLink, node: LexborNode) -> tuple[str, AnchorKind, str | None]:
        if link.element is Element.A:
            anchor = anchor_of(node, self._limits.max_text)
            return anchor.text, kind_of(anchor, link.href), anchor.image_alt
        # An area is a part of an image.
        return "", AnchorKind.IMAGE if link.element is Element.AREA else AnchorKind.EMPTY, None

    def _around(self, node: LexborNode) -> _Surroundings:
        """The surroundings of a node: from its nearest known ancestor inwards."""
        chain: list[LexborNode] = []
        found = _NOWHERE
        above = node.parent
        while above is not None:
            known = self._known.get(above.mem_id)
            if known is not None:
                found = known
                break
            chain.append(above)
            above = above.parent
        for element in reversed(chain):
            found = self._known[element.mem_id] = _within(element, found)
        return found

    def _short(self, text: str) -> str:
        return first_words(collapse(text), self._limits.max_text)


def _within(element: LexborNode, outer: _Surroundings) -> _Surroundings:
    """The surroundings of what stands in this element."""
    tag = element.tag or ""
    attributes = element.attributes
    landmark = of_element(tag, attributes.get("role") or "")
    if not attributes:
        return outer if landmark is None else _entered(outer, landmark, None, outer.sight)
    named = None
    if tag not in _ROOTS and ("class" in attributes or "id" in attributes):
        named = by_names(attributes.get("class") or "", attributes.get("id") or "")
    sight = outer.sight
    if "style" in attributes or "hidden" in attributes:
        sight = sight.within(attributes)
    return _entered(outer, landmark, named, sight)


def _entered(
    outer: _Surroundings, landmark: Placement | None, named: Placement | None, sight: Sight
) -> _Surroundings:
    comment = named is Placement.COMMENT or (outer.comment and landmark not in _BEFORE_COMMENT)
    return _Surroundings(landmark or outer.landmark, named or outer.named, comment, sight)


def _placement(around: _Surroundings) -> Placement:
    if around.comment:
        return Placement.COMMENT
    if around.landmark is not None:
        return around.landmark
    # The name of a comment that a list of links stands in says nothing of that list.
    named = around.named
    return Placement.BODY if named is None or named is Placement.COMMENT else named


def _hidden(element: Element, attributes: dict[str, str | None], sight: Sight) -> Hidden | None:
    if "style" in attributes or "hidden" in attributes:
        sight = sight.within(attributes)
    hidden = sight.hidden()
    if hidden is None and element is Element.IFRAME:
        sizes = [(attributes.get(name) or "").strip().removesuffix("px") for name in ("width", "height")]
        return Hidden.ZERO_SIZE if sizes == ["0", "0"] else None
    return hidden
