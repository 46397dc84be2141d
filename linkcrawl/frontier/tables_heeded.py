"""What this worker has taken up of the crawl's tables that grow or change while it runs: scope, watch list, blocked
domains. Beats tell of new versions."""

import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from linkcrawl.errors import FrontierUnavailable
from linkcrawl.frontier.blocklist import Blocklist
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.replies import Beat
from linkcrawl.records import Candidate, SiteHold


@dataclass(slots=True)
class TablesHeeded:
    """One owner: the worker."""

    frontier: Frontier
    block: Callable[[Blocklist], None]
    """Ask nothing of these domains from now on."""
    scope_grew: Callable[[Sequence[str]], None]
    in_scope: Callable[[Candidate], bool]
    changed: Callable[[int, int], Coroutine[Any, Any, None]]
    """(watch_version, blocked_version): at least one of them is new."""
    _scope_version: int = 0
    _versions: tuple[int, int] | None = None

    async def heed(self, beat: Beat) -> None:
        """Take up what is new. Raises FrontierUnavailable: the next beat tells of it again."""
        if beat.scope_version != self._scope_version:
            await self._take_up_scope()
        versions = beat.watch_version, beat.blocked_version
        if versions != self._versions:
            _, blocked = await self.frontier.blocked() if beat.blocked_version else (0, [])
            self.block(Blocklist(blocked))
            await self.changed(*versions)
            self._versions = versions

    async def learn_scope_of(self, holds: Sequence[SiteHold]) -> None:
        """Seeds that came just now may be leased before the next beat tells of their sites: links between pages of
        theirs must not be taken for foreign."""
        if all(self.in_scope(lease.candidate) for hold in holds for lease in hold.leases):
            return
        with contextlib.suppress(FrontierUnavailable):
            await self._take_up_scope()

    async def _take_up_scope(self) -> None:
        while True:
            since = self._scope_version
            version, keys = await self.frontier.scope(since)
            if version <= since:
                return
            self.scope_grew(keys)
            self._scope_version = max(version, self._scope_version)
