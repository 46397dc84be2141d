"""Part names: unique by construction, and read back to what made them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.dataset.parts import Part, parse_part

DAY = date(2026, 1, 31)
ALNUM = "abcXYZ0123456789"
parts = st.builds(
    Part,
    st.dates(date(1970, 1, 1)),
    st.text(ALNUM, min_size=1, max_size=26),
    st.from_regex(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,20}", fullmatch=True),
    st.integers(0, 10**9),
)


def test_a_path_says_where_it_came_from() -> None:
    part = Part(DAY, "01JW2M6Y5V", "host-7.a1", 4)
    assert part.path("links") == "links/crawl_date=2026-01-31/01JW2M6Y5V-host-7.a1-000004.parquet"


@given(parts)
def test_a_path_is_read_back(part: Part) -> None:
    assert parse_part(part.path("visits")) == ("visits", part)


@given(parts, parts)
def test_two_parts_never_share_a_path(one: Part, other: Part) -> None:
    assert (one.path("links") == other.path("links")) == (one == other)


@pytest.mark.parametrize(
    "path",
    [
        "links/a-b-000001.parquet",
        "links/crawl_date=2026-13-01/a-b-000001.parquet",
        "links/crawl_date=2026-01-31/a-b.parquet",
        "links/crawl_date=2026-01-31/.a-b-000001.parquet.inprogress",
        "links/crawl_date=2026-01-31/deeper/a-b-000001.parquet",
    ],
)
def test_other_paths_are_none(path: str) -> None:
    assert parse_part(path) is None


@pytest.mark.parametrize(
    ("crawl_id", "worker_id"), [("", "w"), ("a-b", "w"), ("a", ""), ("a", "../w"), ("a", ".w")]
)
def test_ids_that_can_not_stand_in_a_name_are_refused(crawl_id: str, worker_id: str) -> None:
    with pytest.raises(ValueError, match="id is made of"):
        Part(DAY, crawl_id, worker_id, 0)
