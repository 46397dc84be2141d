"""Seeds: what a crawl starts from, as people write it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl, parse
from linkcrawl.urls.site import site_of
from linkcrawl.urls.target import MAX_URL_LENGTH

_HTTP = re.compile(r"https?:", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$))")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_COMMENT = re.compile(r"(?:^|\s)#.*", re.S)
_END_OF_HOST = re.compile(r"[/?#]")
_PATH = re.compile(r"[/?#\\]")


class SeedUrl(NamedTuple):
    """One seed."""

    url: str
    """Its identity form; of a bare domain the https form."""
    host: str
    site: str
    https_first: bool
    """It was written without a scheme: where https does not connect, http is tried."""


def parse_seed(text: str, rules: IdentityRules) -> SeedUrl:
    """A URL or a bare domain (`example.com`, `example.com:8080/path`, `bücher.example`, an IP address,
    `localhost`).

    Raises BadUrl with a short reason.
    """
    text = text.strip()
    if not text:
        raise BadUrl("it is empty")
    if len(text.split()) > 1:
        raise BadUrl("it holds white space")
    bare = not _HTTP.match(text)
    if bare and not text.startswith("//") and text[0] in "/\\.":
        raise BadUrl("it looks like a path")
    if bare and _SCHEME.match(text):
        raise BadUrl("only http and https URLs can be crawled")
    if bare:
        name = text.removeprefix("//")
        # With its path, most names are serialized already, which is told faster than parsed.
        parsed = parse(f"https://{name}" if _PATH.search(name) else f"https://{name}/")
        _check_bare(name, parsed.host)
    else:
        parsed = parse(text)
    url, host = rules.identify(parsed.href)
    if len(url) > MAX_URL_LENGTH:
        raise BadUrl(f"it has {len(url):,} characters, more than {MAX_URL_LENGTH:,}")
    return SeedUrl(url, host, site_of(host), bare)


def _check_bare(text: str, host: str) -> None:
    """Without a scheme almost any word would do as a host, so it must look like one."""
    name = _END_OF_HOST.split(text, maxsplit=1)[0]
    host = host.removesuffix(".")
    if "@" in name:
        raise BadUrl("it looks like an email address")
    if host.startswith("[") or host == "localhost":
        return
    if host[-1:].isdigit() and not _IPV4.fullmatch(re.sub(r":\d+$", "", name)):
        raise BadUrl("it is a number, not a domain")
    if "." not in host:
        raise BadUrl(f"it has no dot; write http://{name}/ if that is a host of yours")
    if not _DOMAIN.fullmatch(host) and not _IPV4.fullmatch(host):
        raise BadUrl("no domain can be called so")


def seed_of_line(line: str, rules: IdentityRules) -> SeedUrl | None:
    """The seed of a line of a list; None if it is blank or a comment (`#` at the start or after white space).

    Raises BadUrl with a sentence that shows what stands there.
    """
    text = line.removeprefix("\ufeff")
    text = (_COMMENT.sub("", text) if "#" in text else text).strip()
    if not text:
        return None
    try:
        return parse_seed(text, rules)
    except BadUrl as reason:
        raise BadUrl(f"{text[:200]!r} is not a URL or domain: {reason}") from None


def add_seed(seeds: dict[str, SeedUrl], seed: SeedUrl) -> None:
    """Add a seed to those of its URL: written without a scheme once, it is tried over both."""
    known = seeds.setdefault(seed.url, seed)
    if seed.https_first and not known.https_first:
        seeds[seed.url] = seed


def read_seeds(lines: Iterable[str], rules: IdentityRules) -> tuple[list[SeedUrl], list[str]]:
    """Seeds, one a line, each once, and a message for every line that is none."""
    seeds: dict[str, SeedUrl] = {}
    messages = []
    for number, line in enumerate(lines, 1):
        try:
            seed = seed_of_line(line, rules)
        except BadUrl as reason:
            messages.append(f"line {number}: {reason}")
            continue
        if seed is not None:
            add_seed(seeds, seed)
    return list(seeds.values()), messages
