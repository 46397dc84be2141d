"""The web of the benchmark: hosts with pages of about 34 kB and 90 links, made from a seed.

Each loopback address 127.1.0.N is a host, so that no contender needs names resolved: the same URLs for all.
A page links to the next one of its host, so that all are reached; its links to watched domains are plain `a`
elements with a text and targets of their own, so that every contender can see all of them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import NamedTuple

WATCH = ("acme.example", "globex.example")
ROBOTS_TXT = "User-agent: *\nDisallow: /private/\nDisallow: /*?sort=\n"

_MENU = 16
_FOOTER = 10
_EXTERNAL = 12
_WATCHED = 3
_LINKS = 90
_BYTES = 34_000
_WORDS = (
    *(
        "garden",
        "water",
        "hedge",
        "spade",
        "light",
        "morning",
        "slow",
        "careful",
        "winter",
        "yellow",
        "market",
    ),
    *("village", "letter", "paper", "stone", "river", "between", "without", "already", "perhaps", "simply"),
    *("across", "their", "would", "could", "about", "which", "every", "small", "large"),
)


class WatchedLink(NamedTuple):
    """A link to a watched domain, as far as every contender records it."""

    source_url: str
    target_url: str
    anchor: str
    nofollow: bool


@dataclass(frozen=True, slots=True)
class BenchWeb:
    """What is served: `pages` pages, spread over `hosts` hosts."""

    pages: int
    hosts: int = 40
    port: int = 80
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.hosts <= self.pages:
            raise ValueError(f"{self.pages} pages can not be spread over {self.hosts} hosts")

    def addresses(self) -> list[str]:
        """The hosts, all on loopback."""
        return [f"127.1.0.{number}" for number in range(1, self.hosts + 1)]

    def seeds(self) -> list[str]:
        """A start URL for each host."""
        return [f"http://{address}:{self.port}/" for address in self.addresses()]

    def sizes(self) -> dict[str, int]:
        """{host: its number of pages}"""
        least, more = divmod(self.pages, self.hosts)
        return {address: least + (at < more) for at, address in enumerate(self.addresses())}

    def documents(self) -> Iterator[tuple[str, str, str, list[WatchedLink]]]:
        """Every page: host, path, HTML, the watched links on it."""
        sizes = self.sizes()
        for address, size in sizes.items():
            for number in range(size):
                yield address, path_of(number), *self._page(sizes, address, number)

    def watched(self) -> Counter[WatchedLink]:
        """The multiset of watched links in the whole web."""
        return Counter(link for *_, links in self.documents() for link in links)

    def write(self, folder: Path) -> None:
        """Lay the pages out as files: folder/host/path."""
        for address in self.addresses():
            (folder / address / "p").mkdir(parents=True)
            (folder / address / "robots.txt").write_text(ROBOTS_TXT)
        for address, path, html, _ in self.documents():
            (folder / address / ("index.html" if path == "/" else path[1:])).write_text(html)

    def first_host(self) -> "BenchWeb":
        """The web's first host alone. Served under the names of all, it makes a web of any size from few files."""
        return replace(self, pages=max(self.sizes().values()), hosts=1)

    def _page(self, sizes: dict[str, int], address: str, number: int) -> tuple[str, list[WatchedLink]]:
        chance = Random(f"{self.seed} {address} {number}")
        url = f"http://{address}:{self.port}{path_of(number)}"
        watched = [_watched_link(url, number, at) for at in range(_WATCHED)]
        inline = [
            _anchor(link.target_url, link.anchor, "nofollow" if link.nofollow else "") for link in watched
        ]
        inline += [_anchor(href, _text(chance, 3)) for href in self._external(sizes, chance)]
        wanted = _LINKS - _MENU - _FOOTER - len(inline)
        nearby = [(number + 1) % sizes[address], *_some(chance, sizes[address], wanted - 1)]
        inline += [_anchor(path_of(page), _text(chance, 3)) for page in nearby]
        chance.shuffle(inline)
        return _document(sizes[address], f"Page {number} of {address}", inline, chance), watched

    def _external(self, sizes: dict[str, int], chance: Random) -> Iterator[str]:
        others = list(sizes)
        for at in range(_EXTERNAL):
            if at % 3 == 0:
                other = chance.choice(others)
                yield f"http://{other}:{self.port}{path_of(chance.randrange(sizes[other]))}"
            else:
                yield f"https://site{chance.randrange(5000)}.example/{chance.choice(_WORDS)}/{chance.randrange(90)}"


def path_of(number: int) -> str:
    """The path of a host's page."""
    return f"/p/{number}.html" if number else "/"


def _watched_link(url: str, number: int, at: int) -> WatchedLink:
    target = (
        f"https://{('www.', '', 'docs.')[at]}{WATCH[at % 2]}/{_WORDS[number % len(_WORDS)]}/{number}-{at}"
    )
    return WatchedLink(
        url, target, f"{_WORDS[(number + at) % len(_WORDS)]} of {WATCH[at % 2]}", (number + at) % 4 == 0
    )


def _some(chance: Random, size: int, wanted: int) -> list[int]:
    """Pages of a host, different ones as far as it has so many."""
    whole, rest = divmod(wanted, size)
    return [*range(size)] * whole + chance.sample(range(size), rest)


def _text(chance: Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _anchor(href: str, text: str, rel: str = "") -> str:
    return f'<a class="link link--inline" href="{href}"{f" rel={rel!r}" if rel else ""}>{text}</a>'


def _document(size: int, title: str, inline: list[str], chance: Random) -> str:
    menu = "".join(
        f'<li class="menu__item">{_anchor(path_of(n % size), f"Part {n}")}</li>' for n in range(_MENU)
    )
    foot = "".join(f"<li>{_anchor(path_of((n * 7) % size), f'About {n}')}</li>" for n in range(_FOOTER))
    frame = len(menu) + len(foot) + sum(map(len, inline)) + 1400
    words = max(4, (_BYTES - frame) // (7 * len(inline)))
    body = "".join(
        f'<p class="text">{_text(chance, words // 2)} {link} {_text(chance, words // 2)}.</p>\n'
        for link in inline
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width">\n<link rel="stylesheet" href="/style.css">\n'
        f"<style>{''.join(f'.c{n}{{margin:{n}px}}' for n in range(50))}</style>\n</head>\n"
        f'<body class="page">\n<header class="top"><nav class="menu"><ul>{menu}</ul></nav></header>\n'
        f"<main><article>\n<h1>{title}</h1>\n"
        f'{body}</article></main>\n<footer class="foot"><ul>{foot}</ul></footer>\n'
        "<script>window.dataLayer = window.dataLayer || [];</script>\n</body>\n</html>\n"
    )
