"""Which encoding the first bytes of a page name: "prescan a byte stream" of the HTML standard (13.2.3.2)."""

import re
from collections.abc import Iterator

from .labels import encoding_of

# What the prescan looks at: comments, meta tags, other tags, and what a tag-like "<!", "</", "<?" runs on to.
_ITEM = re.compile(
    rb"<!--|<(?P<meta>meta)(?=[\t\n\f\r /])|<(?P<tag>/?[a-z][^\t\n\f\r >]*+)|<(?P<other>[!/?])",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    rb"[\t\n\f\r /]*+"
    rb"(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    rb"(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\t\n\f\r >\"'][^\t\n\f\r >]*+)?))?"
)
_CHARSET = re.compile(
    rb"charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r ;\"'][^\t\n\f\r ;]*))",
    re.IGNORECASE,
)
_XML = re.compile(
    rb"<\?xml(?=[\t\n\f\r ])[^>]*?encoding[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\">]*)\"|'([^'>]*)')"
)


def prescan(head: bytes) -> str | None:
    """The encoding that a meta element (or an XML declaration) in these bytes names, or None.

    A page that could be read this far is no UTF-16, so utf-16 means utf-8; x-user-defined means windows-1252.
    """
    if head.startswith(b"<\0?\0x\0"):
        return "utf-16le"
    if head.startswith(b"\0<\0?\0x"):
        return "utf-16be"
    for attributes in _metas(head):
        found = _encoding_of_meta(attributes)
        if found is not None:
            return found
    return _encoding_of_xml(head)


def charset_in(content: bytes) -> str | None:
    """The encoding in a content type: "extracting a character encoding from a meta element"."""
    found = _CHARSET.search(content)
    return _named(next(group for group in found.groups() if group is not None)) if found else None


def _metas(head: bytes) -> Iterator[dict[bytes, bytes]]:
    position = 0
    while (item := _ITEM.search(head, position)) is not None:
        if item["meta"] or item["tag"]:
            attributes, position = _attributes(head, item.end())
            if item["meta"]:
                yield attributes
        else:
            # A comment may end with the dashes it began with.
            end = head.find(b">", item.end()) if item["other"] else head.find(b"-->", item.start() + 2)
            if end < 0:
                return
            position = end + (1 if item["other"] else 3)


def _attributes(head: bytes, position: int) -> tuple[dict[bytes, bytes], int]:
    """The attributes of a tag, names in lower case, the first of a name; and where they end."""
    attributes: dict[bytes, bytes] = {}
    while (found := _ATTRIBUTE.match(head, position)) is not None:
        value = found["double"] or found["single"] or found["bare"] or b""
        attributes.setdefault(found["name"].lower(), value)
        position = found.end()
    return attributes, position


def _encoding_of_meta(attributes: dict[bytes, bytes]) -> str | None:
    if b"charset" in attributes:
        return _named(attributes[b"charset"])
    if attributes.get(b"http-equiv", b"").lower() == b"content-type":
        return charset_in(attributes.get(b"content", b""))
    return None


def _encoding_of_xml(head: bytes) -> str | None:
    found = _XML.match(head)
    return _named(found[1] if found[1] is not None else found[2]) if found else None


def _named(label: bytes) -> str | None:
    encoding = encoding_of(label.decode("latin-1"))
    if encoding in ("utf-16le", "utf-16be"):
        return "utf-8"
    return "windows-1252" if encoding == "x-user-defined" else encoding
