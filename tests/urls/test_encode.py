"""Queries in the page's encoding. The bytes are the Encoding Standard's."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls.encode import with_query_in
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.target import Resolver

BASE = "http://a.example/"


def _query(href: str, encoding: str) -> str:
    target = Resolver(IdentityRules()).resolve(BASE, href, encoding)
    assert target is not None
    return target.resolved.removeprefix(BASE)


@pytest.mark.parametrize(
    ("encoding", "href", "resolved"),
    [
        ("utf-8", "?é", "?%C3%A9"),
        ("cp1252", "?é", "?%E9"),
        ("windows-1252", "é?é#é", "%C3%A9?%E9#%C3%A9"),
        ("latin-1", "?€“\x81", "?%80%93%81"),
        ("ascii", "?é", "?%E9"),
        ("cp1252", "?Ж x", "?%26%231046%3B%20x"),
        ("cp1252", "?a=😀&b=é", "?a=%26%23128512%3B&b=%E9"),
        ("cp1251", "?Жук%20=\u0098", "?%C6%F3%EA%20=%98"),
        ("windows-1251", "?é", "?%26%23233%3B"),
        ("koi8-r", "?Ж", "?%F6"),
        ("koi8-u", "?ў", "?%AE"),
        ("cp874", "?ก", "?%A1"),
        ("iso8859-2", "?ż", "?%BF"),
        ("iso8859-9", "?ş€", "?%FE%80"),
        ("cp1255", "?\u05ba", "?%CA"),
        ("shift_jis", "?表日", "?%95\\%93%FA"),
        ("Shift_JIS", "ソ?ｱ¥‾−①", "%E3%82%BD?%B1\\~%81|%87@"),
        ("cp932", "?~é", "?~%26%23233%3B"),
        ("euc_jp", "?日ｱ－①纊", "?%C6%FC%8E%B1%A1%DD%AD%A1%F9%A1"),
        ("iso2022_jp", "?日a", "?%1B$BF|%1B(Ba"),
        ("iso2022_jp", "?日é本", "?%1B$BF|%1B(B%26%23233%3B%1B$BK\\%1B(B"),
        ("iso2022_jp", "?¥aｶﾞ", "?%1B(J\\a%1B$B%+!+%1B(B"),
        ("gbk", "?中€", "?%D6%D0%80"),
        ("gb2312", "?丂é😀", "?%81@%A8%A6%26%23128512%3B"),
        ("gb18030", "?中€😀", "?%D6%D0%A2%E3%949%FC6"),
        ("big5", "?中‧", "?%A4%A4%A1E"),
        ("big5", "?㐀", "?%26%2313312%3B"),
        ("euc_kr", "?한똠", "?%C7%D1%8Cc"),
        # These pages send UTF-8.
        ("utf-16", "?é", "?%C3%A9"),
        ("utf-16-le", "?é", "?%C3%A9"),
        ("utf-8-sig", "?é", "?%C3%A9"),
        ("no-such-encoding", "?é", "?%C3%A9"),
        ("rot13", "?é", "?%C3%A9"),
        ("idna", "?é", "?%C3%A9"),
    ],
)
def test_encodings(encoding: str, href: str, resolved: str) -> None:
    assert _query(href, encoding) == resolved


@pytest.mark.parametrize(
    ("href", "resolved"),
    [
        (" \t?é \n", "?%E9"),
        ("?\té\n'é", "?%E9%27%E9"),
        ('?a b"<>é', "?a%20b%22%3C%3E%E9"),
        ("#?é", "#?%C3%A9"),
        ("?x#?é", "?x#?%C3%A9"),
        ("?é#", "?%E9#"),
        ("?%41é%zz", "?%41%E9%zz"),
        ("?\ud800é", "?%26%2365533%3B%E9"),
    ],
)
def test_only_the_query_is_touched(href: str, resolved: str) -> None:
    assert _query(href, "cp1252") == resolved


def test_the_links_of_other_schemes_stay() -> None:
    assert Resolver(IdentityRules()).resolve(BASE, "mailto:a@b.example?subject=é", "cp1252") is None


_SINGLE = [f"cp125{digit}" for digit in range(9)] + [
    "koi8-r",
    "cp866",
    "iso8859-5",
    "iso8859-15",
    "mac-roman",
]


@settings(deadline=None)
@given(st.sampled_from(_SINGLE), st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x2FFF), min_size=1))
def test_what_python_can_encode_comes_out_as_its_bytes(encoding: str, text: str) -> None:
    wanted = ""
    for character in text:
        try:
            wanted += f"%{codecs.encode(character, encoding)[0]:02X}"
        except UnicodeEncodeError:
            wanted += f"%26%23{ord(character)}%3B"
    assert with_query_in("/x?" + text, encoding) == "/x?" + wanted


@settings(deadline=None)
@given(
    st.sampled_from(["cp932", "euc_jp", "iso2022_jp", "gbk", "gb18030", "big5", "cp949", "cp1252"]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_the_rest_of_the_href_is_never_broken(encoding: str, text: str) -> None:
    text = "é" + text.replace("#", "")
    encoded = with_query_in(f"/path?{text}#end", encoding)
    assert encoded.startswith("/path?")
    assert encoded.endswith("#end")
    assert encoded.count("#") == 1
    assert encoded.isascii()
    assert not set(encoded) & set("\t\n\r \"<>'")
