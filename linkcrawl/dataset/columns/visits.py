"""The columns of visits."""

from linkcrawl.dataset.columns.column import BOOL, INT32, INT64, STRING, TIMESTAMP, Column, Dataset
from linkcrawl.records import Kind, Outcome, RobotsState

VISIT_ID = Column(
    "visit_id", STRING, "UUIDv7 of the visit, new for each lease", "0196f3c2-7d1e-7a40-8f51-3f0c6f1d2a90"
)
CRAWL_ID = Column("crawl_id", STRING, "ULID of the crawl", "01JW2M6Y5V0B7C3T9K4R8XQZ1D")
CRAWL_NAME = Column("crawl_name", STRING, "name of the crawl, as the operator gave it", "spring")
URL_RULES = Column("url_rules", STRING, "version of the rules that give a URL its identity", "1.9f86d081")
WATCH_VERSION = Column(
    "watch_version", INT32, "version of the watch list that was applied; see `watchlists`", 1
)
VISITED_AT = Column(
    "visited_at", TIMESTAMP, "when the visit ended, by the frontier server's clock", "2026-01-31T12:00:00Z"
)

_COLUMNS = (
    VISIT_ID,
    CRAWL_ID,
    CRAWL_NAME,
    Column("worker_id", STRING, "process that made the visit; new at each start", "w7f3a0c2b91d4"),
    Column("url", STRING, "visited URL in its identity form", "https://blog.example/post"),
    Column("host", STRING, "host of `url`, in punycode", "blog.example"),
    Column("site", STRING, "registrable domain of `host`; an IP address is its own site", "blog.example"),
    Column("kind", STRING, "what the URL was fetched for", Kind.PAGE, enum=Kind),
    Column("depth", INT32, "links from the nearest seed; 0 for a seed", 2),
    Column(
        "discovered_from",
        STRING,
        "URL of the page it was first found on; null for a seed",
        "https://blog.example/",
        nullable=True,
    ),
    Column("redirect_hops", INT32, "redirects in a row that led here", 0),
    Column("attempt", INT32, "1 for the first try of the URL, 2 for its first retry", 1),
    VISITED_AT,
    Column("outcome", STRING, "how the visit ended", Outcome.OK, enum=Outcome),
    Column("http_status", INT32, "status code; null if no answer came", 200, nullable=True),
    Column(
        "redirect_url",
        STRING,
        "where a 3xx answer led, in identity form; null if the answer was none or named no usable URL",
        "https://blog.example/new",
        nullable=True,
    ),
    Column("content_type", STRING, "media type without parameters, lower case", "text/html", nullable=True),
    Column("charset", STRING, "WHATWG name of the encoding the page was read in", "utf-8", nullable=True),
    Column("lang", STRING, "language that the page declares for itself, as written", "en-GB", nullable=True),
    Column("title", STRING, "text of the page's title, white space collapsed", "A post", nullable=True),
    Column("bytes", INT64, "size of the body after content decoding", 34120, nullable=True),
    Column("wire_bytes", INT64, "size of the body as received", 8204, nullable=True),
    Column("truncated", BOOL, "whether a limit cut the body, so that links may be missing", False),
    Column(
        "fetch_ms", INT32, "from the start of the request to the end of the body, in ms", 184, nullable=True
    ),
    Column("ip", STRING, "address that answered", "192.0.2.7", nullable=True),
    Column("etag", STRING, "ETag header, as sent", '"33a64df5"', nullable=True),
    Column(
        "last_modified",
        STRING,
        "Last-Modified header, as sent",
        "Wed, 21 Jan 2026 07:28:00 GMT",
        nullable=True,
    ),
    Column("content_hash", STRING, "hash of the decoded body, in hex", "9f86d081884c7d65", nullable=True),
    Column(
        "canonical_url",
        STRING,
        "URL that the page names as its canonical one, in identity form; null if it names none",
        "https://blog.example/post",
        nullable=True,
    ),
    Column(
        "meta_robots",
        STRING,
        "meta robots rules that count for us, joined by ', '; null if there are none",
        "noindex",
        nullable=True,
    ),
    Column(
        "x_robots_tag",
        STRING,
        "X-Robots-Tag rules that count for us, joined by ', '; null if there are none",
        "nofollow",
        nullable=True,
    ),
    Column(
        "page_noindex",
        BOOL,
        "whether meta robots or X-Robots-Tag say noindex; null if the page was not read",
        False,
        nullable=True,
    ),
    Column(
        "page_nofollow",
        BOOL,
        "whether meta robots or X-Robots-Tag say nofollow; null if the page was not read",
        False,
        nullable=True,
    ),
    Column("links_internal", INT32, "links to the page's own site; null if not read", 61, nullable=True),
    Column("links_external", INT32, "links to other sites; null if not read", 29, nullable=True),
    Column("links_watched", INT32, "links to watched targets; null if not read", 3, nullable=True),
    Column("robots_state", STRING, "what robots.txt said", RobotsState.ALLOWED, enum=RobotsState),
    WATCH_VERSION,
    URL_RULES,
    Column(
        "error",
        STRING,
        "what went wrong, in a few words; null if nothing",
        "no answer in 20 s",
        nullable=True,
    ),
)

VISITS = Dataset(
    name="visits",
    row="a settled visit, whatever its outcome; a page without links has its row too",
    columns=_COLUMNS,
    sort_keys=("site", "url"),
    partitioned=True,
)
