"""How a crawl stands, gathered from the frontier at a cost that does not grow with the crawl.

`linkcrawl status --json` prints one object with these keys; they are a contract: keys may come, none goes or
changes its meaning. Times are ISO 8601 in UTC by the server's clock; null is not known or does not apply.

    at               when it was read
    crawl            name, crawl_id, state (running, paused, finished, limit, stopped), draining (it has ended,
                     and workers still end what they hold), started_at, ended_at, ends_by (when --max-time is over),
                     out, scope, seeds (how many), max_pages, watch_version, watch_patterns (how many),
                     blocked_domains (how many)
    urls             accepted, queued, delayed, leased, settled, dead: accepted is the sum of the others
    settled          {outcome: visits}
    refused          {reason: URLs that were not queued}
    pages_a_second   of all workers; null where nothing tells it
    links            rows of `links` found so far
    sites            known, due (something is queued, nobody holds them), held
    workers          [{worker_id, host, version, last_beat_ms (since its last beat), pages, links, pages_a_second,
                     sites, downloading, rss_bytes, hindrance (why it takes no leases)}]
    busiest_sites    of a bounded sample, those with most queued: [{site, accepted, queued, settled, delay_ms, held,
                     ready_in_ms, failing_ms, given_up}]
    slowest_sites    of the sample, those that are asked again last, or have the longest delay: as above
    dead_letters     count, first: [{at, reason, where}]
    servers          [{name, version, used_bytes, max_bytes (0: no bound), policy, appendonly, appendfsync}]
    seen             urls, expected, members_a_bucket, intset_limit, dear (a seen URL takes five times its memory)
    guarantees_off   [what the server's settings do not promise, in a sentence]
    books            balanced, off: [equations that do not hold]
    warnings         [what an operator should look at, in a sentence]

`status --site S --json` has `at`, `crawl`, and `site`: site, partition, accepted, queued, queued_by_depth, settled,
refused, delay_ms, ready_in_ms, held_by, given_up, failing_ms, blocked_by, robots {origin: {state, crawl_delay_ms,
expires_in_ms, failures}}.
"""

from linkcrawl.status.gauge import Gauge, found, no_such_crawl, read_site
from linkcrawl.status.parts import (
    BooksPart,
    CrawlPart,
    LetterPart,
    LettersPart,
    RobotsPart,
    SeenPart,
    ServerPart,
    SitePart,
    SitesPart,
    SiteStatus,
    Status,
    UrlsPart,
    WorkerPart,
    as_json,
    moment,
)

__all__ = [
    "BooksPart",
    "CrawlPart",
    "Gauge",
    "LetterPart",
    "LettersPart",
    "RobotsPart",
    "SeenPart",
    "ServerPart",
    "SitePart",
    "SiteStatus",
    "SitesPart",
    "Status",
    "UrlsPart",
    "WorkerPart",
    "as_json",
    "found",
    "moment",
    "no_such_crawl",
    "read_site",
]
