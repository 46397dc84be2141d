"""This worker's part of `--max-pages`, reserved before it leases and never overshot."""

from linkcrawl.frontier.session import Session


class PageShare:
    """Pages reserved for this incarnation, less those that it leased.

    A lease that is settled has used its page up; one that goes back to the queue gives it back.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._free = 0

    def reset(self) -> None:
        """A new incarnation has reserved nothing."""
        self._free = 0

    async def reserve(self, wanted: int) -> int:
        """How many pages may be leased now: `wanted` or fewer."""
        if self._session.max_pages is None:
            return wanted
        if self._free < wanted:
            self._free += await self._change(wanted - self._free, if_unlimited=wanted)
        return min(wanted, self._free)

    async def leased(self, pages: int) -> None:
        """So many were leased; what was reserved beyond goes back."""
        if self._session.max_pages is not None:
            self._free -= pages
            await self.return_unused()

    def came_back(self, pages: int) -> None:
        """So many leases went back to the queue."""
        if self._session.max_pages is not None:
            self._free += pages

    async def return_unused(self) -> None:
        """Give back what is reserved and not leased."""
        if self._session.max_pages is not None and self._free > 0:
            unused, self._free = self._free, 0
            await self._change(-unused, if_unlimited=0)

    async def _change(self, pages: int, if_unlimited: int) -> int:
        session = self._session
        changed, _free = (await session.server.run([session.on_crawl("reserve", session.me, pages)]))[0]
        return if_unlimited if changed == -1 and _free == -1 else int(changed)
