"""`linkcrawl robots`: what a robots.txt says to an agent, and which rule says it."""

import argparse
import sys
from pathlib import Path

from linkcrawl.errors import UsageError
from linkcrawl.robots import parse as parse_robots
from linkcrawl.urls.parse import BadUrl, parse


def run(arguments: argparse.Namespace) -> int:
    """A line for each URL: allow or disallow, the URL, the rule (tab separated)."""
    rules = parse_robots(_body(arguments.file), arguments.agent)
    for url in arguments.url:
        decision = rules.decide(_target(url))
        verdict = "allow" if decision.allowed else "disallow"
        print(f"{verdict}\t{url}\t{decision.rule or 'no rule matches'}")
    return 0


def _body(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as why:
        raise UsageError(f"{path} can not be read: {why.strerror}") from None


def _target(url: str) -> str:
    """Path and query, as the crawl asks: of the URL in the form that the URL standard gives it."""
    try:
        parsed = parse(url, "http://host.invalid/")
    except BadUrl as why:
        raise UsageError(f"{url!r} is no URL: {why}") from None
    return parsed.path if parsed.query is None else f"{parsed.path}?{parsed.query}"
