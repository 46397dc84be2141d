"""From an href on a page to the URL that it points at."""

import re
from typing import Final, NamedTuple

from linkcrawl.urls.encode import with_query_in
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl, href_of, split
from linkcrawl.urls.redirectors import Rule, redirector, wrapped
from linkcrawl.urls.site import site_of

MAX_URL_LENGTH: Final = 2083
"""Characters of a resolved URL, fragment included."""
_MAX_WRAPPERS = 5
_MAX_CACHED_HREF = 4096
_HTTP = ("http://", "https://")
# After a slash: a second one, or what the standard drops before it looks for one.
_MAKES_A_HOST = frozenset("/\\\t\n\r")
_BASE = re.compile(r"(https?://[^/]*)(/[^?#]*/|/)")


class Target(NamedTuple):
    """What a link points at."""

    resolved: str
    """The href by the URL standard, with its fragment and credentials."""
    url: str
    """Its identity; the same object as `resolved` where they are equal."""
    host: str
    """Of `url`."""
    site: str
    unwrapped: str | None
    """The identity of the URL within, where a known redirector wraps one (the innermost, if one wraps
    another)."""


class Resolver:
    """Resolves hrefs. Not thread-safe.

    cache_size: how many results are kept. They are kept in two generations: a full young one becomes the old
    one, and what was not asked for since is forgotten with it, so that no single lookup pays for an eviction.
    """

    def __init__(self, rules: IdentityRules, cache_size: int = 100_000) -> None:
        self._rules = rules
        self._generation = max(cache_size // 2, 1)
        self._young: dict[str | tuple[str, str], Target | None] = {}
        self._old: dict[str | tuple[str, str], Target | None] = {}
        self._page: dict[str, Target | None] = {}
        self._hosts: dict[str, tuple[str, str, Rule | None]] = {}
        self._base = self._document = self._root = self._origin = self._folder = ""
        self._base_href: str | None = None

    def resolve(self, base: str, href: str, encoding: str = "utf-8") -> Target | None:
        """What an href points at, on a page whose base URL and encoding (a Python codec's name) are given.

        None if that is no http(s) URL, no URL at all, or longer than 2,083 characters; `why` tells which.
        """
        if encoding != "utf-8" and not href.isascii():
            href = with_query_in(href, encoding)
        if base is not self._base and base != self._base:
            self._enter(base)
        first = href[:1]
        key: str | tuple[str, str]
        # The less of the base a result depends on, the more pages share it.
        if first == "h" and (href[:8] == "https://" or href[:7] == "http://"):
            key = href
        elif first == "/":
            key = (self._origin, href)
        elif first.isalnum() or first == ".":
            key = (self._folder, href)
        else:
            # A query, a fragment, nothing, or white space before any of these: all of the base counts.
            return self._on_this_page(href)
        try:
            return self._young[key]
        except KeyError:
            return self._remember(key, href)

    @property
    def cached(self) -> int:
        """How many results are kept now."""
        return len(self._young) + len(self._old) + len(self._page)

    def why(self, base: str, href: str, encoding: str = "utf-8") -> str | None:
        """Why `resolve` gives None: a short clause ("its scheme is mailto"). None if it does not."""
        self._enter(base)
        try:
            resolved = self._resolved(href if href.isascii() else with_query_in(href, encoding))
        except BadUrl as reason:
            return str(reason)
        if not resolved.startswith(_HTTP):
            return f"its scheme is {resolved.partition(':')[0]}, not http or https"
        if len(resolved) > MAX_URL_LENGTH:
            return f"it has {len(resolved):,} characters, more than {MAX_URL_LENGTH:,}"
        return None

    def _enter(self, base: str) -> None:
        """A new page: which parts of its base the keys need."""
        self._base, self._page = base, {}
        try:
            self._base_href = href_of(base)
        except BadUrl:
            self._base_href = None
        self._document = (self._base_href or "").partition("#")[0]
        match = _BASE.match(self._document)
        self._root = match[1] if match else ""
        self._origin = self._root or base
        self._folder = match[0] if match else base

    def _on_this_page(self, href: str) -> Target | None:
        try:
            return self._page[href]
        except KeyError:
            if len(self._page) >= self._generation:
                self._page = {}
            target = self._page[href] = self._target(href)
            return target

    def _remember(self, key: str | tuple[str, str], href: str) -> Target | None:
        try:
            target = self._old[key]
        except KeyError:
            target = self._target(href)
            if len(href) > _MAX_CACHED_HREF:
                return target
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
        self._young[key] = target
        return target

    def _resolved(self, href: str) -> str:
        if self._root:
            # Joined here, since the result may well show that nothing is left to parse.
            first = href[:1]
            if first == "#":
                return href_of(self._document + href)
            if first == "/" and href[1:2] not in _MAKES_A_HOST:
                return href_of(self._root + href)
            if first.isalnum() and ":" not in href:
                return href_of(self._folder + href)
        # An absolute href needs no base, so that a base that is no URL costs only the relative ones.
        return href_of(href, self._base_href)

    def _target(self, href: str) -> Target | None:
        try:
            resolved = self._resolved(href)
        except BadUrl:
            return None
        if len(resolved) > MAX_URL_LENGTH or not resolved.startswith(_HTTP):
            return None
        url, host = self._rules.identify(resolved)
        host, site, rule = self._host(host)
        return Target(resolved, url, host, site, self._unwrap(resolved, rule) if rule else None)

    def _host(self, host: str) -> tuple[str, str, Rule | None]:
        """Host (one object for all its URLs), site and redirector."""
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= self._generation:
                self._hosts = {}
            known = self._hosts[host] = (host, site_of(host), redirector(host))
        return known

    def _unwrap(self, resolved: str, rule: Rule | None) -> str | None:
        unwrapped = None
        for _ in range(_MAX_WRAPPERS):
            if rule is None:
                break
            outer = split(resolved)
            inner = wrapped(rule, outer.path, outer.query or "")
            if inner is None or not inner.lower().startswith(_HTTP):
                break
            try:
                resolved = href_of(inner)
            except BadUrl:
                break
            if len(resolved) > MAX_URL_LENGTH:
                break
            unwrapped, host = self._rules.identify(resolved)
            rule = self._host(host)[2]
        return unwrapped
