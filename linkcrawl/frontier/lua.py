"""The scripts, one file a move, each put behind the shared prelude."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

PREFIX = "#!lua"


@dataclass(frozen=True, slots=True)
class Script:
    """A script as the server gets it, and the name by which the server knows it."""

    text: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of scripts/<name>.lua. Its first line, the flags, stays first."""
    folder = files("linkcrawl.frontier") / "scripts"
    flags, _, body = (folder / f"{name}.lua").read_text("utf-8").partition("\n")
    if not flags.startswith(PREFIX):
        raise ValueError(f"scripts/{name}.lua has to begin with {PREFIX}")
    prelude = (folder / "prelude.lua").read_text("utf-8")
    text = f"{flags}\n{prelude}\n{body}"
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
