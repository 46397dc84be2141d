"""Include and exclude patterns."""

import re
from fnmatch import translate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.errors import UsageError
from linkcrawl.urls.patterns import UrlPatterns


def _matches(pattern: str, url: str) -> bool:
    excluded = UrlPatterns(exclude=[pattern]).refuses(url)
    assert UrlPatterns(include=[pattern]).refuses(url) is not excluded
    return excluded


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("example.com/blog/*", "https://example.com/blog/", True),
        ("example.com/blog/*", "http://example.com/blog/a/b?c", True),
        ("example.com/blog/*", "https://example.com/blog", False),
        ("example.com/blog/*", "https://www.example.com/blog/", False),
        ("example.com/blog/*", "https://a.example/?u=example.com/blog/x", False),
        ("example.com/blog", "https://example.com/blog/x", False),
        ("https://Example.com/Blog*", "http://example.com/Blogs", True),
        ("https://Example.com/Blog*", "http://example.com/blogs", False),
        ("*.example.com/*", "https://a.b.example.com/x", True),
        ("*.example.com", "https://a.b.example.com/x", True),
        ("*.example.com", "https://example.com/x", False),
        ("*.example.com", "https://a.evil/?x.example.com/", False),
        ("*.example.com/*", "https://a.evil/x.example.com/", False),
        ("a.*.example/x", "https://a.b.c.example/x", True),
        ("a.*.*.example/x", "https://a.b.example/x", False),
        ("example.*", "https://example.co.uk/x/y", True),
        ("*/x", "https://a.example/b/x", False),
        ("*/*/x", "https://a.example/b/x", True),
        ("example.com", "https://example.com/", True),
        ("example.com", "https://example.com.evil.example/", False),
        ("example.com:8080", "https://example.com:8080/x", True),
        ("example.com", "https://example.com:8080/x", False),
        ("*/x?a=*&b=1", "https://a.example/x?a=2&b=1", True),
        ("*/x?a=*&b=1", "https://a.example/xya=2&b=1", False),
        ("/private/*", "https://a.example/private/x", True),
        ("/private/*", "https://a.example/x/private/x", False),
        ("*.pdf", "https://a.example/x.pdf", False),
        ("*/*.pdf", "https://a.example/x.pdf", True),
        ("*/*.pdf", "https://a.example/x.pdf?y", False),
        ("a.example/é*", "https://a.example/%C3%A9x", True),
        ("a.example/%c3%a9%41", "https://a.example/%C3%A9A", True),
        ("bücher.example", "https://xn--bcher-kva.example/", True),
        ("*.bücher.example", "https://a.xn--bcher-kva.example/", True),
        ("[::1]/*", "http://[::1]/x", True),
        ("a.example/(x|y)", "http://a.example/(x|y)", True),
        ("*", "http://a.example/", True),
        ("re:[?&]sort=", "https://a.example/?a&sort=x", True),
        ("re:[?&]sort=", "https://a.example/sort=x", False),
        ("re:^http://", "https://a.example/", False),
        ("a.example/x\n", "https://a.example/x", True),
    ],
)
def test_patterns(pattern: str, url: str, matches: bool) -> None:
    assert _matches(pattern, url) is matches


def test_exclude_wins_over_include() -> None:
    patterns = UrlPatterns(["a.example/*", "b.example/*"], ["*/private/*", "re:x$"])
    assert [patterns.refuses(f"https://{url}") for url in ("a.example/", "b.example/y", "c.example/")] == [
        False,
        False,
        True,
    ]
    assert patterns.refuses("https://a.example/private/")
    assert patterns.refuses("https://a.example/x")
    assert not UrlPatterns().refuses("https://a.example/")
    assert patterns
    assert not UrlPatterns()


def test_every_bad_pattern_is_told_with_its_flag() -> None:
    with pytest.raises(UsageError) as caught:
        UrlPatterns(["re:(", "ok.example"], ["", "a b/", "b*ü.example/", "*sort=*"])
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "--include 're",
        "--exclude ''",
        "--exclude 'a b/'",
        "--exclude 'b*ü.example/'",
        "--exclude '*sort=*'",
    ]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab*"), min_size=1, max_size=10), st.text(st.sampled_from("ab"), max_size=12))
def test_a_star_matches_as_everywhere(glob: str, text: str) -> None:
    wanted = re.fullmatch(translate(glob), text) is not None
    assert _matches("a.example/" + glob, "https://a.example/" + text) is wanted


def test_many_stars_do_not_explode() -> None:
    """With a backtracking matcher this would not end before the sun does."""
    assert not _matches("a.example/" + "*a" * 30 + "*b", "https://a.example/" + "a" * 2000)
