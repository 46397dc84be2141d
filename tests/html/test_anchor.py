"""What a link shows."""

import pytest

from linkcrawl.records import AnchorKind

from .pages import details

TEXT, IMAGE, URL, EMPTY = AnchorKind.TEXT, AnchorKind.IMAGE, AnchorKind.URL, AnchorKind.EMPTY


@pytest.mark.parametrize(
    ("html", "anchor", "kind", "alt"),
    [
        ("<a href=x>one</a>", "one", TEXT, None),
        ("<a href=x> one\n\t<b>t</b>wo&nbsp;three </a>", "one two three", TEXT, None),
        ("<a href=x>one<br>two<div>three</div></a>", "onetwothree", TEXT, None),
        ("<a href=x><script>s()</script><style>b{}</style>one</a>", "one", TEXT, None),
        ("<a href=x>a<template>b</template><!-- c -->d</a>", "ad", TEXT, None),
        ("<a href=x></a>", "", EMPTY, None),
        ("<a href=x> &nbsp; </a>", "", EMPTY, None),
        ("<a href=x><img alt='A  logo'></a>", "", IMAGE, "A logo"),
        ("<a href=x><img></a>", "", IMAGE, ""),
        ("<a href=x><img alt=''></a>", "", IMAGE, ""),
        ("<a href=x><b><img alt=a></b>t<img alt=b></a>", "t", TEXT, "a b"),
        ("<a href=x><svg><path/></svg></a>", "", IMAGE, None),
        ("<a href=x><svg><title>icon</title></svg></a>", "icon", TEXT, None),
        ("<map><area href=x alt=spot></map>", "", IMAGE, None),
        ("<iframe src=x>fallback</iframe>", "", EMPTY, None),
        ("<form action=x>field</form>", "", EMPTY, None),
        ("<link rel=canonical href=x>", "", EMPTY, None),
        ("<svg><a href=x><text>in</text></a></svg>", "in", TEXT, None),
        ("<p><a href=x>one<p>two</a>", "one", TEXT, None),
    ],
)
def test_anchor_texts(html: str, anchor: str, kind: AnchorKind, alt: str | None) -> None:
    found = details(html)
    assert (found.anchor, found.anchor_kind, found.image_alt) == (anchor, kind, alt)


@pytest.mark.parametrize(
    ("href", "anchor", "kind"),
    [
        ("http://e.example/", "http://e.example/", URL),
        ("http://e.example/a", "https://other.example", URL),
        ("http://e.example/", "www.e.example", URL),
        ("http://www.e.example/", "e.example", URL),
        ("https://e.example/a/b", "E.example/a/b", URL),
        ("https://e.example/a?b", "e.example", URL),
        ("mailto:a@e.example", "a@e.example", URL),
        ("/a", "http: is a scheme", TEXT),
        ("http://e.example/", "example", TEXT),
        ("about", "about", TEXT),
        ("http://e.example/", "e.example rocks", TEXT),
    ],
)
def test_a_url_as_anchor_is_a_kind_of_its_own(href: str, anchor: str, kind: AnchorKind) -> None:
    assert details(f"<a href='{href}'>{anchor}</a>", href).anchor_kind == kind


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<a href=x title=' a\n b '>", "a b"),
        ("<a href=x title>", ""),
        ("<a href=x>", None),
        ("<iframe src=x title=f></iframe>", "f"),
        ("<link rel=alternate href=x title=feed>", "feed"),
    ],
)
def test_titles(html: str, title: str | None) -> None:
    assert details(html).title == title


def test_an_anchor_that_is_never_closed_is_cut() -> None:
    found = details("<a href=x>" + "word " * 100_000)
    assert 8_000 < len(found.anchor) <= 8_192
    assert found.anchor.endswith("word")
