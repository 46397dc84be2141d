"""The page's source, bounded before a tree is built of it.

lexbor takes a time that grows with the square of how deep elements nest and of how many attributes a tag has,
and formatting elements that are never closed are opened again in every block. Browsers bound the depth at
512. Nearly all pages pass a few cheap checks. Of the others the tags are read one by one: elements that would
nest too deep are left out, while links and texts stay; and where there are so many tags that a mistake would
be costly, every element is given an end tag of its own.
"""

import re
from typing import NamedTuple

from .foreign import ForeignContent
from .limits import ReadLimits
from .nesting import VOID, OpenElements
from .tags import ATTRIBUTE, MANY_ATTRIBUTES, RAW, Tag, next_tag, raw_text_end

# Shorter pages can not hold enough attributes to matter.
_SMALL_BYTES = 32_768
# Whatever so few tags are, the tree is built in milliseconds.
_FEW_TAGS = 1_024
_WINDOW_BYTES = 4_096
# An element without attributes, in the tree.
_NODE_BYTES = 200
# The list of active formatting elements holds no more than three of the same kind (the "Noah's Ark clause").
_ALIKE = 3

# They look ahead, so that what only seems to be a tag hides no other.
_FORMATTING = re.compile(
    rb"<(?=((?:[bBiIsSuU]|[bB][iI][gG]|[cC][oO][dD][eE]|[eE][mM]|[fF][oO][nN][tT]|[nN][oO][bB][rR]|[sS][mM][aA][lL][lL]"
    rb"|[sS][tT][rR][iI][kK][eE]|[sS][tT][rR][oO][nN][gG]|[tT][tT])(?=[\t\n\f\r />])" + ATTRIBUTE + rb"*+))"
)
_LINK = re.compile(rb"<(?=([aA](?=[\t\n\f\r /])" + ATTRIBUTE + rb"*+))")
_NO_CONTENT = frozenset((b"html", b"head", b"body"))


class Source(NamedTuple):
    """A page in UTF-8 that is safe to build a tree of."""

    html: bytes
    cut: bool = False
    """Tags or attributes were left out, since the tree would have grown too deep or too large."""
    ended: bool = False
    """There were more tags than may be read; what follows is left out."""


def bounded(html: bytes, limits: ReadLimits) -> Source:
    """The page, cut so that its tree is built in a time in proportion to its size."""
    tags, deepest = html.count(b"<"), 0
    if tags > _FEW_TAGS:
        tags, deepest = _estimate(html)
    many_attributes = len(html) > _SMALL_BYTES and MANY_ATTRIBUTES.search(html) is not None
    many_tags = tags > limits.unchecked_tags or _may_be_copied(html, tags, limits)
    if not (many_attributes or many_tags or deepest > limits.max_depth):
        return Source(html)
    source = _Rewriting(html, limits).source()
    return source if many_tags or source.cut else Source(html)


def _estimate(html: bytes) -> tuple[int, int]:
    """How many start tags there can be, and the depth of a page whose end tags all end something."""
    start_tags = deepest = depth = 0
    for start in range(0, len(html), _WINDOW_BYTES):
        window = html[start : start + _WINDOW_BYTES]
        ends = window.count(b"</")
        starts = window.count(b"<") - ends
        start_tags += starts
        deepest = max(deepest, depth + starts)
        depth += starts - ends
    return start_tags, deepest


def _may_be_copied(html: bytes, tags: int, limits: ReadLimits) -> bool:
    """Whether formatting elements, opened again in every block, could make the tree too large."""
    large = tags * len(html) > limits.clone_bytes
    if tags <= _FEW_TAGS and not large:
        return False
    alike: dict[bytes, int] = {}
    for tag in _FORMATTING.findall(html):
        alike[tag] = min(alike.get(tag, 0) + 1, _ALIKE)
    size = sum((len(tag) + _NODE_BYTES) * count for tag, count in alike.items())
    if large:
        # Of links, one may be open.
        size += max((len(found[1]) for found in _LINK.finditer(html)), default=0)
    return size * tags > limits.clone_bytes


class _Rewriting:
    """One walk over a page that gives each element its own end tag, and leaves out the deepest."""

    def __init__(self, html: bytes, limits: ReadLimits) -> None:
        self._html = html
        self._limits = limits
        self._elements = OpenElements()
        self._foreign = ForeignContent(html)
        self._pieces: list[bytes] = []
        self._kept_to = 0
        self._cut = False
        self._left_out: dict[bytes, int] = {}

    def source(self) -> Source:
        """Walk over the page; what is left of it."""
        position = tags = all_tags = 0
        while (tag := next_tag(self._html, position)) is not None:
            position = tag.end
            all_tags += 1
            if tag.name.startswith(b"/") and all_tags <= 2 * self._limits.max_tags:
                self._end_tag(tag)
                continue
            tags += 1
            if tags > self._limits.max_tags or all_tags > 2 * self._limits.max_tags:
                self._replace(tag.start, len(self._html))
                return Source(b"".join(self._pieces), cut=True, ended=True)
            position = self._start_tag(tag)
        self._pieces.append(self._html[self._kept_to :])
        return Source(b"".join(self._pieces), cut=self._cut)

    def _start_tag(self, tag: Tag) -> int:
        """Keep the tag or leave it out; where to go on."""
        name = tag.name
        if name in (b"svg", b"math"):
            end = self._foreign.end_of(tag)
            if end is not None:
                return end
        if name in (b"svg", b"math", b"frameset") or (
            name in RAW and name != b"script" and self._elements.has(b"select")
        ):
            # Whether what follows is text, or foreign, depends on more than is known here: make it HTML.
            self._leave_out(tag)
            return tag.end
        if name == b"form" and self._elements.has(b"form"):
            return self._form_in_form(tag)
        if name not in VOID and name not in _NO_CONTENT:
            self._insert(self._elements.before(name), tag.start)
            if name not in RAW and not self._open(tag):
                return tag.end
        if tag.surplus is not None:
            self._replace(*tag.surplus)
            self._cut = True
        return raw_text_end(self._html, name, tag.end) if name in RAW else tag.end

    def _open(self, tag: Tag) -> bool:
        """Open an element; False if there is no room for it, so that its tag is left out."""
        elements = self._elements
        room = self._limits.max_depth - elements.depth()
        if room > 0 or (room > -2 and tag.name in (b"a", b"form")):
            elements.open(tag.name)
            return True
        if tag.name in (b"a", b"form"):
            # A link of its own, for what it leads to.
            self._insert([tag.name], tag.end)
            self._left_out[tag.name] = self._left_out.get(tag.name, 0) + 1
            self._cut = True
            return True
        self._leave_out(tag)
        return False

    def _form_in_form(self, tag: Tag) -> int:
        """A form in a form is none; the tree builder takes note of one form alone."""
        closed = self._elements.before(b"form")
        self._insert(closed, tag.start)
        if b"form" in closed and self._open(tag):
            return tag.end
        self._replace(tag.start, tag.end)
        return tag.end

    def _end_tag(self, tag: Tag) -> None:
        name = tag.name[1:]
        if self._left_out.get(name):
            self._left_out[name] -= 1
            self._replace(tag.start, tag.end)
            return
        if name in _NO_CONTENT or name in RAW:
            return
        closed = self._elements.close(name)
        self._replace(tag.start, tag.end, closed or [])

    def _leave_out(self, tag: Tag) -> None:
        self._left_out[tag.name] = self._left_out.get(tag.name, 0) + 1
        self._replace(tag.start, tag.end)
        self._cut = True

    def _insert(self, closed: list[bytes], position: int) -> None:
        if closed:
            self._replace(position, position, closed)

    def _replace(self, start: int, end: int, closed: list[bytes] | None = None) -> None:
        """Put these end tags in the place of a part of the source."""
        self._pieces.append(self._html[self._kept_to : start])
        self._pieces += [b"</" + name + b">" for name in closed or ()]
        self._kept_to = end
