"""No way leads to an address that the guard refuses. The server is there: it must not be reached."""

import asyncio
from typing import Any

import pytest

from linkcrawl.download import Address, parse_connect_to
from linkcrawl.records import Fetch, Outcome
from tests.download.servers import PAGE, Run, fetching, keeps_sending_page, serving


@pytest.mark.parametrize(
    ("host", "outcome"),
    [
        ("127.0.0.1", Outcome.BLOCKED_ADDRESS),
        ("localhost", Outcome.BLOCKED_ADDRESS),
        ("LOCALHOST", Outcome.BLOCKED_ADDRESS),
        ("a.localhost", Outcome.BLOCKED_ADDRESS),
        ("[::1]", Outcome.BLOCKED_ADDRESS),
        ("[::]", Outcome.BLOCKED_ADDRESS),
        ("[::ffff:127.0.0.1]", Outcome.BLOCKED_ADDRESS),
        ("[::ffff:7f00:1]", Outcome.BLOCKED_ADDRESS),
        ("[64:ff9b::127.0.0.1]", Outcome.BLOCKED_ADDRESS),
        ("0.0.0.0", Outcome.BLOCKED_ADDRESS),
        ("169.254.169.254", Outcome.BLOCKED_ADDRESS),
        ("2130706433", Outcome.BAD_URL),
        ("0x7f000001", Outcome.DNS_ERROR),
        ("0x7f.1", Outcome.DNS_ERROR),
        ("127.1", Outcome.BAD_URL),
        ("0177.0.0.1", Outcome.BAD_URL),
    ],
)
def test_a_private_address_in_any_form(run: Run[Any], host: str, outcome: Outcome) -> None:
    seen: list[bytes] = []

    async def main() -> Fetch:
        async with serving(keeps_sending_page(seen)) as port, fetching() as fetcher:
            return await fetcher.fetch(f"http://{host}:{port}/")

    fetch = run(main())
    assert (fetch.outcome, seen) == (outcome, [])
    assert fetch.error


def test_the_reason_is_said(run: Run[Any]) -> None:
    async def main() -> Fetch:
        async with fetching() as fetcher:
            return await fetcher.fetch("http://[::ffff:10.0.0.1]/")

    assert run(main()).error == "::ffff:10.0.0.1 is private"


def test_private_addresses_may_be_allowed(run: Run[Any]) -> None:
    async def main() -> list[Fetch]:
        async with serving(keeps_sending_page([])) as port, fetching(allow_private=True) as fetcher:
            hosts = ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]")
            return [await fetcher.fetch(f"http://{host}:{port}/") for host in hosts]

    assert [fetch.body for fetch in run(main())] == [PAGE] * 3


def test_only_the_address_that_was_named_is_exempt(run: Run[Any]) -> None:
    named: list[bytes] = []
    other: list[bytes] = []

    async def main() -> list[Outcome]:
        async with (
            serving(keeps_sending_page(named)) as port,
            serving(keeps_sending_page(other)) as other_port,
            fetching(None, connect_to=parse_connect_to([f"a.test:80:127.0.0.1:{port}"])) as fetcher,
        ):
            urls = ("http://a.test/", f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{other_port}/")
            return [(await fetcher.fetch(url)).outcome for url in urls]

    assert run(main()) == [Outcome.OK, Outcome.OK, Outcome.BLOCKED_ADDRESS]
    assert other == []


@pytest.mark.parametrize("host", ["a.invalid", "a.b.invalid."])
def test_a_name_without_an_address(run: Run[Any], host: str) -> None:
    async def main() -> tuple[Fetch, Address | Fetch]:
        async with fetching() as fetcher:
            return await fetcher.fetch(f"http://{host}/"), await fetcher.resolve(host, 80)

    fetch, resolved = run(main())
    assert isinstance(resolved, Fetch)
    for failure in (fetch, resolved):
        assert (failure.outcome, failure.error) == (Outcome.DNS_ERROR, "no such host")


def test_resolve_gives_the_address_that_a_fetch_would_use(run: Run[Any]) -> None:
    async def main() -> list[Address | Fetch]:
        async with fetching() as guarded, fetching(allow_private=True) as fetcher:
            return [
                await fetcher.resolve("127.0.0.1", 81),
                await fetcher.resolve("::1", 82),
                await guarded.resolve("127.0.0.1", 83),
                await guarded.resolve("1.1.1.1", 84),
            ]

    *addresses, blocked, public = run(main())
    assert addresses == [Address("127.0.0.1", 81, exempt=False), Address("::1", 82, exempt=False)]
    assert isinstance(blocked, Fetch)
    assert (blocked.outcome, blocked.error) == (Outcome.BLOCKED_ADDRESS, "127.0.0.1 is loopback")
    assert public == Address("1.1.1.1", 84, exempt=False)


def test_a_look_up_that_nobody_waits_for_any_more_harms_nobody(run: Run[Any]) -> None:
    async def main() -> Address | Fetch:
        async with fetching(allow_private=True) as fetcher:
            first = asyncio.create_task(fetcher.resolve("localhost", 80))
            second = asyncio.create_task(fetcher.resolve("localhost", 80))
            await asyncio.sleep(0)
            first.cancel()
            return await second

    found = run(main())
    assert isinstance(found, Address)
    assert found.ip in ("127.0.0.1", "::1")


def test_closing_ends_a_look_up(run: Run[Any]) -> None:
    async def main() -> Address | Fetch:
        async with fetching() as fetcher:
            task = asyncio.create_task(fetcher.resolve("localhost", 80))
            await asyncio.sleep(0)
        return await task

    closed = run(main())
    assert isinstance(closed, Fetch)
    assert (closed.outcome, closed.error) == (Outcome.DNS_ERROR, "DNS was closed")
