"""Rows that wait for their part file, as packed Arrow batches: compact, and no load for the garbage collector."""

from collections.abc import Mapping
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from linkcrawl.dataset.columns import EDGES, LINKS, VISITS, Column, Dataset
from linkcrawl.dataset.part_file import in_order
from linkcrawl.dataset.rows import EDGE_COLUMNS, LINK_COLUMNS, VISIT_COLUMNS, Row, link_rows, visit_row
from linkcrawl.dataset.schema import array_of, arrow_schema
from linkcrawl.records import Lease, Link, Page

_BATCH_ROWS = 2048
_BATCH_BYTES = 8 * 1024**2

# What a row takes besides its texts of any length: measured on crawled pages, and only an estimate.
_VISIT_BYTES = 500
_LINK_BYTES = 400
_EDGE_BYTES = 90

_PACKED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class _Batches:
    """The packed rows of one dataset.

    Compressed, since a part may wait for minutes: a sixth of the size, for some 3 microseconds a page.
    """

    def __init__(self, dataset: Dataset, columns: tuple[Column, ...]) -> None:
        self._dataset = dataset
        self._names = [column.name for column in columns]
        self._packed: list[pa.Buffer] = []

    def append(self, arrays: list[pa.Array]) -> int:
        """Take a batch, an array for each column; returns its size in bytes when it is unpacked again."""
        batch = pa.Table.from_arrays(arrays, names=self._names)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema, options=_PACKED) as stream:
            stream.write_table(batch)
        self._packed.append(sink.getvalue())
        return int(batch.nbytes)

    def clear(self) -> None:
        """Let the rows go."""
        self._packed.clear()

    def table(self, run: Mapping[str, str]) -> pa.Table:
        """All rows in the dataset's order, with the columns of the run, in its schema."""
        schema = arrow_schema(self._dataset)
        if not self._packed:
            return schema.empty_table()
        rows = in_order(
            self._dataset,
            pa.concat_tables([pa.ipc.open_stream(packed).read_all() for packed in self._packed]),
        )
        arrays = [
            pa.repeat(pa.scalar(run[column.name], column.type), rows.num_rows)
            if column.name in run
            else rows.column(column.name)
            for column in self._dataset.columns
        ]
        return pa.Table.from_arrays(arrays, schema=schema)


class _Rows:
    """Rows as tuples, to be packed column by column."""

    def __init__(self, dataset: Dataset, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        self.batches = _Batches(dataset, columns)
        self.waiting: list[Row] = []

    def pack(self) -> int:
        """Move the waiting rows into an Arrow batch; returns its size in bytes."""
        if not self.waiting:
            return 0
        values = zip(*self.waiting, strict=True)
        arrays = [array_of(column, held) for column, held in zip(self._columns, values, strict=True)]
        self.waiting.clear()
        return self.batches.append(arrays)

    def table(self, run: Mapping[str, str]) -> pa.Table:
        self.pack()
        return self.batches.table(run)


class _EdgeRows:
    """Edges, kept as columns: there are some 25 a page, and the page's own values are the same for all."""

    def __init__(self) -> None:
        self.batches = _Batches(EDGES, EDGE_COLUMNS)
        self._clear()

    def _clear(self) -> None:
        self._visit_ids: list[str] = []
        self._source_sites: list[str] = []
        self._counts: list[int] = []
        self.targets: list[str] = []
        self._links: list[int] = []
        self._follow_links: list[int] = []

    def add(self, page: Page) -> None:
        edges = page.edges
        self._visit_ids.append(page.lease.visit_id)
        self._source_sites.append(page.lease.candidate.site)
        self._counts.append(len(edges))
        self.targets += [edge.target_site for edge in edges]
        self._links += [edge.links for edge in edges]
        self._follow_links += [edge.follow_links for edge in edges]

    def pack(self) -> int:
        """Move the waiting rows into an Arrow batch; returns its size in bytes."""
        if not self.targets:
            return 0
        visit_id, source_site, target_site, links, follow_links = EDGE_COLUMNS
        size = self.batches.append(
            [
                self._spread(visit_id, self._visit_ids),
                self._spread(source_site, self._source_sites),
                array_of(target_site, self.targets),
                array_of(links, self._links),
                array_of(follow_links, self._follow_links),
            ]
        )
        self._clear()
        return size

    def _spread(self, column: Column, of_pages: list[str]) -> pa.Array:
        """A value of each page, once for each of its edges."""
        ends = pa.array(accumulate(self._counts), pa.int32())
        return pc.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, array_of(column, of_pages)))

    def table(self, run: Mapping[str, str]) -> pa.Table:
        self.pack()
        return self.batches.table(run)


class PartBuffer:
    """The rows of one part: visits, links and edges, and the leases of its visits.

    Not thread-safe: one owner, who hands it over as a whole.
    """

    def __init__(self) -> None:
        self._visits = _Rows(VISITS, VISIT_COLUMNS)
        self._links = _Rows(LINKS, LINK_COLUMNS)
        self._edges = _EdgeRows()
        self._of: dict[str, _Rows | _EdgeRows] = {
            VISITS.name: self._visits,
            LINKS.name: self._links,
            EDGES.name: self._edges,
        }
        self._packed_bytes = 0
        self._waiting_bytes = 0
        self.leases: list[Lease] = []
        self.rows = 0

    @property
    def size_bytes(self) -> int:
        """An estimate of the memory that the rows take while they are written; they wait in less."""
        return self._packed_bytes + self._waiting_bytes

    def add(self, page: Page) -> None:
        """Take the rows of a page. The page itself is not kept."""
        self.leases.append(page.lease)
        self._visits.waiting.append(visit_row(page))
        self.rows += 1
        self._waiting_bytes += _VISIT_BYTES + len(page.title or "") + len(page.error or "")
        if page.edges:
            self._edges.add(page)
            self.rows += len(page.edges)
            self._waiting_bytes += _EDGE_BYTES * len(page.edges)
        if page.links:
            self._links.waiting += link_rows(page)
            self.rows += len(page.links)
            self._waiting_bytes += sum([_text_bytes(link) for link in page.links])
        if (
            len(self._edges.targets) >= _BATCH_ROWS
            or len(self._links.waiting) >= _BATCH_ROWS
            or len(self._visits.waiting) >= _BATCH_ROWS
            or self._waiting_bytes >= _BATCH_BYTES
        ):
            self._pack()

    def _pack(self) -> None:
        self._packed_bytes += self._visits.pack() + self._links.pack() + self._edges.pack()
        self._waiting_bytes = 0

    def table(self, dataset: str, run: Mapping[str, str]) -> pa.Table:
        """The dataset's rows in its order. `run`: the values of the columns of `rows.RUN_COLUMNS`."""
        return self._of[dataset].table(run)

    def let_go(self, dataset: str) -> None:
        """The dataset's rows are written."""
        self._of[dataset].batches.clear()


def _text_bytes(link: Link) -> int:
    return (
        _LINK_BYTES
        + len(link.href)
        + 2 * len(link.target_url)
        + len(link.anchor)
        + len(link.text_before)
        + len(link.text_after)
        + len(link.image_alt or "")
        + len(link.link_title or "")
    )
