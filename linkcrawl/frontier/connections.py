"""Connections to one node of the frontier's server: made as the address says, counted when they break."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import (
    BlockingConnectionPool,
    Connection,
    RedisSSLContext,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from linkcrawl.errors import UsageError
from linkcrawl.frontier.address import ServerAddress, name_of

MOST_CONNECTIONS = 16
"""To one node: whoever comes then waits for one of them."""

Argument = str | bytes | int

_EXPECTED: ContextVar[bool] = ContextVar("_EXPECTED", default=False)
"""Whether the task that runs now ends connections on purpose."""


class Dial:
    """Makes connections as an address says. Raises UsageError for certificates that cannot be read."""

    def __init__(self, address: ServerAddress, timeout_s: float, on_break: Callable[[], None]) -> None:
        self.address = address
        self._timeout_s = timeout_s
        kind: type[Any] = Connection
        shared: dict[str, Any] = {
            "socket_timeout": timeout_s,
            "socket_connect_timeout": timeout_s,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "driver_info": None,
        }
        if address.path is not None:
            kind, shared["path"] = UnixDomainSocketConnection, address.path
        elif address.is_tls:
            kind = _secured(address)
        self._kind = kind
        self._counted = _counted(kind, on_break)
        self._shared = shared

    def node(self, host: str, port: int) -> "Node":
        """A server of the address, with its user and password."""
        own = {"username": self.address.username, "password": self.address.password}
        return Node(self._counted, self._options(host, port) | own | {"db": self.address.database})

    def sentinel(self, host: str, port: int) -> "Node":
        """A sentinel of the address. It holds nothing, so its connections may break unnoticed."""
        own = {"username": self.address.sentinel_username, "password": self.address.sentinel_password}
        return Node(self._kind, self._options(host, port) | own)

    def _options(self, host: str, port: int) -> dict[str, Any]:
        if self.address.path is not None:
            return dict(self._shared)
        return self._shared | {"host": host, "port": port, "socket_keepalive": True}


class Node:
    """One server and the connections to it."""

    def __init__(self, kind: type[Any], options: dict[str, Any]) -> None:
        self.host: str = options.get("host", "")
        self.port: int = options.get("port", 0)
        self._kind = kind
        self._options = options
        self._pool = BlockingConnectionPool(
            connection_class=kind,
            max_connections=MOST_CONNECTIONS,
            timeout=options["socket_timeout"],
            **options,
        )
        self._client = Redis.from_pool(self._pool)

    @property
    def name(self) -> str:
        """`host:port`."""
        return name_of(self.host, self.port)

    async def ask(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """Plain commands in one round trip, in order; their replies, which may be errors."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies

    async def own_connection(self) -> Any:
        """A new connection that nothing else uses."""
        connection = self._kind(**self._options)
        await connection.connect()
        return connection

    async def drop_idle(self) -> None:
        """Drop the connections that nobody uses now. That is no break."""
        with expected_end():
            await self._pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """End every connection. That is no break."""
        with expected_end():
            await self._client.aclose()


@contextmanager
def expected_end() -> Iterator[None]:
    """Connections that this task ends in the block do not count as broken."""
    before = _EXPECTED.set(True)
    try:
        yield
    finally:
        _EXPECTED.reset(before)


def _secured(address: ServerAddress) -> type[Any]:
    """The class of TLS connections that share one context: reading the authorities takes some 20 ms."""
    tls = address.tls
    context = RedisSSLContext(
        keyfile=tls.keyfile,
        certfile=tls.certfile,
        cert_reqs=tls.cert_reqs,
        ca_certs=tls.ca_certs,
        check_hostname=tls.check_hostname,
    )
    wrong = []
    for option, path in (
        ("ssl_ca_certs", tls.ca_certs),
        ("ssl_certfile", tls.certfile),
        ("ssl_keyfile", tls.keyfile),
    ):
        if path is not None and not os.access(path, os.R_OK):
            wrong.append(f"{option} of {address}: {path} is not there, or cannot be read")
    if wrong:
        raise UsageError(wrong)
    try:
        context.get()
    except (OSError, ValueError) as problem:
        # ssl.SSLError is an OSError: a file that is no PEM, a key that belongs to another certificate.
        raise UsageError(f"the certificates for {address} cannot be used: {problem}") from None

    class Secured(SSLConnection):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.ssl_context = context

    return Secured


def _counted(kind: type[Any], on_break: Callable[[], None]) -> type[Any]:
    """The class of connection, telling of each end: redis-py reconnects silently, which would hide a
    restart."""

    class Counted(kind):  # type: ignore[misc]
        async def connect(self) -> None:
            is_new = not self.is_connected
            await super().connect()
            if is_new and await self.can_read():
                # A server that speaks first refuses us: its clients are too many, or it is in protected mode.
                await self.read_response()

        async def disconnect(self, *args: Any, **kwargs: Any) -> None:
            if self.is_connected and not _EXPECTED.get():
                on_break()
            await super().disconnect(*args, **kwargs)

    return Counted
