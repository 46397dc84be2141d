"""Whatever a page holds, it is read and each of its links can be described."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkcrawl.html import ReadLimits, read, verdict

from .pages import URL

PIECES = st.sampled_from(
    [
        *(
            "<a href=x>",
            "</a>",
            "<a href='",
            "'>",
            "<p>",
            "<div style='left:-999px",
            "</div>",
            "<img alt=y>",
            "t ü",
        ),
        *(
            "<base href=//[>",
            "<base href=/b/>",
            "<meta charset=utf-16>",
            "<meta charset=sjis>",
            "<svg>",
            "<title>",
        ),
        *(
            "<link rel=canonical href=x>",
            "<meta http-equiv=refresh content='0;x",
            "<table>",
            "<td>",
            "<!--",
            "-->",
        ),
        *(
            "<template>",
            "</template>",
            "<script>",
            "</script>",
            "\0",
            "\ud800",
            "&#xD800;",
            "&nbsp",
            "\ufeff",
        ),
        *(
            "<iframe src=x>",
            "<form action=x>",
            "<area href=x>",
            "<select>",
            "<frameset>",
            "<body hidden>",
            "\u0301",
        ),
    ]
)
HTML = st.lists(PIECES | st.text(max_size=4), max_size=40).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
)
TAGS = st.lists(
    st.sampled_from(
        (
            *(
                "<a href={}>",
                "</a>",
                "<p>",
                "</p>",
                "<div>",
                "</div>",
                "<b>",
                "</b>",
                "<ul>",
                "<li>",
                "</ul>",
                "t",
            ),
            *(
                "<table>",
                "<tr>",
                "<td>",
                "</td>",
                "</table>",
                "<area href={}>",
                "<span>",
                "</span>",
                "<h1>",
                "</h2>",
            ),
            *(
                "<svg><path/></svg>",
                "<script>'<a href=no>'</script>",
                "<!-- <p> -->",
                "<iframe src={}></iframe>",
            ),
        )
    ),
    max_size=60,
).map(lambda parts: "".join(part.format(n) for n, part in enumerate(parts)).encode())
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"Content-Type", b"link", b"X-Robots-Tag", b"Content-Language", b"\xff"]),
        st.binary(max_size=30) | st.sampled_from([b"a; charset=euc-jp", b"</x>; rel=canonical", b"a: nofollow"]),
    ),
    max_size=4,
)  # fmt: skip


@given(st.binary(max_size=400) | HTML, HEADERS, st.sampled_from([URL, "", "no url", "http://["]))
@example(b"", [], URL)
@example(b"\xff\xfe", [], URL)
@settings(max_examples=400, deadline=None)
def test_any_bytes_can_be_read(body: bytes, headers: list[tuple[bytes, bytes]], url: str) -> None:
    document = read(body, url, headers)
    assert [link.position for link in document.links] == list(range(len(document.links)))
    for link in document.links:
        found = document.describe(link)
        assert max(len(found.text_before), len(found.text_after)) <= 100
        assert (found.anchor == "") == (found.anchor_kind.value in ("image", "empty"))
        verdict(link.element, link.rel, document.directives)
        for text in (link.href, found.anchor, found.text_before, found.text_after, found.title or ""):
            text.encode("utf-8")


@given(TAGS)
@settings(max_examples=300, deadline=None)
def test_end_tags_for_all_elements_cost_no_link(body: bytes) -> None:
    plain = read(body, URL)
    walked = read(body, URL, limits=ReadLimits(unchecked_tags=0))
    assert {link[:2] for link in plain.links} == {link[:2] for link in walked.links}
    assert not walked.depth_cut


@given(HTML)
@settings(max_examples=200, deadline=None)
def test_reading_twice_tells_the_same(body: bytes) -> None:
    first, second = read(body, URL), read(body, URL)
    assert [link[:4] for link in first.links] == [link[:4] for link in second.links]
    assert [first.describe(link) for link in reversed(first.links)] == [
        second.describe(link) for link in reversed(second.links)
    ]
