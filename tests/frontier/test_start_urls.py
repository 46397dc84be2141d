"""Seeds pushed by hand: how they are read, that none is lost whoever dies, what becomes of garbage."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier import Frontier
from linkcrawl.frontier.start_urls import AT_ONCE, LONGEST, StartUrls, Taken, key_of, seed_of
from linkcrawl.records import EndState, Outcome, Seed
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl
from tests.frontier.conftest import Crawl, OpenCrawl
from tests.frontier.test_moves import leases_of

RULES = IdentityRules()
KEY = "test:start_urls"


def by_site(host: str, site: str) -> str:
    return site


async def at_once() -> None:
    """Before Redis 7.2 it takes two seconds until the server says that it has written everything."""


async def take(client: Frontier) -> Taken:
    return await StartUrls(client._session, KEY).take(RULES, by_site, at_once)


async def letters_of(client: Frontier) -> list[tuple[str, str, bytes]]:
    return [(letter.reason, letter.where, letter.content) async for letter in client.dead_letters()]


@pytest.mark.parametrize(
    ("raw", "url", "https_first"),
    [
        (b"https://a.example/x?b=1", "https://a.example/x?b=1", False),
        (b" a.example\n", "https://a.example/", True),
        (b'{"url": "http://a.example"}', "http://a.example/", False),
        (b'{"url": "a.example", "meta": {"job": 1}, "form_data": {}}', "https://a.example/", True),
        ("bücher.example".encode(), "https://xn--bcher-kva.example/", True),
    ],
)
def test_what_is_a_seed(raw: bytes, url: str, https_first: bool) -> None:
    seed = seed_of(raw, RULES)
    assert (seed.url, seed.https_first) == (url, https_first)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{}",
        b'{"url": 3}',
        b'["https://a.example/"]',
        b"ftp://a.example/",
        b"no domain",
        b"\xff\xfe",
        b"\x80\x04\x95pickled",
        b"https://a.example/" + b"x" * LONGEST,
    ],
)
def test_what_is_none(raw: bytes) -> None:
    with pytest.raises(BadUrl):
        seed_of(raw, RULES)


@given(st.binary(max_size=100) | st.text(max_size=50).map(str.encode))
def test_whatever_is_pushed_is_a_seed_or_refused(raw: bytes) -> None:
    with suppress(BadUrl):
        assert seed_of(raw, RULES).url.startswith(("http://", "https://"))


def test_the_key_is_that_of_scrapy_redis() -> None:
    assert key_of("%(name)s:start_urls", "spring") == "spring:start_urls"
    assert key_of("seeds", "spring") == "seeds"


PUSHES: dict[str, Callable[[str, int], tuple[str | int, ...]]] = {
    "list": lambda value, _at: ("LPUSH", KEY, value),
    "set": lambda value, _at: ("SADD", KEY, value),
    "zset": lambda value, at: ("ZADD", KEY, at, value),
}


@pytest.mark.parametrize("kind", list(PUSHES))
def test_what_waits_is_submitted_as_seeds_and_gone(crawl_of: OpenCrawl, kind: str) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            for at, value in enumerate(["https://a.example/", "b.example", '{"url": "a.example/2"}']):
                await crawl.raw.command(*PUSHES[kind](value, at))
            assert await worker.start_urls_waiting() == 3
            assert not await worker.complete()
            assert await take(worker) == Taken(3, 0)
            assert await worker.start_urls_waiting() == 0
            assert await take(worker) == Taken(0, 0)
            seeds = {
                lease.candidate.url: lease.candidate.seed for lease in leases_of(await worker.lease(9, 9))
            }
            assert seeds == {
                "https://a.example/": Seed.YES,
                "https://b.example/": Seed.HTTPS_FIRST,
                "https://a.example/2": Seed.HTTPS_FIRST,
            }
            assert sorted((await worker.scope())[1]) == ["a.example", "b.example"]
            state = await worker.find()
            assert state is not None
            assert state.seeds == 3
            assert not await crawl.raw.command("EXISTS", KEY)

    asyncio.run(scenario())


def test_of_a_list_what_was_pushed_first_is_taken_first(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            many = [f"https://a.example/{n}" for n in range(AT_ONCE + 20)]
            await crawl.raw.command("LPUSH", KEY, *many)
            assert await take(worker) == Taken(AT_ONCE, 0)
            left = await crawl.raw.command("LRANGE", KEY, 0, -1)
            assert sorted(left) == sorted(url.encode() for url in many[AT_ONCE:])
            [first, *_] = leases_of(await worker.lease(1, 5))
            assert first.candidate.url == many[0]

    asyncio.run(scenario())


def test_garbage_goes_to_the_dead_letters_and_the_books_balance(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            garbage = [b"\x80\x04pickle", b"{not json", b"mailto:me@a.example", b"x" * 10_000]
            await crawl.raw.command("LPUSH", KEY, *garbage, b"https://a.example/")
            assert await take(worker) == Taken(1, 4)
            letters = await letters_of(worker)
            assert [reason for reason, _, _ in letters] == ["start_url"] * 4
            assert all(where.startswith(f"{KEY}: ") for _, where, _ in letters)
            assert {content for _, _, content in letters} == {*garbage[:3], b"x" * LONGEST}
            books = await worker.books()
            assert books.balanced
            assert (books.accepted, books.dead, books.queued) == (5, 4, 1)
            await crawl.raw.command("LPUSH", KEY, garbage[0])
            await take(worker)
            assert (await worker.books()).dead == 4, "read by two workers at once, it is one"

    asyncio.run(scenario())


def test_a_key_of_another_type_stops_nobody(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await crawl.raw.command("SET", KEY, "https://a.example/")
            assert await worker.start_urls_waiting() == 0
            assert await take(worker) == Taken(0, 0)
            assert await worker.complete()

    asyncio.run(scenario())


def test_who_dies_in_between_loses_none(crawl_of: OpenCrawl) -> None:
    class PowerCut(Exception):
        pass

    async def power_cut() -> None:
        raise PowerCut

    async def no_disk() -> None:
        raise FrontierUnavailable("the connection broke")

    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await crawl.raw.command("LPUSH", KEY, "https://a.example/", "b.example", "no seed", "no seed")
            waiting = StartUrls(worker._session, KEY)
            with pytest.raises(PowerCut):
                await waiting.take(RULES, by_site, power_cut)
            with pytest.raises(FrontierUnavailable):
                await waiting.take(RULES, by_site, no_disk)
            assert await waiting.waiting() == 4
            another = await crawl.client("another")
            assert await another.take_start_urls(RULES, by_site) == Taken(2, 2)
            books = await worker.books()
            assert books.balanced
            assert (books.queued, books.dead) == (2, 1)
            assert await worker.start_urls_waiting() == 0

    asyncio.run(scenario())


async def push_all(crawl: Crawl, urls: list[str]) -> None:
    for url in urls:
        await crawl.raw.command("LPUSH", KEY, url)
        await asyncio.sleep(0)


def test_several_that_race_take_each_in_once(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            clients = [await crawl.client(f"w{n}") for n in range(3)]
            urls = [f"https://s{n % 40}.example/{n}" for n in range(200)]

            async def until_empty(client: Frontier) -> None:
                quiet = 0
                while quiet < 3:
                    quiet = 0 if (await take(client)).seeds else quiet + 1
                    await asyncio.sleep(0.005)

            pushing = asyncio.create_task(push_all(crawl, urls))
            await asyncio.gather(*(until_empty(client) for client in clients), pushing)
            await take(clients[0])
            books = await clients[0].books()
            assert books.balanced
            assert (books.accepted, books.queued) == (200, 200)
            assert await clients[0].start_urls_waiting() == 0

    asyncio.run(scenario())


def test_a_push_opens_a_finished_crawl(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            await crawl.raw.command("LPUSH", KEY, "https://a.example/")
            await take(worker)
            [lease] = leases_of(await worker.lease(9, 9))
            await worker.settle([(lease, Outcome.OK)])
            assert await worker.complete()
            assert await worker.end(EndState.FINISHED) is EndState.FINISHED
            await crawl.raw.command("LPUSH", KEY, "https://a.example/2")
            await take(worker)
            assert (await worker.beat([])).end_state is None
            assert not await worker.complete()

    asyncio.run(scenario())
