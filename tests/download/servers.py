"""Loopback servers that do what servers on the web do, each on a port that the system picks."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvloop

from linkcrawl.download import Fetcher, FetchLimits, FetchOptions, parse_connect_to
from linkcrawl.records import Fetch

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PAGE = b"<!doctype html><title>a page</title><p>" + b"some text " * 50
AGENT = "linkcrawl/0 (tests)"


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that hands each connection to `handler`. Ends all of them."""
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
            tasks.discard(task)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
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


def then_resets(*parts: bytes) -> Handler:
    """Sends the parts and resets the connection (RST, not FIN)."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        set_linger(writer)

    return handler


def set_linger(writer: asyncio.StreamWriter) -> None:
    import socket
    import struct

    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def then_hangs(*parts: bytes) -> Handler:
    """Sends the parts, and then nothing for ever."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await asyncio.Event().wait()

    return handler


def sends_for_ever(start: bytes, part: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)  # drain alone lets nobody else run

    return handler


def options(port: int | None = None, **more: Any) -> FetchOptions:
    """Options of a fetcher whose every connection goes to this port of 127.0.0.1."""
    if port is not None:
        more["connect_to"] = parse_connect_to([f"::127.0.0.1:{port}"])
    return FetchOptions(AGENT, **more)


async def get(port: int, url: str = "http://a.test/", **more: Any) -> Fetch:
    """One fetch by a fetcher of its own."""
    limits = more.pop("limits", FetchLimits(total_seconds=5))
    accept = more.pop("accept", "html")
    fetcher = Fetcher(options(port, **more))
    try:
        return await fetcher.fetch(url, limits=limits, accept=accept)
    finally:
        await fetcher.close()
