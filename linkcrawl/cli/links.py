"""`linkcrawl links`: who links to a target."""

import argparse
import sys

from linkcrawl.errors import UsageError
from linkcrawl.index.answers import links_of
from linkcrawl.report.formats import Format, render
from linkcrawl.report.links_table import LINKS_TABLE


def run(arguments: argparse.Namespace) -> int:
    """Print the rows; where they come from goes to stderr, so that stdout holds nothing but rows."""
    if arguments.limit is not None and arguments.limit < 0:
        raise UsageError("--limit: must be a whole number of 0 or more")
    with links_of(arguments.target, arguments.out, limit=arguments.limit) as answer:
        number = render(answer.rows, Format(arguments.format), sys.stdout, LINKS_TABLE)
        sys.stdout.flush()
        print(f"{number:,} link{'' if number == 1 else 's'}, {answer.source}", file=sys.stderr)
    return 0
