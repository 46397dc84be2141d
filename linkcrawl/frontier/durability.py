"""When what was submitted is on the server's disk."""

import asyncio
from contextlib import suppress
from typing import Any

from redis import exceptions as bad

from linkcrawl.errors import FrontierUnavailable, LinkcrawlError
from linkcrawl.frontier.connections import expected_end
from linkcrawl.frontier.server import Server

_FSYNC_S = 2.0
"""`appendfsync everysec` writes at least every two seconds (a slow disk may skip one)."""
_WAIT_MS = 4000
"""Below the socket's time-out, so that a slow disk is not taken for a broken connection."""

_MARK = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], '1')"
"""A server that is full takes this, too: what is durable can then be settled, which makes room."""


class Barrier:
    """Waits until this client's writes are durable on each server that holds a partition.

    What that means: they are on the disk of the master (WAITAOF, else two seconds on an unbroken connection),
    and, where it has replicas, at least one of those has them in memory (WAIT). So a master that is killed and
    comes back has them; and so has the replica that is promoted in its place, since a failover takes the one
    that has most, unless that very replica is lost too. A master whose replicas are all away counts alone: the
    crawl goes on, and a failover then may lose what came meanwhile.

    Its connections are its own, opened before the first submit, so that a server that restarts in between is
    noticed even if nothing else was sent meanwhile.
    """

    def __init__(self, server: Server, marks: list[str]) -> None:
        self.guarantee_off = False
        """True: the server keeps no append-only file, so nothing is durable, and `wait` returns at once."""
        self._server = server
        self._marks = marks
        self._connections: list[tuple[Any, list[str]]] = []
        self._lock = asyncio.Lock()
        self._has_waitaof = True
        self._seen_breaks = server.breaks

    async def open(self) -> None:
        """Connect, and learn what the servers can do. Raises FrontierUnavailable."""
        try:
            self._connections = await self._server.own_connections(self._marks)
            for connection, _ in self._connections:
                [info] = await self._ask(connection, ("INFO", "persistence"))
                if b"aof_enabled:1" not in info:
                    self.guarantee_off = True
        except (bad.RedisError, OSError) as problem:
            await self.close()
            raise self._server.in_our_words(problem) from problem
        except LinkcrawlError:
            await self.close()
            raise
        # Its own connections are new: what broke before them is told once, by the next wait.

    async def wait(self, since: int | None = None) -> None:
        """Return when everything acknowledged before the call is durable.

        since: `Server.breaks` as it was before the writes; without it, as it was when the last wait ended.
        Raises FrontierUnavailable if a connection broke since, or a partition moved to another node: what was
        written may be lost, write it again.
        """
        async with self._lock:
            expected = self._seen_breaks if since is None else since
            if not self._connections:
                # They broke at an earlier wait: whether the server was restarted since is not known.
                expected = -1
                await self.open()
            if self.guarantee_off:
                return
            try:
                if self._server.breaks == expected:
                    await self._until_all_durable()
            except (bad.RedisError, OSError) as problem:
                await self.close()
                if isinstance(problem, bad.AskError):
                    await self._open_elsewhere()
                raise self._server.in_our_words(problem) from problem
            finally:
                if since is None:
                    self._seen_breaks = self._server.breaks
            if self._server.breaks != expected:
                if self._server.may_move:
                    await self._open_elsewhere()
                raise FrontierUnavailable(
                    f"the connection to {self._server.address} broke: what was submitted has to be "
                    "submitted again"
                )

    async def _open_elsewhere(self) -> None:
        """The connections may be with nodes that hold nothing of ours any more: open new ones now, so that what
        is submitted again is waited for there."""
        await self.close()
        with suppress(LinkcrawlError):
            await self.open()
        self._seen_breaks = self._server.breaks

    async def _until_all_durable(self) -> None:
        """On every node at once: each may take a second."""
        waits = [self._until_durable(connection, marks) for connection, marks in self._connections]
        for ended in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended

    async def _until_durable(self, connection: Any, marks: list[str]) -> None:
        # WAITAOF waits for this connection's last write, which the server took after all that came before.
        # Asked for the others, a node of a cluster tells which of them it holds no more.
        others = [("EXISTS", mark) for mark in marks[1:]]
        await self._ask(connection, ("EVAL", _MARK, 1, marks[0]), *others)
        await self._until_on_disk(connection)
        while not await self._on_a_replica(connection):
            pass

    async def _until_on_disk(self, connection: Any) -> None:
        while self._has_waitaof:
            try:
                [[local, _replicas]] = await self._ask(connection, ("WAITAOF", 1, 0, _WAIT_MS))
            except bad.ResponseError as problem:
                if "unknown command" not in str(problem).lower():
                    raise
                self._has_waitaof = False  # before Redis 7.2
            else:
                if local >= 1:
                    return
        await asyncio.sleep(_FSYNC_S)
        await self._ask(connection, ("PING",))

    async def _on_a_replica(self, connection: Any) -> bool:
        """Whether a replica has it, or there is none that could."""
        [info] = await self._ask(connection, ("INFO", "replication"))
        if b"state=online" not in info:
            return True
        [replicas] = await self._ask(connection, ("WAIT", 1, _WAIT_MS))
        return bool(replicas >= 1)

    async def _ask(self, connection: Any, *commands: tuple[Any, ...]) -> list[Any]:
        """The replies of some commands. Raises the first that is an error."""
        if not connection.is_connected:
            raise bad.ConnectionError("the connection was closed")
        replies: list[Any] = []
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            for _ in commands:
                try:
                    replies.append(await connection.read_response())
                except bad.ResponseError as problem:
                    replies.append(problem)
        except (bad.ConnectionError, bad.TimeoutError, OSError, asyncio.CancelledError):
            # Its reply may still come: this connection can not be used again.
            with suppress(bad.RedisError, OSError):
                await connection.disconnect(nowait=True)
            raise
        for reply in replies:
            if isinstance(reply, bad.ResponseError):
                raise reply
        return replies

    async def close(self) -> None:
        """End its connections."""
        connections, self._connections = self._connections, []
        with expected_end():
            for connection, _ in connections:
                with suppress(bad.RedisError, OSError):
                    await connection.disconnect()
