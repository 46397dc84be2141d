"""Domains and sites as operators name them."""

from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl
from linkcrawl.urls.seeds import SeedUrl, parse_seed
from linkcrawl.urls.site import is_public_suffix

SHOWN = 200


def url_named(text: str, rules: IdentityRules) -> SeedUrl:
    """A URL or bare domain, as seeds are written. Raises UsageError."""
    try:
        return parse_seed(text, rules)
    except BadUrl as why:
        raise UsageError(f"{text[:SHOWN]!r} is not a URL or domain: {why}") from None


def site_named(text: str, rules: IdentityRules) -> tuple[str, str]:
    """The host that was named, and its site. Raises UsageError."""
    seed = url_named(text, rules)
    return seed.host, seed.site


def domain_named(text: str) -> str:
    """A domain that may be blocked with all below it: lower case, punycode. Raises UsageError.

    A URL without a path is taken by its host. A public suffix is refused: what lies below it belongs to many.
    """
    shown = repr(text[:SHOWN])
    seed = url_named(text.removeprefix("*."), IdentityRules())
    if seed.url.partition("://")[2] != f"{seed.host}/":
        raise UsageError(f"{shown} is more than a domain: name the host alone, as in example.com")
    if is_public_suffix(seed.host):
        raise UsageError(f"sites of many owners lie below {seed.host}: name the domains one by one")
    return seed.host
