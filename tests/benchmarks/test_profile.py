"""What py-spy writes is added up right."""

from collections import Counter

from tests.benchmarks.profile import add_up, frames_of, package_of, table

LINES = [
    "process 7:worker;<module> (linkcrawl/cli/__init__.py:3);parse (linkcrawl/spiders/links.py:9) 30",
    "process 7:worker;<module> (linkcrawl/cli/__init__.py:3);loads (json/__init__.py:300) 10",
]


def test_lines_are_added_up() -> None:
    packages, own, inclusive, total = add_up(LINES)
    assert total == 40
    assert packages == Counter({"linkcrawl.spiders.links": 30, "json": 10})
    assert own["json: loads"] == 10
    assert inclusive["linkcrawl.cli.__init__: <module>"] == 40
    assert list(table("t", packages, total, 1)) == ["t", "   75.0 %  linkcrawl.spiders.links"]


def test_frames_and_packages() -> None:
    assert frames_of("f (a/b.py:1);g (c.py:2) 5") == ([("f", "a/b.py"), ("g", "c.py")], 5)
    assert package_of("/x/site-packages/aiohttp/client.py") == "aiohttp"
    assert package_of("/usr/lib/python3/json/decoder.py") == "python"
    assert package_of("pipelines/settle.py") == "pipelines.settle"
