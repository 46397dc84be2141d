"""The oracle is itself checked: on a web judged by hand, and against what an independent parser reads."""

from collections import Counter

import html5lib
from hypothesis import given, settings

from linkcrawl.records import Element, Placement
from tests.web import Answer, Html, LinkRow, LinkTag, Web, expected_links, reachable, redirect
from tests.web.expected import matches, page_at
from tests.web.pages import IN_HEAD, answer_of
from tests.web.random_web import WATCHED, random_web, webs

WEB: Web = {
    "blog.ones.example": {
        "/": Html(
            (
                LinkTag("/post?utm_source=feed#top", "post"),
                LinkTag("https://acme.test/?utm_medium=x&id=1", "Acme  rocks", "NoFollow,ugc", title="t"),
                LinkTag("https://acme.test/", "", alt="a logo", placement=Placement.FOOTER),
                LinkTag("https://acme.test/", element=Element.IFRAME),
                LinkTag("https://other.test/", "other"),
            )
        ),
        "/post": Html((LinkTag("//www.acme.test/x", "x"),), robots="NOINDEX, none"),
        "/never": Html((LinkTag("https://acme.test/", "unseen"),)),
    },
    "www.ones.example": {"/": redirect("https://acme.test/moved", 302)},
    "acme.test": {"/": Html((LinkTag("/x", "own link"), LinkTag("//blog.ones.example/gone", "back")))},
}


def test_rows_judged_by_hand() -> None:
    blog = "http://blog.ones.example/"
    assert expected_links(WEB, ["acme.test"]) == Counter(
        [
            LinkRow(
                blog,
                "https://acme.test/?id=1",
                "a",
                ("nofollow", "ugc"),
                "ugc",
                False,
                "Acme rocks",
                None,
                "body",
            ),
            LinkRow(blog, "https://acme.test/", "a", (), "follow", True, "", "a logo", "footer"),
            LinkRow(blog, "https://acme.test/", "iframe", (), "follow", True, "", None, "body"),
            LinkRow(blog + "post", "http://www.acme.test/x", "a", (), "follow", False, "x", None, "body"),
            LinkRow(
                "http://www.ones.example/",
                "https://acme.test/moved",
                "redirect",
                (),
                "follow",
                True,
                "",
                None,
                "body",
            ),
        ]
    )


def test_what_is_reached() -> None:
    assert reachable(WEB, ["http://blog.ones.example/"]) == {
        "http://blog.ones.example/",
        "http://blog.ones.example/post",
    }
    assert "http://blog.ones.example/gone" in reachable(
        WEB
    )  # a link to a page that is not there is a visit too
    assert "http://blog.ones.example/never" not in reachable(WEB)


def test_patterns() -> None:
    assert matches("https://a.acme.test/x", "acme.test")
    assert not matches("https://notacme.test/", "acme.test")
    assert matches("https://www.exact.test/", "=www.exact.test")
    assert not matches("https://a.www.exact.test/", "=www.exact.test")
    assert matches("https://paths.test/blog/x", "paths.test/blog/")
    assert not matches("https://paths.test/blog", "paths.test/blog/")


def test_a_seed_makes_the_same_web_again_and_webs_differ() -> None:
    assert random_web(7) == random_web(7) != random_web(8)
    assert sum(expected_links(random_web(7), WATCHED).values()) > 5


@settings(deadline=None)
@given(webs())
def test_every_page_is_reached(web: Web) -> None:
    assert {
        f"http://{host}{path}" for host, pages in web.items() for path in pages if path != "/moved"
    } <= reachable(web)


@settings(deadline=None)
@given(webs())
def test_what_is_rendered_is_what_the_data_says(web: Web) -> None:
    for host, pages in web.items():
        for path, page in pages.items():
            assert page_at(web, f"http://{host}{path}") is page
            if isinstance(page, Answer):
                continue
            assert isinstance(page, Html)
            tree = html5lib.parse(answer_of(page).body.decode(), namespaceHTMLElements=False)
            read = [
                (tag.tag, tag.get("href"), tag.get("rel") or "", " ".join("".join(tag.itertext()).split()))
                for tag in tree.iter()
                if tag.tag in ("a", "area")
            ]
            assert read == [
                (
                    tag.element,
                    tag.href,
                    tag.rel,
                    " ".join(tag.text.split()) if tag.element is Element.A else "",
                )
                for tag in page.links
                if tag.element in (Element.A, Element.AREA)
            ]
            assert len(tree.findall("head/link[@href]")) == sum(tag.element in IN_HEAD for tag in page.links)
