"""What the parts of one client share: the server, the crawl, this worker's incarnation, the clocks."""

import time
from collections.abc import Iterable

from linkcrawl.errors import FrontierLost, UsageError
from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.keys import Keys
from linkcrawl.frontier.server import Call, Server
from linkcrawl.frontier.spec import CrawlSpec
from linkcrawl.records import EndState

# Counts the time that the machine sleeps; macOS has no such name, its CLOCK_MONOTONIC does.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def awake_ms() -> float:
    """Milliseconds of a clock that never jumps and counts sleep."""
    return time.clock_gettime_ns(_CLOCK) / 1e6


class Session:
    """One client's view of one crawl."""

    def __init__(self, server: Server, keys: Keys, worker_id: str) -> None:
        self.server = server
        self.keys = keys
        self.worker_id = worker_id
        self.incarnation: int | None = None
        self.requests = 0
        """Number of the last lease request."""
        self.asked: set[int] = set()
        """Partitions that this incarnation asked for leases: where it may hold something."""
        self.declared_dead = False
        self.end_state: EndState | None = None
        self.paused = False
        self.max_pages: int | None = None
        self.live: frozenset[int] = frozenset()
        self.silent: frozenset[int] = frozenset()
        self.runs: dict[int, str] = {}
        """Partition -> the run of the server that this client told it."""
        self.reconciled_at = 0
        """`Server.breaks` when this worker last knew what it holds."""
        self._spec: CrawlSpec | None = None
        self._server_us = 0
        self._heard_ms = awake_ms()

    @property
    def spec(self) -> CrawlSpec:
        """The crawl. Raises FrontierLost where none was found yet."""
        if self._spec is None:
            raise FrontierLost(f"there is no crawl named {self.keys.name!r} at {self.server.address}")
        return self._spec

    def adopt(self, spec: CrawlSpec) -> None:
        """Work on this crawl from now on. Raises FrontierLost if it is another than before."""
        if self._spec is not None and self._spec.crawl_id != spec.crawl_id:
            raise FrontierLost(f"the crawl {self.keys.name!r} was replaced by another one of the same name")
        self._spec = spec
        self.max_pages = spec.max_pages

    def forget(self) -> None:
        """The crawl was deleted."""
        self._spec = None

    @property
    def epoch(self) -> str:
        """What every script compares."""
        return self.spec.crawl_id

    @property
    def me(self) -> int:
        """This worker's incarnation. Raises UsageError before join()."""
        if self.incarnation is None:
            raise UsageError("a worker has to join the crawl before it works on it")
        return self.incarnation

    @property
    def partitions(self) -> range:
        """The numbers of all partitions."""
        return range(self.spec.partitions)

    def on_partition(self, script: str, number: int, *arguments: Argument) -> Call:
        """A call of a script on one partition."""
        return Call(script, self.keys.partition(number), (self.epoch, *arguments))

    def on_crawl(self, script: str, *arguments: Argument) -> Call:
        """A call of a script on the crawl's own tables."""
        return Call(script, self.keys.crawl, (self.epoch, *arguments))

    def on_each(self, script: str, numbers: Iterable[int], *arguments: Argument) -> list[Call]:
        """The same call on several partitions."""
        return [self.on_partition(script, number, *arguments) for number in numbers]

    def hear(self, server_us: int) -> None:
        """Take the server's time from a reply."""
        self._server_us = server_us
        self._heard_ms = awake_ms()

    def now_us(self) -> int:
        """The server's time of the last reply, plus what has passed since."""
        return self._server_us + int((awake_ms() - self._heard_ms) * 1000)

    @property
    def must_reconcile(self) -> bool:
        """Whether a connection broke (or a lease failed) since this worker last compared what it holds with the
        server."""
        return self.server.breaks != self.reconciled_at

    def reconcile_again(self) -> None:
        """What this worker holds is not known, though no connection broke."""
        self.reconciled_at = -1
