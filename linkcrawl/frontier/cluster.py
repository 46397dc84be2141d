"""A Redis Cluster: which node holds which slot, and what it answers when a slot moves.

redis-py's own cluster client retries by itself and decides by itself what to send again; here that belongs to
those who know what may be sent twice.

A slot that moved from one node to another counts as a break: after a failover the new node may lack what the old
one acknowledged last, and nobody here can tell a failover from a move that an operator made.

While a slot is being moved key by key, some keys of a partition are on one node and some on the other. A script
that ran then would fail half-way. So each script declares, beside its own key, one that never exists: Redis
answers TRYAGAIN to it before it runs, until the slot has arrived (the cluster specification's rule for commands
with several keys).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis import exceptions as bad
from redis.crc import key_slot

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.connections import Argument, Dial, Node
from linkcrawl.frontier.nodes import BROKEN

NEVER = ":never"
"""Suffix of the key that never exists."""
_TURNS = 6
_LONGEST_PAUSE_S = 0.25


class ClusterNodes:
    """The masters of a cluster and their slots, read from whichever node answers."""

    def __init__(self, dial: Dial, on_change: Callable[[], None]) -> None:
        self._dial = dial
        self._on_change = on_change
        self._nodes: dict[tuple[str, int], Node] = {}
        self._ranges: list[tuple[int, int, Node]] = []
        self._used: dict[int, Node] = {}
        """Slots that hold keys of ours, and the node that they were last asked at."""
        self._in_doubt = True
        self._looking = asyncio.Lock()

    async def ready(self) -> None:
        """Read the map of the slots, if it is in doubt."""
        if not self._in_doubt:
            return
        async with self._looking:
            if self._in_doubt:
                await self._look()

    async def _look(self) -> None:
        problem: Exception | None = None
        known = [self._node(host, port) for host, port in self._dial.address.nodes]
        for node in dict.fromkeys([*self.all(), *known]):
            try:
                slots = (await node.ask([("CLUSTER", "SLOTS")]))[0]
            except BROKEN as why:
                problem = problem or why
                continue
            if isinstance(slots, Exception):
                problem = slots
                continue
            if slots:
                # One that failed is asked last the next time.
                self._ranges = [self._range(entry, node) for entry in slots]
                self._in_doubt = False
                for slot, before in list(self._used.items()):
                    self._use(slot, self._owner(slot), before)
                return
        raise problem or FrontierUnavailable(f"the cluster at {self._dial.address} holds no slots")

    def _range(self, entry: Any, asked: Node) -> tuple[int, int, Node]:
        first, last, (host, port, *_) = entry[:3]
        # A node that does not know its own name leaves it out: it is the one that was asked.
        name = bytes(host or b"").decode()
        return int(first), int(last), self._node(name or asked.host, int(port))

    def _node(self, host: str, port: int) -> Node:
        node = self._nodes.get((host, port))
        if node is None:
            node = self._nodes[host, port] = self._dial.node(host, port)
        return node

    def _owner(self, slot: int) -> Node | None:
        return next((node for first, last, node in self._ranges if first <= slot <= last), None)

    def _use(self, slot: int, node: Node | None, before: Node | None) -> None:
        if node is None:
            return
        self._used[slot] = node
        if before is not None and node is not before:
            self._on_change()

    def of_key(self, key: bytes) -> Node:
        """The master that holds the key's slot."""
        slot = key_slot(key)
        node = self._used.get(slot)
        if node is None:
            node = self._owner(slot)
            if node is None:
                self._in_doubt = True
                raise FrontierUnavailable(
                    f"a part of the keys has no node in the cluster at {self._dial.address} now"
                )
            self._used[slot] = node
        return node

    def all(self) -> list[Node]:
        """The masters that hold slots."""
        return list(dict.fromkeys(node for _, _, node in self._ranges))

    def doubt(self) -> None:
        """Read the map again; whoever answered last is asked last."""
        self._in_doubt = True

    async def close(self) -> None:
        """End every connection."""
        for node in self._nodes.values():
            await node.close()

    async def follow(
        self, commands: Sequence[tuple[Argument, ...]], keys: Sequence[bytes], replies: list[Any]
    ) -> None:
        """Send again, one by one, what was answered MOVED, ASK or TRYAGAIN; replies are put in their places.

        What is still answered so in the end stays: somebody is moving that slot.
        """
        for turn in range(_TURNS):
            again = [i for i, reply in enumerate(replies) if isinstance(reply, _ELSEWHERE)]
            if not again:
                return
            if turn:
                await asyncio.sleep(min(0.01 * 2**turn, _LONGEST_PAUSE_S))
            for i in again:
                replies[i] = await self._again(commands[i], keys[i], replies[i])

    async def _again(self, command: tuple[Argument, ...], key: bytes, answer: Exception) -> Any:
        if isinstance(answer, bad.MovedError):
            node = self._node(answer.host or self.of_key(key).host, answer.port)
            self._use(answer.slot_id, node, self._used.get(answer.slot_id))
            self._in_doubt = True
        elif isinstance(answer, bad.AskError):
            # Only for this one command, on the same connection: the slot has not arrived there yet.
            node = self._node(answer.host or self.of_key(key).host, answer.port)
            return (await node.ask([("ASKING",), command]))[1]
        return (await self.of_key(key).ask([command]))[0]


_ELSEWHERE = (bad.AskError, bad.TryAgainError)
"""MovedError is a kind of AskError."""
