"""What a TARGET means."""

import pytest

from linkcrawl.errors import UsageError
from linkcrawl.index.target import Target, parse_target


@pytest.mark.parametrize(
    ("text", "target", "site"),
    [
        ("Example.com", Target("example.com", True, "/", None), "example.com"),
        ("=www.example.com", Target("www.example.com", False, "/", None), "example.com"),
        ("blog.example.co.uk/a/", Target("blog.example.co.uk", True, "/a/", None), "example.co.uk"),
        ("bücher.example", Target("xn--bcher-kva.example", True, "/", None), "xn--bcher-kva.example"),
        ("192.0.2.1", Target("192.0.2.1", True, "/", None), "192.0.2.1"),
        ("=github.io", Target("github.io", False, "/", None), "github.io"),
        (
            "http://Example.com/a?utm_source=x#top",
            Target("example.com", False, "/", ("https://example.com/a", "http://example.com/a")),
            "example.com",
        ),
    ],
)
def test_targets(text: str, target: Target, site: str) -> None:
    parsed = parse_target(text)
    assert parsed == target
    assert parsed.site == site


@pytest.mark.parametrize(
    "text", ["", " ", "# no", "ftp://example.com/", "http://[::1", "exa mple.com", "https://", "co.uk"]
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(UsageError, match=r"^TARGET") as caught:
        parse_target(text)
    assert len(str(caught.value).splitlines()) == 1
