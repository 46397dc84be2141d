"""Reads the server's own keys, as nobody but a test does."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from linkcrawl.frontier.server import Server
from tests.frontier.model import Item


def item_of(entry: bytes, site: str) -> Item:
    """A queue entry as the model has it."""
    _version, crashes, attempt, url, depth, *_ = msgspec.msgpack.decode(entry)
    return Item(url, site, depth, attempt, crashes)


@dataclass
class Keyspace:
    """What the keys of all partitions say."""

    queues: dict[str, dict[int, list[Item]]] = field(default_factory=dict)
    delayed: list[Item] = field(default_factory=list)
    flights: dict[int, dict[int, Item]] = field(default_factory=dict)
    holds: dict[int, dict[str, int]] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    sites: dict[str, dict[str, bytes]] = field(default_factory=dict)
    counters: dict[int, Counter[str]] = field(default_factory=dict)
    seen: int = 0


READERS: dict[str, tuple[str | int, ...]] = {
    "q": ("LRANGE", 0, -1),
    "delayed": ("ZRANGE", 0, -1),
    "f": ("HGETALL",),
    "h": ("HGETALL",),
    "due": ("ZRANGE", 0, -1),
    "s": ("HGETALL",),
    "c": ("HGETALL",),
    "seen": ("SCARD",),
}


async def read(server: Server, partitions: int, name: str = "test") -> Keyspace:
    """All keys of a small crawl."""
    found = Keyspace()
    keys = sorted(key.decode() for key in await server.command("KEYS", f"{{{name}:*"))
    parsed = []
    for key in keys:
        tag, _, suffix = key.partition("}")
        kind, _, rest = suffix.removeprefix(":").partition(":")
        if kind in READERS:
            parsed.append((int(tag.rpartition(":")[2]), kind, rest, key))
    replies = await server.commands(
        [(READERS[kind][0], key, *READERS[kind][1:]) for _, kind, _, key in parsed]
    )
    for (partition, kind, rest, _), reply in zip(parsed, replies, strict=True):
        assert partition < partitions
        _take(found, partition, kind, rest, reply)
    return found


def _take(found: Keyspace, partition: int, kind: str, rest: str, reply: Any) -> None:
    match kind:
        case "q":
            level, _, site = rest.partition(":")
            found.queues.setdefault(site, {})[int(level)] = [item_of(entry, site) for entry in reply]
        case "delayed":
            found.delayed += [_flown(record) for record in reply]
        case "f":
            found.flights.setdefault(int(rest), {}).update({int(t): _flown(r) for t, r in _pairs(reply)})
        case "h":
            found.holds.setdefault(int(rest), {}).update({s.decode(): int(t) for s, t in _pairs(reply)})
        case "due":
            found.due |= {site.decode() for site in reply}
        case "s":
            found.sites[rest] = {k.decode(): v for k, v in _pairs(reply)}
        case "c":
            found.counters[partition] = Counter({k.decode(): int(v) for k, v in _pairs(reply)})
        case "seen":
            found.seen += reply


def _flown(record: bytes) -> Item:
    _level, site, entry = record.split(b" ", 2)
    return item_of(entry, site.decode())


def _pairs(reply: Any) -> list[tuple[bytes, bytes]]:
    return list(reply.items()) if isinstance(reply, dict) else list(zip(reply[::2], reply[1::2], strict=True))


def check_invariants(found: Keyspace) -> None:
    """Invariants 1, 2 and 4, on the server's own keys."""
    places = [item.url for levels in found.queues.values() for queue in levels.values() for item in queue]
    places += [item.url for item in found.delayed]
    places += [item.url for flights in found.flights.values() for item in flights.values()]
    assert len(places) == len(set(places)), "a URL is in two places"
    settled = sum(n for c in found.counters.values() for name, n in c.items() if name.startswith("o:"))
    assert len(places) + settled == found.seen, "a URL is lost, or nowhere accepted"
    held = [site for sites in found.holds.values() for site in sites]
    assert len(held) == len(set(held)), "a site is held twice"
    for name, record in found.sites.items():
        queued = sum(len(queue) for queue in found.queues.get(name, {}).values())
        assert int(record.get("n", 0)) == queued
        assert (name in found.due) == (queued > 0 and name not in held)
        assert (record.get("h", b"") != b"") == (name in held)
        levels = {int(level) for level in record.get("l", b"").split()}
        assert {level for level, queue in found.queues.get(name, {}).items() if queue} <= levels
    for c in found.counters.values():
        done = sum(n for name, n in c.items() if name.startswith("o:"))
        assert c["accepted"] == c["queued"] + c["delayed"] + c["leased"] + done + c["dead"]
        assert c["leases"] == done + c["retried"] + c["returned"] + c["reclaimed"] + c["leased"]
    total = sum(found.counters.values(), Counter[str]())
    assert total["leased"] == sum(len(flights) for flights in found.flights.values())
    assert total["delayed"] == len(found.delayed)
    assert total["queued"] == sum(len(q) for levels in found.queues.values() for q in levels.values())
