"""The pages and links of the shared web: `pytest.mark.parametrize` names the files, so that they run in
parallel."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = (
    "pages/truth.jsonl.gz",
    "sites/flink.apache.org.truth.jsonl.gz",
    "sites/sakura-editor.github.io.truth.jsonl.gz",
    "sites/www.boost.org.truth.jsonl.gz",
    "sites/www.w3.org.truth.jsonl.gz",
)


def pages(shared: Path, file: str) -> Iterator[dict[str, Any]]:
    with gzip.open(shared / "web" / file, "rb") as lines:
        for line in lines:
            yield json.loads(line)
