import random
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.robots import MAX_PACKED_BYTES, Line, Rules, parse
from linkcrawl.robots.rules import shortened

VALUES = st.binary(max_size=20).map(lambda tail: b"/" + tail.translate(None, delete=b"\n\r\0#").strip())
LINES = st.lists(st.tuples(st.booleans(), VALUES).map(lambda pair: Line(*pair)), max_size=10)


@given(LINES, st.none() | st.integers(0, 10**12), st.lists(st.text("ab/ä", min_size=1), max_size=3))
def test_unpack_gives_what_was_packed(lines: list[Line], delay: int | None, sitemaps: list[str]) -> None:
    rules = Rules(lines, delay, tuple(sitemaps))
    again = Rules.unpack(rules.pack())
    assert (again.lines, again.crawl_delay_ms, again.sitemaps) == (rules.lines, delay, tuple(sitemaps))
    assert not again.truncated


def test_no_rules_pack_to_almost_nothing() -> None:
    packed = parse(b"", "linkcrawl").pack()
    assert len(packed) < 20
    assert Rules.unpack(packed).decide("/x").allowed


def noise(count: int, length: int, seed: int) -> list[bytes]:
    """Paths that no compression makes small."""
    draw = random.Random(seed)
    return [b"/" + draw.randbytes(length).hex().encode() for _ in range(count)]


def test_sitemaps_are_left_out_first() -> None:
    sitemaps = tuple(path.decode() for path in noise(60, 400, 1))
    rules = Rules([Line(False, b"/x")], 7, sitemaps)
    again = Rules.unpack(rules.pack())
    assert (again.lines, again.crawl_delay_ms, again.sitemaps) == (rules.lines, 7, ())
    assert not again.truncated  # the rules are whole


def test_then_the_longest_allow_patterns() -> None:
    disallowed = noise(300, 10, 2)
    allowed = [*noise(2000, 10, 3), b"/short"]
    rules = Rules(
        [Line(True, path) for path in allowed] + [Line(False, path) for path in [b"/", *disallowed]], 7
    )
    packed = rules.pack()
    assert len(packed) <= MAX_PACKED_BYTES
    again = Rules.unpack(packed)
    assert again.truncated
    assert again.crawl_delay_ms == 7
    assert {line for line in rules.lines if not line.allow} == {
        line for line in again.lines if not line.allow
    }
    assert again.decide("/short/x").allowed
    assert sum(line.allow for line in again.lines) > 300


@pytest.mark.parametrize("length", [10, 200])
def test_then_disallow_patterns_forbid_more(length: int) -> None:
    disallowed = noise(4000, length, 4)
    rules = Rules(
        [Line(False, path) for path in disallowed] + [Line(True, path + b"/a") for path in disallowed]
    )
    packed = rules.pack()
    assert len(packed) <= MAX_PACKED_BYTES
    again = Rules.unpack(packed)
    assert again.truncated
    assert [path for path in disallowed if again.decide(path.decode()).allowed] == []
    assert again.decide("/").allowed  # and no more than need be
    assert len(packed) > MAX_PACKED_BYTES // 2


def test_rules_without_number_are_bounded_too() -> None:
    """They compress well, and would cost a third of a second for each URL."""
    rules = Rules([Line(False, b"/*%05da*b*c" % number) for number in range(25_000)])
    again = Rules.unpack(rules.pack())
    assert again.truncated
    assert len(again.lines) <= 5000
    assert not again.decide("/x/12345a/b/c").allowed


@given(st.lists(st.text("%aA0$*ä/é", min_size=1, max_size=30), min_size=1, max_size=5), st.integers(1, 12))
def test_a_shortened_pattern_matches_what_the_whole_one_does(tails: list[str], length: int) -> None:
    for tail in tails:
        pattern = b"/" + tail.encode()
        whole, short = (Rules([Line(False, value)]) for value in (pattern, shortened(pattern, length)))
        for path in (pattern, pattern.upper(), pattern.removesuffix(b"$"), pattern.replace(b"*", b"xx")):
            target = path.decode("utf-8", "replace")
            assert whole.decide(target).allowed or not short.decide(target).allowed


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01",
        b"\x02" + zlib.compress(b"C\nT0"),
        b"\x01junk",
        b"\x01" + zlib.compress(b"C\nT0")[:-1],
        b"\x01" + zlib.compress(b"C\nT0") + b"more",
        b"\x01" + zlib.compress(b""),
        b"\x01" + zlib.compress(b"C5"),
        b"\x01" + zlib.compress(b"C-5\nT0"),
        b"\x01" + zlib.compress(b"Cx\nT0"),
        b"\x01" + zlib.compress(b"C\nT2"),
        b"\x01" + zlib.compress(b"C\nT0\nX/a"),
        b"\x01" + zlib.compress(b"C\nT0\n"),
        b"\x01" + zlib.compress(b"C\nT0\nS\xff"),
        b"\x01" + zlib.compress(b"C\nT0\nD" + bytes(50_000_000)),
    ],
)
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"robots rules|decode"):
        Rules.unpack(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    for candidate in (
        raw,
        b"\x01" + raw,
        b"\x01" + zlib.compress(raw),
        b"\x01" + zlib.compress(b"C\nT0\nD" + raw),
    ):
        with suppress(ValueError):
            Rules.unpack(candidate).decide("/x")
