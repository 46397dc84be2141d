"""Queue entries and robots records: whatever is packed is read back, whatever else comes is refused."""

import contextlib
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkcrawl.frontier.wire import (
    ENTRY_VERSION,
    KINDS,
    REFUSAL_BY_LETTER,
    ROBOTS_VERSION,
    Unreadable,
    host_of,
    pack,
    pack_again,
    pack_candidate,
    pack_robots,
    read_lease,
    read_robots,
    visit_id,
)
from linkcrawl.records import Candidate, Kind, Lease, Outcome, RobotsRecord, RobotsState, Seed

CRAWL = b"01J00000000000000000000000"
HOSTS = st.sampled_from(["a.example", "xn--bcher-kva.example", "127.0.0.1", "[::1]", "[2001:db8::7]"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SOME = st.integers(0, 2**31)


@st.composite
def urls(draw: st.DrawFn) -> tuple[str, str]:
    """A URL with its host. Its path may hold anything: what is kept is text."""
    host = draw(HOSTS)
    port = draw(st.sampled_from(["", ":8080"]))
    path = "/".join(draw(st.lists(TEXTS.map(lambda text: quote(text, safe="~?=&%#")), max_size=4)))
    return f"{draw(st.sampled_from(['http', 'https']))}://{host}{port}/{path}", host


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    url, host = draw(urls())
    # Found on a page nearby, on another site, on none, or on something odd.
    nearby = st.integers(0, len(url)).flatmap(lambda cut: TEXTS.map(lambda text: url[:cut] + text))
    source = draw(st.just("") | nearby | urls().map(lambda pair: pair[0]) | TEXTS)
    return Candidate(
        url=url,
        host=host,
        site="a.example",
        depth=draw(SOME),
        discovered_from=source,
        hops=draw(SOME),
        kind=draw(st.sampled_from(Kind)),
        seed=draw(st.sampled_from(Seed)),
        round=draw(SOME),
    )


def read(raw: bytes, record_only: str = "") -> Lease:
    return read_lease(raw, "a.example", 3, 1_700_000_000_123_456, CRAWL, record_only)


@given(candidates())
def test_a_candidate_comes_back_as_it_was(candidate: Candidate) -> None:
    lease = read(pack_candidate(candidate))
    assert lease.candidate == candidate
    assert (lease.attempt, lease.crashes, lease.record_only) == (1, 0, None)
    assert type(lease.candidate.kind) is Kind
    assert type(lease.candidate.seed) is Seed


@given(candidates(), st.integers(1, 400), st.integers(0, 400))
def test_the_next_attempt_counts_one_more_and_stays_in_its_byte(
    candidate: Candidate, attempt: int, crashes: int
) -> None:
    lease = replace(read(pack_candidate(candidate)), attempt=attempt, crashes=crashes)
    raw = pack_again(lease)
    again = read(raw)
    assert (again.attempt, again.crashes) == (min(attempt + 1, 127), min(crashes, 127))
    assert again.candidate == candidate
    # Where the scripts look for them.
    assert raw[:3] == bytes([0x9B, ENTRY_VERSION, again.crashes])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_lease_or_unreadable(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(raw)


FIELDS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), TEXTS, st.binary(max_size=9)
)


@given(candidates(), st.data())
def test_an_entry_with_a_wrong_field_is_a_lease_or_unreadable(
    candidate: Candidate, data: st.DataObject
) -> None:
    entry = [ENTRY_VERSION, 0, 1, candidate.url, 0, 0, "", 0, 0, 0, 0]
    at = data.draw(st.integers(0, 12))
    entry[at : at + data.draw(st.integers(0, 2))] = data.draw(st.lists(FIELDS, max_size=2))
    with contextlib.suppress(Unreadable):
        read(pack(entry))


@given(candidates(), st.data())
def test_an_entry_with_spoiled_bytes_is_a_lease_or_unreadable(
    candidate: Candidate, data: st.DataObject
) -> None:
    raw = bytearray(pack_candidate(candidate))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for spoiled in (bytes(raw), bytes(raw[:cut])):
        with contextlib.suppress(Unreadable):
            read(spoiled)


@pytest.mark.parametrize("version", [0, ENTRY_VERSION + 1, 127, 128, 2**40])
def test_an_entry_of_another_version_is_not_understood_by_half(version: int) -> None:
    raw = pack((version, 0, 1, "https://a.example/", 0, 0, "", 0, 0, 0, 0))
    with pytest.raises(Unreadable, match="version"):
        read(raw)


def test_the_formats_are_what_their_versions_say() -> None:
    """Other bytes are another version: raise it and spec.SPEC_VERSION, then change this."""
    candidate = Candidate(
        "https://a.example/x/y",
        "a.example",
        "a.example",
        2,
        "https://a.example/x/",
        1,
        Kind.SITEMAP,
        Seed.YES,
        5,
    )
    assert (ENTRY_VERSION, ROBOTS_VERSION) == (1, 1)
    assert pack_candidate(candidate).hex() == (
        "9b010001b5" + b"https://a.example/x/y".hex() + "0214a001010105"
    )
    record = RobotsRecord("https://a.example", RobotsState.ALLOWED, b"\x00r", 2000, 60_000, 3)
    assert pack_robots(record).hex() == "9501a7" + b"allowed".hex() + "c4020072cd07d003"
    assert KINDS == (Kind.PAGE, Kind.SITEMAP)
    assert set(REFUSAL_BY_LETTER) == set("0sdhbqx")


@pytest.mark.parametrize("outcome", Outcome)
def test_a_lease_for_the_record_only_has_its_outcome(outcome: Outcome) -> None:
    raw = pack_candidate(Candidate("https://a.example/", "a.example", "a.example", 0))
    assert read(raw, outcome.value).record_only is outcome


@given(urls())
def test_the_host_stands_in_the_url(pair: tuple[str, str]) -> None:
    url, host = pair
    assert host_of(url) == host


@given(TEXTS)
@example("http://[::1")
@example("ftp://a.example/")
@example("https:/a.example")
def test_what_is_no_url_is_refused_or_has_a_host(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert host_of(text) in text


@given(st.integers(0, 2**53), st.integers(0, 4096))
def test_visit_ids_are_uuids_of_version_7_in_the_order_of_time(token: int, partition: int) -> None:
    one, same = visit_id(CRAWL, partition, token), visit_id(CRAWL, partition, token)
    assert one == same
    assert (len(one), one[14], one[19] in "89ab") == (36, "7", True)
    assert one != visit_id(CRAWL, partition + 1, token)
    assert one != visit_id(CRAWL, partition, token + 1)
    assert one[:18] < visit_id(CRAWL, partition, token + 1000)[:18]


RECORDS = st.builds(
    RobotsRecord,
    origin=st.just("https://a.example"),
    state=st.sampled_from(RobotsState),
    rules=st.binary(max_size=50),
    crawl_delay_ms=st.none() | SOME,
    expires_in_ms=SOME,
    failures=SOME,
    cause=st.none(),
)


@given(RECORDS)
def test_a_robots_record_comes_back_as_it_was(record: RobotsRecord) -> None:
    assert read_robots(record.origin, pack_robots(record), record.expires_in_ms) == record


@given(st.binary(max_size=60) | st.lists(FIELDS, max_size=7).map(pack))
def test_any_other_bytes_are_no_robots_record(raw: bytes) -> None:
    record = read_robots("https://a.example", raw, 1)
    assert record is None or pack_robots(record)[:2] == raw[:2]
