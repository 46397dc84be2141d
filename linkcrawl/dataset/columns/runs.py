"""The columns of crawls, watchlists and sites: what is known of a crawl as a whole."""

from linkcrawl.dataset.columns.column import INT32, INT64, STRING, TIMESTAMP, Column, Dataset
from linkcrawl.dataset.columns.visits import CRAWL_ID, CRAWL_NAME, URL_RULES, WATCH_VERSION
from linkcrawl.records import EndState, Outcome, Refusal

CRAWLS = Dataset(
    name="crawls",
    row="the state of a crawl when the row was written: at its start, at each resume and at each end; "
    "the newest `written_at` of a `crawl_id` counts",
    columns=(
        CRAWL_ID,
        CRAWL_NAME,
        Column("written_at", TIMESTAMP, "when the row was written", "2026-01-31T14:00:00Z"),
        Column("started_at", TIMESTAMP, "when the crawl was made", "2026-01-31T12:00:00Z"),
        Column(
            "ended_at",
            TIMESTAMP,
            "when it ended; null while it runs",
            "2026-01-31T14:00:00Z",
            nullable=True,
        ),
        Column(
            "end_state",
            STRING,
            "how it ended; null while it runs",
            EndState.FINISHED,
            nullable=True,
            enum=EndState,
        ),
        Column("linkcrawl_version", STRING, "version of the program that wrote the row", "0.1.0"),
        URL_RULES,
        WATCH_VERSION,
        Column("seeds", INT64, "seeds given so far", 40),
        Column(
            "options", STRING, "options of the crawl as a JSON object, secrets left out", '{"scope": "site"}'
        ),
    ),
)

WATCHLISTS = Dataset(
    name="watchlists",
    row="a pattern of one version of a crawl's watch list; a version holds all its patterns",
    columns=(
        CRAWL_ID,
        WATCH_VERSION,
        Column("since", TIMESTAMP, "when this version came into force", "2026-01-31T12:00:00Z"),
        Column("pattern", STRING, "pattern as the operator gave it", "example.com/blog/"),
    ),
)

_REFUSED = {
    Refusal.SEEN: "was known already",
    Refusal.SCOPE: "lies outside the scope",
    Refusal.EXCLUDED: "fails `--include` or `--exclude`",
    Refusal.DEPTH: "lies too deep",
    Refusal.HOPS: "came after too many redirects in a row",
    Refusal.LENGTH: "is too long",
    Refusal.BUDGET: "exceeds the pages allowed",
    Refusal.QUEUE_FULL: "found the site's queue full",
    Refusal.TRAP: "looks like an endless trap",
    Refusal.BLOCKED: "is on a domain that is blocked",
    Refusal.BAD_URL: "can not be fetched: not http(s), or no URL",
}


def refused_column(reason: Refusal) -> str:
    """The column of `sites` that counts URLs refused for that reason."""
    return f"refused_{reason.value}"


def settled_column(outcome: Outcome) -> str:
    """The column of `sites` that counts visits settled with that outcome."""
    return f"settled_{outcome.value}"


SITES = Dataset(
    name="sites",
    row="a site of a crawl as its counters stood when the row was written: hourly, on stop and at the end; "
    "only the rows with the newest `written_at` of a `crawl_id` count",
    columns=(
        CRAWL_ID,
        CRAWL_NAME,
        Column("written_at", TIMESTAMP, "when the counters were written", "2026-01-31T14:00:00Z"),
        Column("site", STRING, "registrable domain, or IP address", "blog.example"),
        Column("accepted", INT32, "URLs accepted into the frontier", 1200),
        *(
            Column(refused_column(reason), INT32, f"times a URL was refused that {_REFUSED[reason]}", 0)
            for reason in Refusal
        ),
        *(
            Column(settled_column(outcome), INT32, f"visits settled with the outcome `{outcome.value}`", 0)
            for outcome in Outcome
        ),
        Column("not_reached", INT32, "URLs accepted and not settled yet", 0),
    ),
)
