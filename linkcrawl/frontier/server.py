"""One client of one server (or cluster): pipelines of scripts, errors in our words, breaks counted.

redis-py's own retries are off: after a time-out nobody knows whether a command was applied, so what is sent
again, and when, is decided by those who know that it may be.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from redis import exceptions as bad

from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.cluster import NEVER, ClusterNodes
from linkcrawl.frontier.connections import Argument, Dial, Node
from linkcrawl.frontier.lua import script
from linkcrawl.frontier.nodes import BROKEN, Nodes, OneNode, SentinelNode
from linkcrawl.frontier.words import in_our_words

_KEYLESS = frozenset(
    {
        "TIME",
        "INFO",
        "PING",
        "SCAN",
        "SCRIPT",
        "CONFIG",
        "FLUSHALL",
        "KEYS",
        "CLIENT",
        "CLUSTER",
        "DBSIZE",
        "ACL",
    }
)
"""Commands without a key."""


class Call(NamedTuple):
    """A script to run on one partition, or on the crawl's own tables."""

    script: str
    key: str
    arguments: Sequence[Argument]


class Server:
    """A client of the frontier's server. Commands of one pipeline that go to one node run in order, each by
    itself. Raises UsageError for certificates that cannot be read."""

    def __init__(self, address: ServerAddress, timeout_s: float = 5.0) -> None:
        self.address = address
        self.breaks = 0
        """Connections that ended without our doing, and masters that changed, since the start: what was not
        acknowledged then may be lost."""
        self._closing = False
        self._timeout_s = timeout_s
        dial = Dial(address, timeout_s, self._on_break)
        self._cluster = ClusterNodes(dial, self._on_break) if address.is_cluster else None
        self._nodes: Nodes = self._cluster or (
            SentinelNode(dial, self._on_break) if address.is_sentinel else OneNode(dial)
        )

    @property
    def may_move(self) -> bool:
        """Whether what a node holds may come to another one."""
        return self.address.is_cluster or self.address.is_sentinel

    def _on_break(self) -> None:
        if not self._closing:
            self.breaks += 1
            self._nodes.doubt()

    async def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in one round trip; their replies, in order.

        Raises FrontierLost, and FrontierUnavailable: some may have run then, and all may be sent again, since
        every script is idempotent.
        """
        if not calls:
            return []
        commands = [self._script("EVALSHA", script(call.script).sha, call) for call in calls]
        replies = await self._pipeline(commands)
        unknown = [i for i, reply in enumerate(replies) if isinstance(reply, bad.NoScriptError)]
        if unknown:
            # EVAL also loads: the server was restarted, or this node never saw the script.
            texts = [self._script("EVAL", script(calls[i].script).text, calls[i]) for i in unknown]
            for i, reply in zip(unknown, await self._pipeline(texts), strict=True):
                replies[i] = reply
        return [self._checked(reply) for reply in replies]

    def _script(self, command: str, what: str, call: Call) -> tuple[Argument, ...]:
        if self._cluster is not None:
            return (command, what, 2, call.key, call.key + NEVER, *call.arguments)
        return (command, what, 1, call.key, *call.arguments)

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
        try:
            await self._nodes.ready()
            if self._cluster is not None:
                return await self._over_nodes(self._cluster, commands)
            replies = await self._nodes.of_key(b"").ask(commands)
        except (*BROKEN, bad.RedisError) as problem:
            self._nodes.doubt()
            raise in_our_words(problem, self.address) from problem
        if self.address.is_sentinel and any(isinstance(reply, bad.ReadOnlyError) for reply in replies):
            self._on_break()  # it was the master, and is one no more
        return replies

    async def _over_nodes(self, cluster: ClusterNodes, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """The commands, grouped by node, all nodes at once; then, one by one, what has to go elsewhere."""
        keys = [_key_of(command) for command in commands]
        groups: dict[Node, list[int]] = {}
        for i, key in enumerate(keys):
            groups.setdefault(cluster.of_key(key), []).append(i)
        answers = await asyncio.gather(
            *(node.ask([commands[i] for i in numbers]) for node, numbers in groups.items()),
            return_exceptions=True,
        )
        replies: list[Any] = [None] * len(commands)
        for numbers, answer in zip(groups.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            for i, reply in zip(numbers, answer, strict=True):
                replies[i] = reply
        await cluster.follow(commands, keys, replies)
        if any(isinstance(reply, bad.ClusterDownError) for reply in replies):
            cluster.doubt()
        return replies

    def _checked(self, reply: Any) -> Any:
        if isinstance(reply, Exception):
            raise in_our_words(reply, self.address) from reply
        return reply

    def in_our_words(self, problem: Exception) -> Exception:
        """The error that an operator can act on, or the problem itself where it is a bug."""
        return in_our_words(problem, self.address)

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

    async def nodes(self) -> list[Node]:
        """The servers that hold data."""
        try:
            await self._nodes.ready()
        except (*BROKEN, bad.RedisError) as problem:
            raise in_our_words(problem, self.address) from problem
        return self._nodes.all()

    async def on_node(self, node: Node, *command: Argument) -> Any:
        """One plain command on one of `nodes()`."""
        try:
            return self._checked((await node.ask([command]))[0])
        except (*BROKEN, bad.RedisError) as problem:
            self._nodes.doubt()
            raise in_our_words(problem, self.address) from problem

    async def run_ids(self, keys: Sequence[str]) -> list[str]:
        """For each key the id of the run of the server that holds it: another one after each restart, and of each
        node. Raises as `run` does."""
        await self.nodes()
        owners = [self._nodes.of_key(key.encode()) for key in keys]
        ids = {node: _run_id(await self.on_node(node, "INFO", "server")) for node in dict.fromkeys(owners)}
        return [ids[node] for node in owners]

    async def own_connections(self, keys: Sequence[str]) -> list[tuple[Any, list[str]]]:
        """New connections that nothing else uses, one for each server that holds some of the keys, with these
        keys."""
        self._nodes.doubt()
        await self.nodes()
        by_node: dict[Node, list[str]] = {}
        for key in keys:
            by_node.setdefault(self._nodes.of_key(key.encode()), []).append(key)
        opened: list[tuple[Any, list[str]]] = []
        try:
            for node, some in by_node.items():
                opened.append((await node.own_connection(), some))
        except BaseException:
            for connection, _ in opened:
                await connection.disconnect(nowait=True)
            raise
        return opened

    async def renew(self) -> None:
        """Drop the connections that nobody uses now: those that a restart left behind do not count as new
        breaks."""
        try:
            for node in self._nodes.all():
                await node.drop_idle()
        except BROKEN as problem:
            raise in_our_words(problem, self.address) from problem

    async def close(self) -> None:
        """End every connection. May be called twice."""
        self._closing = True
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._nodes.close()
        except BROKEN:
            pass


def _run_id(info: Any) -> str:
    if isinstance(info, dict):
        return str(info["run_id"])
    line = next(line for line in bytes(info).splitlines() if line.startswith(b"run_id:"))
    return line.removeprefix(b"run_id:").decode()


def _key_of(command: Sequence[Argument]) -> bytes:
    """The key that decides where a command goes; b'' where it has none."""
    name = command[0]
    if name in ("EVALSHA", "EVAL"):
        key: Argument = command[3]
    elif name in _KEYLESS or len(command) < 2:
        return b""
    else:
        key = command[2] if name in ("MEMORY", "OBJECT") else command[1]
    return key.encode() if isinstance(key, str) else key if isinstance(key, bytes) else b""
