"""SVG and MathML in a page's source: skipped as a whole where that is sure to be right."""

from .tags import Tag, next_tag

# Start tags that end foreign content (HTML standard, 13.2.6.5), and those that lead back to HTML within it.
_LEADS_OUT = frozenset(
    (
        *(
            b"b",
            b"big",
            b"blockquote",
            b"body",
            b"br",
            b"center",
            b"code",
            b"dd",
            b"div",
            b"dl",
            b"dt",
            b"em",
        ),
        *(
            b"embed",
            b"h1",
            b"h2",
            b"h3",
            b"h4",
            b"h5",
            b"h6",
            b"head",
            b"hr",
            b"i",
            b"img",
            b"li",
            b"listing",
        ),
        *(
            b"menu",
            b"meta",
            b"nobr",
            b"ol",
            b"p",
            b"pre",
            b"ruby",
            b"s",
            b"small",
            b"span",
            b"strong",
            b"strike",
        ),
        *(b"sub", b"sup", b"table", b"tt", b"u", b"ul", b"var", b"font", b"foreignobject", b"annotation-xml"),
    )
)
# Harmless as long as they hold nothing but text.
_TEXT_ONLY = frozenset(
    (
        *(b"title", b"desc", b"style", b"script", b"mi", b"mo", b"mn", b"ms", b"mtext"),
        *(b"textarea", b"xmp", b"iframe", b"noembed", b"noframes", b"plaintext"),
    )
)
_DEEPEST = 64


class ForeignContent:
    """Finds the end of `svg` and `math` elements, with a bound on the work that was in vain."""

    def __init__(self, html: bytes, tags_in_vain: int = 20_000) -> None:
        self._html = html
        self._left = tags_in_vain

    def end_of(self, opening: Tag) -> int | None:
        """Where the element ends, end tag included, if all in it is foreign content for sure and not deep.

        None: it may hold anything; then its tags are to be left out, so that what it holds is plain HTML.
        """
        open_names, position, seen = [opening.name], opening.end, 0
        while self._left > seen and (tag := next_tag(self._html, position)) is not None:
            position, seen = tag.end, seen + 1
            if tag.name.startswith(b"/"):
                if not _close(open_names, tag.name[1:]):
                    break
                if not open_names:
                    if self._html.find(b"<![CDATA[", opening.end, tag.start) < 0:
                        return position
                    break
            elif tag.name in _LEADS_OUT or tag.surplus is not None:
                break
            elif not self._closes_itself(tag):
                if len(open_names) >= _DEEPEST or (tag.name in _TEXT_ONLY and not self._holds_text_only(tag)):
                    break
                open_names.append(tag.name)
        self._left -= seen
        return None

    def _closes_itself(self, tag: Tag) -> bool:
        return self._html[tag.end - 2 : tag.end] == b"/>"

    def _holds_text_only(self, tag: Tag) -> bool:
        following = next_tag(self._html, tag.end)
        return (
            following is not None
            and following.name == b"/" + tag.name
            and self._html.find(b"<", tag.end, following.start) < 0
        )


def _close(open_names: list[bytes], name: bytes) -> bool:
    """Close the innermost element of that name and all in it; False if there is none."""
    if name not in open_names:
        return False
    while open_names.pop() != name:
        pass
    return True
