"""Names -> addresses: without blocking, each name asked once at a time, kept for a while, guarded."""

import asyncio
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import aiodns
import pycares
from aiohttp.abc import AbstractResolver, ResolveResult

from linkcrawl.download.connect_to import ConnectTo, is_address
from linkcrawl.download.guard import AddressDenied, AddressGuard

_MAX_NAMES = 20_000
_MIN_SECONDS, _MAX_SECONDS = 60.0, 3600.0
_FAILURE_SECONDS = 30.0
QUERY_SECONDS, _QUERY_TRIES = 2.0, 3
"""Waiting doubles with each try: a dead DNS server is found out before the time of a fetch is over."""

_REASONS = {
    pycares.errno.ARES_ENOTFOUND: "no such host",
    pycares.errno.ARES_ENODATA: "the host has no address",
    pycares.errno.ARES_ETIMEOUT: "DNS timed out",
    pycares.errno.ARES_ESERVFAIL: "the DNS server failed",
    pycares.errno.ARES_ECONNREFUSED: "no DNS server answers",
    pycares.errno.ARES_EREFUSED: "the DNS server refused",
    pycares.errno.ARES_EBADNAME: "not a host name",
}


class DnsFailure(OSError):
    """A name without an address; the text says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a connection to a host and port goes.

    ip: '' where a proxy makes the connection. exempt: the operator named it (`--connect-to`, a proxy), so
    it does not count among the sites of one IP address.
    """

    ip: str
    port: int
    exempt: bool


@dataclass(frozen=True, slots=True)
class _Known:
    ips: tuple[str, ...]
    failure: str | None
    until: float


class Resolver(AbstractResolver):
    """One owner, the fetcher. It is also what aiohttp asks for a name."""

    def __init__(
        self,
        guard: AddressGuard,
        connect_to: ConnectTo,
        dns_servers: Sequence[str] = (),
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        """dns_servers: "ADDRESS" or "ADDRESS:PORT", not the system's. query_seconds: of the first try."""
        self._guard = guard
        self._connect_to = connect_to
        self._dns_servers = tuple(dns_servers)
        self._query_seconds = query_seconds
        self._dns: aiodns.DNSResolver | None = None
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_Known]] = {}

    async def places(self, host: str, port: int, *, anew: bool = False) -> list[Address]:
        """Where a fetch of host (a name or an address, no brackets) and port connects to, best first.

        anew: whatever is known of the name, it is asked for.
        Raises DnsFailure, or AddressDenied if the guard lets none of them pass.
        """
        named = False
        if (target := self._connect_to.target(host, port)) is not None:
            host, port, named = target.host, target.port, target.named
        ips = (host,) if is_address(host) else await self._lookup(host, anew)
        if named:
            for ip in ips:
                self._guard.exempt(ip, port)
        reasons = {ip: self._guard.reason(ip, port) for ip in ips}
        allowed = [
            Address(ip, port, self._guard.is_exempt(ip, port)) for ip, reason in reasons.items() if not reason
        ]
        if not allowed:
            raise AddressDenied(", ".join(filter(None, reasons.values())))
        return allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=place.ip,
                port=place.port,
                family=socket.AF_INET6 if ":" in place.ip else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for place in await self.places(host, port)
        ]

    async def close(self) -> None:
        tasks = list(self._asking.values())
        self._asking.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._dns is not None:
            await self._dns.close()
            self._dns = None

    def forget_failures(self) -> None:
        """The network was away: names that had no address may have one."""
        for host in [host for host, known in self._known.items() if known.failure is not None]:
            del self._known[host]

    async def _lookup(self, host: str, anew: bool = False) -> tuple[str, ...]:
        known = None if anew else self._known.get(host)
        if known is None or known.until < time.monotonic():
            task = self._asking.get(host)
            if task is None:
                task = self._asking[host] = asyncio.create_task(self._ask(host))
            # Only waited for: who is cancelled must not take the answer from the others, and a resolver that
            # is closed is a failure for those who wait, not their own cancellation.
            await asyncio.wait((task,))
            known = _failed("DNS was closed") if task.cancelled() else task.result()
        if known.failure is not None:
            raise DnsFailure(known.failure)
        return known.ips

    async def _ask(self, host: str) -> _Known:
        try:
            known = await self._query(host)
            self._known[host] = known
            self._known.move_to_end(host)
            if len(self._known) > _MAX_NAMES:
                self._known.popitem(last=False)
            return known
        finally:
            self._asking.pop(host, None)

    async def _query(self, host: str) -> _Known:
        # RFC 6761, 6.4: names under .invalid have no address, and need not be asked for.
        if host.rstrip(".").endswith(".invalid"):
            return _failed("no such host")
        if self._dns is None:
            self._dns = aiodns.DNSResolver(
                self._dns_servers or None, timeout=self._query_seconds, tries=_QUERY_TRIES
            )
        try:
            answer = await self._dns.getaddrinfo(host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            code, text = (*error.args, "", "")[:2]
            return _failed(_REASONS.get(code, f"DNS: {text}"))
        except UnicodeError:
            return _failed("not a host name")
        # aiohttp and c-ares agree on the order of preference (RFC 6724); one address may come twice.
        ips = tuple(dict.fromkeys(node.addr[0].decode("ascii") for node in answer.nodes))
        if not ips:
            return _failed("the host has no address")
        ttl = min(node.ttl for node in answer.nodes)
        return _Known(ips, None, time.monotonic() + min(max(ttl, _MIN_SECONDS), _MAX_SECONDS))


def _failed(reason: str) -> _Known:
    return _Known((), reason, time.monotonic() + _FAILURE_SECONDS)
