"""`linkcrawl watch add|remove|list`."""

import argparse

from linkcrawl.cli.steering import steer
from linkcrawl.frontier import Frontier
from linkcrawl.status import found
from linkcrawl.steer import watching
from linkcrawl.units import times

SHOWN = 20


def run(arguments: argparse.Namespace) -> int:
    """Change or list."""
    if arguments.verb == "list":
        return _list(arguments)
    patterns = watching.read_patterns(arguments.pattern)
    adds = arguments.verb == "add"

    async def change(frontier: Frontier) -> watching.WatchChange:
        await found(frontier)
        return await (watching.add if adds else watching.remove)(frontier, patterns)

    done = steer(arguments, change)
    for pattern in done.unchanged[:SHOWN]:
        print(f"{pattern}: {'watched already' if adds else 'was not watched'}")
    if len(done.unchanged) > SHOWN:
        print(
            f"and {times(len(done.unchanged) - SHOWN, 'more pattern')} {'there already' if adds else 'not there'}"
        )
    said = f"the watch list has {times(done.patterns, 'pattern')}, version {done.version}"
    if done.changed:
        word = "added" if adds else "removed"
        print(f"{times(len(done.changed), 'pattern')} {word}: {said}; workers take it up within seconds")
    else:
        print(f"nothing changed: {said}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    async def read(frontier: Frontier) -> list[str]:
        await found(frontier)
        return (await frontier.watch())[1]

    for pattern in steer(arguments, read):
        print(pattern)
    return 0
