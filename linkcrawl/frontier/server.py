"""One client of one server (or cluster): pipelines of scripts, errors in our words, breaks counted.

redis-py's own retries are off: after a time-out nobody knows whether a command was applied, so what is sent
again, and when, is decided by those who know that it may be.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from redis import exceptions as bad
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from linkcrawl.errors import FrontierLost, FrontierUnavailable, LinkcrawlError, UsageError
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.lua import script

_BROKEN = (bad.ConnectionError, bad.TimeoutError, bad.ClusterDownError, bad.SlotNotCoveredError, OSError)
_NOT_NOW = (
    "OOM",
    "LOADING",
    "BUSY",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MISCONF",
    "NOREPLICAS",
)
_REFUSED = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED")

_EXPECTED: ContextVar[bool] = ContextVar("_EXPECTED", default=False)
"""Whether the task that runs now ends connections on purpose."""

Argument = str | bytes | int


class Call(NamedTuple):
    """A script to run on one partition, or on the crawl's own tables."""

    script: str
    key: str
    arguments: Sequence[Argument]


class Server:
    """A client of the frontier's server. Commands of one pipeline run in order, each by itself."""

    def __init__(self, address: ServerAddress, timeout_s: float = 5.0) -> None:
        self.address = address
        self.breaks = 0
        """Connections that ended without our doing, since the start: what was not acknowledged then may be
        lost."""
        self._closing = False
        self._timeout_s = timeout_s
        self._client: Any = self._cluster() if address.is_cluster else self._single()

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "username": self.address.username,
            "password": self.address.password,
            "socket_timeout": self._timeout_s,
            "socket_connect_timeout": self._timeout_s,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }
        return options

    def _single(self) -> Redis:
        options = self._options() | {"db": self.address.database}
        kind: type[Any]
        if self.address.path is not None:
            kind, options["path"] = UnixDomainSocketConnection, self.address.path
        else:
            kind = SSLConnection if self.address.is_tls else Connection
            options |= {"host": self.address.host, "port": self.address.port, "socket_keepalive": True}
        pool = ConnectionPool(connection_class=_counted(kind, self._on_break), max_connections=16, **options)
        return Redis.from_pool(pool)

    def _cluster(self) -> RedisCluster:
        host = self.address.host or "localhost"
        client = RedisCluster(host=host, port=self.address.port, ssl=self.address.is_tls, **self._options())
        # RedisCluster takes no class of connection: every node, known or found later, gets ours here.
        kind = _counted(SSLConnection if self.address.is_tls else Connection, self._on_break)
        client.connection_kwargs["connection_class"] = kind
        client.nodes_manager.connection_kwargs["connection_class"] = kind
        for node in client.nodes_manager.startup_nodes.values():
            node.connection_class = kind
        return client

    def _on_break(self) -> None:
        if not self._closing:
            self.breaks += 1

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in one round trip; their replies, in order.

        Raises FrontierLost, and FrontierUnavailable: some may have run then, and all may be sent again, since
        every script is idempotent.
        """
        if not calls:
            return []
        commands: list[tuple[Argument, ...]] = [
            ("EVALSHA", script(call.script).sha, 1, call.key, *call.arguments) for call in calls
        ]
        replies = await self._pipeline(commands)
        unknown = [i for i, reply in enumerate(replies) if isinstance(reply, bad.NoScriptError)]
        if unknown:
            # EVAL also loads: the server was restarted, or this node never saw the script.
            texts = [("EVAL", script(calls[i].script).text, *commands[i][2:]) for i in unknown]
            for i, reply in zip(unknown, await self._pipeline(texts), strict=True):
                replies[i] = reply
        return [self._checked(reply) for reply in replies]

    async def run_one(self, name: str, key: str, *arguments: Argument) -> Any:
        """Run one script."""
        return (await self.run([Call(name, key, arguments)]))[0]

    async def commands(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Plain commands in one round trip; their replies, in order. Raises as `run` does."""
        return [self._checked(reply) for reply in await self._pipeline(commands)]

    async def command(self, *command: Argument) -> Any:
        """One plain command."""
        return (await self.commands([command]))[0]

    async def _pipeline(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        pipeline = (
            self._client.pipeline() if self.address.is_cluster else self._client.pipeline(transaction=False)
        )
        try:
            for command in commands:
                pipeline.execute_command(*command)
            replies: list[Any] = await pipeline.execute(raise_on_error=False)
        except (*_BROKEN, bad.RedisError) as problem:
            raise self.in_our_words(problem) from problem
        return replies

    def _checked(self, reply: Any) -> Any:
        if isinstance(reply, Exception):
            raise self.in_our_words(reply) from reply
        return reply

    def in_our_words(self, problem: Exception) -> Exception:
        """The error that an operator can act on, or the problem itself where it is a bug."""
        if isinstance(problem, bad.ConnectionError) and isinstance(problem.__cause__, bad.RedisError):
            problem = problem.__cause__  # what the server said to the greeting
        text = str(problem).removeprefix("ERR ")
        if isinstance(problem, LinkcrawlError):
            return problem
        if isinstance(problem, bad.AuthenticationError | bad.NoPermissionError) or text.startswith(_REFUSED):
            return UsageError(f"the server at {self.address} refuses this user or password: {text}")
        if "LOST this is not the crawl" in text or text.startswith("WRONGTYPE"):
            return FrontierLost(
                f"the server at {self.address} no longer holds this crawl as it was: it was emptied or "
                "replaced"
            )
        if isinstance(problem, bad.OutOfMemoryError) or "OOM command not allowed" in text:
            return FrontierUnavailable(
                f"the server at {self.address} is full: raise its maxmemory, or wait until pages are settled"
            )
        if isinstance(problem, (*_BROKEN, bad.BusyLoadingError, bad.ReadOnlyError)) or text.startswith(
            _NOT_NOW
        ):
            return FrontierUnavailable(
                f"the server at {self.address} does not answer now: {text or 'no answer'}"
            )
        return problem

    async def scan(self, pattern: str) -> AsyncIterator[list[bytes]]:
        """All keys that match, page by page, of every node; one that comes or goes meanwhile may be missed or
        not."""
        for node in await self.nodes():
            cursor: int | bytes = 0
            while True:
                cursor, keys = await self.on_node(node, "SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
                if keys:
                    yield keys
                if int(cursor) == 0:
                    break

    async def nodes(self) -> list[Any]:
        """The servers that hold data: [None] for a single server."""
        if not self.address.is_cluster:
            return [None]
        try:
            await self._client.initialize()
        except (*_BROKEN, bad.RedisError) as problem:
            raise self.in_our_words(problem) from problem
        return list(self._client.get_primaries())

    async def on_node(self, node: Any, *command: Argument) -> Any:
        """One plain command on one of `nodes()`."""
        if node is None:
            return await self.command(*command)
        try:
            return await self._client.execute_command(*command, target_nodes=node)
        except (*_BROKEN, bad.RedisError) as problem:
            raise self.in_our_words(problem) from problem

    async def own_connections(self, keys: Sequence[str]) -> list[tuple[Any, str]]:
        """New connections that nothing else uses, one for each server that holds one of the keys, with such a
        key."""
        if not self.address.is_cluster:
            pool = self._client.connection_pool
            return [(await _connected(pool.connection_class(**pool.connection_kwargs)), keys[0])]
        await self.nodes()
        by_node: dict[str, tuple[Any, str]] = {}
        for key in keys:
            node = self._client.get_node_from_key(key)
            by_node.setdefault(node.name, (node, key))
        return [
            (await _connected(node.connection_class(**node.connection_kwargs)), key)
            for node, key in by_node.values()
        ]

    async def renew(self) -> None:
        """Drop the connections that nobody uses now: those that a restart left behind do not count as new
        breaks."""
        if self.address.is_cluster:
            return
        expected = _EXPECTED.set(True)
        try:
            await self._client.connection_pool.disconnect(inuse_connections=False)
        except _BROKEN as problem:
            raise self.in_our_words(problem) from problem
        finally:
            _EXPECTED.reset(expected)

    async def close(self) -> None:
        """End every connection. May be called twice."""
        self._closing = True
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._client.aclose()
        except (TimeoutError, *_BROKEN):
            pass


async def _connected(connection: Any) -> Any:
    await connection.connect()
    return connection


def _counted(kind: type[Any], on_break: Callable[[], None]) -> type[Any]:
    """The class of connection, telling of each end: redis-py reconnects silently, which would hide a
    restart."""

    class Counted(kind):  # type: ignore[misc]
        async def disconnect(self, *args: Any, **kwargs: Any) -> None:
            if self.is_connected and not _EXPECTED.get():
                on_break()
            await super().disconnect(*args, **kwargs)

    return Counted
