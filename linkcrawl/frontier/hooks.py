"""What a worker tells the crawler around it, and asks of it."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from linkcrawl.frontier.held import Visit
from linkcrawl.frontier.replies import WorkerFacts
from linkcrawl.records import Candidate


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the worker tells the crawler around it."""

    start: Callable[[Visit], None]
    """Download this visit (or, where its fetch is known, pass it on)."""
    dry: Callable[[], None]
    """Nothing is left to lease for now: publish the rows."""
    ended: Callable[[str], None]
    """The crawl is over, with that reason: close."""
    scope_grew: Callable[[Sequence[str]], None]
    in_scope: Callable[[Candidate], bool]
    """As far as this worker knows."""
    facts: Callable[[], WorkerFacts]
    """What is told with each beat."""
    take_start_urls: Callable[[], Coroutine[Any, Any, bool]]
    """Take in the next seeds that were pushed by hand; True: there may be more."""
    tables_changed: Callable[[int, int], Coroutine[Any, Any, None]]
    """The watch list or the block list has a new version (watch_version, blocked_version): read it. What is
    blocked is heeded here already."""
