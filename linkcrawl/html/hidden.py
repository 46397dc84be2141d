"""How an element is kept out of sight, as far as its own attributes and inline style tell.

Style sheets are not evaluated: what only they hide counts as visible.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from linkcrawl.records import Hidden

OFF_SCREEN_PX = -999.0
# Shares of another box (%, vw) tell nothing by themselves: sliders move their pictures by -100%.
_PX_PER_UNIT = {"px": 1.0, "": 1.0, "em": 16.0, "rem": 16.0, "pt": 4 / 3, "cm": 37.8, "mm": 3.78, "in": 96.0}

_LENGTH = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))([a-z%]*)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CLIPPED = re.compile(r"rect\(\s*(?:[01](?:px)?[\s,]*){4}\)")
_CLIP_PATH = re.compile(r"inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%")
_SCALED = re.compile(r"scale(?:3d|x|y)?\(\s*0(?:\.0*)?\s*[,)]")
_MOVED = re.compile(r"translate(?:3d|x|y)?\(([^)]*)\)")
_OFFSETS = ("left", "top", "right", "bottom", "margin-left", "margin-top")
_SIZES = ("width", "height", "max-width", "max-height")
_PADDINGS = ("padding", "padding-top", "padding-bottom", "padding-left", "padding-right")


class Style(NamedTuple):
    """What an inline style says of being seen. None: nothing, so that the parent's counts."""

    boxed: Hidden | None = None
    """The element and all in it is out of sight, whatever they say themselves."""
    visible: bool | None = None
    sized: bool | None = None
    """False: font-size 0, until a descendant sets another."""
    indented: bool | None = None
    """True: text-indent beyond the screen, until a descendant sets another."""
    displayed: bool = False
    """A display other than none is set, which overrules the attribute `hidden`."""


_NOTHING = Style()


class Sight(NamedTuple):
    """What an element inherits and passes on."""

    boxed: Hidden | None = None
    visible: bool = True
    sized: bool = True
    indented: bool = False

    def within(self, attributes: dict[str, str | None]) -> "Sight":
        """The sight of an element with these attributes inside of one with this sight."""
        written = attributes.get("style")
        style = style_of(written) if written else _NOTHING
        boxed = style.boxed
        if boxed is None and "hidden" in attributes and not style.displayed:
            boxed = Hidden.ATTRIBUTE
        return Sight(
            boxed or self.boxed,
            self.visible if style.visible is None else style.visible,
            self.sized if style.sized is None else style.sized,
            self.indented if style.indented is None else style.indented,
        )

    def hidden(self) -> Hidden | None:
        """How the element is hidden; None if it can be seen."""
        if self.boxed is not None:
            return self.boxed
        if not self.visible:
            return Hidden.VISIBILITY_HIDDEN
        if not self.sized:
            return Hidden.ZERO_SIZE
        return Hidden.OFF_SCREEN if self.indented else None


SEEN = Sight()


@lru_cache(maxsize=4096)
def _style_of(written: str) -> Style:
    rules = _declarations(written)
    if not rules:
        return _NOTHING
    display, visibility = rules.get("display", ""), rules.get("visibility", "")
    size, indent = _px(rules.get("font-size", "")), _px(rules.get("text-indent", ""))
    return Style(
        _boxed(rules),
        None if visibility not in ("hidden", "collapse", "visible") else visibility == "visible",
        None if size is None and "font-size" not in rules else size != 0,
        None if indent is None else indent <= OFF_SCREEN_PX,
        bool(display) and display != "none",
    )


def style_of(written: str) -> Style:
    """What an inline style says. Very long ones are not remembered."""
    return _style_of(written) if len(written) <= 512 else _style_of.__wrapped__(written[:8192])


def _declarations(written: str) -> dict[str, str]:
    """Property -> value, in lower case; the last of a property counts, but an important one before others."""
    rules: dict[str, str] = {}
    important: set[str] = set()
    for declaration in _COMMENT.sub("", written.lower()).split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip(), value.strip()
        weighs = value.endswith(("!important", "! important"))
        if not colon or (name in important and not weighs):
            continue
        if weighs:
            important.add(name)
            value = value.partition("!")[0].strip()
        rules[name] = value
    return rules


def _boxed(rules: dict[str, str]) -> Hidden | None:
    if rules.get("display") == "none":
        return Hidden.DISPLAY_NONE
    opacity = _px(rules.get("opacity", "").rstrip("%"))
    if opacity is not None and opacity <= 0:
        return Hidden.OPACITY_ZERO
    if _has_no_size(rules):
        return Hidden.ZERO_SIZE
    return Hidden.OFF_SCREEN if _is_moved_away(rules) else None


def _has_no_size(rules: dict[str, str]) -> bool:
    """No width or height at all, or clipped to a pixel. Padding gives a box of height 0 a size."""
    if _CLIPPED.search(rules.get("clip", "")) or _CLIP_PATH.search(rules.get("clip-path", "")):
        return True
    if _SCALED.search(rules.get("transform", "")):
        return True
    if any(_px(value) != 0 for name in _PADDINGS for value in rules.get(name, "").split()):
        return False
    sizes = {name: _px(rules.get(name, "")) for name in _SIZES}
    if 0 in sizes.values():
        return rules.get("overflow") != "visible"
    clipped = rules.get("overflow") in ("hidden", "clip")
    return clipped and sizes["width"] == 1 and sizes["height"] == 1


def _is_moved_away(rules: dict[str, str]) -> bool:
    moves = [_px(rules.get(name, "")) for name in _OFFSETS]
    margin = rules.get("margin", "").split()
    moves += [_px(value) for value in margin]
    moved = _MOVED.search(rules.get("transform", ""))
    if moved is not None:
        moves += [_px(value.strip()) for value in moved[1].split(",")]
    return any(move is not None and move <= OFF_SCREEN_PX for move in moves)


def _px(value: str) -> float | None:
    """A CSS length in pixels, roughly; 0 is 0 in any unit; None where it is no length."""
    found = _LENGTH.fullmatch(value)
    if found is None:
        return None
    number, scale = float(found[1]), _PX_PER_UNIT.get(found[2])
    return 0.0 if number == 0 else None if scale is None else number * scale
