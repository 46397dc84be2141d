"""The watch over this worker's own network: it keeps what is in doubt, probes, and says when the network is gone."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from linkcrawl.frontier.doubt import LONGEST_DOUBT_S, Doubt, Ruling
from linkcrawl.frontier.held import HeldSite
from linkcrawl.records import RobotsRecord

logger = logging.getLogger(__name__)

FIRST_PROBE_S = 0.5
"""After a failure: by then another site has mostly told."""
PROBE_EVERY_S = 2.0


class Network(Protocol):
    """What the worker asks of the network beside the visits themselves."""

    async def address_of(self, url: str) -> str | None:
        """The IP address that counts for the bound of sites per address; None: no bound applies."""
        ...

    async def robots_of(self, origin: str) -> RobotsRecord:
        """Fetch and read an origin's robots.txt. Never raises."""
        ...

    async def connects(self, origin: str) -> bool:
        """Look the origin's host up and connect, within some seconds; nothing is asked for. Never raises."""
        ...


@dataclass(slots=True, eq=False)
class Case:
    """A fetch that did not connect. Its site stands still meanwhile."""

    site: HeldSite
    failed_at: float
    judge: Callable[[], None]
    """It is the site's: go on as after any failure."""


@dataclass(slots=True)
class NetworkWatch:
    """One owner: the pacing, on its event loop."""

    network: Network
    give_back: Callable[[HeldSite], None]
    """Give a site back as if nothing had been asked of it."""
    changed: Callable[[bool], None]
    """Called with True when the network is gone, with False when it is back."""
    doubt: Doubt = field(default_factory=Doubt)
    _cases: list[Case] = field(default_factory=list)
    _look: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _probed_at: float = float("-inf")

    def connected(self, site: HeldSite, origin: str, began: float) -> None:
        """A fetch of the site, begun then, connected: what had failed before that was not for the network."""
        self.doubt.connected(site.hold.site, origin)
        if self._cases:
            self._judge([case for case in self._cases if case.failed_at < began])

    def failed(self, site: HeldSite, began: float, judge: Callable[[], None]) -> Ruling:
        """A fetch of the site, begun then, did not connect.

        IN_DOUBT: the site is to stand still, until `judge` is called or the site is given back.
        """
        ruling = self.doubt.failed(site.hold.site, began)
        if ruling is Ruling.IN_DOUBT and not site.released:
            self._cases.append(Case(site, monotonic(), judge))
            if self.doubt.suspicious:
                self._look.set()
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._watch())
        return ruling

    def stop(self) -> None:
        """The sites are given back: nothing is left to be judged."""
        self._cases.clear()
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        """Until nothing is in doubt and the network is there."""
        while self._cases or self.doubt.gone:
            await self._until_a_probe_is_due()
            if not self._cases and not self.doubt.gone:
                return
            began = self._probed_at = monotonic()
            if await self._any_connects(self.doubt.to_probe({case.site.hold.site for case in self._cases})):
                self._works(began)
            elif not self.doubt.gone and self.doubt.suspicious:
                self._lost()
            self._judge([case for case in self._cases if monotonic() - case.failed_at > LONGEST_DOUBT_S])

    async def _until_a_probe_is_due(self) -> None:
        oldest = min((case.failed_at for case in self._cases), default=float("-inf"))
        due = max(oldest + FIRST_PROBE_S, self._probed_at + PROBE_EVERY_S)
        self._look.clear()
        if self.doubt.suspicious and not self.doubt.gone:
            due = self._probed_at + FIRST_PROBE_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due - monotonic())):
                await self._look.wait()

    async def _any_connects(self, origins: list[str]) -> bool:
        probes = {asyncio.ensure_future(self.network.connects(origin)) for origin in origins}
        try:
            while probes:
                done, probes = await asyncio.wait(probes, return_when=asyncio.FIRST_COMPLETED)
                if any(probe.result() for probe in done):
                    return True
            return False
        finally:
            for probe in probes:
                probe.cancel()

    def _works(self, began: float) -> None:
        was_gone = self.doubt.gone
        self.doubt.works(monotonic())
        if was_gone:
            logger.warning("this worker's network is back: it goes on")
            self.changed(False)
        self._judge([case for case in self._cases if case.failed_at < began])

    def _lost(self) -> None:
        logger.warning(
            "this worker's network is gone: no site can be connected to, nor those that worked before. What it "
            "held goes back to the frontier, and it waits; no site's record is touched"
        )
        self.doubt.lost()
        cases, self._cases = self._cases, []
        for case in cases:
            if not case.site.released:
                self.give_back(case.site)
        self.changed(True)

    def _judge(self, cases: list[Case]) -> None:
        for case in cases:
            self._cases.remove(case)
        for case in cases:
            if not case.site.released:
                case.judge()
