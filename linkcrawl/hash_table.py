"""Sets of 64-bit numbers that take eight bytes a slot, where a Python set takes some eighty a member. Pure."""

from array import array
from collections.abc import Iterable

_SMALLEST = 1 << 10


class HashSet:
    """A set of signed 64-bit integers that only grows; 12 to 24 bytes a member.

    Open addressing with linear probing, at most two thirds full. The members have to be hashes: their low bits
    say where they lie.
    """

    def __init__(self) -> None:
        self._slots = array("q", bytes(8 * _SMALLEST))
        self._zero = False
        """Whether 0, which marks a free slot, is a member."""
        self._members = 0

    def __len__(self) -> int:
        return self._members + self._zero

    def __contains__(self, member: int) -> bool:
        if not member:
            return self._zero
        return self._slots[_place(self._slots, member)] == member

    def update(self, members: Iterable[int]) -> None:
        """Take them in; costs as much as there are of them, whatever is there already."""
        for member in members:
            if not member:
                self._zero = True
                continue
            at = _place(self._slots, member)
            if not self._slots[at]:
                self._slots[at] = member
                self._members += 1
                if 3 * self._members > 2 * len(self._slots):
                    self._grow()

    def _grow(self) -> None:
        larger = array("q", bytes(16 * len(self._slots)))
        for member in self._slots:
            if member:
                larger[_place(larger, member)] = member
        self._slots = larger


class HashMemory:
    """Remembers hashes in a table of fixed size: it forgets some, and never believes what it was not told.

    slots: a power of two. A new hash takes the place of the one that had its slot.
    """

    def __init__(self, slots: int) -> None:
        self._mask = slots - 1
        self._slots = array("q", bytes(8 * slots))

    def __contains__(self, hashed: int | None) -> bool:
        return hashed is not None and hashed != 0 and self._slots[hashed & self._mask] == hashed

    def update(self, hashes: Iterable[int]) -> None:
        """Remember them."""
        slots, mask = self._slots, self._mask
        for hashed in hashes:
            slots[hashed & mask] = hashed

    def clear(self) -> None:
        """Forget all."""
        self._slots = array("q", bytes(8 * (self._mask + 1)))


def _place(slots: "array[int]", member: int) -> int:
    """Where the member lies, or the free slot that it would take."""
    mask = len(slots) - 1
    at = member & mask
    while slots[at] and slots[at] != member:
        at = (at + 1) & mask
    return at
