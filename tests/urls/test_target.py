"""From hrefs to targets: the truth of real pages, then what they lack."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl, parse
from linkcrawl.urls.site import site_of
from linkcrawl.urls.target import Resolver, Target

from .truth import FILES, pages

RULES = IdentityRules()
BASE = "https://www.example.com/a/b/c.html?q#f"


@pytest.mark.parametrize("file", FILES)
def test_every_link_of_the_real_pages(shared: Path, file: str) -> None:
    resolver = Resolver(RULES)
    count = 0
    for page in pages(shared, file):
        for link in page["links"]:
            count += 1
            base, href, url = page["base"], link["href"], link["url"]
            # The truth's maker knows UTF-8 queries only; what other encodings do to queries has its own
            # tests.
            target = resolver.resolve(base, href)
            encoded = resolver.resolve(base, href, page["encoding"])
            if url is None or not url.startswith(("http://", "https://")):
                assert target is None, href
                assert encoded is None, href
                assert resolver.why(base, href, page["encoding"])
                continue
            assert target is not None, href
            assert encoded is not None, href
            assert target.resolved == url
            assert encoded.resolved.partition("?")[0] == url.partition("?")[0]
            if page["encoding"] == "UTF-8" or href.isascii():
                assert encoded.resolved == url
            assert RULES.identity(target.url) == target.url
            assert target.host == parse(target.url).host
    assert count > 900


def test_all_parts_of_a_target() -> None:
    resolver = Resolver(RULES)
    assert resolver.resolve(BASE, "https://u:p@WWW.Example.co.uk.:443/%7Ea?utm_source=x&b#c") == Target(
        resolved="https://u:p@www.example.co.uk./%7Ea?utm_source=x&b#c",
        url="https://www.example.co.uk/~a?b",
        host="www.example.co.uk",
        site="example.co.uk",
        unwrapped=None,
    )


@pytest.mark.parametrize(
    ("href", "resolved"),
    [
        ("", "https://www.example.com/a/b/c.html?q"),
        ("#x", "https://www.example.com/a/b/c.html?q#x"),
        ("\t#x", "https://www.example.com/a/b/c.html?q#x"),
        ("?", "https://www.example.com/a/b/c.html?"),
        ("?x y", "https://www.example.com/a/b/c.html?x%20y"),
        ("x", "https://www.example.com/a/b/x"),
        ("./x", "https://www.example.com/a/b/x"),
        ("../../../x", "https://www.example.com/x"),
        ("x:y/../é", None),
        ("./x:y", "https://www.example.com/a/b/x:y"),
        ("é", "https://www.example.com/a/b/%C3%A9"),
        ("/x", "https://www.example.com/x"),
        ("\\x\\y", "https://www.example.com/x/y"),
        ("//other.example/x", "https://other.example/x"),
        ("\\\\other.example\\x", "https://other.example/x"),
        ("///other.example/x", "https://other.example/x"),
        ("http://other.example", "http://other.example/"),
        ("https:other", "https://www.example.com/a/b/other"),
        ("https:/other", "https://www.example.com/other"),
        ("http:other", "http://other/"),
        ("http:/other", "http://other/"),
        (" \nht\ttps://oth\ner.example/a\tb\r ", "https://other.example/ab"),
        ("HTTPS://OTHER.example", "https://other.example/"),
        ("http://[::FFFF:1.2.3.4]:80/", "http://[::ffff:102:304]/"),
        ("http://0x7f.1", "http://127.0.0.1/"),
        ("http://1.2.3.4.5/", None),
        ("http://exa mple.com/", None),
        ("http://", None),
        ("http://a:b@/", None),
        ("javascript:void(0)", None),
        ("data:text/html,<p>", None),
        ("mailto:a@b.example", None),
        ("tel:+123", None),
        ("ftp://a.example/", None),
        ("file:///etc/passwd", None),
        ("blob:https://a.example/x", None),
    ],
)
def test_hrefs(href: str, resolved: str | None) -> None:
    resolver = Resolver(RULES)
    target = resolver.resolve(BASE, href)
    assert (target and target.resolved) == resolved
    assert (resolver.why(BASE, href) is None) is (target is not None)


@pytest.mark.parametrize(
    ("href", "reason"),
    [
        ("mailto:a@b.example", "its scheme is mailto, not http or https"),
        ("http://a.example:99999", "its port is not a number from 0 to 65535"),
        ("https://a.example/" + "x" * 2083, "it has 2,101 characters, more than 2,083"),
        ("https://a.example/", None),
    ],
)
def test_why(href: str, reason: str | None) -> None:
    assert Resolver(RULES).why(BASE, href) == reason


def test_the_longest_url() -> None:
    resolver = Resolver(RULES)
    longest = "https://a.example/" + "x" * (2083 - 18)
    assert resolver.resolve(BASE, longest) is not None
    assert resolver.resolve(BASE, longest + "x") is None
    assert resolver.resolve(BASE, longest.removesuffix("xxx") + "é") is None
    for start in ("", "/", "https://a.example/", "?", "#", "\t"):
        assert resolver.resolve(BASE, start + "x" * 100_000) is None
    padded = resolver.resolve(BASE, " " * 100_000 + "/x" + "\n" * 100_000)
    assert padded is not None
    assert padded.url == "https://www.example.com/x"


def test_credentials_of_the_base_belong_to_what_is_relative_to_it() -> None:
    resolver = Resolver(RULES)
    for base, resolved in (
        ("https://a.example/", "https://a.example/x"),
        ("https://u:p@a.example/", "https://u:p@a.example/x"),
        ("https://a.example:81/", "https://a.example:81/x"),
        ("http://a.example/", "http://a.example/x"),
    ):
        target = resolver.resolve(base, "/x")
        assert target is not None
        assert target.resolved == resolved


@pytest.mark.parametrize("base", ["", "no url", "http://", "about:blank", "data:text/html,x"])
def test_a_base_that_nothing_is_relative_to(base: str) -> None:
    resolver = Resolver(RULES)
    for href in ("x", "/x", "//a.example/", "?x"):
        assert resolver.resolve(base, href) is None
        assert resolver.why(base, href) is not None
    target = resolver.resolve(base, "https://a.example/x")
    assert target is not None
    assert target.url == "https://a.example/x"


_BASES = st.sampled_from(
    [
        "https://a.example/",
        "https://a.example/b/c",
        "https://a.example/b/d?x/y#z/w",
        "https://a.example/b/?q",
        "http://a.example/b/c",
        "http://u@a.example:8/b",
        "https://a.example/b/..",
        "https://a.example/b/%2e%2e/c",
        "HTTPS://A.example",
        "https:\\\\a.example\\b\\c",
        "about:blank",
    ]
)
_WORDS = st.lists(
    st.sampled_from(
        [
            *"/.?#%~:@!'|^`{\\",
            "//",
            "/..",
            "/.",
            "%2e",
            "%2E",
            "a",
            "B",
            "é",
            ".com",
            "xn--",
            "1.2",
            "0x1",
            "www.",
            ":80",
        ]
    ),
    max_size=6,
).map("".join)
_HREFS = (
    _WORDS
    | _WORDS.map("https://a.example".__add__)
    | _WORDS.map("http://".__add__)
    | st.text(st.sampled_from("hx./\\?#: \té%@"), max_size=8)
    | st.sampled_from(
        [
            "http:x",
            "https:x",
            "https:/x",
            "https://x",
            "http://x/y?z",
            "//x",
            "..",
            "../..",
            "%2e%2E/x",
            "x:y",
        ]
    )
)


_ASKED = st.tuples(_BASES, _HREFS, st.sampled_from(["utf-8", "cp1252"]))


@settings(deadline=None)
@given(st.lists(_ASKED, max_size=30), st.integers(1, 8))
def test_the_cache_changes_nothing(asked: list[tuple[str, str, str]], cache_size: int) -> None:
    """However small, and in whatever order it is asked: as if each href were the first."""
    resolver = Resolver(RULES, cache_size)
    for base, href, encoding in asked + asked:
        assert resolver.resolve(base, href, encoding) == Resolver(RULES).resolve(base, href, encoding)


@settings(deadline=None)
@given(_BASES, _HREFS)
def test_a_target_is_what_parsing_says(base: str, href: str) -> None:
    try:
        url = parse(href, parse(base).href)
    except BadUrl:
        url = None
    target = Resolver(RULES).resolve(base, href)
    if url is None or url.scheme not in ("http", "https"):
        assert target is None
    else:
        identity = parse(RULES.identity(url.href))
        assert target == Target(url.href, identity.href, identity.host, site_of(identity.host), None)


def test_the_cache_is_bounded_and_keeps_what_is_asked_for() -> None:
    resolver = Resolver(RULES, cache_size=100)
    kept = resolver.resolve(BASE, "/kept")
    for number in range(1000):
        resolver.resolve(BASE, f"/{number}")
        resolver.resolve(BASE, f"?{number}")
        resolver.resolve(BASE, f"https://{number}.example/")
        assert resolver.resolve(BASE, "/kept") is kept
    assert resolver.cached <= 200
