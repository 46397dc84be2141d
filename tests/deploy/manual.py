"""docs/operate.md as blocks of commands."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True)
class Block:
    """Commands between fences: under which heading, on which line of the page, and for what (sh, sh docker)."""

    heading: str
    line: int
    info: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All of a page, in order."""
    found: list[Block] = []
    heading, info, start = "", None, 0
    inside: list[str] = []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if info is not None and fence:
            found.append(Block(heading, start, info, "\n".join(inside) + "\n"))
            info = None
        elif fence:
            info, start, inside = fence[1], number + 1, []
        elif info is not None:
            inside.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    return found
