"""Names, asked of a DNS server of the test's own."""

import asyncio
import ipaddress
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from linkcrawl.download import Address, AddressDenied, AddressGuard, ConnectTo, parse_connect_to
from linkcrawl.download.resolver import DnsFailure, Resolver
from linkcrawl.records import Fetch, Outcome
from tests.download.servers import Run, fetching

NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5
A, AAAA = 1, 28

NAMES: dict[str, list[str] | int | None] = {
    "public.test": ["1.1.1.1", "1.0.0.1", "2606:4700::1111"],
    "mixed.test": ["127.0.0.1", "9.9.9.9", "10.0.0.1"],
    "private.test": ["10.0.0.1", "fc00::1"],
    "empty.test": [],
    "none.test": NO_SUCH_NAME,
    "broken.test": SERVER_FAILURE,
    "refused.test": REFUSED,
    "silent.test": None,
}
"""The addresses of a name, or the code of its error, or None: no answer."""


class DnsServer(asyncio.DatagramProtocol):
    """Answers A and AAAA questions from the table, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # uvloop's is none of asyncio's class

    def datagram_received(self, data: bytes, addr: Any) -> None:
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode().lower())
            at += 1 + length
        (kind,) = struct.unpack(">H", data[at + 1 : at + 3])
        question = data[12 : at + 5]
        name = ".".join(labels)
        self.asked[name] += 1
        found = NAMES.get(name, NO_SUCH_NAME)
        if found is None:
            return
        code, texts = (found, []) if isinstance(found, int) else (NO_ERROR, found)
        addresses = [ipaddress.ip_address(text) for text in texts if (kind == AAAA) == (":" in text)]
        records = [
            struct.pack(">HHHIH", 0xC00C, kind, 1, 300, len(address.packed)) + address.packed
            for address in addresses
        ]
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        self._transport.sendto(head + question + b"".join(records), addr)


@asynccontextmanager
async def dns_server() -> AsyncIterator[tuple[DnsServer, str]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        DnsServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server, f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


@asynccontextmanager
async def resolving(
    connect_to: ConnectTo | None = None, query_seconds: float = 5.0
) -> AsyncIterator[tuple[Resolver, DnsServer]]:
    async with dns_server() as (server, place):
        resolver = Resolver(AddressGuard(), connect_to or ConnectTo(), [place], query_seconds)
        try:
            yield resolver, server
        finally:
            await resolver.close()


async def ips(host: str, connect_to: ConnectTo | None = None, query_seconds: float = 5.0) -> list[str]:
    async with resolving(connect_to, query_seconds) as (resolver, _):
        return [place.ip for place in await resolver.places(host, 80)]


def test_all_addresses_are_given(run: Run[Any]) -> None:
    assert sorted(run(ips("public.test"))) == ["1.0.0.1", "1.1.1.1", "2606:4700::1111"]


def test_denied_addresses_are_left_out(run: Run[Any]) -> None:
    assert run(ips("mixed.test")) == ["9.9.9.9"]


def test_a_public_name_of_private_addresses_is_denied(run: Run[Any]) -> None:
    with pytest.raises(AddressDenied) as caught:
        run(ips("private.test"))
    assert sorted(str(caught.value).split(", ")) == ["10.0.0.1 is private", "fc00::1 is private"]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("none.test", "no such host"),
        ("empty.test", "the host has no address"),
        ("broken.test", "the DNS server failed"),
        ("refused.test", "the DNS server refused"),
        ("a..test", "not a host name"),
        ("x" * 64 + ".test", "not a host name"),
        ("x.invalid", "no such host"),
    ],
)
def test_each_failure_is_told_apart(run: Run[Any], host: str, reason: str) -> None:
    with pytest.raises(DnsFailure, match=f"^{reason}$"):
        run(ips(host))


def test_a_server_that_does_not_answer_is_told_apart(run: Run[Any]) -> None:
    with pytest.raises(DnsFailure, match=r"^DNS timed out$"):
        run(ips("silent.test", query_seconds=0.05))


def test_a_name_is_asked_for_once(run: Run[Any]) -> None:
    async def main() -> Counter[str]:
        async with resolving() as (resolver, server):
            await asyncio.gather(*(resolver.places("public.test", port) for port in range(1, 20)))
            await resolver.places("public.test", 443)
            for _ in range(3):
                with pytest.raises(DnsFailure):
                    await resolver.places("none.test", 80)
            return server.asked

    assert run(main()) == {"public.test": 2, "none.test": 2}  # A and AAAA


def test_a_mapped_name_is_not_asked_for(run: Run[Any]) -> None:
    async def main() -> tuple[list[Address], Counter[str]]:
        async with resolving(parse_connect_to(["::127.0.0.1:8080"])) as (resolver, server):
            return await resolver.places("public.test", 80), server.asked

    assert run(main()) == ([Address("127.0.0.1", 8080, exempt=True)], Counter())


def test_a_name_that_is_mapped_to_a_name_may_be_private(run: Run[Any]) -> None:
    mapping = parse_connect_to(["a.test::private.test:"])
    assert sorted(run(ips("a.test", mapping))) == ["10.0.0.1", "fc00::1"]


def test_a_mapping_of_the_port_alone_exempts_nothing(run: Run[Any]) -> None:
    with pytest.raises(AddressDenied):
        run(ips("private.test", parse_connect_to([":::8080"])))


def test_a_fetch_of_a_private_name_is_blocked(run: Run[Any]) -> None:
    async def main() -> Fetch:
        async with dns_server() as (_, place), fetching(dns_servers=(place,)) as fetcher:
            return await fetcher.fetch("http://private.test/")

    assert run(main()).outcome is Outcome.BLOCKED_ADDRESS
