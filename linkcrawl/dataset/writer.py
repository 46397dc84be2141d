"""From pages to commits: rows are gathered on the event loop and written on a thread.

Always true: a visit's row is durable only after its links and edges are, since the files of a commit share a
name and the one of visits gets it last. So a reader who takes the parts named in visits has everything of
each visit that it sees, wherever a writer was killed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from time import monotonic

from linkcrawl.dataset.buffer import PartBuffer
from linkcrawl.dataset.columns import EDGES, LINKS, VISITS, Dataset
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.part_file import write_rows
from linkcrawl.dataset.parts import Part
from linkcrawl.records import Lease, Page

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class PartLimits:
    """When a part closes: at the first of these that is reached."""

    rows: int = 1_000_000
    size_bytes: int = 64 * 1024**2
    """Of memory; the files are about ten times smaller."""
    age_seconds: float = 60.0

    def reached(self, rows: int, size_bytes: int, age_seconds: float) -> bool:
        """Whether a part like this closes."""
        return rows >= self.rows or size_bytes >= self.size_bytes or age_seconds >= self.age_seconds


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The columns that are the same for every row of a run."""

    crawl_id: str
    crawl_name: str
    worker_id: str
    """New for each process: part names are built on it."""
    url_rules: str

    def columns(self) -> dict[str, str]:
        """By column name."""
        return {
            "crawl_id": self.crawl_id,
            "crawl_name": self.crawl_name,
            "worker_id": self.worker_id,
            "url_rules": self.url_rules,
        }


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of a commit: its path below OUT and its size."""

    path: str
    size_bytes: int


@dataclass(slots=True, eq=False)
class Commit:
    """The rows of one part, closed. Made on the event loop, written on any one thread."""

    location: Location
    part: Part
    run: Mapping[str, str]
    leases: tuple[Lease, ...]
    """Those whose visits the commit holds: to be settled once it is written."""
    rows: int
    size_bytes: int
    """An estimate of the memory it takes."""
    _buffer: PartBuffer = field(repr=False)
    _written: dict[str, WrittenFile] = field(default_factory=dict, repr=False)

    def write(self) -> tuple[WrittenFile, ...]:
        """Write the files, visits last; blocking. Returns them when all are durable under their names.

        Raises DatasetError if a file can not be written: no reader of ours then sees anything of the commit,
        and the call can be repeated, which writes what is missing. Once written, it returns the same again.
        """
        if VISITS.name not in self._written:
            for dataset in (EDGES, LINKS, VISITS):
                if dataset.name not in self._written:
                    self._written[dataset.name] = self._write_file(dataset)
                    self._buffer.let_go(dataset.name)
        return tuple(self._written.values())

    def _write_file(self, dataset: Dataset) -> WrittenFile:
        path = self.part.path(dataset.name)
        table = self._buffer.table(dataset.name, self.run)
        return WrittenFile(path, self.location.publish(path, partial(write_rows, dataset, table)))


class DatasetWriter:
    """Gathers pages into parts, one for each UTC date. Not thread-safe: one owner, on the event loop."""

    def __init__(
        self, location: Location, facts: RunFacts, limits: PartLimits, clock: Callable[[], float] = monotonic
    ) -> None:
        self._clock = clock
        self._location = location
        self._facts = facts
        self._limits = limits
        self._buffers: dict[int, PartBuffer] = {}
        self._serial = 0
        self._oldest: float | None = None

    @property
    def rows(self) -> int:
        """Rows that wait, of all datasets."""
        return sum(buffer.rows for buffer in self._buffers.values())

    @property
    def size_bytes(self) -> int:
        """An estimate of the memory that they take."""
        return sum(buffer.size_bytes for buffer in self._buffers.values())

    def add(self, page: Page) -> None:
        """Take the page's rows; it is not kept. Never blocks."""
        day = page.visited_at_us // _DAY_US
        buffer = self._buffers.get(day)
        if buffer is None:
            buffer = self._buffers[day] = PartBuffer()
            if self._oldest is None:
                self._oldest = self._clock()
        buffer.add(page)

    def due(self, now_monotonic: float) -> bool:
        """Whether the waiting rows should be taken now. `now_monotonic`: of time.monotonic(), in seconds."""
        if self._oldest is None:
            return False
        return self._limits.reached(self.rows, self.size_bytes, now_monotonic - self._oldest)

    def take(self) -> list[Commit]:
        """Hand over all waiting rows, as a commit for each date; [] if none wait."""
        commits = [self._commit(day, buffer) for day, buffer in sorted(self._buffers.items())]
        self._buffers = {}
        self._oldest = None
        return commits

    def _commit(self, day: int, buffer: PartBuffer) -> Commit:
        part = Part(_EPOCH + timedelta(days=day), self._facts.crawl_id, self._facts.worker_id, self._serial)
        self._serial += 1
        return Commit(
            location=self._location,
            part=part,
            run=self._facts.columns(),
            leases=tuple(buffer.leases),
            rows=buffer.rows,
            size_bytes=buffer.size_bytes,
            _buffer=buffer,
        )
