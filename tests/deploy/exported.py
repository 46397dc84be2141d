"""What the exporter gives, asked of itself: every metric with its labels, and every value that a label can have."""

from collections import defaultdict

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from linkcrawl.frontier.replies import Books
from linkcrawl.metrics import Board, CrawlFacts, CrewFacts
from linkcrawl.records import EndState, Outcome, Refusal

BOOKS = Books(
    accepted=1,
    queued=1,
    delayed=0,
    leased=0,
    dead=0,
    settled=dict.fromkeys(Outcome, 1),
    refused=dict.fromkeys(Refusal, 1),
    leases_given=0,
    retried=0,
    returned=0,
    reclaimed=0,
    stale=0,
    crashes=0,
    submits=1,
    links=1,
    sites=1,
    sites_due=1,
    sites_held=0,
    off=(),
)
Labels = dict[str, set[str]]


def exported() -> dict[str, Labels]:
    """Name of each series as Prometheus stores it -> its labels -> the values that were seen."""
    board = Board("spring")
    board.crew = CrewFacts(outcomes={outcome.value: 1 for outcome in Outcome})
    board.facts = CrawlFacts(
        read_at=0.0,
        books=BOOKS,
        workers=1,
        beats_s=(1.0,),
        used_bytes=1,
        max_bytes=1,
        end_state=EndState.LIMIT,
        reclaim_after_s=60.0,
    )
    registry = CollectorRegistry()
    registry.register(board)
    found: dict[str, Labels] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found
