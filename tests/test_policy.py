import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl import policy
from linkcrawl.records import Fetch, Outcome


def test_every_outcome_has_a_verdict() -> None:
    assert set(policy.VERDICTS) == set(Outcome)


@pytest.mark.parametrize(
    ("fetch", "waits"),
    [
        (Fetch(Outcome.OK, 200), [None]),
        (Fetch(Outcome.HTTP_ERROR, 404), [None]),
        (Fetch(Outcome.HTTP_ERROR, 503), [10, 20, None]),
        (Fetch(Outcome.HTTP_ERROR, 429), [10, 20, None]),
        (Fetch(Outcome.TIMEOUT), [10, 20, None]),
        (Fetch(Outcome.DNS_ERROR), [10, 20, None]),
        (Fetch(Outcome.ROBOTS_DISALLOWED), [None]),
        (Fetch(Outcome.TLS_ERROR), [None]),
    ],
)
def test_only_what_may_differ_later_is_tried_again(fetch: Fetch, waits: list[int | None]) -> None:
    got = [
        policy.retry_wait_ms(fetch, attempt, retries=2, first_wait_ms=10)
        for attempt in range(1, len(waits) + 1)
    ]
    assert got == waits


def test_retry_after_is_obeyed_up_to_an_hour() -> None:
    slow = Fetch(Outcome.HTTP_ERROR, 429)
    assert policy.penalty_ms(slow, 1, 1_000, 120_000) == 120_000
    assert policy.penalty_ms(slow, 1, 1_000, 10**9) == policy.HOUR_MS
    assert policy.penalty_ms(slow, 1, 1_000, None) == 1_000


@given(st.sampled_from(list(Outcome)), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_waits_are_never_negative_and_always_bounded(
    outcome: Outcome, failures: int, delay_ms: int, attempt: int
) -> None:
    fetch = Fetch(outcome, 503 if outcome is Outcome.HTTP_ERROR else None)
    assert 0 <= policy.penalty_ms(fetch, failures, delay_ms, None) <= max(policy.FIVE_MINUTES_MS, delay_ms)
    wait = policy.retry_wait_ms(fetch, attempt, 10**7, 10_000)
    assert wait is None or 0 <= wait <= policy.HOUR_MS


def test_the_largest_crawl_delay_counts_up_to_the_cap() -> None:
    assert policy.site_delay_ms(1_000, [], 60_000) == 1_000
    assert policy.site_delay_ms(1_000, [500, 7_000], 60_000) == 7_000
    assert policy.site_delay_ms(1_000, [86_400_000], 60_000) == 60_000
