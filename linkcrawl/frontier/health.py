"""How the server fares, and a bounded sample of the sites: for `status`. Changes nothing.

The cost does not grow with the crawl: of each partition, at most 64 of them, the few sites that are due first and
last, and a few that are held.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from linkcrawl.errors import UsageError
from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.fingerprint import buckets_of_partition
from linkcrawl.frontier.session import Session

_PARTITIONS = 64
_FEW = 3
_HOLDERS = 2
"""Workers of a partition whose sites are looked at."""
INTSET_LIMIT = 512
"""The servers' default of set-max-intset-entries."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One server that holds data. What it does not tell (its user may not ask) is None."""

    name: str
    version: str | None = None
    used_bytes: int | None = None
    max_bytes: int | None = None
    """0: no bound."""
    policy: str | None = None
    """What it does at its bound: `noeviction`, or it forgets."""
    appendonly: bool | None = None
    appendfsync: str | None = None
    intset_limit: int | None = None
    """set-max-intset-entries."""


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """One site of the sample."""

    site: str
    accepted: int
    queued: int
    settled: int
    delay_ms: int
    held: bool
    ready_in_ms: int
    """Until it may be asked again, 0 where it is held or due."""
    failing_ms: int
    given_up: bool


async def read_nodes(session: Session) -> list[NodeFacts]:
    """Every server that holds data."""
    server = session.server
    found = []
    for number, node in enumerate(await server.nodes()):
        info: dict[str, str] = {}
        for section in ("server", "memory", "persistence"):
            info |= _info(await _answer(session, node, "INFO", section))
        config: dict[str, str] = {}
        for name in ("set-max-intset-entries", "appendfsync"):
            config |= _texts(await _answer(session, node, "CONFIG", "GET", name))
        address = str(server.address) if not server.address.is_cluster else str(getattr(node, "name", number))
        found.append(_facts(address, info, config))
    return found


async def _answer(session: Session, node: Any, *command: Argument) -> Any:
    """What the node says; None where this user may not ask, or the provider took the command away."""
    try:
        return await session.server.on_node(node, *command)
    except (UsageError, RedisError):
        return None


def _facts(name: str, info: Mapping[str, str], config: Mapping[str, str]) -> NodeFacts:
    def number(value: str | None) -> int | None:
        return int(value) if value is not None and value.isdecimal() else None

    aof = info.get("aof_enabled")
    version = info.get("valkey_version") or info.get("redis_version")
    kind = "Valkey" if "valkey_version" in info else "Redis"
    return NodeFacts(
        name=name,
        version=f"{kind} {version}" if version else None,
        used_bytes=number(info.get("used_memory")),
        max_bytes=number(info.get("maxmemory")),
        policy=info.get("maxmemory_policy"),
        appendonly=None if aof is None else aof == "1",
        appendfsync=config.get("appendfsync"),
        intset_limit=number(config.get("set-max-intset-entries")),
    )


def _info(reply: Any) -> dict[str, str]:
    if isinstance(reply, dict):
        return {str(name): str(value) for name, value in reply.items()}
    lines = (reply or b"").decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _texts(reply: Any) -> dict[str, str]:
    if reply is None:
        return {}
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {_text(name): _text(value) for name, value in pairs}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def members_of_bucket(accepted: int, expect_urls: int, partitions: int) -> float:
    """Members of a bucket of the seen set, on average; beyond the server's bound each takes five times the
    memory."""
    return accepted / (partitions * buckets_of_partition(expect_urls, partitions))


async def sample_sites(session: Session) -> list[SiteSeen]:
    """Some sites that are held, due first and due last, of each partition."""
    step = -(-len(session.partitions) // _PARTITIONS)
    numbers = list(session.partitions)[::step]
    names = await _names(session, numbers)
    pairs = [(number, name) for number, some in names.items() for name in sorted(some)]
    records = await session.server.commands(
        [("HGETALL", session.keys.site(number, name)) for number, name in pairs]
    )
    found = (
        _seen(session, name, {key.decode(): value for key, value in _pairs(record)})
        for (_, name), record in zip(pairs, records, strict=True)
        if record
    )
    return sorted(found, key=lambda seen: seen.site)


async def _names(session: Session, numbers: Sequence[int]) -> dict[int, set[str]]:
    commands: list[tuple[Argument, ...]] = []
    for number in numbers:
        due = session.keys.of_partition(number, ":due")
        beats = session.keys.of_partition(number, ":beats")
        commands += [("ZRANGE", due, 0, _FEW - 1), ("ZRANGE", due, -_FEW, -1)]
        commands += [("ZRANGE", beats, -_HOLDERS, -1)]
    replies = await session.server.commands(commands)
    names: dict[int, set[str]] = {}
    holders: list[tuple[int, bytes]] = []
    for number, first, last, who in zip(numbers, replies[::3], replies[1::3], replies[2::3], strict=True):
        names[number] = {name.decode() for name in [*first, *last]}
        holders += [(number, incarnation) for incarnation in who]
    tables = [session.keys.of_partition(number, f":h:{who.decode()}") for number, who in holders]
    held = await session.server.commands([("HSCAN", key, 0, "COUNT", _FEW) for key in tables])
    for (number, _), (_, page) in zip(holders, held, strict=True):
        names[number].update(name.decode() for name, _ in list(_pairs(page))[:_FEW])
    return names


def _pairs(reply: Any) -> Iterable[tuple[bytes, bytes]]:
    return list(reply.items()) if isinstance(reply, dict) else list(zip(reply[::2], reply[1::2], strict=True))


def _seen(session: Session, site: str, record: Mapping[str, bytes]) -> SiteSeen:
    def number(name: str) -> int:
        return int(record.get(name) or 0)

    now = session.now_us() // 1000
    held = bool(record.get("h"))
    return SiteSeen(
        site=site,
        accepted=number("a"),
        queued=number("n"),
        settled=sum(int(value) for name, value in record.items() if name.startswith("o:")),
        delay_ms=number("d") or session.spec.delay_ms,
        held=held,
        ready_in_ms=0 if held else max(0, number("u") - now),
        failing_ms=max(0, now - number("f")) if record.get("f") else 0,
        given_up=record.get("g") == b"1",
    )
