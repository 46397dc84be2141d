"""What a worker has in work, in a table that its supervisor can read when the worker is dead.

A beat comes every few seconds: a page that kills its worker faster is never named in one, and would kill worker
after worker. So each worker keeps its visits in a table in memory that it shares with the process that started it:
some bytes are written for each step of a page, and no call of the system is made. When the worker dies, its
supervisor reads the table and sends the last beat in its place (`Frontier.last_beat`).

A visit is `downloading` from its turn until its download has ended, `reading` while the process is at it: when its
download has ended, in the spider, in the pipelines. These run one at a time and wait for nothing, so whoever is
`reading` when the worker dies did it, and nobody else is blamed; without such a one, those in download are. If the
supervisor dies together with its worker, nobody reads the table: the last beat that the worker sent itself counts.

The table: a header, then slots of one size, each with a CRC of its own: what was torn by the death, or is none of
this, names nobody.
"""

import mmap
import os
import tempfile
from collections.abc import Mapping, Sequence
from io import FileIO
from struct import Struct
from typing import NamedTuple, Self
from zlib import crc32

from linkcrawl.records import Lease

SLOTS = 4096
"""More downloads at a time than any worker has; one that finds no slot is not named."""

_HEADER = Struct("<8sQ")
"""What this is, with its version; incarnation."""
_SLOT = Struct("<QIB")
"""Token, partition, state."""
_CRC = Struct("<I")
_MAGIC = b"lcwork01"
_HEADER_SIZE, _SLOT_SIZE = _HEADER.size + _CRC.size, _SLOT.size + _CRC.size
_FREE = bytes(_SLOT_SIZE)
_DOWNLOADING, _READING = 1, 2


class Blame(NamedTuple):
    """Whom the death of a worker is counted to."""

    incarnation: int
    tokens: Mapping[int, Sequence[int]]
    """Of the visits, by partition."""


def new_file() -> FileIO:
    """An empty table that a process can be started with; gone with the last who has it open."""
    if hasattr(os, "memfd_create"):
        # In memory: writing to a page that is on its way to a disk would wait for it.
        file = FileIO(os.memfd_create("linkcrawl"), "r+")
    else:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - whoever asks closes it
    # Written, not truncated: a disk that is full is met here, and not by the worker.
    file.write(bytes(_HEADER_SIZE + SLOTS * _SLOT_SIZE))
    return file


def content_of(file: FileIO) -> bytes:
    """What stands in a table's file."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def blame(content: bytes) -> Blame | None:
    """Whom to blame, after the table of a worker that is dead. None: it never joined, or this is no table."""
    header = _checked(content[:_HEADER_SIZE])
    if header is None or len(header) != _HEADER.size:
        return None
    magic, incarnation = _HEADER.unpack(header)
    if magic != _MAGIC or incarnation == 0:
        return None
    named: dict[int, dict[int, list[int]]] = {_DOWNLOADING: {}, _READING: {}}
    for at in _slots(content):
        slot = content[at : at + _SLOT_SIZE]
        if slot != _FREE and (body := _checked(slot)) is not None:
            token, partition, state = _SLOT.unpack(body)
            if state in named:
                named[state].setdefault(partition, []).append(token)
    return Blame(incarnation, named[_READING] or named[_DOWNLOADING])


def _slots(table: mmap.mmap | bytearray | bytes) -> range:
    """Where each slot begins."""
    return range(_HEADER_SIZE, len(table) - _SLOT_SIZE + 1, _SLOT_SIZE)


def _checked(written: bytes) -> bytes | None:
    """What was written, without its CRC; None if it is not whole."""
    body, crc = written[: -_CRC.size], written[-_CRC.size :]
    return body if len(crc) == _CRC.size and _CRC.pack(crc32(body)) == crc else None


class WorkTable:
    """The worker's side of its table. One owner, on its event loop."""

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        """memory: as `new_file` made it."""
        self._memory = memory
        self._free = list(reversed(_slots(memory)))
        self._slots: dict[str, int] = {}
        """Where each visit stands, by its id."""

    @classmethod
    def at(cls, file: int | None) -> Self:
        """The table in this open file, which the supervisor made; None: there is no supervisor."""
        return cls.unread() if file is None else cls(mmap.mmap(file, 0))

    @classmethod
    def unread(cls) -> Self:
        """One that nobody will read."""
        return cls(bytearray(_HEADER_SIZE))

    def begin(self, incarnation: int) -> None:
        """The worker joined the crawl."""
        header = _HEADER.pack(_MAGIC, incarnation)
        self._memory[:_HEADER_SIZE] = header + _CRC.pack(crc32(header))

    def downloading(self, lease: Lease) -> None:
        """Its download begins."""
        self._write(lease, _DOWNLOADING)

    def reading(self, lease: Lease) -> None:
        """The process is at it, and does nothing else until it is forgotten."""
        self._write(lease, _READING)

    def forget(self, visit_id: str) -> None:
        """It can do no harm any more, or not for now; one that is not in work is none either."""
        at = self._slots.pop(visit_id, None)
        if at is not None:
            self._memory[at : at + _SLOT_SIZE] = _FREE
            self._free.append(at)

    def _write(self, lease: Lease, state: int) -> None:
        at = self._slots.get(lease.visit_id)
        if at is None:
            if not self._free:
                return
            at = self._slots[lease.visit_id] = self._free.pop()
        body = _SLOT.pack(lease.token, lease.partition, state)
        self._memory[at : at + _SLOT_SIZE] = body + _CRC.pack(crc32(body))
