"""The real pages of the shared data, and what others found on each."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

SITES = ("sites/flink.apache.org", "sites/sakura-editor.github.io", "sites/www.boost.org", "sites/www.w3.org")
PAGES = "pages/pages"


class TrueLink(TypedDict):
    """An `a` or `area` element with an href."""

    tag: str
    href: str
    url: str | None
    rel: list[str]
    text: str
    alt: str


class TruePage(TypedDict):
    """What stands on one page."""

    file: str
    page: str
    encoding: str
    base: str
    robots: list[str]
    links: list[TrueLink]


class Case(NamedTuple):
    """A page and the truth about it."""

    body: bytes
    truth: TruePage


def cases(shared: Path, archive: str) -> Iterator[Case]:
    """All pages of one archive (of `SITES`, or `PAGES`)."""
    web = shared / "web"
    truth = web / ("pages/truth.jsonl.gz" if archive == PAGES else f"{archive}.truth.jsonl.gz")
    with (
        zipfile.ZipFile(web / f"{archive}.zip") as bodies,
        gzip.open(truth, "rt", encoding="utf-8", newline="\n") as rows,
    ):
        for row in rows:
            page: TruePage = json.loads(row)
            yield Case(bodies.read(page["file"]), page)
