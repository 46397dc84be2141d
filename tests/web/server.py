"""Serves a test web: every host of it on one loopback port, told apart by the Host header.

Written on bare streams, since a test also wants what a decent server never sends: resets, drips, odd bytes.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self

from tests.web.pages import Answer, Page, Turns, Web, answer_of

TICK_S = 0.005
NOT_FOUND = Answer(404, b"<!doctype html><title>Not found</title><h1>Not found</h1>")


@dataclass(frozen=True, slots=True)
class Hit:
    """One request, as the server saw it."""

    host: str
    path: str
    """With its query, as sent."""
    started: float
    """time.monotonic() when its head had come."""
    user_agent: str
    method: str
    connection: int
    """Requests of one connection share it."""
    earliest: float
    """It came no earlier than this: as long before `started` as the server was busy or was not given a core."""


class LocalWeb:
    """A web on 127.0.0.1, served by a thread of this process while the `with` block lasts."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.port = 0
        self._hits: list[Hit] = []
        self._asked: Counter[tuple[str, str]] = Counter()
        self._connections: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._last_tick = time.monotonic()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local-web", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def connect_to(self) -> str:
        """The value of `--connect-to` that leads every host and port here."""
        return f"::127.0.0.1:{self.port}"

    @property
    def hits(self) -> list[Hit]:
        """Every request so far, in order of arrival."""
        return list(self._hits)

    def hits_of(self, host: str, path: str | None = None) -> list[Hit]:
        """The requests to a host, or to one path of it."""
        return [hit for hit in self._hits if hit.host == host and path in (None, hit.path)]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        ticking = asyncio.create_task(self._tick())
        self._ready.set()
        await self._stop.wait()
        ticking.cancel()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    async def _tick(self) -> None:
        while True:
            self._last_tick = time.monotonic()
            await asyncio.sleep(TICK_S)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._opened += 1
        try:
            await self._talk(reader, writer, self._opened)
        except (
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ConnectionError,
            asyncio.CancelledError,
        ):
            pass  # the client went, or the test has ended
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.split("\r\n")
            method, path, _ = request.split(" ", 2)
            fields = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            host = fields.get("host", "").lower().removesuffix(":80")
            agent, now = fields.get("user-agent", ""), time.monotonic()
            self._hits.append(Hit(host, path, now, agent, method, connection, self._last_tick))
            if not await _send(writer, self._answer(host, path), method):
                return

    def _answer(self, host: str, path: str) -> Answer:
        page: Page = self.web.get(host, {}).get(path, NOT_FOUND)
        if isinstance(page, Turns):
            turn = self._asked[host, path]
            self._asked[host, path] += 1
            page = page.turns[min(turn, len(page.turns) - 1)]
        return answer_of(page)


async def _send(writer: asyncio.StreamWriter, answer: Answer, method: str) -> bool:
    """Send an answer; False: the connection is of no more use."""
    if answer.delay_s:
        await asyncio.sleep(answer.delay_s)
    body = b"" if method == "HEAD" else answer.body
    head = head_of(answer)
    if answer.reset_after is not None:
        writer.write((head + body)[: answer.reset_after])
        await writer.drain()
        _reset(writer)
        return False
    writer.write(head)
    if answer.bytes_per_s:
        step = max(1, int(answer.bytes_per_s / 20))
        for start in range(0, len(body), step):
            writer.write(body[start : start + step])
            await writer.drain()
            await asyncio.sleep(step / answer.bytes_per_s)
    else:
        writer.write(body)
    await writer.drain()
    return True


def head_of(answer: Answer) -> bytes:
    """Status line and headers."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    if not any(name.lower() == "content-length" for name, _ in answer.headers):
        lines.append(f"Content-Length: {len(answer.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    # Linger of zero: the kernel sends RST instead of FIN, and drops what the peer has not read.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
