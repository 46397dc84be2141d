"""The comparer must see every kind of wrong row, or it proves nothing."""

from collections.abc import Callable

import pytest

from tests.acceptance.compare import Row, difference
from tests.acceptance.reach import closure

ONE = Row("http://a.example/", "https://w.test/1", "a", (), "one", "")
TWO = Row("http://a.example/", "https://w.test/2", "a", ("nofollow",), "two", "")
AREA = Row("http://b.example/", "https://w.test/1", "area", (), "", "a map")
ROWS = [ONE, TWO, ONE, AREA]


def test_equal_rows_are_no_difference_whatever_the_order_of_the_pages() -> None:
    assert not difference(ROWS, ROWS)
    assert not difference(ROWS, [AREA, ONE, TWO, ONE])
    assert difference(ROWS, ROWS).report() == ""


@pytest.mark.parametrize(
    ("spoil", "missing", "extra"),
    [
        (lambda rows: rows[:-1], 1, 0),
        (lambda rows: [*rows, ONE], 0, 1),
        (lambda rows: [ONE, TWO, AREA], 1, 0),  # the second of two equal rows counts too
        (lambda rows: [ONE._replace(target_url="https://w.test/1/"), *rows[1:]], 1, 1),
        (lambda rows: [ONE._replace(rel=("ugc",)), *rows[1:]], 1, 1),
        (lambda rows: [ONE._replace(text="One"), *rows[1:]], 1, 1),
        (lambda rows: [ONE._replace(element="area"), *rows[1:]], 1, 1),
        (lambda rows: [*rows[:-1], AREA._replace(image_alt="")], 1, 1),
        (lambda rows: [*rows[:-1], AREA._replace(source_url="http://c.example/")], 1, 1),
    ],
)
def test_one_wrong_row_is_seen(spoil: Callable[[list[Row]], list[Row]], missing: int, extra: int) -> None:
    found = difference(ROWS, spoil(ROWS))
    assert found
    assert (len(found.missing), len(found.extra)) == (missing, extra)


def test_the_order_within_a_page_is_seen() -> None:
    assert difference(ROWS, [TWO, ONE, ONE, AREA]).misordered == ("http://a.example/",)


def test_the_report_shows_the_first_rows() -> None:
    many = [ONE._replace(target_url=f"https://w.test/{number}") for number in range(30)]
    text = difference(many, [TWO]).report()
    assert text.startswith(
        "30 missing rows\n  ('http://a.example/', 'https://w.test/0', 'a', (), 'one', '')\n"
    )
    assert "... and 10 more" in text
    assert "1 extra rows\n" in text


def test_closure_follows_only_what_is_in_scope() -> None:
    graph = {"a": ["b", "x"], "b": ["a", "c"], "x": ["d"]}
    assert closure(["a"], lambda url: graph.get(url, []), lambda url: url != "x") == {"a", "b", "c"}
