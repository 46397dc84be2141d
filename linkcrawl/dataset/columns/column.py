"""What a column is, and the few types that columns have."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

STRING = pa.string()
INT32 = pa.int32()
INT64 = pa.int64()
BOOL = pa.bool_()
TIMESTAMP = pa.timestamp("us", tz="UTC")
# Parquet calls the items of a list "element"; a list is never null and holds no null.
STRINGS = pa.list_(pa.field("element", pa.string(), nullable=False))

Example = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset: the source of its Arrow field, its line in docs/columns.md and its tests.

    example: a value as Python holds it (a timestamp as ISO 8601 text).
    nullable: whether it can be not known; `''` always means known to be empty. A column that is added to
      files that exist is nullable or a list, since older files do not have it.
    enum: the closed set of its values (of its items, where it is a list); None if it is open.
    """

    name: str
    type: pa.DataType
    meaning: str
    example: Example
    nullable: bool = False
    enum: type[StrEnum] | None = None

    @property
    def field(self) -> pa.Field:
        """The Arrow field."""
        return pa.field(self.name, self.type, nullable=self.nullable)

    @property
    def type_name(self) -> str:
        """The type as the documentation names it: `string`, `int32`, `list<string>`, ..."""
        if self.type == STRINGS:
            return "list<string>"
        return str(self.type).replace("tz=", "")


@dataclass(frozen=True, slots=True)
class Dataset:
    """One of the datasets below OUT.

    row: what one row stands for.
    sort_keys: the columns that the rows of a file are sorted by; () if they stay as they came.
    partitioned: whether its files lie in folders `crawl_date=YYYY-MM-DD`.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    sort_keys: tuple[str, ...] = ()
    partitioned: bool = False

    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]
