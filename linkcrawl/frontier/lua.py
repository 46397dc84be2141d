"""The scripts, one file a move, each put behind the prelude and those parts of scripts/parts/ that it names.

A script runs from its first line to its last each time it is called: what it does not need would cost more than
what most calls do.
"""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files
from importlib.resources.abc import Traversable

PREFIX = "#!lua"
PARTS = ("clock", "tokens", "sites", "entries", "flights", "letters", "blocks")
"""In the order in which they stand: each may name those before it."""

_DEFINED = re.compile(r"^local (?:function )?([\w, ]+?)(?: =|\(|$)", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_SILENT = re.compile(r"--.*|'[^'\n]*'")
"""Comments and strings. No string of the scripts holds `--` or a quote."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script as the server gets it, and the name by which the server knows it."""

    text: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of scripts/<name>.lua. Its first line, the flags, stays first."""
    flags, _, body = (_folder() / f"{name}.lua").read_text("utf-8").partition("\n")
    if not flags.startswith(PREFIX):
        raise ValueError(f"scripts/{name}.lua has to begin with {PREFIX}")
    prelude = (_folder() / "prelude.lua").read_text("utf-8")
    text = "\n".join([flags, prelude, *_parts_for(body), body])
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def _parts_for(body: str) -> list[str]:
    """The parts that the body names something of, and those that these name something of, in order."""
    needed: list[str] = []
    named = _names(body)
    for part in reversed(PARTS):
        text, defined = _part(part)
        if named & defined:
            needed.insert(0, text)
            named |= _names(text)
    return needed


@cache
def _part(name: str) -> tuple[str, frozenset[str]]:
    """A part's text, and the names that it defines."""
    text = (_folder() / "parts" / f"{name}.lua").read_text("utf-8")
    lists = (match.group(1).split(",") for match in _DEFINED.finditer(text))
    return text, frozenset(word.strip() for some in lists for word in some)


def _names(text: str) -> set[str]:
    return set(_WORD.findall(_SILENT.sub("", text)))


def _folder() -> Traversable:
    return files("linkcrawl.frontier") / "scripts"
