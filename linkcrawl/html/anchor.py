"""What a link shows: its text, and the alternative texts of the images in it."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from linkcrawl.records import AnchorKind

from .text import collapse, first_words

# Text in these is no text of the page.
UNSHOWN = frozenset({"script", "style"})
_PICTURES = frozenset({"img", "svg", "picture", "object", "embed", "video", "canvas"})
# An anchor that was never closed may hold the rest of the page.
_MOST_NODES = 4096

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*+:)?//(?:www\.)?|www\.|mailto:|tel:", re.IGNORECASE)


class Anchor(NamedTuple):
    """What a link shows."""

    text: str
    """As a document's `textContent` less scripts and styles, white space collapsed."""
    image_alt: str | None
    """Those of its `img` elements, joined by a space; '' if they have none; None without an `img`."""
    has_picture: bool


def anchor_of(root: LexborNode, most: int) -> Anchor:
    """What an `a` shows. most: characters of either text."""
    only = root.first_child
    if only is None:
        return Anchor("", None, False)
    if only.next is None and only.tag == "-text":
        return Anchor(_within(only.text_content or "", most), None, False)
    texts, alts, has_picture = _walk(only, most)
    alt = None if alts is None else _within(" ".join(alts), most)
    return Anchor(_within("".join(texts), most), alt, has_picture)


def _walk(first: LexborNode, most: int) -> tuple[list[str], list[str] | None, bool]:
    """Texts, alternative texts and whether there is a picture: of a node, its next ones and all below."""
    texts: list[str] = []
    alts: list[str] | None = None
    has_picture, depth, length = False, 0, 0
    node: LexborNode | None = first
    for _ in range(_MOST_NODES):
        if node is None or length > 8 * most:
            break
        tag = node.tag
        below = None
        if tag == "-text":
            text = node.text_content or ""
            texts.append(text)
            length += len(text)
        elif tag not in UNSHOWN:
            if tag in _PICTURES:
                has_picture = True
                if tag == "img":
                    alts = alts if alts is not None else []
                    alts.append(node.attributes.get("alt") or "")
            below = node.first_child
        if below is not None:
            depth += 1
            node = below
            continue
        while node is not None and node.next is None and depth > 0:
            depth -= 1
            node = node.parent
        node = node.next if node is not None else None
    return texts, alts, has_picture


def _within(text: str, most: int) -> str:
    if len(text) > 8 * most:
        text = text[: 8 * most]
    return first_words(collapse(text), most)


def kind_of(anchor: Anchor, href: str) -> AnchorKind:
    """What an anchor consists of: a URL, or the address it leads to, is a kind of its own."""
    if anchor.text:
        return AnchorKind.URL if _is_url(anchor.text, href) else AnchorKind.TEXT
    return AnchorKind.IMAGE if anchor.has_picture else AnchorKind.EMPTY


def _is_url(text: str, href: str) -> bool:
    if " " in text:
        return False
    if _URL.fullmatch(text):
        return True
    if "." not in text and "@" not in text:
        return False
    shown, address = _bare(text), _bare(href.strip())
    return shown in (address, re.split(r"[/?#]", address, maxsplit=1)[0])


def _bare(address: str) -> str:
    """An address without scheme, `www.` and slashes at its end."""
    scheme = _SCHEME.match(address)
    return (address[scheme.end() :] if scheme is not None else address).rstrip("/").lower()
