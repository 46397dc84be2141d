"""What a worker says of a server that does not answer: one line when an outage begins, one when it ends.

Several loops meet the same outage, and a server that is full answers some calls and refuses others. So the outage
lasts until nobody has trouble any more, for a little while.
"""

import logging
from collections.abc import Callable
from time import monotonic

from linkcrawl.errors import FrontierUnavailable

logger = logging.getLogger(__name__)

CALM_S = 1.0
"""Without trouble for so long, the outage is over."""


class Outages:
    """One owner: the worker."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._troubled: set[str] = set()
        self._last_trouble = 0.0
        self._said = False

    def away(self, who: str, why: FrontierUnavailable) -> None:
        """The server did not answer `who` (a part of this worker), or refused."""
        self._troubled.add(who)
        self._last_trouble = self._clock()
        if not self._said:
            self._said = True
            logger.warning("%s: waiting; nothing is lost", why)

    def answered(self, who: str) -> None:
        """The server took all that `who` had for it."""
        self._troubled.discard(who)
        if self._clock() - self._last_trouble >= CALM_S:
            self._say_over()

    def over(self, who: str = "") -> None:
        """The server took the last that `who` had for it: there is no while to wait for."""
        self._troubled.discard(who)
        self._say_over()

    def _say_over(self) -> None:
        if self._said and not self._troubled:
            self._said = False
            logger.warning("the frontier answers again")
