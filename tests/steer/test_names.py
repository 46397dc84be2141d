"""What may be named where a domain is meant."""

import pytest

from linkcrawl.errors import UsageError
from linkcrawl.steer.names import domain_named, site_named
from linkcrawl.urls.identity import IdentityRules


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.COM", "example.com"),
        ("www.example.com.", "www.example.com"),
        ("https://example.com/", "example.com"),
        ("*.example.com", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("foo.github.io", "foo.github.io"),
    ],
)
def test_a_domain_in_its_one_form(text: str, domain: str) -> None:
    assert domain_named(text) == domain


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("com", "no dot"),
        ("co.uk", "many owners"),
        ("github.io", "many owners"),
        ("example.com/path", "more than a domain"),
        ("https://example.com/?q", "more than a domain"),
        ("example.com:8080", "more than a domain"),
        ("two words", "white space"),
        ("me@example.com", "email"),
        ("ftp://example.com", "http"),
        ("../etc", "path"),
    ],
)
def test_nonsense_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        domain_named(text)


def test_a_site_by_any_of_its_hosts() -> None:
    assert site_named("https://www.example.co.uk/a", IdentityRules()) == (
        "www.example.co.uk",
        "example.co.uk",
    )
