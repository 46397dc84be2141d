"""A cluster of three masters."""

import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis.crc import key_slot

from tests.servers.process import ServerProcess, free_address

SLOTS = 16384
READY_S = 30.0
_AT_ONCE = 500


class _ClusterNode(ServerProcess):
    def __init__(self, binary: Path, options: dict[str, str], address: tuple[str, int], bus: int) -> None:
        super().__init__(binary, options, address)
        self.bus = bus
        """The port at which the nodes speak with each other."""


class LocalCluster:
    """Three masters, a third of the slots each; none has a replica."""

    def __init__(self, binary: Path, **options: str) -> None:
        self._binary = binary
        self._options = options
        self._stack = ExitStack()
        self.nodes: list[_ClusterNode] = []

    def __enter__(self) -> Self:
        try:
            for _ in range(3):
                self.nodes.append(self._stack.enter_context(self._node()))
            self._join()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _node(self) -> _ClusterNode:
        host, port = free_address()
        _, bus = free_address(host)
        options = {
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": "3000",
            "cluster-port": str(bus),
            "cluster-announce-ip": host,
        }
        return _ClusterNode(self._binary, options | self._options, (host, port), bus)

    @property
    def url(self) -> str:
        """For `--redis`: one of the nodes, the rest is found."""
        return f"redis+cluster://{self.nodes[0].at}"

    def _join(self) -> None:
        first = self.nodes[0]
        for number, node in enumerate(self.nodes):
            with node.client() as client:
                begin, end = SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", begin, end)
                if node is not first:
                    client.execute_command("CLUSTER", "MEET", first.host, first.port, first.bus)
        self.wait_until_whole()

    def add_replica(self, master: ServerProcess) -> ServerProcess:
        """A replica of a master, that has all of its data and is known to all; it is promoted when that dies."""
        replica = self._stack.enter_context(self._node())
        first = self.nodes[0]
        with replica.client() as client, master.client() as of:
            client.execute_command("CLUSTER", "MEET", first.host, first.port, first.bus)
            until = time.monotonic() + READY_S
            while not self._knows_all_slots(replica):
                assert time.monotonic() < until, "the replica does not get to know the cluster"
                time.sleep(0.05)
            client.execute_command("CLUSTER", "REPLICATE", _id_of(of))
            while not self._follows(replica, master):
                assert time.monotonic() < until, "the replica does not follow"
                time.sleep(0.05)
        return replica

    @staticmethod
    def _knows_all_slots(node: ServerProcess) -> bool:
        with node.client() as client:
            info: Any = client.execute_command("CLUSTER INFO")
        return int(info["cluster_slots_ok"]) == SLOTS

    def _follows(self, replica: ServerProcess, master: ServerProcess) -> bool:
        with replica.client() as client:
            linked = client.info("replication")["master_link_status"] == "up"
        told = [self._replicas_of(master, node) for node in self.nodes]
        return linked and all((replica.host, replica.port) in some for some in told)

    @staticmethod
    def _replicas_of(master: ServerProcess, node: ServerProcess) -> list[tuple[str, int]]:
        with node.client() as client:
            ranges: Any = client.execute_command("CLUSTER", "SLOTS")
        held = [
            nodes
            for _, _, *nodes in ranges
            if (nodes[0][0].decode(), nodes[0][1]) == (master.host, master.port)
        ]
        return [(host.decode(), port) for nodes in held for host, port, *_ in nodes[1:]]

    def wait_until_whole(self) -> None:
        """Until every node knows all slots."""
        until = time.monotonic() + READY_S
        while not all(self._is_whole(node) for node in self.nodes):
            assert time.monotonic() < until, "the cluster does not come together"
            time.sleep(0.05)

    @staticmethod
    def _is_whole(node: ServerProcess) -> bool:
        with node.client() as client:
            state: Any = client.execute_command("CLUSTER INFO")
            known: Any = client.execute_command("CLUSTER SLOTS")
        return state["cluster_state"] == "ok" and len(known) >= 3

    def holder_of(self, key: str) -> ServerProcess:
        """The node that holds a key, as the first node says."""
        slot = key_slot(key.encode())
        with self.nodes[0].client() as client:
            ranges: Any = client.execute_command("CLUSTER", "SLOTS")
        for first, last, (host, port, *_), *_ in ranges:
            if first <= slot <= last:
                at = (host.decode(), port)
                return next(node for node in self.nodes if (node.host, node.port) == at)
        raise LookupError(key)

    def begin_move(self, key: str, target: ServerProcess) -> ServerProcess:
        """The key's slot is on its way to another node: nothing has moved yet. The node that it leaves."""
        source, slot = self.holder_of(key), key_slot(key.encode())
        with source.client() as old, target.client() as new:
            new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", _id_of(old))
            old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", _id_of(new))
        return source

    def move_keys(self, key: str, source: ServerProcess, target: ServerProcess, at_most: int = 10**9) -> int:
        """Move so many of the slot's keys, as resharding tools do; how many were moved."""
        slot, moved = key_slot(key.encode()), 0
        with source.client() as old:
            while moved < at_most:
                keys = old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, min(_AT_ONCE, at_most - moved))
                if not keys:
                    break
                old.execute_command("MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *keys)
                moved += len(keys)
        return moved

    def end_move(self, key: str, target: ServerProcess) -> None:
        """The slot belongs to its new node."""
        slot = key_slot(key.encode())
        with target.client() as new:
            number = _id_of(new)
        for node in (target, *(node for node in self.nodes if node is not target)):
            with node.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", number)


def _id_of(client: Any) -> str:
    number = client.execute_command("CLUSTER", "MYID")
    return number.decode() if isinstance(number, bytes) else str(number)
