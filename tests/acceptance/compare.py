"""Two multisets of link rows held against each other: never counts, and readable where they differ. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SHOWN = 20


class Row(NamedTuple):
    """A link, as far as an independent reader knows it."""

    source_url: str
    target_url: str
    element: str
    rel: tuple[str, ...]
    """Lower case, in order."""
    text: str | None
    """None: not compared, since the two readers chose different encodings."""
    image_alt: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with the rows found. Nothing, if it is false."""

    missing: tuple[Row, ...]
    extra: tuple[Row, ...]
    misordered: tuple[str, ...]
    """Pages whose rows are right but do not stand in the order of the page."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.misordered)

    def report(self) -> str:
        """The first rows of each kind."""
        lines = []
        for title, rows in (("missing", self.missing), ("extra", self.extra)):
            lines += _listed(f"{title} rows", [repr(tuple(row)) for row in rows])
        return "\n".join(lines + _listed("pages out of order", self.misordered))


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"  ... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"{len(lines)} {title}", *(f"  {line}" for line in lines[:SHOWN]), *more] if lines else []


def difference(expected: Iterable[Row], found: Iterable[Row]) -> Difference:
    """What is missing, extra or out of order. The rows of a page come in the page's order in both."""
    owed, got = list(expected), list(found)
    missing, extra = Counter(owed) - Counter(got), Counter(got) - Counter(owed)
    wrong_pages = {row.source_url for row in (*missing, *extra)}
    owed_pages, got_pages = _by_page(owed), _by_page(got)
    misordered = (
        page for page, rows in owed_pages.items() if page not in wrong_pages and rows != got_pages[page]
    )
    return Difference(
        tuple(sorted(missing.elements(), key=repr)),
        tuple(sorted(extra.elements(), key=repr)),
        tuple(sorted(misordered)),
    )


def _by_page(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    pages: dict[str, list[Row]] = {}
    for row in rows:
        pages.setdefault(row.source_url, []).append(row)
    return pages
