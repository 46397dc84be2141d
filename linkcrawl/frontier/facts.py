"""What a worker tells of itself with its beat: counted anew in each of its lives, so that the crawl's sum, which
keeps what the ended ones found, counts nothing twice."""

import resource
import socket
import sys
from collections import deque
from collections.abc import Callable
from time import monotonic

from linkcrawl import __version__
from linkcrawl.frontier.replies import WorkerFacts

RATE_S = 10.0
"""Pages a second are measured over about this time."""


class OwnFacts:
    """One owner: the scheduler. life: the worker's present incarnation."""

    def __init__(self, life: Callable[[], int | None], clock: Callable[[], float] = monotonic) -> None:
        self._life = life
        self._clock = clock
        self._counted_in: int | None = None
        self._host = socket.gethostname()
        self._pages = self._links = 0
        self._samples: deque[tuple[float, int]] = deque()
        """(time, pages at that time), the first one about `RATE_S` ago."""

    def count(self, links: int) -> None:
        """A page was recorded, with so many links."""
        self._begin_anew_if_reborn()
        self._pages += 1
        self._links += links

    def told(self, sites: int, downloading: int, hindrance: str | None) -> WorkerFacts:
        """For the next beat. sites: held; hindrance: why no leases are taken."""
        self._begin_anew_if_reborn()
        return WorkerFacts(
            host=self._host,
            version=__version__,
            pages=self._pages,
            links=self._links,
            pages_a_second=self._rate(),
            sites=sites,
            downloading=downloading,
            rss_bytes=rss_bytes(),
            hindrance=hindrance,
        )

    def _begin_anew_if_reborn(self) -> None:
        life = self._life()
        if life != self._counted_in:
            self._counted_in = life
            self._pages = self._links = 0
            self._samples.clear()

    def _rate(self) -> float:
        now, samples = self._clock(), self._samples
        samples.append((now, self._pages))
        while len(samples) > 2 and now - samples[1][0] >= RATE_S:
            samples.popleft()
        then, pages = samples[0]
        return (self._pages - pages) / (now - then) if now > then else 0.0


def rss_bytes() -> int:
    """Memory of this process: now, where the system says it, else at most so far."""
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123 - every few seconds: the cheapest way
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024)
