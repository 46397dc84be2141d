"""A crawl of the demo's web finds exactly what the list of facts says."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from linkcrawl.demo import Fact, facts, serve_demo
from tests.web.command import PROGRAM
from tests.web.found import newest_visits, rows_of


@pytest.mark.slow
def test_the_demo_finds_every_fact(tmp_path: Path) -> None:
    with serve_demo() as web:
        command = [PROGRAM, "crawl", *web.seeds, "--watch", *web.watch, "-o", str(tmp_path)]
        subprocess.run(
            [*command, "--connect-to", web.connect_to, "--delay", "0.02"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
    expected = Counter(facts())
    found = Counter(fact_of(row) for row in rows_of(tmp_path, "links"))
    assert (list((expected - found).elements()), list((found - expected).elements())) == ([], [])
    forbidden = newest_visits(tmp_path)["http://forum.makers.example/private/inbox"]
    assert forbidden["outcome"] == "robots_disallowed"


def fact_of(row: dict[str, object]) -> Fact:
    reasons = row["follow_reasons"]
    assert isinstance(reasons, list)
    values = {name: row[name] for name in Fact._fields} | {"follow_reasons": tuple(sorted(reasons))}
    return Fact._make(values[name] for name in Fact._fields)
