"""Which node of the frontier's server holds a key: one server, the server that sentinels name, a cluster."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from redis import exceptions as bad

from linkcrawl.errors import FrontierUnavailable, UsageError
from linkcrawl.frontier.connections import Dial, Node

BROKEN = (bad.ConnectionError, bad.TimeoutError, OSError)
"""What ends a connection, or keeps one from being made."""


class Nodes(Protocol):
    """The nodes of a server, as they are known now."""

    async def ready(self) -> None:
        """Look which nodes there are, where that is in doubt. Raises what the nodes answer."""

    def of_key(self, key: bytes) -> Node:
        """The node that holds a key. Raises FrontierUnavailable if none does."""

    def all(self) -> list[Node]:
        """Every node that holds data."""

    def doubt(self) -> None:
        """Something failed: look again before the next use."""

    async def close(self) -> None:
        """End every connection."""


class OneNode:
    """A single server."""

    def __init__(self, dial: Dial) -> None:
        self._node = dial.node(*dial.address.nodes[0])

    async def ready(self) -> None:
        """There is nothing to look for."""

    def of_key(self, key: bytes) -> Node:
        """The server."""
        return self._node

    def all(self) -> list[Node]:
        """The server."""
        return [self._node]

    def doubt(self) -> None:
        """It stays the one that it is."""

    async def close(self) -> None:
        """End every connection."""
        await self._node.close()


class SentinelNode:
    """The server that the sentinels call the master. Another one after a failover counts as a break: it may
    lack what the old one acknowledged last."""

    def __init__(self, dial: Dial, on_change: Callable[[], None]) -> None:
        self._dial = dial
        self._on_change = on_change
        self._sentinels = [dial.sentinel(host, port) for host, port in dial.address.nodes]
        self._node: Node | None = None
        self._in_doubt = True
        self._looking = asyncio.Lock()

    async def ready(self) -> None:
        """Ask the sentinels where the master is."""
        if not self._in_doubt:
            return
        async with self._looking:
            if self._in_doubt:
                await self._look()
                self._in_doubt = False

    async def _look(self) -> None:
        host, port = await self._address()
        node = self._node
        if node is None or (node.host, node.port) != (host, port):
            node = self._dial.node(host, port)
        try:
            role = (await node.ask([("ROLE",)]))[0]
            if isinstance(role, Exception):
                raise role
            if role[0] not in (b"master", "master"):
                raise FrontierUnavailable(
                    f"{node.name}, which the sentinels at {self._dial.address} call the master, is none: "
                    "a failover is under way"
                )
        except BaseException:
            if node is not self._node:
                await node.close()
            raise
        if self._node is not None and node is not self._node:
            self._on_change()
            old, self._node = self._node, node
            await old.close()
        self._node = node

    async def _address(self) -> tuple[str, int]:
        """Where the master is, by the first sentinel that answers; it is asked first the next time."""
        name, problems = self._dial.address.master or "", []
        for sentinel in list(self._sentinels):
            try:
                found = (await sentinel.ask([("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)]))[0]
            except BROKEN as problem:
                problems.append(problem)
                continue
            if isinstance(found, Exception):
                raise found
            if found:
                self._sentinels.remove(sentinel)
                self._sentinels.insert(0, sentinel)
                host, port = (bytes(part).decode() for part in found)
                return host, int(port)
        if problems:
            raise problems[0]
        raise UsageError(f"the sentinels at {self._dial.address} know no master of the name {name!r}")

    def of_key(self, key: bytes) -> Node:
        """The master."""
        if self._node is None:
            raise FrontierUnavailable(f"no master is known at {self._dial.address}")
        return self._node

    def all(self) -> list[Node]:
        """The master."""
        return [] if self._node is None else [self._node]

    def doubt(self) -> None:
        """Ask the sentinels again."""
        self._in_doubt = True

    async def close(self) -> None:
        """End every connection."""
        for node in (*self._sentinels, *self.all()):
            await node.close()
