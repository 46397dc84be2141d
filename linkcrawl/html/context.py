"""The text that a reader sees before and after a link."""

from typing import NamedTuple

from selectolax.lexbor import LexborNode

from .hidden import SEEN
from .text import collapse, first_words, last_words

# What is no text on the page, whatever it holds.
_UNSHOWN = frozenset(
    {
        "script",
        "style",
        "template",
        "head",
        "title",
        "textarea",
        "select",
        "datalist",
        "iframe",
        "object",
        "-comment",
    }
)
# Between other elements a reader sees a gap.
_INLINE = frozenset(
    (
        *(
            "a",
            "abbr",
            "acronym",
            "b",
            "bdi",
            "bdo",
            "big",
            "blink",
            "cite",
            "code",
            "data",
            "del",
            "dfn",
            "em",
        ),
        *("font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp"),
        *("small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
_TOP = frozenset({"body", "html", "frameset"})
# Nodes looked at on either side of a link.
_MOST_NODES = 300
# A text node longer than this is read once for all links around it.
_LONG = 2_000


class _Edges(NamedTuple):
    """The collapsed start and end of a long text node."""

    start: str
    end: str


class Context:
    """Reads the text around the nodes of one document."""

    def __init__(self, most: int) -> None:
        """most: characters on either side."""
        self._most = most
        self._long: dict[int, _Edges] = {}

    def before(self, node: LexborNode) -> str:
        """The text that ends where the node begins."""
        return last_words(collapse("".join(reversed(self._gather(node, backwards=True)))), self._most)

    def after(self, node: LexborNode) -> str:
        """The text that begins where the node ends."""
        return first_words(collapse("".join(self._gather(node, backwards=False))), self._most)

    def _gather(self, start: LexborNode, backwards: bool) -> list[str]:
        """Pieces of text, nearest first, until there are enough of them or too many nodes were seen."""
        pieces: list[str] = []
        enough = self._most + 1
        node = start
        for _ in range(_MOST_NODES):
            beside = node.prev if backwards else node.next
            if beside is None:
                parent = node.parent
                if parent is None or parent.tag in _TOP:
                    break
                if parent.tag not in _INLINE:
                    pieces.append(" ")
                node = parent
                continue
            node, text = self._enter(beside, pieces, backwards)
            enough -= len(text)
            if enough < 0:
                break
        return pieces

    def _enter(self, node: LexborNode, pieces: list[str], backwards: bool) -> tuple[LexborNode, str]:
        """Go down to the nearest leaf of a node; its text, if it has one, is added to the pieces."""
        while True:
            tag = node.tag
            if tag == "-text":
                text = self._text(node, backwards)
                pieces.append(text)
                return node, text
            if tag in _UNSHOWN:
                return node, ""
            if tag not in _INLINE:
                pieces.append(" ")
            below = node.last_child if backwards else node.first_child
            if below is None or SEEN.within(node.attributes).hidden() is not None:
                return node, ""
            node = below

    def _text(self, node: LexborNode, backwards: bool) -> str:
        edges = self._long.get(node.mem_id) if self._long else None
        if edges is None:
            text = node.text_content or ""
            if len(text) <= _LONG:
                return _loosely_collapsed(text)
            edges = _Edges(
                first_words(_loosely_collapsed(text[:_LONG]), 2 * self._most),
                last_words(_loosely_collapsed(text[-_LONG:]), 2 * self._most),
            )
            self._long[node.mem_id] = edges
        return edges.end if backwards else edges.start


def _loosely_collapsed(text: str) -> str:
    """Collapsed, but with a space left at an end that had some: words of neighbours must not run together."""
    inner = collapse(text)
    if not inner:
        return " " if text else ""
    start = " " if text[0].isspace() else ""
    return f"{start}{inner} " if text[-1].isspace() else start + inner
