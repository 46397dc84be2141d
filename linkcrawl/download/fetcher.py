"""One GET at a time, over aiohttp, ended by exactly one outcome whatever the other side does."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from linkcrawl.download.body import drain, read_body
from linkcrawl.download.content_type import is_html, looks_like_html
from linkcrawl.download.decode import ACCEPT_ENCODING
from linkcrawl.download.failures import BadResponse, BadUrl, outcome_of
from linkcrawl.download.guard import AddressDenied, AddressGuard
from linkcrawl.download.options import FetchLimits, FetchOptions
from linkcrawl.download.request import Request, parse_request
from linkcrawl.download.resolver import Address, Resolver
from linkcrawl.download.robots_txt import RobotsAnswer, ask_robots
from linkcrawl.records import Fetch, Outcome

Accept = Literal["html", "any"]
_PROBE_SECONDS = 5.0
_ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"


class Fetcher:
    """One owner; all calls on one event loop, which it is bound to by its first call.

    It bounds what one fetch costs, not how many run: that is the scheduler's part.
    """

    def __init__(self, options: FetchOptions) -> None:
        self._options = options
        self._guard = AddressGuard(allow_private=options.allow_private)
        for address, port in options.connect_to.named():
            self._guard.exempt(address, port)
        self._resolver = Resolver(self._guard, options.connect_to, options.dns_servers)
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, *, limits: FetchLimits | None = None, accept: Accept = "html") -> Fetch:
        """GET a URL, sent as it stands. Follows nothing; raises nothing but CancelledError.

        limits: the body's size and the total time, in place of the options'. accept: "html" ends as not_html
        at the headers of anything else; "any" reads every type. The body is given for ok only.
        """
        limits = limits or self._options.limits
        started = time.monotonic()
        response: _Response | None = None
        try:
            async with asyncio.timeout(limits.total_seconds):
                response = await self._send(parse_request(url), accept)
                if 200 <= response.status < 300:
                    answer = await _read(response, limits.max_body_bytes, accept)
            if not 200 <= response.status < 300:
                answer = await _declined(response)
        except Exception as error:  # one outcome for each fetch, whatever happens
            outcome, text = outcome_of(error)
            answer = _Answer(outcome, error=text)
        finally:
            if response is not None:
                response.close()
        fetch_ms = round((time.monotonic() - started) * 1000)
        if response is None:
            return Fetch(answer.outcome, fetch_ms=fetch_ms, error=answer.error)
        return Fetch(
            outcome=answer.outcome,
            http_status=response.status,
            headers=response.raw_headers,
            body=answer.body,
            truncated=answer.truncated,
            wire_bytes=answer.wire_bytes,
            fetch_ms=fetch_ms,
            ip=None if self._options.proxy else response.peer,
            error=answer.error,
            sent_at=response.sent_at,
        )

    async def resolve(self, host: str, port: int) -> Address | Fetch:
        """The address that a fetch of this host (no brackets) and port connects to, or how it would fail."""
        if self._options.proxy is not None:
            return Address("", port, exempt=True)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._options.limits.total_seconds):
                return (await self._resolver.places(host, port))[0]
        except Exception as error:  # as in fetch
            outcome, text = outcome_of(error)
            return Fetch(outcome, fetch_ms=round((time.monotonic() - started) * 1000), error=text)

    async def connects(self, host: str, port: int) -> bool:
        """Whether a connection can be made to a host (no brackets) and port, or to the proxy; nothing is sent.

        Names are looked up anew, and if it can, names that had no address may be asked for again at once.
        Raises nothing but CancelledError.
        """
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                if self._options.proxy is not None:
                    proxy = URL(self._options.proxy)
                    places = [Address(proxy.host or "", proxy.port or 80, exempt=True)]
                else:
                    places = await self._resolver.places(host, port, anew=True)
                _, writer = await asyncio.open_connection(places[0].ip, places[0].port)
        except (OSError, TimeoutError):
            return False
        writer.transport.abort()
        self._resolver.forget_failures()
        return True

    async def fetch_robots(
        self, origin: str, is_blocked: Callable[[str], bool] = lambda host: False
    ) -> RobotsAnswer:
        """The robots.txt of an origin (scheme://host[:port]). Raises nothing but CancelledError.

        is_blocked: whether a host must not be asked, be it that a redirect leads there.
        """

        async def get(url: str, limits: FetchLimits) -> Fetch:
            with suppress(BadUrl):  # the fetch tells of it
                if is_blocked(parse_request(url).host):
                    return Fetch(Outcome.BLOCKED_DOMAIN, error="a redirect leads to a blocked domain")
            return await self.fetch(url, limits=limits, accept="any")

        return await ask_robots(get, origin, self._options.limits)

    async def close(self) -> None:
        """Close every connection. The fetcher may be used again afterwards."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await self._resolver.close()

    async def _send(self, request: Request, accept: Accept) -> "_Response":
        """Send one GET and wait for the headers of its answer."""
        more: dict[str, Any] = {}
        headers = {"Accept": "*/*"} if accept == "any" else {}
        if self._options.proxy is not None:
            # The proxy makes the connection: what can be judged from here is a literal address.
            more["proxy"] = self._options.proxy
            if _is_literal(request.host) and (why := self._guard.reason(request.host, request.port)):
                raise AddressDenied(why)
        elif self._options.connect_to.rules and _is_literal(request.host):
            return await self._send_elsewhere(request, headers)
        return await self._get(request, headers, **more)

    async def _send_elsewhere(self, request: Request, headers: dict[str, str]) -> "_Response":
        """Send a request for a literal address by way of --connect-to.

        aiohttp asks the resolver for names only, so the mapped address must stand in the URL.
        """
        *others, last = await self._resolver.places(request.host, request.port)
        headers["Host"] = request.authority
        more = {"server_hostname": request.host} if request.scheme == "https" else {}
        for place in others:
            with suppress(aiohttp.ClientConnectorError):
                return await self._get(request.redirected(place.ip, place.port), headers, **more)
        return await self._get(request.redirected(last.ip, last.port), headers, **more)

    async def _get(self, request: Request, headers: dict[str, str], **more: Any) -> "_Response":
        if self._session is None:
            self._session = self._open_session()
        response = await self._session.get(request.url, allow_redirects=False, headers=headers, **more)
        assert isinstance(response, _Response)
        return response

    def _open_session(self) -> aiohttp.ClientSession:
        options = self._options
        headers = {"User-Agent": options.user_agent, "Accept": _ACCEPT}
        ours = {name.lower(): name for name in headers}
        for name, value in options.headers:
            headers[ours.get(name.lower(), name)] = value
        headers["Accept-Encoding"] = ACCEPT_ENCODING
        return aiohttp.ClientSession(
            connector=self._connector(),
            headers=headers,
            # One timer a request: the total time is ours.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=options.limits.connect_seconds),
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            # The default of 8,190 bytes loses pages with a long cookie or security policy.
            max_field_size=options.limits.max_header_bytes,
            max_line_size=min(options.limits.max_header_bytes, 16 * 1024),
            max_headers=options.limits.max_headers,
        )

    def _connector(self) -> aiohttp.TCPConnector:
        options = self._options
        tls = _tls_context(options.ca_file, options.tls_verify)
        if options.proxy is not None:
            return aiohttp.TCPConnector(
                ssl=tls, limit=0, keepalive_timeout=options.keepalive_seconds, use_dns_cache=False
            )
        return aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._guarded_socket,
            ssl=tls,
            limit=0,
            keepalive_timeout=options.keepalive_seconds,
            # The resolver has its own, bounded one.
            use_dns_cache=False,
        )

    def _guarded_socket(self, info: Any) -> socket.socket:
        """A socket for a connection: each is asked for here, with the address that it will really go to."""
        family, kind, protocol, _, place = info
        if why := self._guard.reason(place[0], place[1]):
            raise AddressDenied(why)
        return socket.socket(family, kind, protocol)


class _Answer(NamedTuple):
    """What a fetch made of its response."""

    outcome: Outcome
    body: bytes = b""
    truncated: bool = False
    wire_bytes: int | None = None
    error: str | None = None


class _Response(aiohttp.ClientResponse):
    """A response that remembers who sent it: its connection is gone as soon as its body is read."""

    peer: str | None = None
    sent_at: float | None = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        self.sent_at = time.monotonic()
        if connection.transport is not None and (name := connection.transport.get_extra_info("peername")):
            self.peer = name[0]
        return await super().start(connection)


async def _declined(response: _Response) -> _Answer:
    """Judge an answer that is none of success, by its headers."""
    status = response.status
    wire_bytes = await drain(response.content)
    # 304 answers a condition that was never made.
    if 300 <= status < 400 and status != 304 and response.headers.get("Location", "").strip():
        return _Answer(Outcome.REDIRECT, wire_bytes=wire_bytes)
    if status < 300:
        return _Answer(Outcome.BAD_RESPONSE, wire_bytes=wire_bytes, error=f"status {status}")
    return _Answer(Outcome.HTTP_ERROR, wire_bytes=wire_bytes)


async def _read(response: _Response, max_body_bytes: int, accept: Accept) -> _Answer:
    """Judge a success by its headers, and read its body if it is wanted."""
    html = True if accept == "any" else is_html(response.headers.get("Content-Type"))
    if html is False:
        return _Answer(Outcome.NOT_HTML)
    coding = ",".join(response.headers.getall("Content-Encoding", ()))
    body = await read_body(response.content, coding, max_body_bytes)
    if body.cut and not body.wire_bytes:
        raise BadResponse(body.cut)
    if html is None and not looks_like_html(body.data):
        return _Answer(Outcome.NOT_HTML, wire_bytes=body.wire_bytes)
    return _Answer(Outcome.OK, body.data, body.cut is not None, body.wire_bytes, body.cut)


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


@lru_cache(maxsize=4)
def _tls_context(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    """Reading the system's certificates takes some 50 ms: once a process is enough."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
