"""`linkcrawl crawl`."""

import argparse
import asyncio

from linkcrawl.cli import EXIT_INTERRUPTED
from linkcrawl.cli.flags import settings_of
from linkcrawl.cli.progress import Display, SeedDisplay
from linkcrawl.crawl import Result
from linkcrawl.crawl import run as run_crawl
from linkcrawl.plan import Plan, make_plan
from linkcrawl.records import EndState


def run(arguments: argparse.Namespace) -> int:
    """Plan, crawl, summarize -> exit code."""
    return carry_out(plan_of(arguments), quiet=arguments.quiet)


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Flags, environment and file -> a plan. Raises UsageError with every mistake of all of them."""
    config, mistakes = settings_of(arguments)
    seeds = SeedDisplay(quiet=arguments.quiet)
    plan = make_plan(config, arguments.seed, mistakes, seeds.checked)
    seeds.done()
    return plan


def carry_out(plan: Plan, *, quiet: bool = False) -> int:
    """Run the plan, with progress and a summary -> exit code."""
    display = Display(plan, quiet=quiet)
    with plan.seeds, display:
        result = asyncio.run(run_crawl(plan, display.told()))
    display.summary(result)
    return _exit_code(result)


def _exit_code(result: Result) -> int:
    """A crawl that was stopped has done what was asked; one that was broken off, or whose workers broke, has not."""
    if result.at_once:
        return EXIT_INTERRUPTED
    return 0 if isinstance(result.state, EndState) else 1
