"""docs/columns.md, made from the columns: `python -m linkcrawl.dataset.docs > docs/columns.md`."""

import json
import sys
from enum import StrEnum

from linkcrawl.dataset.columns import DATASETS, Column, Dataset
from linkcrawl.dataset.columns.column import STRING, TIMESTAMP
from linkcrawl.dataset.schema import SCHEMA_VERSION

READERS = {
    "DuckDB": """\
import duckdb

links = duckdb.sql(
    "FROM read_parquet('OUT/links/*/*.parquet', union_by_name = true, hive_partitioning = true)"
)
""",
    "Polars": """\
from pathlib import Path
import polars as pl

files = sorted(Path("OUT/links").glob("*/*.parquet"))
links = pl.concat([pl.scan_parquet(file, hive_partitioning=True) for file in files], how="diagonal")
""",
    "pyarrow": """\
import pyarrow as pa
import pyarrow.dataset as ds

day = ds.partitioning(pa.schema([("crawl_date", pa.date32())]), flavor="hive")
files = ds.dataset("OUT/links", partitioning=day)
schemas = [files.schema, *(file.physical_schema for file in files.get_fragments())]
links = files.replace_schema(pa.unify_schemas(schemas))
""",
    "Spark": """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
links = spark.read.option("mergeSchema", "true").parquet("OUT/links")
""",
}
"""Lines that read a partitioned dataset into `links`, columns of newer files included. The tests run them."""

NEWEST = """\
SELECT links.*
FROM links
JOIN visits USING (visit_id)
WHERE visit_id IN (
    SELECT arg_max(visit_id, (visited_at, visit_id)) FROM visits GROUP BY crawl_id, url
)
"""
"""The rows that count, for who reads the files without linkcrawl. The tests run it too."""

_HEAD = f"""\
# Columns of the datasets

Made by `python -m linkcrawl.dataset.docs > docs/columns.md`; schema version {SCHEMA_VERSION}, which each
file names in its metadata (`linkcrawl.schema`, beside `linkcrawl.dataset` and `linkcrawl.version`).

* Null means not known, `''` means known to be empty. A list is never null, and neither are its items.
* Strings are plain UTF-8. What a page held that UTF-8 can not (a lone surrogate) is U+FFFD. A number beyond
  its type is the nearest that fits.
* Times are UTC, to the microsecond.
* Where values are listed, there are no others.
* Columns are only ever added, at the end, and those are null (a list: empty) in files that are older.

`visits`, `links` and `edges` lie in `OUT/<dataset>/crawl_date=YYYY-MM-DD/<crawl>-<worker>-<serial>.parquet`.
The date is the UTC date of the visit, and is a column only by the path. The three files of a commit share
date and name, and the one of `visits` gets its name last: links and edges whose visits file does not exist
belong to a commit that was not finished. `crawls`, `watchlists` and `sites` lie in `OUT/<dataset>/*.parquet`.
Names with a leading dot are files that are being written.
"""


def columns_md() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD, _reading(), *(_dataset(dataset) for dataset in DATASETS.values())]
    return "\n".join(parts)


def _reading() -> str:
    examples = "\n".join(f"{name}:\n\n```python\n{code}```\n" for name, code in READERS.items())
    return f"""\
## Reading them

{examples}
A page that was fetched twice in a crawl (after a crash, say) has two visits: the newest counts, by
`visited_at` and `visit_id`, and links and edges join it by `visit_id`. In SQL:

```sql
{NEWEST}```
"""


def _dataset(dataset: Dataset) -> str:
    lines = [f"## {dataset.name}", "", f"A row is {dataset.row}."]
    if dataset.sort_keys:
        keys = ", ".join(f"`{key}`" for key in dataset.sort_keys)
        lines.append(f"The rows of a file are sorted by {keys}.")
    lines += ["", "| column | type | null | meaning | example |", "|---|---|---|---|---|"]
    lines += [_row(column) for column in dataset.columns]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    meaning = column.meaning + (f": {_values(column.enum)}" if column.enum else "")
    null = "yes" if column.nullable else "no"
    cells = (f"`{column.name}`", column.type_name, null, meaning, f"`{_example(column)}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(enum: type[StrEnum]) -> str:
    return ", ".join(f"`{member.value}`" for member in enum)


def _example(column: Column) -> str:
    is_text = column.type in (STRING, TIMESTAMP)
    return str(column.example) if is_text else json.dumps(column.example)


if __name__ == "__main__":
    sys.stdout.write(columns_md())
