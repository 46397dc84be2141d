"""From columns to Arrow: schemas, and values of the web to arrays that every reader takes."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from linkcrawl import __version__
from linkcrawl.dataset.columns import Column, Dataset

SCHEMA_VERSION = "1"
"""Raised when a reader of the old version would misread the new one; an added column does not raise it."""

_INT_LIMITS = {pa.int32(): (-(2**31), 2**31 - 1), pa.int64(): (-(2**63), 2**63 - 1)}


def arrow_schema(dataset: Dataset) -> pa.Schema:
    """The dataset's Arrow schema, with its name, the schema's version and ours as file metadata."""
    return pa.schema(
        [column.field for column in dataset.columns],
        metadata={
            "linkcrawl.schema": SCHEMA_VERSION,
            "linkcrawl.dataset": dataset.name,
            "linkcrawl.version": __version__,
        },
    )


def array_of(column: Column, values: Sequence[Any]) -> pa.Array | pa.ChunkedArray:
    """The values as an Arrow array of the column's type.

    Whatever a page holds, its row is written: a lone surrogate becomes U+FFFD, a number that does not fit its
    type becomes the nearest that does.
    """
    try:
        return pa.array(values, column.type)
    except (UnicodeEncodeError, OverflowError, pa.ArrowInvalid):
        return pa.array([_mended(value, column.type) for value in values], column.type)


def _mended(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, int) and kind in _INT_LIMITS:
        lowest, highest = _INT_LIMITS[kind]
        return min(max(value, lowest), highest)
    if isinstance(value, (tuple, list)):
        return [_mended(item, kind.value_type) for item in value]
    return value


def well_formed(text: str) -> str:
    """The text with pairs of surrogates joined and lone ones replaced by U+FFFD: what UTF-8 can hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
