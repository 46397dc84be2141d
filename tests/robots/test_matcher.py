import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.robots import Decision, Line, Rules

ALLOW, DISALLOW = True, False


def decide(target: str, *lines: tuple[bool, bytes]) -> Decision:
    return Rules(Line(*line) for line in lines).decide(target)


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        (b"/", ["/", "/a", "/?q"], []),
        (
            b"/fish",
            ["/fish", "/fish.html", "/fish/s", "/fishheads", "/fish?id=1"],
            ["/Fish", "/catfish", "/?fish"],
        ),
        (b"/fish*", ["/fish", "/fish.html"], ["/Fish"]),
        (b"/fish/", ["/fish/", "/fish/s"], ["/fish", "/fish.html"]),
        (b"/*.php", ["/a.php", "/f/a.php", "/a.php?p", "/a.php/", "/.php"], ["/", "/a.PHP"]),
        (b"/*.php$", ["/a.php", "/f/a.php", "/a.php.php"], ["/a.php?p", "/a.php/", "/a.php5"]),
        (b"/fish*.php", ["/fish.php", "/fishheads/c.php?p"], ["/Fish.PHP"]),
        (b"/a$", ["/a"], ["/a/", "/ab", "/a?"]),
        (b"/$", ["/"], ["/a"]),
        (b"/a$b", ["/a$b", "/a$bc"], ["/a", "/ab"]),
        (b"/a$$", ["/a$"], ["/a", "/a$$"]),
        (b"*/b", ["/b", "/a/b", "/a/bc"], ["/a"]),
        (b"*", ["/", "/a"], []),
        (b"/a***b", ["/ab", "/acb"], ["/a"]),
        (b"/a*$", ["/a", "/abc"], ["/b"]),
        (b"/ab*ab$", ["/abab", "/abcab"], ["/ab"]),
        (b"/*a*b*c$", ["/xaxbxc", "/abc", "/abcc"], ["/acb", "/abcd"]),
        ("/ä".encode(), ["/%C3%A4", "/ä"], ["/%c3%a4", "/a"]),
        (b"/%c3%a4", ["/%C3%A4"], ["/%c3%a4"]),
        (b"/%zz", ["/%zz"], ["/%ZZ"]),
        (b"/a%2fb", ["/a%2Fb"], ["/a/b"]),
        (b"/[a.b]+(c|d", ["/[a.b]+(c|d"], ["/ab"]),
    ],
)
def test_patterns(pattern: bytes, hits: list[str], misses: list[str]) -> None:
    assert [t for t in hits if decide(t, (DISALLOW, pattern)).allowed] == []
    assert [t for t in misses if not decide(t, (DISALLOW, pattern)).allowed] == []


@pytest.mark.parametrize(
    ("lines", "target", "expected"),
    [
        ([(ALLOW, b"/p"), (DISALLOW, b"/")], "/page", Decision(True, "allow: /p")),
        ([(ALLOW, b"/folder"), (DISALLOW, b"/folder")], "/folder/page", Decision(True, "allow: /folder")),
        ([(ALLOW, b"/page"), (DISALLOW, b"/*.htm")], "/page.htm", Decision(False, "disallow: /*.htm")),
        ([(ALLOW, b"/page"), (DISALLOW, b"/*.ph")], "/page.php5", Decision(True, "allow: /page")),
        ([(ALLOW, b"/$"), (DISALLOW, b"/")], "/", Decision(True, "allow: /$")),
        ([(ALLOW, b"/$"), (DISALLOW, b"/")], "/page.htm", Decision(False, "disallow: /")),
        ([(DISALLOW, b"/foo***"), (ALLOW, b"/foob")], "/foobar", Decision(False, "disallow: /foo***")),
        ([(ALLOW, b"/x")], "/y", Decision(True, None)),
        (
            [(DISALLOW, b"/a/b"), (DISALLOW, b"/a"), (ALLOW, b"/a/b/c")],
            "/a/bx",
            Decision(False, "disallow: /a/b"),
        ),
        (
            [(DISALLOW, b"/a/b"), (DISALLOW, b"/a"), (ALLOW, b"/a/b/c")],
            "/a/a",
            Decision(False, "disallow: /a"),
        ),
        ([(DISALLOW, b"/"), (ALLOW, b"/x/index.html")], "/x/", Decision(True, "allow: /x/index.html")),
        ([(DISALLOW, b"/"), (ALLOW, b"/x/index.html")], "/x/y", Decision(False, "disallow: /")),
        ([(ALLOW, b"/"), (DISALLOW, b"/x/index.html")], "/x/", Decision(True, "allow: /")),
        ([(DISALLOW, "/ä ö".encode())], "/%C3%A4 %C3%B6", Decision(False, "disallow: /ä ö")),
    ],
)
def test_the_longest_pattern_decides(
    lines: list[tuple[bool, bytes]], target: str, expected: Decision
) -> None:
    assert decide(target, *lines) == expected


def test_a_fragment_does_not_count_and_a_path_begins_with_a_slash() -> None:
    assert decide("/a#/b", (DISALLOW, b"/a$")).rule
    assert decide("", (DISALLOW, b"/$")).rule
    assert decide("?q=1", (DISALLOW, b"/?q")).rule


def google_matches(path: str, pattern: str) -> bool:
    """The rule itself, without regard to time: '*' is any run of characters, '$' at the end is the end."""
    bound = pattern.endswith("$")
    expression = "".join(".*" if c == "*" else re.escape(c) for c in pattern.removesuffix("$"))
    return re.match(expression + (r"\Z" if bound else ""), path, re.DOTALL) is not None


SHORT = st.text("ab/*$", max_size=6).map(lambda tail: "/" + tail)
PATHS = st.text("ab/$", max_size=9).map(lambda tail: "/" + tail)


@given(st.lists(st.tuples(st.booleans(), SHORT), max_size=8), PATHS)
def test_any_rules_decide_as_the_rule_says(lines: list[tuple[bool, str]], path: str) -> None:
    found = [(len(pattern), allow) for allow, pattern in lines if google_matches(path, pattern)]
    expected = max(found)[1] if found else True
    decision = decide(path, *((allow, pattern.encode()) for allow, pattern in lines))
    assert decision.allowed is expected
    assert (decision.rule is None) is (not found)


def test_matching_is_linear_in_the_url() -> None:
    """Whoever tries again after a failure would not come to an end here."""
    pattern = b"/" + b"*a" * 1000 + b"*b"
    assert decide("/" + "a" * 100_000, (DISALLOW, pattern)).allowed
    nested = [(DISALLOW, b"/" + b"a" * n) for n in range(1, 3000)]
    rules = Rules(Line(*line) for line in nested)
    assert rules.decide("/" + "a" * 2000 + "b").rule == "disallow: /" + "a" * 2000
