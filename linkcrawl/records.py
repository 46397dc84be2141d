"""The frozen vocabulary: what every layer speaks. Imports nothing of ours.

Times are integers with their unit in the name: `_ms` durations in milliseconds, `_us` microseconds since the
epoch, UTC, by the frontier server's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How a visit ended. Every visit ends in exactly one."""

    OK = "ok"
    REDIRECT = "redirect"
    HTTP_ERROR = "http_error"
    NOT_HTML = "not_html"
    ROBOTS_DISALLOWED = "robots_disallowed"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    DNS_ERROR = "dns_error"
    CONNECT_ERROR = "connect_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    BAD_RESPONSE = "bad_response"
    BAD_URL = "bad_url"
    INTERNAL_ERROR = "internal_error"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED_DOMAIN = "blocked_domain"
    SITE_UNREACHABLE = "site_unreachable"
    ABANDONED = "abandoned"


class Refusal(StrEnum):
    """Why a discovered URL was not queued. A refused URL is not remembered as seen."""

    SEEN = "seen"
    SCOPE = "scope"
    EXCLUDED = "excluded"
    DEPTH = "depth"
    HOPS = "hops"
    LENGTH = "length"
    BUDGET = "budget"
    QUEUE_FULL = "queue_full"
    TRAP = "trap"
    BLOCKED = "blocked"
    BAD_URL = "bad_url"


class EndState(StrEnum):
    """How a crawl ended."""

    FINISHED = "finished"
    LIMIT = "limit"
    STOPPED = "stopped"


class Kind(StrEnum):
    """What a URL is fetched for."""

    PAGE = "page"
    SITEMAP = "sitemap"


class Seed(IntEnum):
    """Whether a URL is a seed, which decides what a redirect or a failed connection of it means."""

    NO = 0
    YES = 1
    """A seed, or what a seed redirected to: the site it redirects to comes into scope."""
    HTTPS_FIRST = 2
    """A bare domain's https form: where it does not connect, its http form is tried as a seed."""


class RobotsState(StrEnum):
    """What robots.txt said of a visited URL."""

    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    MISSING = "missing"
    """The origin answered 4xx: everything is allowed (RFC 9309, 2.3.1.3)."""
    UNREACHABLE = "unreachable"
    """5xx or no answer: everything is disallowed for now (RFC 9309, 2.3.1.4)."""
    IGNORED = "ignored"
    """The operator switched robots.txt off for this crawl."""
    NOT_CHECKED = "not_checked"
    """The visit ended before robots.txt was asked for."""


class Element(StrEnum):
    """What a link was made by."""

    A = "a"
    AREA = "area"
    IFRAME = "iframe"
    FORM = "form"
    CANONICAL = "canonical"
    ALTERNATE = "alternate"
    META_REFRESH = "meta_refresh"
    LINK_HEADER = "link_header"
    REDIRECT = "redirect"


class RelClass(StrEnum):
    """The first that holds of a link's rel."""

    SPONSORED = "sponsored"
    UGC = "ugc"
    NOFOLLOW = "nofollow"
    FOLLOW = "follow"


class FollowReason(StrEnum):
    """Why a link is not followed."""

    REL_NOFOLLOW = "rel_nofollow"
    REL_UGC = "rel_ugc"
    REL_SPONSORED = "rel_sponsored"
    META_ROBOTS = "meta_robots"
    X_ROBOTS_TAG = "x_robots_tag"


class AnchorKind(StrEnum):
    """What the anchor of a link consists of."""

    TEXT = "text"
    IMAGE = "image"
    URL = "url"
    EMPTY = "empty"


class Placement(StrEnum):
    """The part of the page that a link stands in."""

    MAIN = "main"
    ARTICLE = "article"
    NAV = "nav"
    HEADER = "header"
    FOOTER = "footer"
    ASIDE = "aside"
    COMMENT = "comment"
    BODY = "body"


class Hidden(StrEnum):
    """How a link is kept out of sight."""

    ATTRIBUTE = "attribute"
    DISPLAY_NONE = "display_none"
    VISIBILITY_HIDDEN = "visibility_hidden"
    OPACITY_ZERO = "opacity_zero"
    ZERO_SIZE = "zero_size"
    OFF_SCREEN = "off_screen"


class Candidate(NamedTuple):
    """A URL offered to the frontier. (A named tuple: a crawl makes a hundred of them a page.)"""

    url: str
    """Normalized: identity form by the crawl's `url_rules`."""
    host: str
    site: str
    depth: int
    discovered_from: str = ""
    """URL of the page it was found on; '' for a seed."""
    hops: int = 0
    """Redirects in a row that led here."""
    kind: Kind = Kind.PAGE
    seed: Seed = Seed.NO
    round: int = 0
    """Raised by an operator's retry, so that a seen URL is queued again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to bring one URL to one outcome, until the worker that holds it is declared dead."""

    candidate: Candidate
    visit_id: str
    """UUIDv7, new for each lease."""
    partition: int
    token: int
    """Fences settle, retry and return: one that is no longer current changes nothing."""
    attempt: int
    """1 for the first."""
    crashes: int = 0
    """Workers that died with this URL in download."""
    record_only: Outcome | None = None
    """Not to be fetched: its visit is written with this outcome."""


@dataclass(frozen=True, slots=True)
class RobotsRecord:
    """What the frontier keeps of one origin's robots.txt, for the whole cluster."""

    origin: str
    """scheme://host[:port]"""
    state: RobotsState
    """ALLOWED (there are rules), MISSING or UNREACHABLE."""
    rules: bytes
    """The rules for our agent, in the form that `robots.py` packs; b'' where there are none."""
    crawl_delay_ms: int | None
    expires_in_ms: int
    """How long it may still be used."""
    failures: int = 0
    """Fetches in a row that found it unreachable."""
    cause: Outcome | None = None
    """Why it was unreachable just now; the frontier does not keep it."""


@dataclass(frozen=True, slots=True)
class SiteHold:
    """A site held by this worker alone, with some of its URLs."""

    site: str
    partition: int
    token: int
    delay_ms: int
    """Between the starts of two requests."""
    ready_in_ms: int
    """How long until the first request may start."""
    leases: tuple[Lease, ...]
    robots: Mapping[str, RobotsRecord] = field(default_factory=dict)
    """By origin: those that the frontier knows and that have not expired."""
    failing_ms: int = 0
    """How long the site has answered nothing but failures; 0 if it works."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What one request brought. `outcome` is always there, the rest as far as it came."""

    outcome: Outcome
    http_status: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """As received, in order, names as sent."""
    body: bytes = b""
    """Content-decoded; cut at the size limit if `truncated`."""
    truncated: bool = False
    wire_bytes: int | None = None
    """Body bytes received, before decoding."""
    fetch_ms: int | None = None
    ip: str | None = None
    error: str | None = None
    """What went wrong, in a few words: the cause, never a traceback."""
    sent_at: float | None = None
    """time.monotonic() when the request was on its way: a delay counts from here, not from before the connection."""

    def header(self, name: bytes) -> str | None:
        """The first header of that (lower-case) name, as latin-1 text."""
        for key, value in self.headers:
            if key.lower() == name:
                return value.decode("latin-1").strip()
        return None


@dataclass(frozen=True, slots=True)
class Directives:
    """What a page tells search engines about itself."""

    noindex: bool = False
    nofollow: bool = False
    meta_nofollow: bool = False
    header_nofollow: bool = False
    meta_robots: str | None = None
    """The meta rules that count for us, joined by ', '; null where there are none."""
    x_robots_tag: str | None = None


@dataclass(slots=True)
class Link:
    """One occurrence of a reference from a page to a target: a row of `links` less what its visit knows."""

    href: str
    target_url_resolved: str
    """By the URL standard, before the identity rules."""
    target_url: str
    target_host: str
    target_site: str
    unwrapped_url: str | None
    watch: tuple[str, ...]
    """The patterns that matched; () if the link is kept for another reason."""
    element: Element
    rel: tuple[str, ...]
    rel_class: RelClass
    follow: bool
    follow_reasons: tuple[str, ...]
    anchor: str
    anchor_kind: AnchorKind
    image_alt: str | None
    link_title: str | None
    text_before: str
    text_after: str
    placement: Placement
    position: int
    hidden: Hidden | None
    same_target_count: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The links of one visit to one other site, counted."""

    target_site: str
    links: int
    follow_links: int


@dataclass(slots=True)
class Page:
    """One visit on its way through the pipelines: the item. What is not known stays None."""

    lease: Lease
    visited_at_us: int
    outcome: Outcome
    robots_state: RobotsState = RobotsState.NOT_CHECKED
    http_status: int | None = None
    redirect_url: str | None = None
    content_type: str | None = None
    charset: str | None = None
    lang: str | None = None
    title: str | None = None
    bytes: int | None = None
    wire_bytes: int | None = None
    truncated: bool = False
    fetch_ms: int | None = None
    ip: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_hash: str | None = None
    canonical_url: str | None = None
    directives: Directives | None = None
    """None: the page was not read."""
    links_internal: int | None = None
    links_external: int | None = None
    links_watched: int | None = None
    watch_version: int = 0
    error: str | None = None
    links: list[Link] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    discovered: list[Candidate] = field(default_factory=list)
    refused: dict[Refusal, int] = field(default_factory=dict)
    """URLs that the worker refused before asking the frontier, counted."""
    reading: object = None
    """The parsed page (`html.Document`) while the pipelines still need it; then None."""
