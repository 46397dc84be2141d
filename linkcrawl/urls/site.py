"""The site of a host: its registrable domain under the Public Suffix List (https://publicsuffix.org/list/).

The list is the one that tldextract ships, private section included, so that `foo.github.io` is a site. It is
taken once and matched here, since a call to tldextract costs more than the parsing of a URL.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import ada_url


class _Rules(NamedTuple):
    suffixes: frozenset[str]
    wildcards: frozenset[str]
    """`ck` for the rule `*.ck`."""
    exceptions: frozenset[str]
    """`www.ck` for the rule `!www.ck`."""


_SNAPSHOT = ".tld_set_snapshot"
"""The list as tldextract ships it."""


def _listed() -> Iterable[str]:
    """The list's rules, both sections."""
    # The file alone where it can be found: the package brings an HTTP client along, six megabytes of every worker.
    package = find_spec("tldextract")
    for folder in (package.submodule_search_locations or ()) if package else ():
        with suppress(OSError):
            lines = (Path(folder) / _SNAPSHOT).read_text("utf-8").split("\n")
            return [line.split()[0] for line in lines if line.strip() and not line.startswith("//")]
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True).tlds


@cache
def _rules() -> _Rules:
    suffixes, wildcards, exceptions = set(), set(), set()
    for rule in _listed():
        if rule.startswith("*."):
            wildcards.add(_ascii(rule[2:]))
        elif rule.startswith("!"):
            exceptions.add(_ascii(rule[1:]))
        else:
            suffixes.add(_ascii(rule))
    return _Rules(frozenset(suffixes), frozenset(wildcards), frozenset(exceptions))


def _ascii(domain: str) -> str:
    return domain if domain.isascii() else ada_url.idna.encode(domain).decode("ascii")


@lru_cache(maxsize=16_384)
def site_of(host: str) -> str:
    """The site of a host as it stands in a URL (lower case, punycode, IPv6 in brackets); no trailing dot.

    An IP address, a public suffix, a single label, and what is no domain name (an empty label) are their own
    site.
    """
    host = host.removesuffix(".") or host
    if _is_address(host) or host.startswith(".") or host.endswith(".") or ".." in host:
        return host
    start = _suffix_start(host)
    return host[host.rfind(".", 0, max(start - 1, 0)) + 1 :]


def is_public_suffix(host: str) -> bool:
    """Whether sites are registered directly below the host: it is on the list, or a single label (the list's
    default rule `*`)."""
    host = host.removesuffix(".")
    if _is_address(host) or host.startswith("."):
        return False
    suffixes, wildcards, exceptions = _rules()
    if host in exceptions:
        return False
    parent = host.partition(".")[2]
    return not parent or host in suffixes or parent in wildcards


def _is_address(host: str) -> bool:
    # A host that the URL standard let pass and that ends in a digit label is an IPv4 address.
    return host.startswith("[") or (host[-1:].isdigit() and host.rpartition(".")[2].isdigit())


def _suffix_start(host: str) -> int:
    """Where in the host its public suffix starts. The rule with the most labels wins; an exception wins over
    all."""
    suffixes, wildcards, exceptions = _rules()
    start = 0
    while True:
        domain = host[start:]
        dot = host.find(".", start)
        if domain in exceptions:
            return dot + 1
        if domain in suffixes or dot < 0 or host[dot + 1 :] in wildcards:
            return start
        start = dot + 1
