"""Loopback servers that do what servers on the web do, each on a port that the system picks."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from linkcrawl.download import Fetcher, FetchLimits, FetchOptions, parse_connect_to
from linkcrawl.records import Fetch

T = TypeVar("T")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Run = Callable[[Coroutine[Any, Any, T]], T]
"""asyncio.run, or uvloop's."""

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PAGE = b"<!doctype html><title>a page</title><p>" + b"some text " * 50
AGENT = "linkcrawl/0 (tests)"


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that hands each connection to `handler`, and closes it afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side is gone, or the test is over
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def sends(*parts: bytes) -> Handler:
    """Reads one request, sends the parts, each on its own, and closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return handler


def sends_page(body: bytes, headers: bytes = b"") -> Handler:
    """One HTML page, whole, with its length."""
    return sends(HTML + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def keeps_sending_page(seen: list[bytes], body: bytes = PAGE) -> Handler:
    """A page for each request on the connection; notes b"connected" and each request's head."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(b"connected")
        while True:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(HTML + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    return handler


def then_resets(*parts: bytes) -> Handler:
    """Sends the parts and resets the connection (RST, not FIN)."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.02)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return handler


def then_hangs(*parts: bytes) -> Handler:
    """Sends the parts, and then nothing for ever."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await asyncio.Event().wait()

    return handler


def sends_for_ever(start: bytes, part: bytes, pause: float = 0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)  # drain alone lets nobody else run

    return handler


async def never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def by_path(answers: dict[str, bytes]) -> Handler:
    """An answer for each path, after which the connection is closed."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[head.split(b" ", 2)[1].decode()])

    return handler


def options(port: int | None = None, **more: Any) -> FetchOptions:
    """Options of a fetcher whose every connection goes to this port of 127.0.0.1."""
    if port is not None:
        more["connect_to"] = parse_connect_to([f"::127.0.0.1:{port}"])
    return FetchOptions(AGENT, **more)


@asynccontextmanager
async def fetching(port: int | None = None, **more: Any) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(options(port, **more))
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def fetch_from(handler: Handler, url: str = "http://a.test/", **more: Any) -> Fetch:
    """One fetch from a server of its own. more: seconds, max_body_bytes, accept, options of the fetcher."""
    limits = FetchLimits(
        total_seconds=more.pop("seconds", 10.0), max_body_bytes=more.pop("max_body_bytes", 1_000_000)
    )
    accept = more.pop("accept", "html")
    async with serving(handler) as port, fetching(port, **more) as fetcher:
        return await fetcher.fetch(url, limits=limits, accept=accept)
