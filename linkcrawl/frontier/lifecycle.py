"""A crawl is made, found, steered, ended, deleted."""

import msgspec

from linkcrawl.errors import FrontierLost, OtherVersion, UsageError
from linkcrawl.frontier.audit import read_books
from linkcrawl.frontier.session import Session
from linkcrawl.frontier.spec import CrawlSpec, CrawlState, pack_spec, read_spec
from linkcrawl.records import EndState

_UNLINK_AT_ONCE = 1000


async def create(session: Session, spec: CrawlSpec) -> None:
    """Make the crawl. Raises UsageError if its name is taken, and says by what."""
    keys, server = session.keys, session.server
    if spec.name != keys.name:
        raise UsageError(f"a crawl named {spec.name!r} cannot be made under the name {keys.name!r}")
    if not await server.command("HSETNX", keys.crawl, "epoch", spec.crawl_id):
        raise UsageError(await _why_taken(session))
    commands: list[tuple[str | bytes | int, ...]] = []
    for number in range(spec.partitions):
        fields = [part for pair in spec.limits().items() for part in pair]
        commands.append(("HSET", keys.partition(number), "epoch", spec.crawl_id, *fields))
    await server.commands(commands)
    seconds, us = await server.command("TIME")
    started = int(seconds) * 1_000_000 + int(us)
    most = "" if spec.max_pages is None else spec.max_pages
    stored = ("spec", pack_spec(spec), "started_us", started, "max_pages", most, "ready", 1)
    await server.command("HSET", keys.crawl, *stored)
    session.hear(started)
    session.adopt(spec)


async def _why_taken(session: Session) -> str:
    name, where = session.keys.name, session.server.address
    try:
        state = await find(session)
    except OtherVersion:
        raise
    except FrontierLost:
        return f"something that is no whole crawl has the name {name!r} at {where}: delete it first"
    if state is None:
        return f"the crawl {name!r} at {where} was deleted just now: try again"
    how = f"has ended ({state.end_state})" if state.end_state else "is not finished"
    return (
        f"there is already a crawl named {name!r} at {where}; it {how}: take another name, or delete it first"
    )


async def find(session: Session) -> CrawlState | None:
    """The crawl of this name, or None. Raises FrontierLost if it is not whole, or no crawl."""
    keys, server = session.keys, session.server
    flat = await server.command("HGETALL", keys.crawl)
    record = {bytes(key).decode(): bytes(value) for key, value in _pairs(flat)}
    if not record:
        if await server.command("EXISTS", keys.partition(0)):
            raise FrontierLost(f"the record of the crawl {keys.name!r} at {server.address} is gone")
        return None
    if record.get("ready") != b"1" or "spec" not in record:
        raise FrontierLost(f"{keys.name!r} at {server.address} is no crawl, or one that was never made whole")
    spec = read_spec(record["spec"])
    if spec.crawl_id.encode() != record.get("epoch"):
        raise FrontierLost(f"the record of the crawl {keys.name!r} at {server.address} is damaged")
    epochs = await server.commands([("HGET", keys.partition(p), "epoch") for p in range(spec.partitions)])
    if any(epoch != record["epoch"] for epoch in epochs):
        raise FrontierLost(f"a part of the crawl {keys.name!r} at {server.address} is gone")
    session.adopt(spec)
    seconds, us = await server.command("TIME")
    session.hear(int(seconds) * 1_000_000 + int(us))
    ended = record.get("end", b"").decode()
    session.end_state = EndState(ended) if ended else None
    session.paused = record.get("paused") == b"1"
    return CrawlState(
        spec=spec,
        end_state=session.end_state,
        started_us=int(record["started_us"]),
        ended_us=int(record["ended_us"]) if record.get("ended_us") else None,
        paused=session.paused,
        seeds=int(record.get("seeds", 0)),
        deadline_us=int(record["deadline_us"]) if record.get("deadline_us") else None,
    )


def _pairs(reply: object) -> list[tuple[bytes, bytes]]:
    if isinstance(reply, dict):
        return list(reply.items())
    assert isinstance(reply, list)
    return list(zip(reply[::2], reply[1::2], strict=True))


async def set_limits(session: Session, **changes: int | bytes | None) -> CrawlSpec:
    """Change limits or options of the crawl; the new spec.

    A limit of pages that is new counts the pages settled so far; those in flight at that moment are not
    counted.
    Raises UsageError for a field that may not change.
    """
    free = {"options", "max_pages", *session.spec.limits()}
    if wrong := sorted(changes.keys() - free):
        raise UsageError([f"{field} of a crawl cannot change" for field in wrong])
    old = session.spec
    spec: CrawlSpec = msgspec.structs.replace(old, **changes)
    fields = [part for pair in spec.limits().items() for part in pair]
    await session.server.run(session.on_each("steer", session.partitions, *fields))
    if old.max_pages is None and spec.max_pages is not None:
        settled = (await read_books(session)).pages
        pages = session.keys.of_crawl(":pages")
        await session.server.commands([("DEL", pages), ("HSET", pages, "taken", settled)])
        await session.server.commands(
            [("DEL", session.keys.of_partition(p, ":paid")) for p in session.partitions]
        )
    most = "" if spec.max_pages is None else spec.max_pages
    await session.server.run([session.on_crawl("steer", "spec", pack_spec(spec), "max_pages", most)])
    session.adopt(spec)
    return spec


async def count_seeds(session: Session, number: int) -> None:
    """Add to the seeds that operators gave."""
    await session.server.command("HINCRBY", session.keys.crawl, "seeds", number)


async def set_deadline(session: Session, ms: int | None) -> None:
    """The time of the crawl is over in so many ms; None: never."""
    seconds, us = await session.server.command("TIME")
    at = "" if ms is None else int(seconds) * 1_000_000 + int(us) + ms * 1000
    await session.server.run([session.on_crawl("steer", "deadline_us", at)])


async def set_paused(session: Session, paused: bool) -> None:
    """Stop giving leases, or go on."""
    flag = "1" if paused else ""
    await session.server.run([session.on_crawl("steer", "paused", flag)])
    await session.server.run(session.on_each("steer", session.partitions, "paused", flag))
    session.paused = paused


async def end(session: Session, state: EndState) -> EndState | None:
    """Store how the crawl ended: the first wins. The state that is stored now.

    None: it is not finished after all, since something was submitted after it was found complete.
    """
    if state is EndState.FINISHED:
        return await _finish(session)
    stored = EndState(
        bytes(await session.server.run_one("end", session.keys.crawl, session.epoch, state, "")).decode()
    )
    await session.server.run(session.on_each("close", session.partitions, stored))
    session.end_state = stored
    return stored


async def _finish(session: Session) -> EndState | None:
    # Partition by partition: an operator who submits opens a closed one again, and then the crawl
    # (moves.submit); whatever comes between two of these steps, the last look or that operator finds it.
    server = session.server
    closed = await server.run(session.on_each("close", session.partitions, EndState.FINISHED))
    stored = b""
    if all(answer == b"1" for answer in closed):
        stored = await server.run_one("end", session.keys.crawl, session.epoch, EndState.FINISHED, "")
        states = await server.commands(
            [("HGET", session.keys.partition(p), "end") for p in session.partitions]
        )
        if stored == b"finished" and any(state != b"finished" for state in states):
            stored = await server.run_one("end", session.keys.crawl, session.epoch, "", EndState.FINISHED)
    else:
        stored = await server.command("HGET", session.keys.crawl, "end") or b""
    if stored != b"finished":
        await server.run(session.on_each("close", session.partitions, stored))
    session.end_state = EndState(stored.decode()) if stored else None
    return session.end_state


async def reopen(session: Session) -> None:
    """Take back how the crawl ended, so that leasing goes on."""
    await session.server.run_one("end", session.keys.crawl, session.epoch, "", "")
    await session.server.run(session.on_each("close", session.partitions, ""))
    session.end_state = None


async def delete(session: Session) -> None:
    """Remove every key of the crawl, whole or not. The crawl's own record goes last: a deletion that was cut
    is found, and done again."""
    for pattern in (session.keys.every_partition, session.keys.every_table):
        async for found in session.server.scan(pattern):
            for first in range(0, len(found), _UNLINK_AT_ONCE):
                await session.server.commands(
                    [("UNLINK", key) for key in found[first : first + _UNLINK_AT_ONCE]]
                )
    session.forget()
