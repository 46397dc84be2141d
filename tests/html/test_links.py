"""Which links stand on a page, as written and in order."""

import pytest

from linkcrawl.html import ReadLimits, read
from linkcrawl.html.link_header import links_of_header
from linkcrawl.html.links import rel_tokens
from linkcrawl.html.refresh import refresh_target

from .pages import URL, found, page


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ("<a href=x>", [("a", "x", ())]),
        ("<A HREF=' x y '>", [("a", " x y ", ())]),
        ("<a href='?a=1&amp;b=2&copy=3'>", [("a", "?a=1&b=2&copy=3", ())]),
        ("<a href>", [("a", "", ())]),
        ("<a name=x>", []),
        ("<map><area href=x><area></map>", [("area", "x", ())]),
        ("<iframe src=x></iframe><iframe srcdoc='<a href=y>'></iframe>", [("iframe", "x", ())]),
        ("<form action=x></form><form></form>", [("form", "x", ())]),
        ("<form action=x rel='nofollow'>", [("form", "x", ("nofollow",))]),
        ("<link rel=canonical href=x>", [("canonical", "x", ("canonical",))]),
        ("<link rel='Alternate' hreflang=de href=x>", [("alternate", "x", ("alternate",))]),
        ("<link rel='alternate stylesheet' href=x>", []),
        ("<link rel=stylesheet href=x><link rel=canonical>", []),
        ("<link rel=canonicalx href=x>", []),
        ("<meta http-equiv=refresh content='0; url=x'>", [("meta_refresh", "x", ())]),
        ("<meta http-equiv=refresh content=5>", []),
        ("<meta http-equiv=refresh content='0; x'><meta http-equiv=refresh content='0; y'>",
         [("meta_refresh", "x", ())]),
        ("<svg><a href=x>t</a><a xlink:href=y>t</a></svg>", [("a", "x", ()), ("a", "y", ())]),
        ("<svg><a href=x xlink:href=y></svg>", [("a", "x", ())]),
        ("<template><a href=x></a></template>", []),
        ("<noscript><a href=x></a></noscript>", [("a", "x", ())]),
        ("<script>'<a href=x>'</script><!-- <a href=y> --><textarea><a href=z></textarea>", []),
        ("<a href=x><b><a href=y>", [("a", "x", ()), ("a", "y", ())]),
        ("<p><a href=x>t<p>u", [("a", "x", ()), ("a", "x", ())]),
        ("<a href=x><a href=x>", [("a", "x", ()), ("a", "x", ())]),
        ("<a href=1></a><link rel=canonical href=2><area href=3><form action=4><a href=5>",
         [("a", "1", ()), ("canonical", "2", ("canonical",)), ("area", "3", ()), ("form", "4", ()), ("a", "5", ())]),
        ("<a href='a\0b'>", [("a", "a\ufffdb", ())]),
    ],
)  # fmt: skip
def test_links_of_a_page(html: str, links: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert found(html) == links


@pytest.mark.parametrize(
    ("rel", "tokens"),
    [
        ("nofollow", ("nofollow",)),
        ("UGC,NoFollow", ("ugc", "nofollow")),
        (" a\tb\nc\fd\re , ,f ", ("a", "b", "c", "d", "e", "f")),
        ("a b a", ("a", "b")),
        ("a\u00a0b", ("a\u00a0b",)),
        ("", ()),
        (None, ()),
    ],
)
def test_rel_tokens(rel: str | None, tokens: tuple[str, ...]) -> None:
    assert rel_tokens(rel) == tokens


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0; url=x", "x"),
        ("0;url=x", "x"),
        ("0,url=x", "x"),
        ("0 url=x", "x"),
        ("5.5;URL = x", "x"),
        (".5;url=x", "x"),
        ("\n0 ;\turl\n=\nx", "x"),
        ("0; url='x' y", "x"),
        ('0; url="x', "x"),
        ("0; 'x'", "x"),
        ("0; x y", "x y"),
        ("0; urlx", "urlx"),
        ("0; url x", "url x"),
        ("0; ur=x", "ur=x"),
        ("0;", None),
        ("0; url=", None),
        ("0; url=''", None),
        ("0", None),
        ("", None),
        ("x", None),
        ("-1; url=x", None),
        ("0x; url=x", None),
        ("; url=x", None),
    ],
)
def test_where_a_refresh_leads(content: str, target: str | None) -> None:
    assert refresh_target(content) == target


@pytest.mark.parametrize(
    ("value", "links"),
    [
        ('<http://a.example/>; rel="canonical"', [("http://a.example/", "canonical")]),
        ("</x>;rel=canonical", [("/x", "canonical")]),
        ('</x> ; REL = "alternate next" ; title="a, b; c"', [("/x", "alternate next")]),
        ('</x>; rel=a, </y>; rel="b"', [("/x", "a"), ("/y", "b")]),
        ("</x>,</y>;rel=b", [("/x", ""), ("/y", "b")]),
        ("</x>; rel=a; rel=b", [("/x", "a")]),
        (r'</x>; rel="a\"b"', [("/x", 'a"b')]),
        ('</x>; rel="a', [("/x", "a")]),
        ("</x,y;z>; rel=a", [("/x,y;z", "a")]),
        ('</x>; rel=canonical; anchor="/other"', []),
        ("</x>; rel=a junk, </y>; rel=b", [("/x", "a"), ("/y", "b")]),
        ("junk", []),
        ("<unclosed", []),
        ("", []),
    ],
)
def test_link_headers(value: str, links: list[tuple[str, str]]) -> None:
    assert [(link.href, link.rel) for link in links_of_header(value)] == links


def test_link_headers_come_last_and_only_canonical_and_alternate_ones() -> None:
    document = page(
        "<base href=/b/><a href=x>",
        ("Link", "</c>; rel=canonical, </s>; rel=stylesheet"),
        ("link", '</d>; rel="alternate"; title=T'),
    )
    assert [(link.element.value, link.href, link.position) for link in document.links] == [
        ("a", "x", 0),
        ("link_header", "/c", 1),
        ("link_header", "/d", 2),
    ]
    assert [document.base_of(link) for link in document.links] == ["http://s.example/b/", URL, URL]
    assert document.describe(document.links[2]).title == "T"


def test_positions_count_all_links() -> None:
    document = page("<a href=1></a><form action=2><a name=no></a><a href=3>")
    assert [link.position for link in document.links] == [0, 1, 2]


@pytest.mark.parametrize(("count", "cut"), [(4, False), (5, False), (6, True), (60, True)])
def test_a_page_s_links_are_bounded(count: int, cut: bool) -> None:
    document = read(b"<a href=x></a>" * count, URL, limits=ReadLimits(max_links=5))
    assert (len(document.links), document.links_cut) == (min(count, 5), cut)
