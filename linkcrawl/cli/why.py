"""`linkcrawl why`."""

import argparse
import sys

import msgspec

from linkcrawl.cli.steering import steer
from linkcrawl.frontier import Frontier
from linkcrawl.report.text import json_safe, plain
from linkcrawl.steer.why import Explained
from linkcrawl.steer.why import why as explain


def run(arguments: argparse.Namespace) -> int:
    """Explain one URL."""

    async def why(frontier: Frontier) -> Explained:
        return await explain(frontier, arguments.url, arguments.out)

    answer = steer(arguments, why)
    if arguments.json:
        sys.stdout.write(json_safe(msgspec.json.encode(answer).decode()) + "\n")
        return 0
    print(f"{plain(answer.url)}: {answer.place}")
    for sentence in answer.text:
        print(f"  {plain(sentence)}")
    return 0
