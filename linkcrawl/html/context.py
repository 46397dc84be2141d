"""The text that a reader sees before and after a link."""

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
# Of a text node longer than this only the ends are kept.
_LONG = 2_000


# What an element is to a reader.
_SKIPPED, _GAP, _THROUGH = 0, 1, 2


class Context:
    """Reads the text around the nodes of one document. What it learns of a node serves all links near it."""

    def __init__(self, most: int) -> None:
        """most: characters on either side."""
        self._most = most
        self._elements: dict[int, int] = {}
        self._texts: dict[int, str] = {}

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
                if parent is None or (tag := parent.tag) in _TOP:
                    break
                if tag not in _INLINE:
                    pieces.append(" ")
                node = parent
                continue
            node = self._enter(beside, pieces, backwards)
            if pieces:
                enough -= len(pieces[-1])
                if enough < 0:
                    break
        return pieces

    def _enter(self, node: LexborNode, pieces: list[str], backwards: bool) -> LexborNode:
        """Go down to the nearest leaf of a node; its text, if it has one, is added to the pieces."""
        elements = self._elements
        while True:
            identity = node.mem_id
            kind = elements.get(identity)
            if kind is None:
                text = self._texts.get(identity)
                if text is None:
                    tag = node.tag
                    if tag == "-text":
                        text = self._texts[identity] = _shortened(node.text_content or "")
                    else:
                        kind = elements[identity] = _kind(node, tag)
                if text is not None:
                    pieces.append(text)
                    return node
            if kind == _SKIPPED:
                return node
            if kind == _GAP:
                pieces.append(" ")
            below = node.last_child if backwards else node.first_child
            if below is None:
                return node
            node = below


def _kind(node: LexborNode, tag: str | None) -> int:
    if tag in _UNSHOWN:
        return _SKIPPED
    attributes = node.attributes
    if ("style" in attributes or "hidden" in attributes) and SEEN.within(attributes).hidden() is not None:
        return _SKIPPED
    return _THROUGH if tag in _INLINE else _GAP


def _shortened(text: str) -> str:
    """The text collapsed, with one space left at an end that had some; of a long one, its start and its end."""
    if len(text) > _LONG:
        text = f"{text[: _LONG // 2]} {text[-_LONG // 2 :]}"
    inner = collapse(text)
    if not inner:
        return " " if text else ""
    start = " " if text[0].isspace() else ""
    return f"{start}{inner} " if text[-1].isspace() else start + inner
