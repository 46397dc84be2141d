"""The real pages beside the checkout, and what others' tools read on them.

Truth is `../shared/web/*/*.truth.jsonl.gz`: the `a` and `area` elements of each page in document order, made
with parse5 and whatwg-url. How a path is answered comes from `serve.py`, which stands beside them.
"""

import gzip
import importlib.util
import json
import mimetypes
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import html5lib
import tldextract
from ada_url import URL

from linkcrawl.urls import IdentityRules, trap

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_IDENTITY = IdentityRules()


@cache
def site_of(host: str) -> str:
    """The registrable domain, read off the list by another library than the crawler's own code."""
    return _SUFFIXES(host).top_domain_under_public_suffix or host


def identity(url: str) -> str:
    """The identity form of a URL that the URL standard serialized."""
    return _IDENTITY.identity(url)


def join(base: str, href: str) -> str | None:
    """The URL standard's parse of a reference; None: failure."""
    try:
        return str(URL(href, base=base).href)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class TruthLink:
    """One `a` or `area` of a page."""

    element: str
    href: str
    url: str | None
    rel: tuple[str, ...]
    text: str
    image_alt: str


@dataclass(frozen=True, slots=True)
class TruthPage:
    """What stands on one page."""

    page: str
    """Its URL, for which the links were resolved."""
    base: str
    encoding: str
    links: tuple[TruthLink, ...]


class RealWeb:
    """The pages in a folder such as `../shared/web`; the hosts that are crawled, all of them or some."""

    def __init__(self, folder: Path) -> None:
        self.serve = _module(folder / "serve.py")
        self.hosts: dict[str, dict[str, Any]] = self.serve.load()
        self._truth = dict(_truth(folder))
        self._base_hrefs: dict[str, str | None] = {}

    def only(self, hosts: Iterable[str]) -> "RealWeb":
        """The same web with fewer hosts."""
        part = copy(self)
        part.hosts = {host: self.hosts[host] for host in hosts}
        return part

    def every_page(self) -> list[str]:
        """A URL for each page: http, since nothing else is served, and of several paths the shortest."""
        paths: dict[tuple[str, str, str], str] = {}
        for host in self.hosts:
            for path, (archive, member) in sorted(self.hosts[host].items(), key=lambda item: len(item[0])):
                if (Path(archive.filename).name, member) in self._truth:
                    paths.setdefault((host, archive.filename, member), path)
        return [f"http://{host}{quote(path, safe=self.serve.SAFE)}" for (host, *_), path in paths.items()]

    def pages(self) -> list[tuple[str, TruthPage]]:
        """(host, page), each served page once."""
        once = {(host, id(page)): (host, page) for host in self.hosts for page in self._pages_of(host)}
        return list(once.values())

    def most_linked_sites(self, number: int) -> list[str]:
        """The sites of other owners that the pages link to most; of equals, the first by name."""
        counted: Counter[str] = Counter()
        for host, page in self.pages():
            urls = (link.url for link in page.links if link.url and link.url.startswith("http"))
            linked = (site_of(urlsplit(url).hostname or "") for url in urls)
            counted.update(site for site in linked if site and site != site_of(host))
        return sorted(counted, key=lambda site: (-counted[site], site))[:number]

    def page_at(self, url: str) -> TruthPage | None:
        """The HTML page at a URL; None: a redirect, an error, another kind of file."""
        found = self._lookup(url)
        return self._truth.get((Path(found[0].filename).name, found[1])) if isinstance(found, tuple) else None

    def location_at(self, url: str) -> str | None:
        """Where the server redirects a URL to."""
        found = self._lookup(url)
        return found if isinstance(found, str) else None

    def body_at(self, url: str) -> bytes:
        """The bytes of a page."""
        found = self._lookup(url)
        assert isinstance(found, tuple)
        body: bytes = found[0].read(found[1])
        return body

    def leads_to(self, url: str, charset: str | None = None) -> Iterator[str]:
        """The URLs that a crawl may come to from a URL, in identity form."""
        location, page = self.location_at(url), self.page_at(url)
        if location is not None:
            yield identity(location)
        elif page is not None:
            yield from (identity(target) for _, target in self.targets(url, charset))

    def targets(self, url: str, charset: str | None = None) -> list[tuple[TruthLink, str]]:
        """The http(s) links of the page at a URL, as they resolve there.

        charset: the encoding that the crawler chose, which may be better than the one of truth.
        """
        page = self.page_at(url)
        if page is None:
            return []
        base = page.base if url == page.page else self.base_at(url)
        better = charset if page.encoding == "windows-1252" != charset else None
        found = ((link, _resolved(link, page.base, base, better)) for link in page.links)
        return [
            (link, target) for link, target in found if target and target.startswith(("http://", "https://"))
        ]

    def base_at(self, url: str) -> str:
        """The base of the page at a URL, which need not be the URL that truth was made for."""
        if url not in self._base_hrefs:
            self._base_hrefs[url] = _base_href(self.body_at(url))
        href = self._base_hrefs[url]
        return url if href is None else join(url, href) or url

    def _pages_of(self, host: str) -> Iterator[TruthPage]:
        for archive, member in self.hosts[host].values():
            page = self._truth.get((Path(archive.filename).name, member))
            if page is not None:
                yield page

    def _lookup(self, url: str) -> tuple[Any, str] | str | None:
        """As `serve.py` looks a request up: (archive, member), a Location, or nothing."""
        parts = urlsplit(url)
        paths = self.hosts.get(parts.netloc, {})
        path = unquote(parts.path)
        found: tuple[Any, str] | None = paths.get(path + (f"?{parts.query}" if parts.query else ""))
        found = found or paths.get(path)
        if found is None and path + "/" in paths:
            return join(url, parts.path + "/")
        return found if found and _is_html(found[1]) else None


def follows(sites: frozenset[str], url: str) -> bool:
    """Whether a crawl with scope `site` without https follows a URL; what a trap is, the crawler says."""
    here = url.startswith("http://") and site_of(urlsplit(url).hostname or "") in sites
    return here and len(url) <= 2083 and not trap(url)


def _resolved(link: TruthLink, truth_base: str, base: str, charset: str | None) -> str | None:
    """Truth's URL, unless it depends on a base or an encoding that is another one here."""
    if charset is not None and not link.href.isascii():
        return join(base, _read_again(link.href, charset))
    if base == truth_base or link.url is None or join(truth_base, link.href) != link.url:
        return link.url
    return join(base, link.href)


def _read_again(text: str, charset: str) -> str:
    """What was read as windows-1252, read in another encoding."""
    # Python's cp1252 lacks five bytes that the web's windows-1252 takes for control characters.
    raw = b"".join(
        letter.encode("latin-1" if "\x80" <= letter <= "\x9f" else "cp1252", "replace") for letter in text
    )
    return raw.decode(charset, "replace")


def _base_href(body: bytes) -> str | None:
    """`href` of the page's base element, as html5lib reads it."""
    if b"<base" not in body.lower():
        return None
    tree = html5lib.parse(body, namespaceHTMLElements=False, useChardet=False)
    return next((tag.get("href") for tag in tree.iter("base") if tag.get("href") is not None), None)


def _is_html(member: str) -> bool:
    return (mimetypes.guess_type(member)[0] or "text/html") == "text/html"


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("linkcrawl_real_web_serve", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _truth(folder: Path) -> Iterator[tuple[tuple[str, str], TruthPage]]:
    """((name of the archive, member), page)"""
    sources = {path: path.name.replace(".truth.jsonl.gz", ".zip") for path in (folder / "sites").glob("*.gz")}
    sources[folder / "pages" / "truth.jsonl.gz"] = "pages.zip"
    for path, archive in sources.items():
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                raw = json.loads(line)
                links = tuple(
                    TruthLink(
                        link["tag"],
                        link["href"],
                        link["url"],
                        _tokens(link["rel"]),
                        link["text"],
                        link["alt"],
                    )
                    for link in raw["links"]
                )
                yield (archive, raw["file"]), TruthPage(raw["page"], raw["base"], raw["encoding"], links)


def _tokens(split_on_space: list[str]) -> tuple[str, ...]:
    """Truth splits `rel` as HTML does, Google (and so the crawler) on commas too."""
    return tuple(token for word in split_on_space for token in word.lower().split(",") if token)
