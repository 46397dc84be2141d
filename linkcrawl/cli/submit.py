"""`linkcrawl submit`."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from linkcrawl import config as configuration
from linkcrawl.cli.flags import settings_of
from linkcrawl.cli.progress import REFUSED, SeedDisplay
from linkcrawl.config import OPTIONS
from linkcrawl.seeding import Watched
from linkcrawl.submission import Asked, Result, submit
from linkcrawl.units import times


def run(arguments: argparse.Namespace) -> int:
    """Check everything, make or add, summarize -> exit code."""
    config, mistakes = settings_of(arguments)
    asked = Asked(config, given_settings(arguments), arguments.seed, mistakes)
    display = SeedDisplay(quiet=arguments.quiet)
    try:
        result = asyncio.run(submit(asked, display.checked, Watched(display.submitted, _log)))
    finally:
        display.done()
    sys.stdout.write(as_json(result) if arguments.json else summary_of(result))
    if result.hint and not arguments.quiet:
        _log(result.hint)
    return 0


def given_settings(arguments: argparse.Namespace) -> frozenset[str]:
    """The settings that a flag, a variable or the file gives."""
    flags = {name for name in OPTIONS if getattr(arguments, name, None) is not None}
    environment, _ = configuration.read_environment(os.environ)
    file: dict[str, Any] = {}
    path = arguments.config or os.environ.get("LINKCRAWL_CONFIG")
    if path:
        file, _ = configuration.read_toml(Path(path))
    return frozenset(flags | environment.keys() | file.keys())


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def as_json(result: Result) -> str:
    """For scripts: one line."""
    found = result.found
    told = {
        "crawl_id": found.spec.crawl_id,
        "name": found.spec.name,
        "out": result.out,
        "made": result.made,
        "seeds": found.submitted.seeds,
        "new": found.submitted.new,
        "known": found.submitted.known,
        "refused": {reason.value: times for reason, times in found.submitted.refused.items()},
        "interrupted": found.submitted.interrupted,
        "watch_patterns": found.patterns,
    }
    return json.dumps(told) + "\n"


def summary_of(result: Result) -> str:
    """What was made or added to, and what became of the seeds."""
    found, submitted = result.found, result.found.submitted
    begun = "Made" if result.made else "Added to"
    lines = [
        f"{begun} the crawl {found.spec.name!r} ({found.spec.crawl_id}).",
        f"  seeds      {submitted.seeds:,}",
        f"  {'':10} {submitted.new:>9,} new",
    ]
    if submitted.known:
        before = ", or taken in just before the server was away" if submitted.interrupted else ""
        lines.append(f"  {'':10} {submitted.known:>9,} known already, or given twice{before}")
    for reason, number in submitted.refused.most_common():
        lines.append(f"  {'':10} {number:>9,} refused: {REFUSED.get(reason.value, reason.value)}")
    lines.append(f"  watch list {times(found.patterns, 'pattern')}")
    lines.append(f"  datasets   {result.out}")
    return "\n".join(lines) + "\n"
