"""`linkcrawl retry`."""

import argparse
import time
from datetime import UTC, datetime

from linkcrawl.cli.steering import steer
from linkcrawl.dataset.location import Location
from linkcrawl.errors import UsageError
from linkcrawl.frontier import Frontier
from linkcrawl.index.visits import Wanted
from linkcrawl.records import Outcome
from linkcrawl.run import unpack_config
from linkcrawl.status import found
from linkcrawl.steer.again import Retried
from linkcrawl.steer.again import retry as submit_again
from linkcrawl.steer.names import site_named
from linkcrawl.units import duration_ms, times
from linkcrawl.urls.identity import IdentityRules


def run(arguments: argparse.Namespace) -> int:
    """Submit them, and say how many."""
    wanted = _wanted(arguments)

    async def retry(frontier: Frontier) -> Retried:
        state = await found(frontier)
        out = arguments.out or (unpack_config(state.spec.options).out if state.spec.options else None)
        if not out:
            raise UsageError("-o: missing: where the crawl's datasets are")
        here = Wanted(state.spec.crawl_id, *wanted)
        return await submit_again(frontier, Location.parse(out), here)

    for line in _said(steer(arguments, retry)):
        print(line)
    return 0


_Wanted = tuple[list[Outcome], list[int], str | None, int | None]


def _wanted(arguments: argparse.Namespace) -> _Wanted:
    """Outcomes, statuses, site, since. Raises UsageError with every mistake."""
    wrong: list[str] = []
    outcomes: list[Outcome] = []
    for text in arguments.outcome:
        try:
            outcomes.append(Outcome(text))
        except ValueError:
            wrong.append(f"--outcome: must be one of {', '.join(Outcome)}, not {text!r}")
    statuses = []
    for text in arguments.status:
        if text.isascii() and text.isdecimal() and 100 <= int(text) <= 599:
            statuses.append(int(text))
        else:
            wrong.append(f"--status: must be an HTTP status such as 503, not {text!r}")
    if statuses and Outcome.HTTP_ERROR not in outcomes:
        outcomes.append(Outcome.HTTP_ERROR)
    if not outcomes and not wrong:
        wrong.append("--outcome: missing: which visits are to be tried again, such as --outcome timeout")
    site = since = None
    try:
        site = site_named(arguments.site, IdentityRules())[1] if arguments.site else None
        since = _since_us(arguments.since) if arguments.since else None
    except (UsageError, ValueError) as why:
        wrong.append(str(why))
    if wrong:
        raise UsageError(wrong)
    return outcomes, statuses, site, since


def _since_us(text: str) -> int:
    """A day, a time (UTC where it names no zone), or an age. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return time.time_ns() // 1000 - duration_ms(text) * 1000
        except ValueError:
            raise ValueError(
                f"--since: must be a day, a time or an age (2026-01-31, 7d), not {text!r}"
            ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _said(done: Retried) -> list[str]:
    lines = [f"{times(done.submitted, 'URL')} queued again (round {done.round})"]
    words = {"seen": "queued by an earlier retry already, and not visited since"}
    lines += [
        f"{number:>12,} refused: {words.get(reason.value, reason.value)}"
        for reason, number in done.refused.most_common()
    ]
    if not done.submitted and not done.refused:
        lines = ["nothing to retry: no newest visit of this crawl at OUT is so"]
    if done.opened is not None:
        lines.append(f"the crawl had ended ({done.opened}) and is open again")
    if done.limit_reached is not None:
        lines.append(
            f"but its limit of {times(done.limit_reached, 'page')} is reached: raise --max-pages with submit or crawl"
        )
    return lines
