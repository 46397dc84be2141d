"""The books: what is counted, whether it balances, and site by site."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from linkcrawl.frontier.replies import Books, DeadLetter, SiteSummary
from linkcrawl.frontier.session import Session
from linkcrawl.records import Outcome, Refusal

_SITES_AT_ONCE = 500
_LETTERS_AT_ONCE = 500


async def read_books(session: Session, audited: bool = True) -> Books:
    """The books of the crawl. Each partition is read in one step; a few counters a partition, whatever its
    size.

    audited: the tables of all workers are looked into, too; without it only the counters are read.
    """
    flag = "1" if audited else ""
    replies = await session.server.run(session.on_each("books", session.partitions, flag))
    total: Counter[str] = Counter()
    off: list[str] = []
    for partition, (server_us, _ended, flat, sizes) in enumerate(replies):
        counted = _counters(flat)
        names = ("delayed in fact", "in flight", "due", "held", "sites", "letters")
        facts = dict(zip(names, sizes, strict=audited))
        if audited:
            off += [f"partition {partition}: {text}" for text in _wrong(counted, facts)]
        total.update(counted)
        total.update(facts)
        session.hear(int(server_us))
    for reason, times in _pairs(await session.server.command("HGETALL", session.keys.of_crawl(":refused"))):
        total[f"r:{reason.decode()}"] += int(times)
    found = await session.server.command("HVALS", session.keys.of_crawl(":links"))
    return Books(
        accepted=total["accepted"],
        queued=total["queued"],
        delayed=total["delayed"],
        leased=total["leased"],
        dead=total["dead"],
        settled={outcome: total[f"o:{outcome}"] for outcome in Outcome if total[f"o:{outcome}"]},
        refused={reason: total[f"r:{reason}"] for reason in Refusal if total[f"r:{reason}"]},
        leases_given=total["leases"],
        retried=total["retried"],
        returned=total["returned"],
        reclaimed=total["reclaimed"],
        stale=total["stale"],
        crashes=total["crashes"],
        submits=total["submits"],
        links=sum(map(int, found)),
        sites=total["sites"],
        sites_due=total["due"],
        sites_held=total["held"],
        off=tuple(off),
    )


def _pairs(reply: Any) -> list[tuple[bytes, bytes]]:
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))


def _counters(flat: Any) -> Counter[str]:
    return Counter({name.decode(): int(value) for name, value in _pairs(flat)})


def _wrong(counted: Mapping[str, int], facts: Mapping[str, int]) -> list[str]:
    """The equations of a partition that do not hold (see the package's invariants)."""
    c = Counter(counted)
    settled = sum(value for name, value in c.items() if name.startswith("o:"))
    pairs = {
        "accepted = queued + delayed + leased + settled + dead": (
            c["accepted"],
            c["queued"] + c["delayed"] + c["leased"] + settled + c["dead"],
        ),
        "leases given = settled + retried + returned + reclaimed + in flight": (
            c["leases"],
            settled + c["retried"] + c["returned"] + c["reclaimed"] + facts["in flight"],
        ),
        "leased = in flight": (c["leased"], facts["in flight"]),
        "delayed = what lies in the delayed set": (c["delayed"], facts["delayed in fact"]),
    }
    return [f"{text}, but {left} is not {right}" for text, (left, right) in pairs.items() if left != right]


async def is_complete(session: Session) -> bool:
    """Whether nothing is left to do, in no partition, and no operator is submitting seeds.

    Partitions cannot be read at one instant, so all are read twice: complete only if nothing was left both
    times and nothing was submitted in between.
    """
    seen: list[list[int]] = []
    for _ in range(2):
        filling, *replies = await session.server.run(
            [session.on_crawl("filling", "", 0), *session.on_each("books", session.partitions, "")]
        )
        if filling:
            return False
        counted = [_counters(flat) for _us, _ended, flat, _sizes in replies]
        if any(c["queued"] + c["delayed"] + c["leased"] for c in counted):
            return False
        seen.append([c["submits"] for c in counted])
    return seen[0] == seen[1]


async def read_sites(session: Session) -> AsyncIterator[SiteSummary]:
    """Every site that had a URL accepted, each once."""
    for partition in session.partitions:
        index = session.keys.of_partition(partition, ":sites")
        first = 0
        while True:
            names = await session.server.command("LRANGE", index, first, first + _SITES_AT_ONCE - 1)
            if not names:
                break
            first += len(names)
            texts = [name.decode() for name in names]
            records = await session.server.commands(
                [("HGETALL", session.keys.site(partition, name)) for name in texts]
            )
            for name, record in zip(texts, records, strict=True):
                yield _summary(name, {key.decode(): value for key, value in _pairs(record)})


def _summary(site: str, record: Mapping[str, bytes]) -> SiteSummary:
    def counts(prefix: str) -> dict[str, int]:
        return {name[2:]: int(value) for name, value in record.items() if name.startswith(prefix)}

    failing = record.get("f") or b""
    return SiteSummary(
        site=site,
        accepted=int(record.get("a", 0)),
        refused={Refusal(name): times for name, times in counts("r:").items()},
        settled={Outcome(name): times for name, times in counts("o:").items()},
        queued=int(record.get("n", 0)),
        given_up=record.get("g") == b"1",
        failing_since_us=int(failing) * 1000 if failing else None,
    )


async def read_dead_letters(session: Session) -> AsyncIterator[DeadLetter]:
    """Every dead letter."""
    for partition in session.partitions:
        first = 0
        while True:
            key = session.keys.of_partition(partition, ":dead")
            letters = await session.server.command("LRANGE", key, first, first + _LETTERS_AT_ONCE - 1)
            if not letters:
                break
            first += len(letters)
            for letter in letters:
                head, _, content = letter.partition(b"\n")
                at_ms, reason, where = head.decode("utf-8", "replace").split(" ", 2)
                yield DeadLetter(int(at_ms) * 1000, reason, where, content)
