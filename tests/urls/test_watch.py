"""The watch list: what it takes, what it explains, what it matches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import parse
from linkcrawl.urls.watch import WatchList


def _match(watch: WatchList, url: str) -> tuple[str, ...]:
    return watch.match(url, parse(url).host)


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("example.com/", "example.com"),
        ("https://example.com/", "example.com"),
        ("HTTP://www.example.com", "www.example.com"),
        ("=www.example.com", "=www.example.com"),
        ("= www.example.com", "=www.example.com"),
        ("=https://www.example.com/blog/", "=www.example.com/blog/"),
        ("example.com/blog/", "example.com/blog/"),
        ("example.com/%7Eme/é b?x=%3d", "example.com/~me/%C3%A9%20b?x=%3D"),
        ("example.com/a/../b/", "example.com/b/"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("foo.github.io", "foo.github.io"),
        ("=github.io", "=github.io"),
        ("=localhost", "=localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8::1]/x", "[2001:db8::1]/x"),
        ("example.com  # ours", "example.com"),
    ],
)
def test_patterns(written: str, pattern: str) -> None:
    watch = WatchList.parse([written])
    assert watch.patterns == (pattern,)
    assert WatchList.parse(watch.patterns).patterns == watch.patterns


_LABEL = st.text(st.sampled_from("a1-x"), min_size=1, max_size=4) | st.sampled_from(
    ["xn--", "xn--a", "0x1f", "com"]
)


@settings(deadline=None)
@given(
    st.lists(_LABEL, min_size=1, max_size=3).map(".".join), st.text(st.sampled_from("/aB_-.~%"), max_size=6)
)
def test_a_pattern_and_the_same_as_a_url_are_one(host: str, path: str) -> None:
    """The first may be taken as it stands; the second always goes through the URL standard."""
    assert _patterns_or_reasons(f"={host}/{path}") == _patterns_or_reasons(f"=http://{host}/{path}")
    assert _patterns_or_reasons(host) == _patterns_or_reasons(f"http://{host}")


def _patterns_or_reasons(line: str) -> tuple[str, ...]:
    try:
        return WatchList.parse([line]).patterns
    except UsageError as wrong:
        return tuple(problem.partition(" can not be watched: ")[2] for problem in wrong.problems)


def test_comments_blank_lines_and_repetitions() -> None:
    lines = [
        "\ufeff# ours\n",
        "\n",
        "b.example\r\n",
        "  a.example # the shop\n",
        "http://B.example/\n",
        "   ",
    ]
    watch = WatchList.parse(lines)
    assert watch.patterns == ("b.example", "a.example")
    assert len(watch) == 2
    assert WatchList.parse([]).patterns == ()


def test_every_bad_line_is_told_with_its_number_and_reason() -> None:
    bad = {
        "*.example.com": "without '*'",
        "com": "write =com",
        "co.uk": "write =co.uk",
        "github.io": "write =github.io",
        "github.io/x": "write =github.io",
        "localhost": "write =localhost",
        "foo bar.com": "white space",
        "ftp://example.com": "only http and https",
        "me@example.com": "email",
        "example.com:8080": "no port",
        "http://example.com:80/": "no port",
        "example.com/#x": "no fragment",
        "exa^mple.com": "no host may hold",
        "=": "no host",
        "a..example": "empty",
        ".example.com": "empty",
        "1.2.3.999": "IPv4",
    }
    with pytest.raises(UsageError) as caught:
        WatchList.parse(["good.example", *bad])
    assert len(caught.value.problems) == len(bad)
    for number, (line, reason) in enumerate(bad.items(), 2):
        problem = caught.value.problems[number - 2]
        assert problem.startswith(f"line {number}: {line!r} can not be watched: ")
        assert reason in problem


def test_what_patterns_match() -> None:
    watch = WatchList.parse(
        [
            "example.com",
            "=www.example.com",
            "example.com/blog/",
            "=example.com/blog",
            "b.example/x?id=1",
            "192.0.2.1",
        ]
    )
    for url, patterns in {
        "https://example.com/": ("example.com",),
        "http://example.com:8080/x": ("example.com",),
        "https://www.example.com/": ("example.com", "=www.example.com"),
        "https://a.www.example.com/": ("example.com",),
        "https://example.com/blog/x": ("example.com", "example.com/blog/", "=example.com/blog"),
        "https://example.com/blogger": ("example.com", "=example.com/blog"),
        "https://a.example.com/blog/": ("example.com", "example.com/blog/"),
        "https://a.example.com/Blog/": ("example.com",),
        "https://a.b.example/x?id=12": ("b.example/x?id=1",),
        "https://b.example/x": (),
        "https://notexample.com/": (),
        "https://example.com.evil.example/": (),
        "https://com/": (),
        "https://192.0.2.1/": ("192.0.2.1",),
        "https://2.1/": (),
    }.items():
        assert watch.match(url, url.split("/")[2].partition(":")[0]) == patterns, url


_HOSTS = ["a.example", "b.a.example", "c.b.a.example", "ba.example", "d.example"]
_PATHS = ["", "/x", "/x/", "/x/y", "/xy", "/x/y/z?q", "/x/?q"]
_PATTERNS = st.tuples(st.sampled_from(["", "="]), st.sampled_from(_HOSTS), st.sampled_from(_PATHS)).map(
    "".join
)
_TEXTS = st.lists(st.sampled_from(["x", "y", "/", "z", "?q"]), max_size=6).map("".join)


def _naive(pattern: str, url: str) -> bool:
    """What a pattern means, said once more: slow and plain."""
    host, _, rest = url.removeprefix("https://").partition("/")
    domain, _, path = pattern.removeprefix("=").partition("/")
    hosts = (
        [host]
        if pattern.startswith("=")
        else [host[at:] for at in range(len(host)) if at == 0 or host[at - 1] == "."]
    )
    return domain in hosts and rest.startswith(path)


@settings(deadline=None)
@given(st.lists(_PATTERNS, max_size=12), st.sampled_from(_HOSTS), _TEXTS)
def test_agrees_with_a_naive_model(patterns: list[str], host: str, text: str) -> None:
    watch = WatchList.parse(patterns)
    url = IdentityRules().identity(parse(f"https://{host}/{text}").href)
    wanted = tuple(pattern for pattern in dict.fromkeys(patterns) if _naive(pattern, url))
    for _ in range(2):  # the second answer comes from what is remembered of the host
        assert watch.match(url, host) == wanted
    if wanted:
        assert watch.may_match(host)
    elif not watch.may_match(host):
        assert not any(_naive(pattern.partition("/")[0], url) for pattern in patterns)


class _Counted(str):
    """A path that counts how often a prefix is compared with it."""

    asked = 0

    def startswith(self, *args: object) -> bool:
        type(self).asked += 1
        return super().startswith(*args)  # type: ignore[arg-type]

    def __getitem__(self, key: object) -> "_Counted":
        return _Counted(super().__getitem__(key))  # type: ignore[index]


@pytest.mark.parametrize("count", [1, 1000, 100_000])
def test_the_cost_does_not_grow_with_the_list(count: int) -> None:
    domains = [f"d{number}.example" for number in range(count)]
    folders = [f"big.example/user{number}/" for number in range(count)]
    watch = WatchList.parse([*domains, *folders])
    assert watch.match(f"https://a.d{count - 1}.example/x", f"a.d{count - 1}.example") == (
        f"d{count - 1}.example",
    )
    assert watch.match("https://other.example/x", "other.example") == ()
    _Counted.asked = 0
    url = _Counted(f"https://big.example/user{count - 1}/x")
    assert watch.match(url, "big.example") == (f"big.example/user{count - 1}/",)
    assert watch.match(_Counted("https://big.example/zzz"), "big.example") == ()
    assert 1 <= _Counted.asked <= 2


def test_many_hosts_do_not_pile_up() -> None:
    watch = WatchList.parse(["example.com"])
    for number in range(70_000):
        watch.match(f"https://h{number}.example/", f"h{number}.example")
    assert watch.match("https://www.example.com/", "www.example.com") == ("example.com",)
    assert watch.remembered < 70_000
