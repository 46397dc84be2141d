"""What a page's tree can cost is bounded before it is built; its links stay."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from linkcrawl.html import DEFAULT, ReadLimits, read
from linkcrawl.html.depth import bounded
from linkcrawl.html.foreign import ForeignContent
from linkcrawl.html.tags import next_tag, raw_text_end

from .pages import URL

LINK = b"<a href=x>L</a>"
SHALLOW = ReadLimits(max_depth=20, unchecked_tags=0)
# html, body, a link kept beyond the bound, and an svg or math element that is taken as a whole.
SLACK = 4 + 64
NAMES = (
    "div p b i a font span table tr td th tbody caption li ul ol dl dd dt h1 h2 button form select option optgroup"
    " object template svg math g path desc title foreignObject mi style script textarea xmp nobr em applet marquee"
    " section noscript ruby rt head body html frameset iframe plaintext annotation-xml colgroup col pre image br"
    " input fieldset center"
)


def depth_of(html: bytes) -> int:
    node = LexborHTMLParser(html, options=1).root
    deepest = depth = 0
    while node is not None:
        deepest = max(deepest, depth)
        if (below := node.first_child) is not None:
            node, depth = below, depth + 1
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
        node = node.next if node is not None and depth > 0 else None
    return deepest


def soup(seed: int, length: int) -> bytes:
    """Tags of a few kinds, opened and closed at random."""
    chance = random.Random(seed)
    names = chance.sample(NAMES.split(), chance.randint(2, 7))
    forms = ["<{}>"] * 5 + ["<{} x={}>"] + ["</{}>"] * 3 + ["<{}/>", "<!--", "-->", "t"]
    pieces = [chance.choice(forms).format(chance.choice(names), index) for index in range(length)]
    return "".join(pieces).encode()


@given(st.integers(0, 2**32), st.integers(50, 1500))
@settings(max_examples=150, deadline=None)
def test_no_soup_of_tags_grows_deeper_than_the_bound(seed: int, length: int) -> None:
    assert depth_of(bounded(soup(seed, length), SHALLOW).html) <= SHALLOW.max_depth + SLACK


NESTED = [b"<div>", b"<dl><dd>", b"<ul><li>", b"<b>", b"<span>", b"<table><tr><td>", b"<svg>", b"<button>",
          b"<template>", b"<object>", b"<select>", b"<font size=1>", b"<section><p>", b"<x-y>", b"<form><div>",
          b"<svg><foreignObject>", b"<math><mi>", b"<div></p>", b"<fieldset></x>"]  # fmt: skip


@pytest.mark.parametrize("unit", NESTED)
def test_deep_pages_are_read_and_keep_their_links(unit: bytes) -> None:
    html = LINK + unit * 10_000 + LINK
    source = bounded(html, DEFAULT)
    assert depth_of(source.html) <= DEFAULT.max_depth + SLACK
    if b"<template>" not in unit and b"select" not in unit and not source.ended:
        assert len(read(html, URL).links) >= 2


def test_a_deep_page_says_so() -> None:
    document = read(b"<div>" * 20_000 + LINK, URL)
    assert document.depth_cut
    assert not document.links_cut
    assert [link.href for link in document.links] == ["x"]


@pytest.mark.parametrize("count", [100, 500])
def test_common_depths_are_left_alone(count: int) -> None:
    html = (b"<div>" * count + LINK + b"</div>" * count) * 3
    assert bounded(html, DEFAULT) == (html, False, False)


def test_elements_that_are_not_closed_by_tags_of_their_own_do_not_add_up() -> None:
    units = (b"<p>a", b"<li>a", b"<tr><td>a<td>b", b"<dt>a<dd>b", b"<option>a", b"<b>x</b><br><img><input>")
    html = b"<table><ul><dl><select>" + b"".join(unit * 2000 for unit in units)
    assert not bounded(b"<table>" + units[2] * 5000 + b"</table>", DEFAULT).cut
    for unit in units[:2] + units[3:4] + units[5:]:
        assert not bounded(unit * 5000, DEFAULT).cut
    assert len(html) > 0


def test_the_tags_of_a_page_are_bounded() -> None:
    document = read(LINK * 100, URL, limits=ReadLimits(max_tags=50, unchecked_tags=0))
    assert len(document.links) == 50
    assert document.links_cut


def test_unclosed_formatting_does_not_multiply() -> None:
    html = b"<p>" + b"".join(b"<font size=%d>" % n for n in range(3000)) + b"<p>x" * 3000 + LINK
    source = bounded(html, DEFAULT)
    assert source.html != html
    assert len(LexborHTMLParser(source.html).css("*")) < 20_000
    assert len(read(html, URL).links) == 1


def test_large_attributes_do_not_multiply() -> None:
    html = b'<p><b title="' + b"y" * 2_000_000 + b'">' + b"<p>x" * 1000 + LINK
    assert len(LexborHTMLParser(bounded(html, DEFAULT).html).css("b")) < 50


@pytest.mark.parametrize("form", [b"a%d", b"a%d=1", b"a%d='>'", b'a%d="<a>"', b"a%d = x"])
def test_the_attributes_of_a_tag_are_bounded(form: bytes) -> None:
    html = b"<a href=x " + b" ".join(form % n for n in range(20_000)) + b">L</a>"
    document = read(html, URL)
    assert [link.href for link in document.links] == ["x"]
    assert document.depth_cut
    assert len(bounded(html, DEFAULT).html) < len(html) // 10


@pytest.mark.parametrize(
    ("html", "names"),
    [
        (b"<a><B x='>'></b>", [b"a", b"b", b"/b"]),
        (b"<!-- <a> --><b>", [b"b"]),
        (b"<!--><b>", [b"b"]),
        (b"<!---><b>", [b"b"]),
        (b"<!-- a --!><b>", [b"b"]),
        (b"<!doctype x><?php <a> ?></ <a>><b>", [b"b"]),
        (b"< a><1><b>", [b"b"]),
        (b'<a x=b"c><b>"', [b"a", b"b"]),
        (b'<a ="><b>', [b"a", b"b"]),
        (b'<a x="><b>', [b"a"]),
        (b"<a<b>", [b"a<b"]),
        (b"", []),
    ],
)
def test_tags_are_found_as_the_tokenizer_finds_them(html: bytes, names: list[bytes]) -> None:
    found, position = [], 0
    while (tag := next_tag(html, position)) is not None:
        found.append(tag.name)
        position = tag.end
    assert found == names


@pytest.mark.parametrize(
    ("name", "html", "rest"),
    [
        (b"style", b"<a></STYLE >x", b"</STYLE >x"),
        (b"style", b"</stylex></style>", b"</style>"),
        (b"title", b"no end", b""),
        (b"plaintext", b"</plaintext>", b""),
        (b"script", b"<!-- </script>x", b"</script>x"),
        (b"script", b"<!-- <script> </script> --></script>x", b"</script>x"),
        (b"script", b"<!-- <script> --></script>x", b"</script>x"),
        (b"script", b"<!--><script></script>x", b"</script>x"),
        (b"script", b"<!-- <script> </script> </script>x", b"</script>x"),
    ],
)
def test_raw_text_ends_where_the_tokenizer_ends_it(name: bytes, html: bytes, rest: bytes) -> None:
    assert html[raw_text_end(html, name, 0) :] == rest


@pytest.mark.parametrize(
    ("html", "simple"),
    [
        (b"<svg></svg>", True),
        (b"<svg><g><path/></g><title>t</title><style>a</style></svg>", True),
        (b"<svg><svg></svg></svg>", True),
        (b"<svg><p></svg>", False),
        (b"<svg></div></svg>", False),
        (b"<svg><title><a></title></svg>", False),
        (b"<svg><![CDATA[</svg>]]></svg>", False),
        (b"<svg><g>", False),
        (b"<svg>" + b"<g>" * 100 + b"</svg>", False),
    ],
)
def test_which_foreign_content_is_taken_as_a_whole(html: bytes, simple: bool) -> None:
    opening = next_tag(html, 0)
    assert opening is not None
    assert ForeignContent(html).end_of(opening) == (len(html) if simple else None)
