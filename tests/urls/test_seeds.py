"""Seeds as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl
from linkcrawl.urls.seeds import SeedUrl, parse_seed, read_seeds

RULES = IdentityRules()


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("example.com", ("https://example.com/", "example.com", "example.com", True)),
        (" Example.COM. \n", ("https://example.com/", "example.com", "example.com", True)),
        (
            "www.example.co.uk/a?b#c",
            ("https://www.example.co.uk/a?b", "www.example.co.uk", "example.co.uk", True),
        ),
        ("example.com:8080/x", ("https://example.com:8080/x", "example.com", "example.com", True)),
        ("//example.com/x", ("https://example.com/x", "example.com", "example.com", True)),
        ("localhost", ("https://localhost/", "localhost", "localhost", True)),
        ("localhost:8000", ("https://localhost:8000/", "localhost", "localhost", True)),
        ("127.0.0.1:8000/x", ("https://127.0.0.1:8000/x", "127.0.0.1", "127.0.0.1", True)),
        ("[::1]:8000", ("https://[::1]:8000/", "[::1]", "[::1]", True)),
        ("bücher.example", ("https://xn--bcher-kva.example/",) + ("xn--bcher-kva.example",) * 2 + (True,)),
        ("例え.テスト", ("https://xn--r8jz45g.xn--zckzah/",) + ("xn--r8jz45g.xn--zckzah",) * 2 + (True,)),
        ("http://example.com", ("http://example.com/", "example.com", "example.com", False)),
        (
            "HTTPS://u:p@example.com:443/%7e?utm_source=x",
            ("https://example.com/~", "example.com", "example.com", False),
        ),
        ("http://intranet/", ("http://intranet/", "intranet", "intranet", False)),
        ("https:example.com", ("https://example.com/", "example.com", "example.com", False)),
        ("foo.github.io", ("https://foo.github.io/", "foo.github.io", "foo.github.io", True)),
        ("a_b.example.com", ("https://a_b.example.com/", "a_b.example.com", "example.com", True)),
    ],
)
def test_seeds(text: str, seed: tuple[str, str, str, bool]) -> None:
    assert parse_seed(text, RULES) == SeedUrl(*seed)


GARBAGE = {
    "": "empty",
    "foo bar": "white space",
    "foo": "no dot; write http://foo/",
    "123": "number",
    "12.5": "number",
    "0x7f.1": "number",
    "1.2.3.999": "IPv4",
    "user@example.com": "email",
    "mailto:user@example.com": "only http and https",
    "ftp://example.com/": "only http and https",
    "javascript:alert(1)": "only http and https",
    "/etc/hosts.txt": "a path",
    "http://": "no host",
    "http://a.example:99999/": "port",
    "1,example.com": "no domain",
    "example..com": "no domain",
    "-example-.com": "no domain",
    "exa<mple.com": "no host may hold",
    "x" * 3000 + ".example": "more than 2,083",
    "./seeds.txt": "a path",
    "example.com/" + "x" * 3000: "more than 2,083",
}


@pytest.mark.parametrize(("text", "reason"), GARBAGE.items())
def test_garbage(text: str, reason: str) -> None:
    with pytest.raises(BadUrl, match=reason):
        parse_seed(text, RULES)


def test_reading_a_file_names_every_bad_line() -> None:
    lines = [
        "\ufeff# our seeds\n",
        "example.com # the first\n",
        "\n",
        "foo bar\n",
        "https://example.com/\r\n",
        "example.com\n",
        "https://a.example/#!x\n",
        "mailto:x@y.example",
    ]
    seeds, messages = read_seeds(lines, RULES)
    assert [(seed.url, seed.https_first) for seed in seeds] == [
        ("https://example.com/", True),
        ("https://a.example/#!x", False),
    ]
    assert messages == [
        "line 4: 'foo bar' is not a URL or domain: it holds white space",
        "line 8: 'mailto:x@y.example' is not a URL or domain: only http and https URLs can be crawled",
    ]


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_line_is_a_seed_or_explained(text: str) -> None:
    seeds, messages = read_seeds([text], RULES)
    assert len(seeds) + len(messages) <= 1
    for seed in seeds:
        assert parse_seed(seed.url, RULES).url == seed.url
