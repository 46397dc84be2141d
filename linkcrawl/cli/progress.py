"""What a crawl shows while it runs, and what it says at its end."""

import sys
import time
from typing import Self

from rich.console import Console
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

from linkcrawl.crawl import Result, Told
from linkcrawl.crew import Moment
from linkcrawl.founding import Found
from linkcrawl.plan import Plan
from linkcrawl.records import EndState
from linkcrawl.units import spoken_duration, times

PLAIN_EVERY_S = 10.0
REWRITTEN_EVERY_S = 0.2
RATE_OVER_S = 5.0

SAID = {
    EndState.FINISHED: "Finished: every URL in scope has its outcome.",
    EndState.LIMIT: "Ended at a limit. The same command, with a higher limit, goes on.",
    EndState.STOPPED: "Stopped. The same command goes on where it stopped.",
    None: "Broken off: the workers failed (see above). The same command goes on.",
}
AT_ONCE = "Ended at once. The same command goes on; what was not written yet is fetched again."


class SeedDisplay:
    """How far reading, then submitting, many seeds has come: a line that is rewritten on a terminal, elsewhere a
    plain one now and then, on stderr. Short work shows nothing."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._said_at = time.monotonic()
        self._shown = False

    def checked(self, number: int) -> None:
        """So many seeds were read and found right."""
        self._say(f"checking seeds: {number:,}")

    def submitted(self, number: int) -> None:
        """So many seeds are in the frontier."""
        self._say(f"submitting seeds: {number:,}")

    def done(self) -> None:
        """The line has served."""
        if self._shown and self._console.is_terminal:
            self._console.control(Control.move_to_column(0), Control((ControlType.ERASE_IN_LINE, 2)))
        self._shown = False

    def _say(self, line: str) -> None:
        on_terminal = self._console.is_terminal
        every = REWRITTEN_EVERY_S if on_terminal else PLAIN_EVERY_S
        if self._quiet or time.monotonic() - self._said_at < every:
            return
        self._said_at = time.monotonic()
        self.done()
        self._console.print(Text(line), end="" if on_terminal else "\n", soft_wrap=True)
        self._shown = True


class Ticker:
    """Log lines, and how far the work has come: on a terminal a few lines that are redrawn in place; elsewhere a
    plain line now and then, on stderr."""

    def __init__(self, *, quiet: bool, plain_every_s: float = PLAIN_EVERY_S) -> None:
        self._quiet = quiet
        self._plain_every_s = plain_every_s
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._redraws = self._console.is_terminal and not quiet
        self._history: list[tuple[float, int]] = []
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._redraws:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._redraws:
            self._live.stop()

    def log(self, line: str) -> None:
        """A line that stays."""
        self._console.print(Text(line), soft_wrap=True)

    def progress(self, moment: Moment) -> None:
        """Called once a second or so."""
        rate = self._rate(moment)
        if self._redraws:
            self._live.update(_picture(moment, rate), refresh=True)
        elif not self._quiet and time.monotonic() - self._said_at >= self._plain_every_s:
            self._said_at = time.monotonic()
            self.log(_line(moment, rate))

    def _rate(self, moment: Moment) -> float:
        self._history.append((moment.seconds, moment.pages))
        while self._history[0][0] < moment.seconds - RATE_OVER_S and len(self._history) > 2:
            del self._history[0]
        (then, before), seconds = self._history[0], moment.seconds
        return (moment.pages - before) / (seconds - then) if seconds > then else 0.0


class Display:
    """What `crawl` shows."""

    def __init__(self, plan: Plan, *, quiet: bool) -> None:
        self._plan = plan
        self._quiet = quiet
        self._seeds = SeedDisplay(quiet=quiet)
        self._ticker = Ticker(quiet=quiet)

    def __enter__(self) -> Self:
        self._ticker.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._ticker.__exit__()

    def told(self) -> Told:
        """What the crawl calls."""
        return Told(self._seeds.submitted, self._begun, self._ticker.progress, self._ticker.log)

    def _begun(self, found: Found) -> None:
        self._seeds.done()
        if self._quiet:
            return
        log = self._ticker.log
        seeds, patterns = times(found.submitted.seeds, "seed"), times(found.patterns, "watch pattern")
        if found.resumed:
            log(
                f"going on with {found.spec.name!r} ({found.spec.crawl_id}): {seeds}, {found.submitted.new:,} new"
            )
        else:
            if not self._plan.config.contact and not self._plan.config.user_agent:
                log("hint: --contact URL tells site owners whom to ask; without it they can only block you")
            log(f"crawl {found.spec.name!r} ({found.spec.crawl_id}): {seeds}, {patterns}")

    def summary(self, result: Result) -> None:
        """The end, on standard output."""
        sys.stdout.write(summary_of(result))


def _picture(moment: Moment, rate: float) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(6):
        table.add_column(justify="right")
    table.add_row(
        *(Text(word, style="dim") for word in ("pages", "a second", "links", "sites", "queued", "errors"))
    )
    table.add_row(
        Text(f"{moment.pages:,}", style="bold"),
        f"{rate:,.1f}",
        Text(f"{moment.links:,}", style="bold green"),
        f"{moment.sites:,}",
        f"{moment.queued + moment.delayed:,}",
        Text(f"{moment.errors:,}", style="yellow" if moment.errors else ""),
    )
    if moment.hindrance:
        outer = Table.grid()
        outer.add_row(table)
        outer.add_row(Text(moment.hindrance, style="red"))
        return outer
    return table


def _line(moment: Moment, rate: float) -> str:
    waiting = moment.queued + moment.delayed
    return (
        f"{spoken_duration(moment.seconds * 1000)}: {moment.pages:,} pages ({rate:,.1f} a second), "
        f"{moment.links:,} links, {moment.sites:,} sites active, {waiting:,} queued, {moment.errors:,} errors"
        + (f"; waiting: {moment.hindrance}" if moment.hindrance else "")
    )


def summary_of(result: Result) -> str:
    """What was crawled, found, refused and why, and where the files are."""
    pages_a_second = result.pages / result.seconds if result.seconds else 0.0
    cpu_ms = result.cpu_s * 1000 / result.pages if result.pages else 0.0
    lines = [
        AT_ONCE if result.at_once else SAID[result.state],
        f"  pages      {result.pages:,} in {spoken_duration(result.seconds * 1000)}"
        f" ({pages_a_second:,.1f} a second, {cpu_ms:.1f} ms of CPU each)",
    ]
    lines += [f"  {'':10} {number:>9,} {name}" for name, number in result.outcomes.most_common()]
    if result.max_rss_bytes:
        lines.append(f"  memory     {result.max_rss_bytes / 1e6:,.0f} MB in the largest worker, at most")
    lines.append(f"  links      {result.links:,} to watched domains or otherwise recorded")
    refused = {reason.value: number for reason, number in result.refused.items() if number}
    if refused:
        lines.append(f"  refused    {sum(refused.values()):,} discovered URLs")
        ordered = sorted(refused.items(), key=lambda pair: -pair[1])
        lines += [f"  {'':10} {number:>9,} {REFUSED.get(name, name)}" for name, number in ordered]
    if result.not_reached:
        lines.append(f"  not reached {result.not_reached:,} URLs in scope")
    if result.unbalanced:
        lines.append(f"  The books do not balance, which is a bug of linkcrawl: {result.unbalanced}")
    lines.append(f"  datasets   {result.out}")
    return "\n".join(lines) + "\n"


REFUSED = {
    "seen": "already seen",
    "scope": "out of scope",
    "excluded": "by --include or --exclude",
    "depth": "deeper than --max-depth",
    "hops": "after too many redirects",
    "length": "longer than 2,083 characters",
    "budget": "beyond --max-pages-per-site",
    "queue_full": "beyond --max-queued-per-site",
    "trap": "looks like a trap",
    "blocked": "on a blocked domain",
    "bad_url": "no valid URL",
}
