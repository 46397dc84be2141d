"""The identity of a URL: the one form of what is surely one resource, and never more than that."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import parse
from linkcrawl.urls.tracking import KEPT_ON, NAMES, PREFIXES

RULES = IdentityRules()


@pytest.mark.parametrize(
    ("href", "identity"),
    [
        # Host, port, credentials, fragment.
        ("http://example.com/", "http://example.com/"),
        ("http://example.com./", "http://example.com/"),
        ("http://example.com.:8080/", "http://example.com:8080/"),
        ("http://example.com../", "http://example.com../"),
        ("http://./", "http://./"),
        ("http://user:pw@example.com/a@b", "http://example.com/a@b"),
        ("http://user@[::1]:81/", "http://[::1]:81/"),
        ("http://example.com/a#b", "http://example.com/a"),
        ("http://example.com/a#", "http://example.com/a"),
        ("http://example.com/a#!b/%7ec", "http://example.com/a#!b/~c"),
        ("http://example.com/a#!", "http://example.com/a#!"),
        # Percent-encoding.
        ("http://example.com/%7Euser/%41%2d%2E_", "http://example.com/~user/A-._"),
        ("http://example.com/%c3%a9%2f?%3d=%61", "http://example.com/%C3%A9%2F?%3D=a"),
        ("http://example.com/%2521", "http://example.com/%2521"),
        ("http://example.com/%252541", "http://example.com/%252541"),
        ("http://example.com/100%", "http://example.com/100%"),
        ("http://example.com/%zz%4", "http://example.com/%zz%4"),
        ("http://example.com/%4%31", "http://example.com/%4%31"),
        ("http://example.com/%%34%31", "http://example.com/%%341"),
        ("http://example.com/%%2d%41", "http://example.com/%-A"),
        # Tracking parameters.
        ("http://example.com/?utm_source=x", "http://example.com/"),
        ("http://example.com/?utm_source=x&gclid=1#f", "http://example.com/"),
        ("http://example.com/?b=2&utm_source=x&a=1&a=1&&c", "http://example.com/?b=2&a=1&a=1&&c"),
        ("http://example.com/?utm%5Fsource=x&b", "http://example.com/?b"),
        ("http://example.com/?UTM_Source=x&b", "http://example.com/?b"),
        ("http://example.com/?a&amp;utm_source=x", "http://example.com/?a"),
        ("http://example.com/?fbclid", "http://example.com/"),
        (
            "http://example.com/?my_utm_source=x&utm=y&gclid2=z",
            "http://example.com/?my_utm_source=x&utm=y&gclid2=z",
        ),
        ("http://example.com/?q=utm_source=x", "http://example.com/?q=utm_source=x"),
        ("http://example.com/?", "http://example.com/?"),
        ("http://example.com/?#x", "http://example.com/?"),
        ("http://example.com/?&", "http://example.com/?&"),
        # The query belongs to the archived address.
        (
            "https://web.archive.org/web/2020/http://a.example/?utm_source=x",
            "https://web.archive.org/web/2020/http://a.example/?utm_source=x",
        ),
    ],
)
def test_identities(href: str, identity: str) -> None:
    assert parse(href).href == href, "a test of what the URL standard serialized"
    assert RULES.identity(href) == identity


@pytest.mark.parametrize("href", ["mailto:a@b.example", "data:,x%41#y", "about:blank", ""])
def test_what_is_no_http_url_stays(href: str) -> None:
    assert RULES.identify(href) == (href, "")


@pytest.mark.parametrize("name", sorted(NAMES) + [prefix + "x" for prefix in PREFIXES])
def test_every_listed_parameter_goes(name: str) -> None:
    assert RULES.identity(f"https://a.example/p?x=1&{name}=v") == "https://a.example/p?x=1"
    assert RULES.identity(f"https://archive.org/p?x=1&{name}=v") == f"https://archive.org/p?x=1&{name}=v"


def test_the_list_is_in_the_form_it_is_compared_in() -> None:
    assert all(name == name.lower() and not name.startswith(PREFIXES) for name in NAMES)
    assert all(site == site.lower() for site in KEPT_ON)


def test_extra_parameters_and_their_prefixes() -> None:
    rules = IdentityRules(["Ref", "pf_*", " "])
    assert (
        rules.identity("https://a.example/?ref=1&pf_rd=2&reference=3&pf=4")
        == "https://a.example/?reference=3&pf=4"
    )


def test_the_version_is_that_of_the_rules() -> None:
    assert re.fullmatch(r"\d+\.[0-9a-f]{8}", RULES.version)
    assert IdentityRules().version == RULES.version
    assert IdentityRules(["b", "a"]).version == IdentityRules(["A", "b", "a"]).version
    versions = {
        rules.version for rules in (RULES, IdentityRules(["a"]), IdentityRules(["a*"]), IdentityRules(["b"]))
    }
    assert len(versions) == 4
    assert IdentityRules(["gclid"]).version == RULES.version


def test_every_bad_extra_parameter_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        IdentityRules(["a=b", "ok", "*", "a b"])
    assert len(caught.value.problems) == 3


def test_a_huge_url_is_no_trouble() -> None:
    href = "http://a.example/" + "%41" * 30_000 + "?" + "amp;" * 30_000 + "&utm_x=1" * 10_000
    assert RULES.identity(href) == "http://a.example/" + "A" * 30_000 + "?" + "amp;" * 30_000


_HOSTS = st.sampled_from(
    ["a.example", "A.example.", "www.a.example", "a.example:8080", "u:p@a.example", "[::1]", "1.2"]
)
_PIECES = st.sampled_from(
    [
        *"aA/.~-;,@!:+*",
        "%41",
        "%61",
        "%2f",
        "%2F",
        "%7e",
        "%c3%A9",
        "é",
        "%25",
        "%2541",
        "//",
        "/../",
        "%",
        "%4",
    ]
)
_PATHS = st.lists(_PIECES, max_size=5).map("".join)
_NAMES = st.sampled_from(
    ["a", "b", "A", "utm_source", "gclid", "%67clid", "amp;gclid", "utm", "", "q%3D", "x%"]
)
_PARAMETERS = st.tuples(_NAMES, st.sampled_from(["", "=", "=1", "=2", "=%31", "=%26"])).map("".join)
_QUERIES = st.none() | st.lists(_PARAMETERS, max_size=4).map("&".join)
_FRAGMENTS = st.sampled_from(["", "#", "#x", "#!", "#!x", "#!%78"])


@st.composite
def _hrefs(draw: st.DrawFn) -> str:
    query = draw(_QUERIES)
    scheme, host, path = draw(st.sampled_from(["http", "https"])), draw(_HOSTS), draw(_PATHS)
    written = f"{scheme}://{host}/{path}{'' if query is None else '?' + query}{draw(_FRAGMENTS)}"
    return parse(written).href


@settings(deadline=None)
@given(_hrefs())
def test_it_is_idempotent_and_the_url_standard_agrees(href: str) -> None:
    once = RULES.identity(href)
    assert RULES.identity(once) == once
    assert parse(once).href == once
    assert RULES.identify(href) == (once, parse(once).host)


@settings(deadline=None)
@given(_hrefs())
def test_scheme_host_port_and_order_stay(href: str) -> None:
    before, after = parse(href), parse(RULES.identity(href))
    assert (after.scheme, after.port) == (before.scheme, before.port)
    assert after.host == before.host.removesuffix(".")
    assert after.path.count("/") == before.path.count("/")
    assert (after.fragment or "").startswith("!") == (before.fragment or "").startswith("!")
    if after.query is None:
        return
    left = iter((before.query or "").split("&"))
    # What is left stands in the order written: each parameter is found after the one before.
    for parameter in after.query.split("&"):
        assert any(_decoded(parameter) == _decoded(other) for other in left)


def _decoded(text: str) -> tuple[str, ...]:
    """Unit by unit: a character, or an escape of what is reserved. Naive: for texts without a stray `%`."""
    units = re.findall(r"%[0-9A-Fa-f]{2}|.", text, re.S)
    characters = [chr(int(unit[1:], 16)) if len(unit) == 3 else unit for unit in units]
    return tuple(
        character if len(unit) == 1 or re.fullmatch(r"[A-Za-z0-9._~-]", character) else unit.upper()
        for unit, character in zip(units, characters, strict=True)
    )


def _resource(href: str) -> tuple[object, ...]:
    """All that a server or an application may tell URLs apart by, told another way than by the code under
    test."""
    url = parse(href)
    query: object = url.query
    if url.query:
        parameters = ["".join(_decoded(parameter)) for parameter in url.query.split("&")]
        kept = [
            parameter
            for parameter in parameters
            if not re.fullmatch(r"(amp;)?(utm_.*|gclid)", parameter.partition("=")[0], re.I)
        ]
        query = tuple(kept) if kept == parameters or any(kept) or len(kept) > 1 else None
    fragment = _decoded(url.fragment) if url.fragment and url.fragment.startswith("!") else None
    return url.scheme, url.host.removesuffix("."), url.port, _decoded(url.path), query, fragment


_CLEAN = _hrefs().filter(lambda href: not re.search(r"%(?![0-9A-Fa-f]{2})", href))


@settings(deadline=None)
@given(_CLEAN, _CLEAN)
def test_equal_identity_means_the_same_resource(one: str, other: str) -> None:
    same = _resource(one) == _resource(other)
    assert (RULES.identity(one) == RULES.identity(other)) is same
