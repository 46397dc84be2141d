"""What an operator should look at, in sentences. Pure."""

from collections.abc import Sequence

from linkcrawl.frontier import Books, CrawlState, NodeFacts, WorkerSeen
from linkcrawl.status.parts import SeenPart
from linkcrawl.units import times

NEARLY_FULL = 0.9


def guarantees_off(nodes: Sequence[NodeFacts]) -> list[str]:
    """What the servers' settings do not promise."""
    said = []
    for node in nodes:
        if node.appendonly is False:
            said.append(
                f"{node.name} keeps no append-only file: if it restarts, what it held is lost (appendonly yes)"
            )
        elif node.appendfsync == "no":
            said.append(
                f"{node.name} leaves writing to its system: a power cut may lose minutes (appendfsync everysec)"
            )
        if node.policy not in (None, "noeviction"):
            said.append(
                f"{node.name} forgets keys when it is full ({node.policy}): pages would be lost "
                "(maxmemory-policy noeviction)"
            )
    return said


def warnings(
    state: CrawlState,
    books: Books,
    workers: Sequence[WorkerSeen],
    nodes: Sequence[NodeFacts],
    seen: SeenPart,
) -> list[str]:
    """What is not as it should be, the worst first."""
    said = []
    if not books.balanced:
        said.append("the books do not balance, which is a bug of linkcrawl: " + "; ".join(books.off[:3]))
    if not workers and state.end_state is None and books.open:
        said.append("no worker is alive: start some with `linkcrawl worker`")
    silent = [worker for worker in workers if worker.last_beat_ms > state.spec.reclaim_after_ms / 2]
    said += [
        f"worker {worker.worker_id} has not beaten for {worker.last_beat_ms / 1000:.0f} s"
        for worker in silent[:3]
    ]
    for node in nodes:
        if node.max_bytes and node.used_bytes and node.used_bytes > NEARLY_FULL * node.max_bytes:
            said.append(f"{node.name} is nearly full: raise its maxmemory")
    if books.dead:
        said.append(
            f"{times(books.dead, 'dead letter')}: what was found in the queues and is no entry of ours"
        )
    if seen.dear:
        said.append(
            f"the seen set holds {seen.members_a_bucket:,.0f} URLs a bucket, and above {seen.intset_limit} each "
            "takes five times the memory: raise set-max-intset-entries, or make the next crawl with a larger "
            "--expect-urls"
        )
    return said
