"""Sets of 64-bit numbers: they hold what they were given, and what that costs does not jump."""

from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.hash_table import HashMemory, HashSet

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-40, 40),
    st.integers(0, 40).map(lambda number: number << 40),  # all of them in one place
)


@given(st.lists(st.lists(NUMBERS)), st.lists(NUMBERS))
def test_a_set_holds_exactly_what_it_was_given(batches: list[list[int]], others: list[int]) -> None:
    ours, python = HashSet(), set[int]()
    for batch in batches:
        ours.update(batch)
        python.update(batch)
        assert len(ours) == len(python)
    assert all(number in ours for number in python)
    assert [number in ours for number in others] == [number in python for number in others]


def test_a_set_grows_past_its_first_size() -> None:
    ours = HashSet()
    members = [number * 0x9E3779B97F4A7C15 % 2**63 for number in range(50_000)]
    ours.update(members)
    ours.update(members)
    assert len(ours) == len(set(members))
    assert all(number in ours for number in members)
    assert not any(number + 1 in ours for number in members)


@given(st.lists(NUMBERS), st.lists(NUMBERS))
def test_a_memory_forgets_but_never_invents(told: list[int], others: list[int]) -> None:
    memory = HashMemory(16)
    for number in told:
        memory.update([number])
        assert (number in memory) == (number != 0)
    assert {number for number in [*told, *others] if number in memory} <= set(told)
    assert None not in memory
    memory.clear()
    assert not any(number in memory for number in told)
