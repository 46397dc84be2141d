"""The watch list of a running crawl is changed; its workers take the new one up with their next beat."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkcrawl.errors import FrontierUnavailable, UsageError
from linkcrawl.frontier import Frontier
from linkcrawl.urls.watch import WatchList

TRIES = 40
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 0.5


@dataclass(frozen=True, slots=True)
class WatchChange:
    """What came of a change."""

    version: int
    patterns: int
    """Of the list now."""
    changed: tuple[str, ...]
    """Added, or removed."""
    unchanged: tuple[str, ...]
    """Were there already, or were not there."""


def read_patterns(given: Sequence[str]) -> tuple[str, ...]:
    """Patterns and files of patterns -> patterns, each in its one form. Raises UsageError with every mistake."""
    patterns: list[str] = []
    wrong: list[str] = []
    for text in given:
        try:
            patterns += WatchList.parse(_lines(text)).patterns
        except UsageError as why:
            in_file = _is_file(text)
            wrong += [
                f"{text}: {problem}" if in_file else problem.partition(": ")[2] for problem in why.problems
            ]
        except (OSError, UnicodeDecodeError) as why:
            wrong.append(
                f"{text} can not be read: {getattr(why, 'strerror', None) or 'it is not UTF-8 text'}"
            )
    if wrong:
        raise UsageError(wrong)
    if not patterns:
        raise UsageError(f"{', '.join(given)}: no pattern in it: one domain a line")
    return tuple(dict.fromkeys(patterns))


def _is_file(text: str) -> bool:
    # As --watch has it: a path wins over a pattern of the same spelling only where it is there.
    return not text.startswith("=") and Path(text).is_file()


def _lines(text: str) -> list[str]:
    return Path(text).read_text("utf-8-sig").split("\n") if _is_file(text) else [text]


async def add(frontier: Frontier, patterns: Sequence[str]) -> WatchChange:
    """Watch these too."""

    def change(current: list[str]) -> tuple[list[str], tuple[str, ...]]:
        known = set(current)
        new = tuple(pattern for pattern in patterns if pattern not in known)
        return [*current, *new], new

    return await _change(frontier, patterns, change)


async def remove(frontier: Frontier, patterns: Sequence[str]) -> WatchChange:
    """Watch these no longer. Raises UsageError if nothing would be left to watch."""

    def change(current: list[str]) -> tuple[list[str], tuple[str, ...]]:
        known, unwanted = set(current), set(patterns)
        left = [pattern for pattern in current if pattern not in unwanted]
        if current and not left:
            raise UsageError(
                "nothing would be left to watch: add what is to be watched first, or stop the crawl"
            )
        return left, tuple(pattern for pattern in patterns if pattern in known)

    return await _change(frontier, patterns, change)


_Change = Callable[[list[str]], tuple[list[str], tuple[str, ...]]]


async def _change(frontier: Frontier, patterns: Sequence[str], change: _Change) -> WatchChange:
    """Replace the list that was read, or begin again if another operator was faster."""
    for number in range(TRIES):
        version, current = await frontier.watch()
        wanted, changed = change(list(WatchList.parse(current).patterns))
        affected = set(changed)
        unchanged = tuple(pattern for pattern in patterns if pattern not in affected)
        if not changed:
            return WatchChange(version, len(current), (), unchanged)
        new = await frontier.change_watch(wanted, version)
        if new is not None:
            return WatchChange(new, len(wanted), changed, unchanged)
        # By chance, so that two who met do not meet again.
        longest = min(SHORTEST_WAIT_S * 2**number, LONGEST_WAIT_S)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311
    raise FrontierUnavailable("the watch list is being changed by others all the time: try again")
