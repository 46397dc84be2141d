"""Parsing is the URL standard's, and what it refuses comes with a reason."""

import json
from pathlib import Path
from typing import Any

import ada_url
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls.parse import BadUrl, Url, href_of, parse


def _cases(path: Path) -> list[dict[str, Any]]:
    return [case for case in json.loads(path.read_text()) if isinstance(case, dict)]


def _wanted(case: dict[str, Any]) -> Url:
    """The parts that the data tells as an API's strings; a bare '?' or '#' shows in `href` alone."""
    before, hash_mark, fragment = case["href"].partition("#")
    query = before.partition("?")[2] if "?" in before else None
    assert case["search"] == (f"?{query}" if query else "")
    assert case["hash"] == (f"#{fragment}" if fragment else "")
    port = int(case["port"]) if case["port"] else None
    scheme = case["protocol"].removesuffix(":")
    fragment = fragment if hash_mark else None
    return Url(case["href"], scheme, case["hostname"], port, case["pathname"], query, fragment)


def test_the_url_standards_own_cases(shared: Path) -> None:
    cases = _cases(shared / "conformance" / "urltestdata.json")
    assert len(cases) == 891
    refused = 0
    for case in cases:
        if case.get("failure"):
            refused += 1
            with pytest.raises(BadUrl) as caught:
                parse(case["input"], case["base"])
            assert str(caught.value)
        else:
            assert parse(case["input"], case["base"]) == _wanted(case), case["input"]
    assert refused == 267


def test_the_url_standards_domain_names(shared: Path) -> None:
    for case in _cases(shared / "conformance" / "toascii.json"):
        try:
            host: str | None = parse(f"https://{case['input']}/x").host
        except BadUrl:
            host = None
        assert host == case["output"], case["input"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("/path", "it has no scheme"),
        ("foo bar", "it has no scheme"),
        ("http://", "it has no host"),
        ("https:///?q", "it has no host"),
        ("http://user@/x", "it has no host"),
        ("http://a.example:99999/", "its port is not a number from 0 to 65535"),
        ("http://a.example:8a/", "its port is not a number from 0 to 65535"),
        ("http://[::1", "its IPv6 address is not valid"),
        ("http://[1:2:3]/", "its IPv6 address is not valid"),
        ("http://256.0.0.1/", "its IPv4 address is not valid"),
        ("http://1.2.3.0x1ff/", "its IPv4 address is not valid"),
        ("http://a b.example/", "its host holds ' ', which no host may hold"),
        ("http://a^b/", "its host holds '^', which no host may hold"),
        ("http://\ufdd0zyx.example/", "its host is not a valid domain name"),
    ],
)
def test_the_reason_is_told(text: str, reason: str) -> None:
    with pytest.raises(BadUrl) as caught:
        parse(text)
    assert str(caught.value) == reason


def test_a_bad_base_is_told_from_a_bad_url() -> None:
    with pytest.raises(BadUrl, match="base URL"):
        parse("x", "no base")
    with pytest.raises(BadUrl, match="does not fit"):
        parse("x", "mailto:a@b.example")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("http://[1:0::]/", "http://[1::]/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://0300.168.0xF0/", "http://192.168.0.240/"),
        ("http://①②.example/", "http://12.example/"),
        ("https:example.com", "https://example.com/"),
        ("http:/example.com", "http://example.com/"),
        ("http:\\\\example.com\\a\\b", "http://example.com/a/b"),
        ("http://user:pa:ss@example.com:80/", "http://user:pa%3Ass@example.com/"),
        (" \x00\thttp://ex\nample.com/a\tb \x1f", "http://example.com/ab"),
        ("HTTPS://BÜCHER.example:443", "https://xn--bcher-kva.example/"),
    ],
)
def test_odd_spellings(text: str, href: str) -> None:
    assert parse(text).href == href


def test_a_lone_surrogate_counts_as_a_replacement_character() -> None:
    assert parse("http://a.example/\ud800?\udfff").href == "http://a.example/%EF%BF%BD?%EF%BF%BD"
    assert parse("/\ud83d\ude00", "http://a.example/").href == "http://a.example/%F0%9F%98%80"


_MESS = st.text(st.sampled_from("http:/\\?#@[]:.%aZ09 é\t\n\x00\ud800€"), max_size=30)


@settings(deadline=None)
@given(_MESS, st.none() | st.just("http://b.example/x/y?z") | _MESS)
def test_parsing_ends_in_a_url_or_a_reason(text: str, base: str | None) -> None:
    try:
        url = parse(text, base)
    except BadUrl as caught:
        reason = str(caught)
    else:
        reason = "none"
        assert parse(url.href) == url
    assert reason


_NEARLY_PLAIN = st.lists(
    st.sampled_from(
        [
            *"/.?#%~:@!'|^`{\\[]",
            "//",
            "/..",
            "/.",
            "%2e",
            "%2E.",
            "a",
            "B",
            "é",
            ".com",
            ".xn--",
            "1.2",
            ".0x1",
            ":80",
            "-",
        ]
    ),
    max_size=8,
).map("".join)


@settings(deadline=None)
@given(
    st.sampled_from(["http://", "https://", "http://a.example", "https://a.example/", "HTTP://"]),
    _NEARLY_PLAIN,
)
def test_what_is_not_parsed_again_needed_no_parsing(start: str, rest: str) -> None:
    """Plain URLs take a shorter way: it must end where the URL standard does."""
    try:
        wanted: str | None = ada_url.normalize_url(start + rest)
    except ValueError:
        wanted = None
    try:
        href: str | None = href_of(start + rest)
    except BadUrl:
        href = None
    assert href == wanted
