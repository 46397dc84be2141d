"""The text before and after a link."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.html.text import collapse, first_words, last_words

from .pages import details, page


@pytest.mark.parametrize(
    ("html", "before", "after"),
    [
        ("<p>one <a href=x>L</a> two", "one", "two"),
        ("<p>o<b>n</b>e<a href=x>L</a>t<i>w</i>o", "one", "two"),
        ("<p>one</p><p><a href=x>L</a></p><p>two</p>", "one", "two"),
        ("one<br><a href=x>L</a><br>two<br>three", "one", "two three"),
        ("<ul><li>one<li><a href=x>L</a><li>two</ul>", "one", "two"),
        ("<a href=y>one</a> <a href=x>L</a> <a href=z>two</a>", "one", "two"),
        ("<head><title>no</title></head><body><a href=x>L</a>", "", ""),
        ("<script>no</script><style>no</style><template>no</template><!--no--><a href=x>L</a>", "", ""),
        ("<p hidden>no</p><p style='display:none'>no</p>one <a href=x>L</a> <span style='opacity:0'>no</span>two",
         "one", "two"),
        ("<select><option>no</select><textarea>no</textarea><a href=x>L</a>", "", ""),
        ("<table><tr><td>one<td><a href=x>L</a><td>two</table>", "one", "two"),
        ("one<img alt=no><a href=x>L</a>", "one", ""),
        ("<p>one <b><i><a href=x>L</a></i></b> two", "one", "two"),
        ("<form action=x>L</form>two", "", "two"),
        ("one <iframe src=x>no</iframe> two", "one", "two"),
        ("one<link rel=canonical href=x>two", "", ""),
        ("<noscript>one </noscript><a href=x>L</a>", "one", ""),
    ],
)  # fmt: skip
def test_what_stands_around_a_link(html: str, before: str, after: str) -> None:
    found = details(html)
    assert (found.text_before, found.text_after) == (before, after)


def test_it_is_cut_between_words_at_a_hundred_characters() -> None:
    words = " ".join(f"word{n:02}" for n in range(40))
    found = details(f"<p>{words} <a href=x>L</a> {words}")
    assert found.text_before == words[-97:]
    assert found.text_before.startswith("word26 ")
    assert found.text_after == words[:97]


def test_a_hundred_characters_are_gathered_over_many_nodes() -> None:
    found = details("<ul>" + "<li>ab" * 100 + "<li><a href=x>L</a>" + "<li>cd" * 100)
    assert found.text_before == " ".join(["ab"] * 33)
    assert found.text_after == " ".join(["cd"] * 33)


def test_long_texts_and_long_white_space() -> None:
    found = details("<p>" + "a " * 100_000 + " \n" * 1000 + "<a href=x>L</a>" + " \n" * 100 + "b " * 100_000)
    assert found.text_before.endswith("a a") or found.text_before == ""
    assert found.text_after.startswith("b b")


def test_all_links_near_a_text_see_it() -> None:
    document = page("<p>one <a href=1>A</a> two <a href=2>B</a> three")
    assert [document.describe(link)[4:6] for link in document.links] == [
        ("one", "two B three"),
        ("one A two", "three"),
    ]


@pytest.mark.parametrize(
    ("text", "most", "first", "last"),
    [
        ("abc", 3, "abc", "abc"),
        ("one two", 5, "one", "two"),
        ("one two", 4, "one", "two"),
        ("one two", 3, "one", "two"),
        ("abcdefgh", 4, "abcd", "efgh"),
        ("漢字仮名交", 3, "漢字仮", "仮名交"),
        ("ae\u0301e\u0301z", 4, "ae\u0301", "e\u0301z"),
        ("🇫🇷🇩🇪🇮🇹", 3, "🇫🇷", "🇮🇹"),
        ("a👩‍👩‍👧b", 3, "a", "b"),
        ("👍🏽👍🏽", 3, "👍🏽", "👍🏽"),
    ],
)
def test_cuts(text: str, most: int, first: str, last: str) -> None:
    assert (first_words(text, most), last_words(text, most)) == (first, last)


@given(st.text(max_size=60).map(collapse), st.integers(1, 40))
def test_a_cut_text_is_part_of_the_text_and_short_enough(text: str, most: int) -> None:
    first, last = first_words(text, most), last_words(text, most)
    assert text.startswith(first)
    assert text.endswith(last)
    assert max(len(first), len(last)) <= most
    assert not last or unicodedata.category(last[0]) not in ("Mn", "Mc", "Me") or text.endswith(last)


@given(st.text(max_size=40))
def test_collapsing_leaves_single_spaces_within_and_none_outside(text: str) -> None:
    found = collapse(text)
    assert "  " not in found
    assert found == found.strip(" \t\n\u00a0\ufeff")
    assert collapse(found) == found
    assert not set("\t\n\v\f\r\u00a0\u2003\u3000\ufeff") & set(found)


def test_white_space_is_that_of_ecmascript() -> None:
    assert collapse("\ufeffa\u00a0\u2028b\u3000") == "a b"
    assert collapse("a\x85b\x1cc") == "a\x85b\x1cc"
