"""Fingerprints: part of the wire format, so their values are fixed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls.pack import fingerprint


def test_values_that_every_version_must_give() -> None:
    assert fingerprint("https://example.com/") == 1493557592560457051
    assert fingerprint("") == -1970711489451281740


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_they_fit_what_redis_packs(url: str) -> None:
    assert -(2**63) <= fingerprint(url) < 2**63


def test_they_differ() -> None:
    assert len({fingerprint(f"https://example.com/{number}") for number in range(10_000)}) == 10_000
