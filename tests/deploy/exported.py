"""What the exporter gives, by its contract: docs/metrics.md. That it does, test_live_board.py sees on a real worker."""

import re

from linkcrawl.records import EndState, Outcome, Refusal
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "metrics.md"
_ROW = re.compile(r"^\| `(linkcrawl_\w+)` \| (\w+)[^|]*\| (?:`(\w+)`)?[^|]*\|", re.MULTILINE)
_STATES: dict[str, set[str]] = {
    "linkcrawl_urls": {"queued", "delayed", "leased", "dead"},
    "linkcrawl_crawl_ended": set(EndState),
}
_VALUES: dict[str, set[str]] = {"outcome": set(Outcome), "reason": set(Refusal)}
Labels = dict[str, set[str]]


def families() -> dict[str, str]:
    """Name of each metric -> its type."""
    return {name: kind for name, kind, _ in _ROW.findall(PAGE.read_text())}


def exported() -> dict[str, Labels]:
    """Name of each series as Prometheus stores it -> its labels beside `crawl` -> the values that they have."""
    found: dict[str, Labels] = {}
    for name, kind, label in _ROW.findall(PAGE.read_text()):
        labels: Labels = {label: _STATES.get(name) or _VALUES[label]} if label else {}
        for series in (f"{name}_sum", f"{name}_count") if kind == "summary" else (name,):
            found[series] = labels
    return found
