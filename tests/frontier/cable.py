"""The line between a client and its server, which a test can cut: a relay on a Unix socket of its own."""

import asyncio
import contextlib
from collections import deque
from enum import Enum
from pathlib import Path

_END = b"*2\r\n$4\r\nECHO\r\n$12\r\n--cable-end-\r\n"
_END_REPLY = b"$12\r\n--cable-end-\r\n"


class Fault(Enum):
    """What becomes of the next request."""

    REPLY_LOST = "reply lost"
    """The server carries it out, the client learns nothing."""
    CUT = "connection cut"
    """It never reaches the server."""
    LATE = "request late"
    """The client's connection ends at once; the server gets the request when the test delivers it."""


class Cable:
    """Relays one client's connections. `faults` are used up one a request."""

    def __init__(self, server_path: str, folder: Path) -> None:
        self.path = folder / "c"
        self.faults: deque[Fault] = deque()
        self._server_path = server_path
        self._late: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        self._listener = await asyncio.start_unix_server(self._relay, self.path)

    async def deliver(self) -> int:
        """Let the late requests arrive; how many there were."""
        late, self._late = self._late, []
        for request in late:
            reader, writer = await asyncio.open_unix_connection(self._server_path)
            writer.write(request + _END)
            await _until_end(reader)
            writer.close()
            await writer.wait_closed()
        return len(late)

    async def _relay(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server, requests = await asyncio.open_unix_connection(self._server_path)
        back = asyncio.create_task(_copy(server, answers))
        try:
            while request := await client.read(1 << 20):
                # The greeting of a new connection is no request.
                fault = self.faults.popleft() if self.faults and b"EVALSHA" in request else None
                if fault is Fault.LATE:
                    self._late.append(request)
                if fault is Fault.REPLY_LOST:
                    back.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await back
                    requests.write(request + _END)
                    await _until_end(server)
                if fault is not None:
                    break
                requests.write(request)
                await requests.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            back.cancel()
            for writer in (requests, answers):
                writer.close()
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await writer.wait_closed()
            self._tasks.discard(task)

    async def close(self) -> None:
        """End everything."""
        assert self._listener is not None
        self._listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 20):
            target.write(data)
            await target.drain()
        target.close()


async def _until_end(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(_END_REPLY)
