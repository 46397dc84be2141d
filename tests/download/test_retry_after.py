import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.download import retry_after_ms

NOON = "Sun, 06 Nov 2022 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("120", None, 120_000),
        (" 0 ", None, 0),
        ("9" * 400, None, 10**12),
        ("Sun, 06 Nov 2022 12:01:30 GMT", NOON, 90_000),
        ("Sunday, 06-Nov-22 12:00:01 GMT", NOON, 1_000),
        ("Sun Nov  6 12:00:02 2022", NOON, 2_000),
        ("Sun, 06 Nov 2022 13:00:00 +0100", NOON, 0),
        ("Sun, 06 Nov 2022 11:00:00 GMT", NOON, 0),
        ("Sun, 06 Nov 2022 12:01:30 GMT", None, None),
        ("Sun, 06 Nov 2022 12:01:30 GMT", "yesterday", None),
        ("Sun, 99 Nov 2022 12:01:30 GMT", NOON, None),
        ("-5", NOON, None),
        ("1.5", None, None),
        ("", NOON, None),
        ("soon", NOON, None),
        ("²", NOON, None),
    ],
)
def test_retry_after(value: str, date: str | None, expected: int | None) -> None:
    assert retry_after_ms(value, date) == expected


@given(st.text(), st.none() | st.text())
def test_any_text_is_read_or_not(value: str, date: str | None) -> None:
    wait = retry_after_ms(value, date)
    assert wait is None or wait >= 0
