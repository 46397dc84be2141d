"""The command line: it parses, calls and prints; nothing else."""

import sys
from collections.abc import Sequence

from linkcrawl.cli.parser import build_parser
from linkcrawl.errors import LinkcrawlError, UsageError

EXIT_DONE, EXIT_USAGE, EXIT_INTERRUPTED = 0, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command -> its exit code: 0 done, 1 failed, 2 usage, 130 interrupted."""
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.command(arguments)
        sys.stdout.flush()
    except UsageError as why:
        mistakes = [f"  {problem}" for problem in why.problems]
        head = "" if len(mistakes) == 1 else f"{len(mistakes)} mistakes; nothing was done:\n"
        return _say(head + "\n".join(mistakes).strip(" " if len(mistakes) == 1 else ""), EXIT_USAGE)
    except LinkcrawlError as why:
        return _say(str(why), why.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has left (`| head`): nothing is wrong, and nothing more can be said.
        sys.stderr.close()
        return EXIT_DONE
    return code


def _say(text: str, code: int) -> int:
    print(f"linkcrawl: {text}", file=sys.stderr)
    return code
