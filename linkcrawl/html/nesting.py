"""The elements of a page that may be open, told from its tags.

What closes an element is an end tag of its own, given while it is the innermost: `OpenElements` says which
end tags to add to a page for that. Then the tree builder of the HTML standard has no element open that is
not open here: each of its many rules may close more, none opens more but the few that `IMPLIED` counts.
Where its rules and those below differ, only the place of an element is at stake, never the bound on depth.
"""

VOID = frozenset(
    (
        *(b"area", b"base", b"basefont", b"bgsound", b"br", b"col", b"colgroup", b"embed", b"frame", b"hr"),
        *(b"image", b"img", b"input", b"keygen", b"link", b"meta", b"param", b"source", b"track", b"wbr"),
    )
)
"""Elements that hold nothing (or, of the old ones, that anything closes)."""

# A table part that is left out in the source is implied: a section and a row for each table or template.
IMPLIED = {b"table": 2, b"template": 2}

# What stands outside of these is not closed from within.
_SCOPES = frozenset(
    (b"applet", b"caption", b"table", b"td", b"th", b"marquee", b"object", b"template", b"select")
)
_TABLE_SCOPES = frozenset((b"table", b"template", b"select"))
_TABLE_PARTS = frozenset((b"caption", b"td", b"th", b"tr", b"tbody", b"thead", b"tfoot"))
_TABLES = _TABLE_PARTS | {b"table"}
_HEADINGS = frozenset((b"h1", b"h2", b"h3", b"h4", b"h5", b"h6"))
_CLOSE_P = _HEADINGS | frozenset(
    (
        *(b"address", b"article", b"aside", b"blockquote", b"center", b"details", b"dialog", b"dir", b"div"),
        *(b"dl", b"fieldset", b"figcaption", b"figure", b"footer", b"header", b"hgroup", b"main", b"menu"),
        *(b"nav", b"ol", b"p", b"search", b"section", b"summary", b"ul", b"pre", b"listing", b"form"),
        *(b"li", b"dd", b"dt"),
    )
)
_SPECIAL = _CLOSE_P | _SCOPES | _TABLE_PARTS | {b"button", b"noscript"}

# A start tag -> the elements that it closes if one is open, and those that stop the search for one.
_CLOSED_BY_START = {
    **{name: (frozenset((b"p",)), _SCOPES | {b"button"}) for name in _CLOSE_P},
    b"tr": (frozenset((b"tr", b"caption", b"td", b"th")), _TABLE_SCOPES | {b"tbody", b"thead", b"tfoot"}),
    b"td": (frozenset((b"td", b"th", b"caption")), _TABLE_SCOPES | {b"tr"}),
    b"th": (frozenset((b"td", b"th", b"caption")), _TABLE_SCOPES | {b"tr"}),
    **dict.fromkeys((b"tbody", b"thead", b"tfoot", b"caption"), (_TABLE_PARTS, _TABLE_SCOPES)),
    **{name: (frozenset((name,)), _SCOPES) for name in (b"a", b"nobr", b"button", b"form")},
    b"option": (frozenset((b"option",)), _SPECIAL | {b"optgroup"}),
    b"optgroup": (frozenset((b"option", b"optgroup")), _SPECIAL),
}
_ITEMS = {
    b"li": (frozenset((b"li",)), _SPECIAL - {b"address", b"div", b"p"}),
    b"dd": (frozenset((b"dd", b"dt")), _SPECIAL - {b"address", b"div", b"p"}),
    b"dt": (frozenset((b"dd", b"dt")), _SPECIAL - {b"address", b"div", b"p"}),
}


class OpenElements:
    """A stack of elements. Its methods return the names whose end tags must be given, in that order."""

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self._ended: list[bool] = []
        self._count: dict[bytes, int] = {}
        self._implied = 0

    def depth(self) -> int:
        """How deep the tree can be at this place."""
        return len(self._names) + self._implied

    def has(self, name: bytes) -> bool:
        """Whether an element of that name is open."""
        return self._count.get(name, 0) > 0

    def open(self, name: bytes) -> None:
        """An element of that name is open from here on."""
        self._names.append(name)
        self._ended.append(False)
        self._count[name] = self._count.get(name, 0) + 1
        self._implied += IMPLIED.get(name, 0)

    def before(self, name: bytes) -> list[bytes]:
        """What a start tag of that name closes."""
        closed = []
        for rules in (_ITEMS, _CLOSED_BY_START):
            if name in rules:
                names, stops = rules[name]
                index = (
                    self._outermost(names, stops) if name in _TABLE_PARTS else self._innermost(names, stops)
                )
                if index is not None:
                    closed += self._close_from(index)
        if name in _HEADINGS and self._names and self._names[-1] in _HEADINGS:
            closed += self._close_from(len(self._names) - 1)
        return closed

    def close(self, name: bytes) -> list[bytes] | None:
        """What an end tag of that name closes, itself included; None if it closes nothing now."""
        if not self.has(name):
            return None
        if self._names[-1] == name:
            return self._close_from(len(self._names) - 1)
        inline = name not in _SPECIAL
        stops = _TABLE_SCOPES if name in _TABLES else _SCOPES
        index = self._innermost(frozenset((name,)), stops)
        if index is None:
            return None
        if inline and not _SPECIAL.isdisjoint(self._names[index + 1 :]):
            # Misnested: it closes when what is open in it is closed.
            self._ended[index] = True
            return None
        return self._close_from(index)

    def _innermost(self, names: frozenset[bytes], stops: frozenset[bytes]) -> int | None:
        if not any(map(self.has, names)):
            return None
        for index in range(len(self._names) - 1, -1, -1):
            name = self._names[index]
            if name in names and not self._ended[index]:
                return index
            if name in stops:
                return None
        return None

    def _outermost(self, names: frozenset[bytes], stops: frozenset[bytes]) -> int | None:
        found = None
        if not any(map(self.has, names)):
            return None
        for index in range(len(self._names) - 1, -1, -1):
            name = self._names[index]
            if name in names:
                found = index
            if name in stops:
                break
        return found

    def _close_from(self, index: int) -> list[bytes]:
        """Close the element at that index and all in it, and those around it that only waited for this."""
        closed = []
        while len(self._names) > index or (self._ended and self._ended[-1]):
            name = self._names.pop()
            self._ended.pop()
            self._count[name] -= 1
            self._implied -= IMPLIED.get(name, 0)
            closed.append(name)
        return closed
