"""Whose fault it is that sites do not connect: theirs, or this worker's own network's. Pure: times are arguments.

A fetch that brought no connection is in doubt until something tells: another site that connects afterwards, or a
probe of sites that worked before. Without either it counts against the site after a while, so that a crawl of
dead sites ends by itself. If none of those that worked before can be connected to while nearly all fail, the
network is gone: nothing that failed meanwhile is the sites' fault.

Times are seconds of a monotonic clock. A `site` is a registrable domain, an `origin` scheme://host[:port].
"""

from collections import OrderedDict
from collections.abc import Set
from enum import Enum
from itertools import islice
from random import Random

from linkcrawl.records import Fetch, Outcome, RobotsRecord, RobotsState

WINDOW = 50
"""Sites that are looked back at: over half of them failing is suspicious..."""
IN_A_ROW = 10
"""...and so are that many in a row."""
KEPT_ORIGINS = 200
PROBED = 4
LONGEST_DOUBT_S = 10.0
"""About as long as a connection may take: by then the others' failures would have come, too."""

_UNCONNECTED = frozenset({Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TIMEOUT})
_SILENT = frozenset(
    {Outcome.BLOCKED_ADDRESS, Outcome.BLOCKED_DOMAIN, Outcome.BAD_URL, Outcome.INTERNAL_ERROR}
)
"""Outcomes that say nothing of the network: no connection was tried, or a bug of ours hides how it went."""


class Ruling(Enum):
    """What to do with a fetch that did not connect."""

    COUNTS = "counts"
    """It is the site's."""
    IN_DOUBT = "in doubt"
    """Wait."""
    OURS = "ours"
    """It says nothing of the site: as if it had never been made."""


def connection(fetch: Fetch) -> bool | None:
    """Whether the fetch connected; None: it does not tell."""
    return _connection(fetch.outcome, fetch.http_status is not None)


def robots_connection(record: RobotsRecord) -> bool | None:
    """Whether fetching this robots.txt connected; None: it does not tell."""
    if record.state is not RobotsState.UNREACHABLE:
        return True
    return None if record.cause is None else _connection(record.cause, record.cause is Outcome.HTTP_ERROR)


def _connection(outcome: Outcome, answered: bool) -> bool | None:
    if answered:
        return True
    return None if outcome in _SILENT else outcome not in _UNCONNECTED


class Doubt:
    """What this worker's fetches tell of its network. One owner: the watch over it."""

    def __init__(self, chance: Random | None = None) -> None:
        self.gone = False
        """The network is gone: set by `lost`, taken back by `works`."""
        self._chance = chance or Random()  # noqa: S311 - which sites are probed need not be secret
        self._recent: OrderedDict[str, bool] = OrderedDict()
        """Site -> whether its last fetch connected; the latest last."""
        self._origins: OrderedDict[str, str] = OrderedDict()
        """Site -> an origin of it that connected, the latest last."""
        self._back_at = float("-inf")

    def connected(self, site: str, origin: str) -> None:
        """A fetch of the site connected."""
        self._note(site, True)
        self.vouch(site, origin)

    def vouch(self, site: str, origin: str) -> None:
        """The origin is known to work: other workers have connected to it lately."""
        self._origins[site] = origin
        self._origins.move_to_end(site)
        if len(self._origins) > KEPT_ORIGINS:
            self._origins.popitem(last=False)

    def failed(self, site: str, started: float) -> Ruling:
        """A fetch of the site that began then did not connect."""
        if self.gone or started <= self._back_at:
            return Ruling.OURS
        self._note(site, False)
        if len(self._origins) > 1 or (self._origins and site not in self._origins):
            return Ruling.IN_DOUBT
        return Ruling.COUNTS

    def _note(self, site: str, did: bool) -> None:
        self._recent[site] = did
        self._recent.move_to_end(site)
        if len(self._recent) > WINDOW:
            self._recent.popitem(last=False)

    @property
    def suspicious(self) -> bool:
        """Whether so many failed that it looks like the network."""
        if len(self._recent) >= WINDOW and sum(self._recent.values()) * 2 < WINDOW:
            return True
        return len(self._recent) >= IN_A_ROW and not any(islice(reversed(self._recent.values()), IN_A_ROW))

    def to_probe(self, doubted: Set[str]) -> list[str]:
        """A few origins that connected before, the latest and some by chance; not of doubted sites if others will
        do."""
        good = [origin for site, origin in self._origins.items() if site not in doubted]
        if len(good) < PROBED:
            good = [*(origin for site, origin in self._origins.items() if site in doubted), *good]
        latest, others = good[-PROBED // 2 :], good[: -PROBED // 2]
        return latest + self._chance.sample(others, min(len(others), PROBED - len(latest)))

    def lost(self) -> None:
        """While it looked like the network, no probe connected."""
        self.gone = True

    def works(self, now: float) -> None:
        """A probe connected: what failed is the sites'. If the network was gone, what began before is nobody's."""
        self._recent.clear()
        if self.gone:
            self.gone, self._back_at = False, now
