"""The watch list of a running crawl: nobody's change is lost, and none is made of nothing."""

import asyncio
from pathlib import Path

import pytest

from linkcrawl.errors import UsageError
from linkcrawl.steer import watching
from tests.frontier.conftest import OpenCrawl


def test_patterns_and_files_of_them(tmp_path: Path) -> None:
    file = tmp_path / "watch.txt"
    file.write_text("\ufeffexample.com\n# a comment\n\n=WWW.Example.org  # one host\n")
    assert watching.read_patterns([str(file), "a.test/blog/", "EXAMPLE.com"]) == (
        "example.com",
        "=www.example.org",
        "a.test/blog/",
    )


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    bad, empty, binary = tmp_path / "bad.txt", tmp_path / "empty.txt", tmp_path / "binary"
    bad.write_text("ok.test\nx..y\n")
    empty.write_text("# nothing\n")
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError) as caught:
        watching.read_patterns([str(bad), "me@x.test", str(binary)])
    first, second, third = caught.value.problems
    assert first.startswith(f"{bad}: line 2: 'x..y'")
    assert second.startswith("'me@x.test' can not be watched")
    assert third.endswith("it is not UTF-8 text")
    with pytest.raises(UsageError, match="no pattern in it"):
        watching.read_patterns([str(empty)])


def test_a_list_changes_and_says_what_was_there(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            first = await operator.set_watch(["a.test", "b.test"])
            done = await watching.add(operator, ["b.test", "c.test"])
            assert (done.version, done.patterns, done.changed, done.unchanged) == (
                first + 1,
                3,
                ("c.test",),
                ("b.test",),
            )
            again = await watching.add(operator, ["c.test"])
            assert (again.version, again.changed) == (done.version, ()), "nothing new: no new version"
            gone = await watching.remove(operator, ["a.test", "x.test"])
            assert (gone.patterns, gone.changed, gone.unchanged) == (2, ("a.test",), ("x.test",))
            assert (await operator.watch())[1] == ["b.test", "c.test"]
            with pytest.raises(UsageError, match="nothing would be left"):
                await watching.remove(operator, ["b.test", "c.test"])
            assert (await operator.watch())[1] == ["b.test", "c.test"]
            assert await operator.watched() == (gone.version, 2)

    asyncio.run(scenario())


def test_many_operators_at_once_lose_nothing(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operators = [await crawl.client(f"o{number}") for number in range(6)]
            await operators[0].set_watch(["a.test", "b.test"])
            adds = [watching.add(one, [f"n{i}.test"]) for i, one in enumerate(operators[:5])]
            await asyncio.gather(*adds, watching.remove(operators[5], ["a.test"]))
            version, patterns = await operators[0].watch()
            assert sorted(patterns) == ["b.test", *(f"n{i}.test" for i in range(5))]
            assert version >= 7

    asyncio.run(scenario())


def test_a_list_of_many_patterns(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator = await crawl.client()
            await operator.set_watch(["a.test"])
            done = await watching.add(operator, [f"n{i}.test" for i in range(12_000)])
            assert (done.patterns, len((await operator.watch())[1])) == (12_001, 12_001)

    asyncio.run(scenario())
