"""An S3 store of the test's own (moto), and the line to it, which can refuse."""

import asyncio
import re
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

REFUSALS = {
    503: b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    403: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


class ObjectStore:
    """Listens on a port of 127.0.0.1 while the `with` block lasts. refusing: the status that every request gets."""

    def __init__(self) -> None:
        self.refusing: int | None = None
        self.refused = 0
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="store", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        # On a port that the system picks, which it tells.
        self._moto = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._moto.stderr is not None
        found = next(filter(None, (re.search(r"127\.0\.0\.1:(\d+)", line) for line in self._moto.stderr)))
        self._behind = int(found[1])
        self._drain = threading.Thread(target=self._moto.stderr.read, daemon=True)
        self._drain.start()
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._moto.kill()
        self._moto.wait()
        self._drain.join()
        assert self._moto.stderr is not None
        self._moto.stderr.close()

    @property
    def environment(self) -> dict[str, str]:
        """What leads a process that writes to s3:// here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def refuse(self, status: int | None) -> None:
        """Refuse all from now on, with that status; None: no more."""
        self.refusing = status
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._connections])

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await listener.wait_closed()

    async def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if self.refusing is not None:
                await client.readuntil(b"\r\n\r\n")
                self.refused += 1
                answers.write(REFUSALS[self.refusing])
                await answers.drain()
                return
            server, requests = await asyncio.open_connection("127.0.0.1", self._behind)
            try:
                await asyncio.wait(
                    {
                        asyncio.create_task(_copy(client, requests)),
                        asyncio.create_task(_copy(server, answers)),
                    },
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                requests.close()
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the client went, or the test began to refuse
        finally:
            self._connections.discard(task)
            answers.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    except (OSError, asyncio.CancelledError):
        pass
