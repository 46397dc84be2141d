"""`linkcrawl block`."""

import argparse

from linkcrawl.cli.steering import steer
from linkcrawl.errors import UsageError
from linkcrawl.frontier import Frontier
from linkcrawl.steer import blocking
from linkcrawl.steer.names import domain_named


def run(arguments: argparse.Namespace) -> int:
    """Block, unblock or list."""
    if arguments.list:
        if arguments.domain:
            raise UsageError("--list takes no DOMAIN")
        for domain in steer(arguments, blocking.blocked):
            print(domain)
        return 0
    domains = _domains(arguments.domain)

    async def change(frontier: Frontier) -> blocking.BlockChange:
        return await (blocking.unblock if arguments.remove else blocking.block)(frontier, domains)

    done = steer(arguments, change)
    for domain in done.changed:
        if arguments.remove:
            print(f"{domain} is no longer blocked")
        else:
            print(f"{domain} and all below it is blocked: workers drop it within seconds")
    for domain in done.unchanged:
        print(f"{domain} {'was not blocked' if arguments.remove else 'was blocked already'}")
    return 0


def _domains(given: list[str]) -> list[str]:
    wrong: list[str] = []
    domains: list[str] = []
    for text in given:
        try:
            domains.append(domain_named(text))
        except UsageError as why:
            wrong += why.problems
    if not given:
        wrong.append("no DOMAIN: name what is to be blocked, or --list")
    if wrong:
        raise UsageError(wrong)
    return list(dict.fromkeys(domains))
