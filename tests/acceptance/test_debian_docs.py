"""HTML that anybody can get: a Debian package, crawled, and each row held to what html5lib reads."""

import mimetypes
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import html5lib
import pytest

from tests.acceptance.compare import Row, difference
from tests.acceptance.reach import closure
from tests.acceptance.real_web import crawl
from tests.acceptance.truth import identity, join, site_of
from tests.web import Answer, LocalWeb, Page
from tests.web.found import newest_visits, rows_of

FOLDER = Path("/usr/share/developers-reference")
HOST = "docs.reference.example"
START = f"http://{HOST}/index.html"


@pytest.fixture(scope="module")
def files() -> dict[str, Page]:
    """{path: file} of the package."""
    if not (FOLDER / "index.html").is_file():
        pytest.skip("needs real HTML: apt-get install developers-reference")
    found = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    return {f"/{path.relative_to(FOLDER)}": as_answer(path) for path in found}


def as_answer(path: Path) -> Answer:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Answer(200, path.read_bytes(), (("Content-Type", kind),))


class Reading:
    """The package as html5lib reads it."""

    def __init__(self, files: dict[str, Page]) -> None:
        self._files = files
        self.links_on = cache(self._links_on)

    def _links_on(self, url: str) -> list[tuple[str, Row]]:
        """(href as resolved, row) of each link, in the page's order."""
        page = self._files.get(urlsplit(url).path)
        if not isinstance(page, Answer) or ("Content-Type", "text/html") not in page.headers:
            return []
        tree = html5lib.parse(page.body.decode(), namespaceHTMLElements=False)
        assert tree.find("head/base") is None
        return [pair for tag in tree.iter() if tag.tag in ("a", "area") for pair in self._row(url, tag)]

    def _row(self, url: str, tag: Any) -> Iterator[tuple[str, Row]]:
        target = join(url, tag.get("href").strip()) if tag.get("href") is not None else None
        if target is not None and target.startswith(("http://", "https://")):
            text = " ".join("".join(tag.itertext()).split())
            alt = " ".join(image.get("alt", "") for image in tag.iter("img")).strip()
            rel = tuple(tag.get("rel", "").lower().split())
            yield target, Row(url, identity(target), tag.tag, rel, text, alt)

    def leads_to(self, url: str) -> list[str]:
        """The URLs that a page links to."""
        return [row.target_url for _, row in self.links_on(url)]


@pytest.mark.slow
def test_every_link_of_a_debian_package_is_found(files: dict[str, Page], tmp_path: Path) -> None:
    reading = Reading(files)
    reached = closure([START], reading.leads_to, lambda url: url.startswith(f"http://{HOST}/"))
    rows = [row for url in sorted(reached) for _, row in reading.links_on(url)]
    sites = Counter(site_of(urlsplit(row.target_url).hostname or "") for row in rows)
    watch = [site for site, _ in sites.most_common(8) if site != site_of(HOST)]
    expected = [row for row in rows if site_of(urlsplit(row.target_url).hostname or "") in watch]
    assert len(expected) > 100

    with LocalWeb({HOST: files}) as web:
        crawl([START], watch, web.port, tmp_path, [])
        asked = {f"http://{HOST}{hit.path}" for hit in web.hits} - {f"http://{HOST}/robots.txt"}
    assert asked == reached
    assert newest_visits(tmp_path / "out").keys() == reached

    found = sorted(rows_of(tmp_path / "out", "links"), key=lambda row: (row["source_url"], row["position"]))
    wrong = difference(expected, (as_row(row) for row in found if row["element"] in ("a", "area")))
    assert not wrong, wrong.report()


def as_row(row: dict[str, Any]) -> Row:
    known = (row["source_url"], row["target_url"], row["element"], tuple(row["rel"]))
    return Row(*known, row["anchor_text"], row["image_alt"] or "")
