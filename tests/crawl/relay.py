"""The line between a worker process and its server, which a test can cut, slow down, or let lose one reply."""

import asyncio
import contextlib
import random
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from linkcrawl.frontier.lua import script

_END = b"*2\r\n$4\r\nECHO\r\n$11\r\n--the-end--\r\n"
_END_REPLY = b"$11\r\n--the-end--\r\n"
CHUNK = 1 << 16


class Relay:
    """Relays connections to a server's Unix socket, from a thread of its own, while the `with` block lasts."""

    def __init__(self, server_url: str) -> None:
        self._server_path = server_url.removeprefix("unix://")
        self._folder = tempfile.TemporaryDirectory(prefix="lc-test-")
        self._path = Path(self._folder.name) / "r"
        self._connections: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="relay", daemon=True)
        self._sha = b""
        self._countdown = 0
        self._trouble: random.Random | None = None
        self.lost = threading.Event()
        """Set when the reply that `lose_reply` meant was lost."""
        self.cuts = 0
        """Connections that `trouble` ended."""
        self.down = False
        """Nobody gets through."""

    @property
    def url(self) -> str:
        """For `--redis`."""
        return f"unix://{self._path}"

    def lose_reply(self, name: str, number: int = 1) -> None:
        """The server carries out the number-th call of that script from now on; its reply never comes, and
        the connection ends."""
        self._sha, self._countdown = script(name).sha.encode(), number

    def trouble(self, seed: int) -> None:
        """From now on each piece may come late by up to 50 ms, and one in forty ends its connection."""
        self._trouble = random.Random(seed)

    def cut(self) -> None:
        """End every connection; with `down` none can be made again."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for task in self._connections:
            task.cancel()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._folder.cleanup()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_unix_server(self._accept, self._path)
        self._ready.set()
        await self._stop.wait()
        listener.close()
        self._cut()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await listener.wait_closed()

    async def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if not self.down:
                await self._connect(client, answers)
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass  # the server is away, or the test cut the line
        finally:
            self._connections.discard(task)
            await _closed(answers)

    async def _connect(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, requests = await asyncio.open_unix_connection(self._server_path)
        dropping = asyncio.Event()
        back = asyncio.create_task(self._back(server, answers, dropping))
        there = asyncio.create_task(self._there(client, requests, dropping))
        try:
            await asyncio.wait({back, there}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (back, there):
                task.cancel()
            await asyncio.gather(back, there, return_exceptions=True)
            await _closed(requests)

    async def _there(
        self, client: asyncio.StreamReader, requests: asyncio.StreamWriter, dropping: asyncio.Event
    ) -> None:
        tail = b""
        while data := await client.read(CHUNK):
            if not await self._gets_through():
                return
            if self._is_meant(tail + data):
                dropping.set()
                # Then a call of our own: its reply says that the server has carried out the one before.
                data += _END
            tail = (tail + data)[-39:]
            requests.write(data)
            await requests.drain()

    async def _back(
        self, server: asyncio.StreamReader, answers: asyncio.StreamWriter, dropping: asyncio.Event
    ) -> None:
        dropped = b""
        while data := await server.read(CHUNK):
            if not await self._gets_through():
                return
            if dropping.is_set():
                dropped += data
                if _END_REPLY in dropped:
                    self.lost.set()
                    return
                continue
            answers.write(data)
            await answers.drain()

    def _is_meant(self, data: bytes) -> bool:
        found = data.count(self._sha) if self._sha and self._countdown > 0 else 0
        self._countdown -= found
        return found > 0 and self._countdown <= 0

    async def _gets_through(self) -> bool:
        chance = self._trouble
        if chance is None:
            return True
        await asyncio.sleep(chance.random() * 0.05)
        if chance.random() < 1 / 40:
            self.cuts += 1
            return False
        return True


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
