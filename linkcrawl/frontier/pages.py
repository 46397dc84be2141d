"""This worker's part of `--max-pages`, reserved before it leases and never overshot.

Always true of each incarnation, on the server: pages that it settled + pages that it has in flight <= pages that it
reserved. What is reserved and neither settled nor in flight is free, and goes back as soon as it is not wanted.
"""

from contextlib import suppress

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.session import Session


class PageShare:
    """Pages reserved for this incarnation, less those that it leased.

    A lease that is settled has used its page up; one that goes back to the queue gives it back.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._free = 0
        self._leasing = False
        """What is free now may be in use by a lease that is under way."""

    def reset(self) -> None:
        """A new incarnation has reserved nothing."""
        self._free = 0
        self._leasing = False

    async def reserve(self, wanted: int) -> int:
        """How many pages may be leased now: `wanted` or fewer."""
        if self._session.max_pages is None:
            return wanted
        self._leasing = True
        try:
            if self._free < wanted:
                self._free += await self._change(wanted - self._free, if_unlimited=wanted)
        finally:
            most = max(0, min(wanted, self._free))
            self._leasing = most > 0
        return most

    async def leased(self, pages: int) -> None:
        """So many were leased; what was reserved beyond goes back."""
        self._leasing = False
        if self._session.max_pages is not None:
            self._free -= pages
            await self.return_unused()

    def lease_failed(self) -> None:
        """Nobody knows what was leased: `recount` tells once this worker has reconciled."""
        self._leasing = False
        self._free = 0

    def came_back(self, pages: int) -> None:
        """So many leases went back to the queue."""
        if self._session.max_pages is not None:
            self._free += pages

    async def return_unused(self) -> None:
        """Give back what is reserved and not leased."""
        if self._session.max_pages is not None and self._free > 0 and not self._leasing:
            unused, self._free = self._free, 0
            # Whether it arrived need not be known now: `recount` finds what did not.
            with suppress(FrontierUnavailable):
                await self._change(-unused, if_unlimited=0)

    async def recount(self, held: int) -> None:
        """Read what is free off the server's own account: replies that were lost made it differ from ours.

        held: leases that this incarnation held, before the call. No lease may be under way. Rather too little than
        too much: what is settled meanwhile is counted twice, and a server that does not answer leaves nothing.
        """
        session = self._session
        self._free = 0
        if session.max_pages is None or session.incarnation is None:
            return
        me = session.incarnation
        accounts = [session.keys.of_crawl(":pages")]
        accounts += [session.keys.of_partition(p, ":paid") for p in session.partitions]
        try:
            reserved, *paid = await session.server.commands([("HGET", key, me) for key in accounts])
        except FrontierUnavailable:
            return
        self._free = max(0, int(reserved or 0) - sum(int(pages or 0) for pages in paid) - held)

    async def _change(self, pages: int, if_unlimited: int) -> int:
        session = self._session
        changed, _free = (await session.server.run([session.on_crawl("reserve", session.me, pages)]))[0]
        return if_unlimited if changed == -1 and _free == -1 else int(changed)
