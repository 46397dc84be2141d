"""At most so many held sites of one IP address at a time: who has a place, and who waits for one."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from linkcrawl.frontier.held import LONGEST_WAIT_S, HeldSite


@dataclass(slots=True)
class AddressPlaces:
    """One owner: the pacing, on its event loop. A site that waits is `busy`."""

    per_address: int
    """0: no bound."""
    go_on: Callable[[HeldSite], None]
    """Called with a site that has a place now, or needs none."""
    give_up: Callable[[HeldSite], None]
    """Called with a site that has waited for too long."""
    taken: dict[str, int] = field(default_factory=dict)
    """By address: places that are occupied."""
    _waiting: dict[str, deque[HeldSite]] = field(default_factory=dict)

    def enter(self, site: HeldSite, address: str | None) -> None:
        """Give the site a place of its address, or let it wait for one. address: None if no bound applies."""
        site.address = address or ""
        site.busy = False
        if not address:
            self.go_on(site)
        elif self.taken.get(address, 0) < self.per_address:
            self.taken[address] = self.taken.get(address, 0) + 1
            self.go_on(site)
        else:
            site.busy = True
            self._waiting.setdefault(address, deque()).append(site)
            asyncio.get_running_loop().call_later(LONGEST_WAIT_S, self._give_up_waiting, site, address)

    def leave(self, site: HeldSite) -> None:
        """The site's place goes to the next who waits for it."""
        address, site.address = site.address, ""
        if not address:
            return
        queue = self._waiting.get(address)
        if queue and site in queue:
            queue.remove(site)  # it never had the place
            return
        while queue:
            follower = queue.popleft()
            if not follower.released:
                follower.busy = False
                asyncio.get_running_loop().call_soon(self.go_on, follower)
                return
        self._waiting.pop(address, None)
        self.taken[address] -= 1
        if not self.taken[address]:
            del self.taken[address]

    def _give_up_waiting(self, site: HeldSite, address: str) -> None:
        queue = self._waiting.get(address)
        if queue and site in queue:
            queue.remove(site)
            site.address = ""
            site.busy = False
            self.give_up(site)
