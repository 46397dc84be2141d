"""`linkcrawl crawl`."""

import argparse
import asyncio
import os
from pathlib import Path
from typing import Any

from linkcrawl import config as configuration
from linkcrawl.cli import EXIT_INTERRUPTED
from linkcrawl.cli.progress import Display
from linkcrawl.config import OPTIONS
from linkcrawl.crawl import Result
from linkcrawl.crawl import run as run_crawl
from linkcrawl.plan import Plan, make_plan
from linkcrawl.records import EndState


def run(arguments: argparse.Namespace) -> int:
    """Plan, crawl, summarize -> exit code."""
    return carry_out(plan_of(arguments), quiet=arguments.quiet)


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Flags, environment and file -> a plan. Raises UsageError with every mistake of all of them."""
    flags = {name: getattr(arguments, name) for name in OPTIONS}
    environment, mistakes = configuration.read_environment(os.environ)
    file: dict[str, Any] = {}
    path = arguments.config or os.environ.get("LINKCRAWL_CONFIG")
    if path:
        file, wrong = configuration.read_toml(Path(path))
        mistakes += wrong
    config, wrong = configuration.parse([flags, environment, file])
    return make_plan(config, arguments.seed, mistakes + wrong)


def carry_out(plan: Plan, *, quiet: bool = False) -> int:
    """Run the plan, with progress and a summary -> exit code."""
    display = Display(plan, quiet=quiet)
    with display:
        result = asyncio.run(run_crawl(plan, display.told()))
    display.summary(result)
    return _exit_code(result)


def _exit_code(result: Result) -> int:
    """A crawl that was stopped has done what was asked; one that was broken off, or whose workers broke, has not."""
    if result.at_once:
        return EXIT_INTERRUPTED
    return 0 if isinstance(result.state, EndState) else 1
