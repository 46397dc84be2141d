"""Every key that a crawl has on the server. Nothing else builds one, but the scripts append suffixes.

A crawl's name is its keys' hash tag: `{name}` for what belongs to the crawl, `{name:p}` for what belongs to
partition p, so that a Redis Cluster keeps each partition whole on one node. `<inc>` is a worker's
incarnation.

Of the crawl, `{name}`...
  ``            hash    epoch, spec (msgpack), ready, end, started_us, ended_us, paused, max_pages, seeds,
                        deadline_us,
                        incarnation (the last one given), watch_version, watch_next             constant
  `:beats`      zset    incarnation -> its last beat, ms                            workers
  `:workers`    hash    incarnation -> worker id                                    workers
  `:told`       hash    incarnation -> what the worker tells of itself (msgpack)   workers
  `:links`      hash    incarnation -> links that it found; gone: of those gone    workers
  `:pages`      hash    taken (of max_pages), and incarnation -> pages reserved     workers
  `:scope`      list    sites or hosts in scope, append-only                        seeds
  `:watch:<v>`  list    the watch list's patterns, version v                        watch list
  `:blocked`    list    blocked domains, append-only; `-a.example`: no more        operator's commands
  `:refused`    hash    reason -> URLs refused by workers                           constant
  `:rounds`     list    when each round of retries began, us                        operator's commands
  `:claim:<w>`  string  who is at the work w that is done once; `done`              ends, watch lists
  `:filling`    zset    operators who submit seeds now -> taken for dead, ms        operators
  `:mark`       string  written before WAITAOF                                      constant

Of a partition, `{name:p}`...
  ``            hash    epoch, limits, end, paused, token (the last one given), blocks (number of blocked
                        domains), run (id of the run of the server that it lies on, as workers told it),
                        quiet (no site is leased before, ms: another run was found) constant
  `:c`          hash    counters: accepted, queued, delayed, leased, dead, leases, retried, returned,
                        reclaimed, stale, crashes, submits, o:<outcome>, r:<reason> constant
  `:seen:<b>`   set     signed 64-bit fingerprints of accepted URLs (intset)        8.3 bytes a URL accepted
  `:q:<l>:<s>`  list    entries of site s queued at level l (its depth, at most 255)  20 bytes + its strings
  `:s:<site>`   hash    n (queued), l (levels of its queue), u (not before, ms), h (token of its hold),
                        d (delay, ms), a (accepted), f (failing since, ms), g (given up), r:<reason>,
                        o:<outcome>                                                 some 200 bytes a site
  `:sites`      list    every site that had a URL accepted, in that order           25 bytes a site
  `:due`        zset    site -> when it is due, ms: queued and not held             100 bytes a site due
  `:delayed`    zset    `<level> <site> <entry>` -> when it is queued again, ms     URLs that wait for a retry
  `:f:<inc>`    hash    token -> `<level> <site> <entry>`: URLs in flight           a worker's leases
  `:h:<inc>`    hash    site -> token: sites held                                   a worker's holds
  `:r:<inc>`    string  number and tokens of its last lease request                 a worker's last request
  `:d:<inc>`    string  tokens of its downloads in progress                         a worker's downloads
  `:beats`      zset    incarnation -> its last beat here, ms                       workers
  `:gone`       zset    incarnation declared dead -> when, ms; kept for a day       workers
  `:dying`      set     incarnations declared dead whose URLs are not all moved     workers
  `:paid`       hash    incarnation -> pages it settled here                        workers
  `:robots:<origin>` string  what is known of its robots.txt, with a time to live   at most 16 KiB an origin
  `:blocked`    set     blocked domains                                             operator's commands
  `:dead`       list    dead letters: `<ms> <reason> <where>\\n<bytes>`; reasons: garbage,
                        version (an entry of another linkcrawl), unreadable, missing         garbage
  `:mark`       string  written before WAITAOF                                      constant

Beside them `NAME:start_urls` (or what REDIS_START_URLS_KEY names), without a hash tag: a list, set or zset of seeds
that people push, the way of scrapy-redis (start_urls.py). It is theirs: a crawl takes from it, and never deletes it.
"""

import re
from dataclasses import dataclass

from linkcrawl.errors import UsageError

# Only these, so that no name holds a brace, a colon, or what SCAN takes for a pattern.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

SCOPE = ":scope"
WATCH = ":watch:"
BLOCKED = ":blocked"
ROUNDS = ":rounds"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one crawl. Raises UsageError for a name that cannot be one."""

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"{self.name!r} cannot name a crawl: use 1 to 100 letters a-z, digits, '.', '_' and '-'"
            )

    @property
    def crawl(self) -> str:
        """The record of the crawl."""
        return f"{{{self.name}}}"

    def partition(self, number: int) -> str:
        """The record of a partition; its other keys begin with it."""
        return f"{{{self.name}:{number}}}"

    def of_crawl(self, suffix: str) -> str:
        """Another key of the crawl."""
        return self.crawl + suffix

    def of_partition(self, number: int, suffix: str) -> str:
        """Another key of a partition."""
        return self.partition(number) + suffix

    def site(self, number: int, site: str) -> str:
        """The record of a site."""
        return f"{self.partition(number)}:s:{site}"

    @property
    def every_partition(self) -> str:
        """A pattern for SCAN that matches the keys of all partitions and no other crawl's."""
        return f"{{{self.name}:*"

    @property
    def every_table(self) -> str:
        """A pattern for SCAN that matches the crawl's own keys."""
        return f"{{{self.name}}}*"
