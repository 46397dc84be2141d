"""Traps are refused, and nothing of the real web is."""

from pathlib import Path

import pytest

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.target import Resolver
from linkcrawl.urls.traps import trap

from .truth import FILES, pages


@pytest.mark.parametrize(
    "path",
    [
        "a/b/a/b/a/b/",
        "x/a/b/a/b/a/b",
        "a/b/c/a/b/c/a/b/c/index.html",
        "blog/blog/blog/blog/blog/",
        "a/x/a/y/a/z/a/w/a/v/a/u/a/t/a/s",
        "/////////",
        "/".join(str(number) for number in range(50)),
        "?" + "&".join(f"a{number}=1" for number in range(70)),
        "?" + "&".join(["a=1", "b=2"] * 4),
        "a/b/a/b/a/b/?x",
    ],
)
def test_traps(path: str) -> None:
    assert trap("https://example.com/" + path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a/b/a/b/",
        "2024/01/01/01/x",
        "tiles/0/0/0/0.png",
        "a/a/a/",
        "en/docs/en/docs/en/index.html",
        "web/2020/https://example.com/a//b",
        "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t",
        "?f[]=1&f[]=2&f[]=3&f[]=4&f[]=5",
        "?a=1&a=1&a=1",
        "?a&&&&&b",
        "?u=https://example.com/a/b/a/b/a/b/",
    ],
)
def test_no_traps(path: str) -> None:
    assert not trap("https://example.com/" + path)


@pytest.mark.parametrize("file", FILES)
def test_no_page_or_link_of_the_real_web_is_a_trap(shared: Path, file: str) -> None:
    resolver = Resolver(IdentityRules())
    seen = 0
    for page in pages(shared, file):
        assert not trap(page["page"])
        for link in page["links"]:
            target = resolver.resolve(page["base"], link["href"], page["encoding"])
            if target is not None:
                seen += 1
                assert not trap(target.url), target.url
    assert seen > 900


def test_a_loop_of_relative_links_ends() -> None:
    """A page at /a/b/ that links to `a/b/`: the third round of it is not taken."""
    resolver = Resolver(IdentityRules())
    url = "https://example.com/"
    taken = 0
    while not trap(url):
        target = resolver.resolve(url, "a/b/")
        assert target is not None
        url = target.url
        taken += 1
    assert taken == 3


def test_the_cost_is_bounded() -> None:
    """The longest URL there can be, all of it segments or parameters: an answer, and at once."""
    assert trap("https://example.com/" + "a/" * 1000)
    assert trap("https://example.com/?" + "a&" * 1000)
