"""What a page says about itself."""

import pytest

from linkcrawl.html import CharsetSource, read

from .pages import URL, page


@pytest.mark.parametrize(
    ("html", "base"),
    [
        ("", URL),
        ("<base href=/b/>", "http://s.example/b/"),
        ("<base target=x><base href=//o.example/x/y><base href=/no/>", "http://o.example/x/y"),
        ("<body><base href=sub/>", "http://s.example/dir/sub/"),
        ("<base href>", URL),
        ("<base href='http://['><base href=/b/>", URL),
        ("<base href='data:text/html,x'>", URL),
        ("<base href='javascript:x'>", URL),
    ],
)
def test_the_first_base_with_an_href_counts(html: str, base: str) -> None:
    assert page(html).base_url == base


def test_a_url_that_is_none_is_its_own_base() -> None:
    assert read(b"<base href=/b/><a href=x>", "no url").base_url == "no url"


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A\n  B&amp;C </title><title>no</title>", "A B&C"),
        ("<svg><title>icon</title></svg><title>page</title>", "page"),
        ("<svg><foreignObject><title>page</title></foreignObject></svg>", "page"),
        ("<title></title>", ""),
        ("<p>none", None),
        ("<title><b>x</b></title>", "<b>x</b>"),
    ],
)
def test_the_title(html: str, title: str | None) -> None:
    assert page(html).title == title


@pytest.mark.parametrize(
    ("html", "headers", "lang"),
    [
        ("<html lang=de-AT>", [("Content-Language", "fr")], "de-AT"),
        ("<html xml:lang=de>", [], "de"),
        ("<html lang=''><meta http-equiv=Content-Language content=pt>", [], "pt"),
        ("<p>", [("Content-Language", "fr")], "fr"),
        ("<p>", [("Content-Language", "fr, de")], None),
        ("<p lang=de>", [], None),
    ],
)
def test_the_language(html: str, headers: list[tuple[str, str]], lang: str | None) -> None:
    assert page(html, *headers).lang == lang


@pytest.mark.parametrize(
    ("html", "headers", "href"),
    [
        (
            "<link rel=canonical href=' x '><link rel=canonical href=y>",
            [("Link", "</z>; rel=canonical")],
            " x ",
        ),
        ("<p>", [("Link", "</z>; rel=canonical")], "/z"),
        ("<link rel=alternate href=y>", [], None),
        ("<a rel=canonical href=y>", [], None),
    ],
)
def test_the_canonical(html: str, headers: list[tuple[str, str]], href: str | None) -> None:
    assert page(html, *headers).canonical_href == href


def test_directives_come_from_meta_and_header() -> None:
    directives = page(
        "<meta name=ROBOTS content='NoIndex'><meta name=googlebot content=nofollow><meta name=bingbot content=none>",
        ("X-Robots-Tag", "otherbot: nofollow"),
    ).directives
    assert directives.noindex
    assert directives.meta_nofollow
    assert not directives.header_nofollow
    assert (directives.meta_robots, directives.x_robots_tag) == ("noindex, nofollow", None)


@pytest.mark.parametrize(
    ("body", "charset", "codec", "source"),
    [
        ("<meta charset=utf-8><a href=ü>".encode(), "utf-8", "utf-8", CharsetSource.META),
        ("<a href=ü>".encode("utf-16"), "utf-16le", "utf-8", CharsetSource.BOM),
        ("<meta charset=sjis><a href=ü>".encode(), "shift_jis", "cp932", CharsetSource.META),
        (b"<meta charset=latin1><a href=x>", "windows-1252", "cp1252", CharsetSource.META),
        (b"<a href=x>", "windows-1252", "cp1252", CharsetSource.DEFAULT),
    ],
)
def test_the_encoding(body: bytes, charset: str, codec: str, source: CharsetSource) -> None:
    document = read(body, URL)
    assert (document.charset, document.codec, document.charset_source) == (charset, codec, source)
    assert len(document.links) == 1


@pytest.mark.parametrize(
    "codec", ["utf-8-sig", "utf-16", "cp1252", "cp1251", "cp932", "gb18030", "iso2022_jp"]
)
def test_hrefs_and_texts_are_decoded(codec: str) -> None:
    charset = {"utf-8-sig": "utf-8", "utf-16": "utf-16", "cp932": "shift_jis", "iso2022_jp": "iso-2022-jp"}
    text = {"cp1252": "é", "cp1251": "ж"}.get(codec, "\u3042")
    body = f"<a href='{text}' title='{text}'>{text}</a>".encode(codec)
    document = read(
        body, URL, [(b"content-type", f"text/html; charset={charset.get(codec, codec)}".encode())]
    )
    details = document.describe(document.links[0])
    assert (document.links[0].href, details.anchor, details.title) == (text, text, text)


def test_broken_utf_8_is_replaced_as_the_standard_does() -> None:
    document = page(b"<meta charset=utf-8><a href='a\xe2\x82b\xff'>x\xf0\x9f\x98y")
    assert document.links[0].href == "a\ufffdb\ufffd"
    assert document.describe(document.links[0]).anchor == "x\ufffdy"
