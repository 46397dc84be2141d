"""TARGET: what the operator asks about."""

import re
from typing import NamedTuple

from linkcrawl.errors import UsageError
from linkcrawl.urls import BadUrl, IdentityRules, WatchList, parse, site_of

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Target(NamedTuple):
    """A part of the web. All but `urls` bound it; `urls` names its members."""

    host: str
    below: bool
    """Whether hosts below it belong to it."""
    path: str
    """What the path starts with; '/' for all."""
    urls: tuple[str, ...] | None
    """The URLs meant, where the target is a URL."""

    @property
    def site(self) -> str:
        """The site of its host. Hosts below it can be sites of their own: `a.github.io` below `github.io`."""
        return site_of(self.host)


def parse_target(text: str) -> Target:
    """A domain (with all below it), `=host`, a path prefix (`example.com/blog/`), or a URL.

    A URL (with its scheme) means that page, over http and https. Raises UsageError.
    """
    if _SCHEME.match(text.strip()):
        return _url(text.strip())
    try:
        patterns = WatchList.parse([text]).patterns
    except UsageError as problem:
        said = problem.problems[0].partition(" can not be watched: ")[2] or problem.problems[0]
        raise UsageError(f"TARGET {text!r} can not be looked up: {said}") from None
    if not patterns:
        raise UsageError("TARGET is empty: name a domain, =host, example.com/path/ or a URL")
    host, slash, path = patterns[0].removeprefix("=").partition("/")
    return Target(host, not patterns[0].startswith("="), slash + path or "/", None)


def _url(text: str) -> Target:
    try:
        parsed = parse(text)
    except BadUrl as problem:
        raise UsageError(f"TARGET {text!r} can not be looked up: {problem}") from None
    if not parsed.href.startswith(("http://", "https://")):
        raise UsageError(f"TARGET {text!r} can not be looked up: only http and https URLs are crawled")
    url, host = IdentityRules().identify(parsed.href)
    rest = url.partition("://")[2]
    return Target(host, False, "/", (f"https://{rest}", f"http://{rest}"))
