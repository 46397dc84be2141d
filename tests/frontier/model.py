"""The frontier in dictionaries: what the scripts do, said a second time, in the plainest way."""

import copy
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from linkcrawl.frontier.fingerprint import partition_of

PARTITIONS = 2
CRASH_LIMIT = 3


class Item(NamedTuple):
    """A URL that is not settled."""

    url: str
    site: str
    depth: int
    attempt: int = 1
    crashes: int = 0


@dataclass
class Model:
    """Every state of every URL and site, all partitions in one."""

    seen: set[str] = field(default_factory=set)
    queues: dict[str, dict[int, list[Item]]] = field(default_factory=dict)
    delayed: dict[Item, bool] = field(default_factory=dict)
    """Item -> whether its time has come."""
    flights: dict[int, dict[int, Item]] = field(default_factory=dict)
    """Incarnation -> token -> item."""
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Site -> incarnation and token."""
    gone: dict[int, set[int]] = field(default_factory=lambda: {p: set() for p in range(PARTITIONS)})
    """Partition -> incarnations declared dead there."""
    downloading: dict[int, dict[int, set[int]]] = field(default_factory=dict)
    """Partition -> incarnation -> tokens that its last beat there named."""
    settled: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "Model":
        return copy.deepcopy(self)

    def copy_of_queues(self) -> "Model":
        """As much of it as a burial needs."""
        return Model(
            queues={site: {n: list(q) for n, q in levels.items()} for site, levels in self.queues.items()},
            flights={who: dict(flights) for who, flights in self.flights.items()},
            downloading={partition: dict(named) for partition, named in self.downloading.items()},
        )

    def submit(self, items: list[Item]) -> list[bool]:
        """Which of them are new."""
        answers = []
        for item in items:
            answers.append(item.url not in self.seen)
            if item.url not in self.seen:
                self.seen.add(item.url)
                self.counts["accepted"] += 1
                self.push(item)
        return answers

    def push(self, item: Item, head: bool = False) -> None:
        queue = self.queues.setdefault(item.site, {}).setdefault(item.depth, [])
        queue.insert(0 if head else len(queue), item)

    def queued(self, site: str) -> list[Item]:
        """A site's queue in the order in which it leaves."""
        levels = self.queues.get(site, {})
        return [item for level in sorted(levels) for item in levels[level]]

    def due(self, partition: int) -> list[str]:
        """Sites that a lease may hold (delays are 0 here)."""
        names = {s for s in self.queues if self.queued(s)} | {
            i.site for i, ripe in self.delayed.items() if ripe
        }
        return [s for s in names if partition_of(s, PARTITIONS) == partition and s not in self.holds]

    def promote(self, partition: int) -> None:
        """Delayed items whose time has come go to their queues, in the order of the set: by time."""
        for item in [
            i for i, ripe in self.delayed.items() if ripe and partition_of(i.site, PARTITIONS) == partition
        ]:
            del self.delayed[item]
            self.push(item)

    def hold(self, incarnation: int, site: str, token: int, leases: dict[int, Item]) -> None:
        """A site is held; its URLs have to be the head of its queue."""
        assert site not in self.holds, "a site that is held was given again"
        expected = self.queued(site)[: len(leases)]
        assert [leases[t] for t in sorted(leases)] == expected
        for item in expected:
            self.queues[site][item.depth].remove(item)
        self.holds[site] = (incarnation, token)
        self.flights.setdefault(incarnation, {}).update(leases)
        self.counts["leases"] += len(leases)

    def is_gone(self, incarnation: int, site: str) -> bool:
        return incarnation in self.gone[partition_of(site, PARTITIONS)]

    def take(self, incarnation: int, token: int, site: str) -> Item | None:
        """Out of flight; None if it is not there (stale)."""
        item = None if self.is_gone(incarnation, site) else self.flights.get(incarnation, {}).pop(token, None)
        if item is None:
            self.counts["stale"] += 1
        return item

    def settle(self, incarnation: int, token: int, site: str) -> bool:
        item = self.take(incarnation, token, site)
        self.settled += item is not None
        return item is not None

    def retry(self, incarnation: int, token: int, site: str, ripe: bool) -> bool:
        item = self.take(incarnation, token, site)
        if item is not None:
            self.delayed[item._replace(attempt=item.attempt + 1)] = ripe
            self.counts["retried"] += 1
        return item is not None

    def give_back(self, incarnation: int, token: int, site: str) -> bool:
        item = self.take(incarnation, token, site)
        if item is not None:
            self.push(item, head=True)
            self.counts["returned"] += 1
        return item is not None

    def release(self, incarnation: int, token: int, site: str) -> bool:
        if self.is_gone(incarnation, site) or self.holds.get(site) != (incarnation, token):
            self.counts["stale"] += 1
            return False
        del self.holds[site]
        return True

    def reconcile(self, incarnation: int, tokens: set[int], holds: set[tuple[str, int]]) -> int:
        """What is unknown to the worker goes back; how many URLs."""
        flights = self.flights.get(incarnation, {})
        unknown = sorted((token for token in flights if token not in tokens), reverse=True)
        for token in unknown:
            self.push(flights.pop(token), head=True)
        self.counts["returned"] += len(unknown)
        for site, (who, token) in list(self.holds.items()):
            if who == incarnation and (site, token) not in holds:
                del self.holds[site]
        return len(unknown)

    def beat(self, incarnation: int, named: dict[int, set[int]]) -> bool:
        """A beat that goes to some partitions, with downloads in each; whether all of them say that it lives."""
        for partition, tokens in named.items():
            if incarnation not in self.gone[partition]:
                self.downloading.setdefault(partition, {})[incarnation] = tokens
        return all(incarnation not in self.gone[partition] for partition in named)

    def bury(self, incarnation: int, died: bool) -> int:
        """An incarnation is gone, everywhere; how many URLs went back."""
        return sum(self.bury_in(partition, incarnation, died) for partition in self.gone)

    def in_flight(self, partition: int, incarnation: int) -> list[int]:
        """The tokens of its leases there, the oldest first."""
        flights = self.flights.get(incarnation, {})
        return sorted(t for t, i in flights.items() if partition_of(i.site, PARTITIONS) == partition)

    def bury_in(self, partition: int, incarnation: int, died: bool) -> int:
        """An incarnation is gone in one partition; how many URLs went back."""
        self.gone[partition].add(incarnation)
        named = self.downloading.get(partition, {}).pop(incarnation, set())
        flights = self.flights.get(incarnation, {})
        here = self.in_flight(partition, incarnation)
        for token in reversed(here):
            item = flights.pop(token)
            if died and token in named:
                item = item._replace(crashes=item.crashes + 1)
            self.push(item, head=True)
        self.counts["reclaimed" if died else "returned"] += len(here)
        for site, (who, _) in list(self.holds.items()):
            if who == incarnation and partition_of(site, PARTITIONS) == partition:
                del self.holds[site]
        return len(here)
