"""What another version of linkcrawl left on the server is refused whole, never understood by half."""

import asyncio
from hashlib import sha1
from typing import Any

import msgspec
import pytest

from linkcrawl.errors import OtherVersion
from linkcrawl.frontier import Frontier, Release
from linkcrawl.frontier.lua import Script, script
from linkcrawl.frontier.wire import ENTRY_VERSION, pack
from linkcrawl.records import Outcome
from tests.frontier.conftest import Crawl, OpenCrawl, url
from tests.frontier.test_moves import lease_until, leases_of, paths

QUEUE = "{test:0}:q:0:a.example"
RECORD = "{test}"


def an_entry(version: int, *more: object) -> bytes:
    return pack((version, 0, 1, "https://a.example/other", 0, 0, "", 0, 0, 0, 0, *more))


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        (an_entry(ENTRY_VERSION + 1), "version"),
        (an_entry(ENTRY_VERSION + 1, "a field more"), "version"),
        (pack((ENTRY_VERSION + 5, {"url": "https://a.example/other"})), "version"),
        (an_entry(ENTRY_VERSION, "a field more"), "garbage"),
        (b"\x9b\x01", "garbage"),
        (b"\x9b", "garbage"),
        (pack({"version": 2}), "garbage"),
    ],
)
def test_an_entry_of_another_version_is_set_aside_and_named(
    crawl_of: OpenCrawl, foreign: bytes, reason: str
) -> None:
    async def scenario() -> None:
        async with crawl_of(partitions=1) as crawl:
            worker = await crawl.worker()
            await worker.submit([url("a.example", "/mine")])
            await crawl.raw.command("LPUSH", QUEUE, foreign)
            # An older one of ours waits for its retry, in the other place where entries lie.
            await crawl.raw.command("ZADD", "{test:0}:delayed", 0, b"0 a.example " + foreign)
            await crawl.raw.command("HINCRBY", "{test:0}:c", "delayed", 1)
            await crawl.raw.command("HINCRBY", "{test:0}:c", "accepted", 1)
            found: list[str] = []
            async with asyncio.timeout(10):
                while not found:
                    holds = await worker.lease(1, 10)
                    found += paths(holds)
                    await worker.settle([(lease, Outcome.OK) for hold in holds for lease in hold.leases])
                    await worker.release([Release(hold) for hold in holds])
                while not await worker.complete():
                    await worker.release([Release(hold) for hold in await worker.lease(1, 10)])
            assert found == ["/mine"]
            letters = [letter async for letter in worker.dead_letters()]
            assert [(letter.reason, letter.content) for letter in letters] == [(reason, foreign)] * 2
            books = await worker.books()
            assert (books.dead, books.pages, books.balanced) == (2, 1, True), books.off

    asyncio.run(scenario())


async def set_version(crawl: Crawl, version: int, **more: Any) -> None:
    """As a linkcrawl of that version would have made it."""
    record = msgspec.msgpack.decode(await crawl.raw.command("HGET", RECORD, "spec"))
    changed = msgspec.msgpack.encode(record | {"version": version} | more)
    await crawl.raw.command("HSET", RECORD, "spec", changed)


@pytest.mark.parametrize(("version", "cure"), [(2, "upgrade linkcrawl"), (0, "delete it")])
def test_a_crawl_of_another_version_can_be_deleted_and_nothing_else(
    crawl_of: OpenCrawl, version: int, cure: str
) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            await (await crawl.client()).submit([url("a.example")])
            await set_version(crawl, version, a_field_of_tomorrow=True)
            stranger = await Frontier.connect(crawl.address, "test")
            try:
                with pytest.raises(OtherVersion, match=cure):
                    await stranger.find()
                with pytest.raises(OtherVersion, match=cure):
                    await stranger.create(crawl.spec)
                await stranger.delete()
                assert await crawl.raw.command("DBSIZE") == 0
            finally:
                await stranger.close()

    asyncio.run(scenario())


def test_two_versions_of_a_script_work_side_by_side(
    crawl_of: OpenCrawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts are called by the hash of their text: each linkcrawl loads and calls its own."""
    texts = [""]

    def of_its_own(name: str) -> Script:
        text = script(name).text + texts[-1]
        return Script(text, sha1(text.encode()).hexdigest())

    monkeypatch.setattr("linkcrawl.frontier.server.script", of_its_own)

    async def scenario() -> None:
        async with crawl_of() as crawl:
            workers = [await crawl.worker("one"), await crawl.worker("two")]
            done: list[str] = []
            for number in range(6):
                texts.append("\n-- of the next version" if number % 2 else "")
                worker, other = workers[number % 2], workers[1 - number % 2]
                assert await worker.submit([url(f"{number}.example")]) == [None]
                texts.append(texts[-2])
                holds = await lease_until(other)
                done += paths(holds)
                assert await other.settle([(lease, Outcome.OK) for lease in leases_of(holds)]) == 0
                assert await other.release([Release(hold, 0) for hold in holds]) == 0
            assert len(done) == 6
            assert await workers[0].complete()
            assert (await workers[0].books()).balanced

    asyncio.run(scenario())
