import pytest

from linkcrawl.units import count, duration_ms, positive, size_bytes, spoken_duration


@pytest.mark.parametrize(
    ("text", "ms"),
    [("90", 90_000), ("1.5", 1_500), ("500ms", 500), ("30s", 30_000), ("10 m", 600_000), ("2h", 7_200_000)],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    ("text", "size"), [("100", 100), ("8MiB", 8 << 20), ("1.5 kB", 1_500), ("1GB", 10**9)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1x", "1 year", "١s", "1e3", "inf", "nan"])
def test_what_is_no_number_is_explained(text: str) -> None:
    for read in (duration_ms, size_bytes):
        with pytest.raises(ValueError, match="not a"):
            read(text)
    with pytest.raises(ValueError, match="whole number"):
        count(text)


def test_positive_is_above_zero() -> None:
    assert positive("1_000") == 1000
    with pytest.raises(ValueError, match="above 0"):
        positive("0")


@pytest.mark.parametrize(
    ("ms", "said"), [(850, "850 ms"), (12_345, "12.3 s"), (245_000, "4 min 05 s"), (7_620_000, "2 h 07 min")]
)
def test_spoken_durations(ms: int, said: str) -> None:
    assert spoken_duration(ms) == said
