"""One Parquet file: compression, order, row groups."""

from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkcrawl.dataset.columns import Dataset
from linkcrawl.dataset.schema import arrow_schema

ROW_GROUP_ROWS = 122_880
"""DuckDB's own size: a reader skips whole groups by their statistics."""

_ZSTD_LEVEL = 3


def in_order(dataset: Dataset, table: pa.Table) -> pa.Table:
    """The rows in the dataset's order."""
    if not dataset.sort_keys or table.num_rows < 2:
        return table
    return table.take(pc.sort_indices(table, sort_keys=[(key, "ascending") for key in dataset.sort_keys]))


def open_writer(dataset: Dataset, file: IO[bytes]) -> pq.ParquetWriter:
    """A writer of tables of the dataset's schema; who calls closes it. The file stays open."""
    schema = arrow_schema(dataset)
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        sorting_columns=[pq.SortingColumn(schema.get_field_index(key)) for key in dataset.sort_keys] or None,
        write_page_index=True,
    )


def write_rows(dataset: Dataset, table: pa.Table, file: IO[bytes]) -> None:
    """Write rows that are in the dataset's order. A table without rows gives a file without rows."""
    with open_writer(dataset, file) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
