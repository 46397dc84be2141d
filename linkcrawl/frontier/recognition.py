"""Which run of the server each partition lies on, told by workers before they ask for leases.

A server that comes back without its last moments has forgotten sites that were leased then. So each partition keeps
the id of the run that served it last; a worker that joins or reconciles compares. After another run was found, the
partition gives no site for half the reclaim time, and none of its sites is asked before its delay is over as well: a
worker that has not reconciled with the new run has no acknowledged beat younger than it, so it starts nothing after
half the reclaim time; one that has reconciled dropped what the server forgot.

Where the caller is the only one who can have leased anything, its own requests are all that count: its sites only wait
for their delay. The crawl's list of incarnations tells that for certain, since nobody leases before its join is on
the server's disk (`FrontierWorker`); beats of the last moments may be missing from it, so it is read for longer back
than a worker may start anything. A cluster's slot that an operator moves, and another master, count as another run.
"""

from linkcrawl.frontier.session import Session

_LOST_MS = 2000
"""The most that `appendfsync everysec` loses."""


async def recognise(session: Session) -> None:
    """Tell each partition which run of the server it lies on. Raises as `Server.run` does."""
    runs = await _runs(session)
    new = [p for p, run in runs.items() if session.runs.get(p) != run]
    if not new:
        return
    wait_ms = session.spec.reclaim_after_ms // 2 + 1 if await _others(session) else 0
    await session.server.run([session.on_partition("recognise", p, runs[p], wait_ms) for p in new])
    session.runs = runs


async def is_another_run(session: Session) -> bool:
    """Whether a partition lies on another run than this client told it last. Raises as `Server.run` does."""
    return await _runs(session) != session.runs


async def _runs(session: Session) -> dict[int, str]:
    partitions = session.partitions
    found = await session.server.run_ids([session.keys.partition(p) for p in partitions])
    return dict(zip(partitions, found, strict=True))


async def _others(session: Session) -> bool:
    """Whether another incarnation may have leased something that the server forgot, and may start it yet."""
    back_ms = 2 * session.spec.reclaim_after_ms + _LOST_MS
    [attended] = await session.server.run([session.on_crawl("attend", "", "", back_ms, "", 0)])
    return any(int(member) != session.incarnation for member in attended[7])
