"""What to do with what happened: tables that one can read aloud. Pure.

A failed fetch is tried again by the frontier (a requeue with back-off), never inside a download. Only what
may be different the next time is tried again: `VERDICTS` says of each outcome whether it is, and what it means
for the site.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from linkcrawl.records import Fetch, Outcome

FIVE_MINUTES_MS = 300_000
HOUR_MS = 3_600_000

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""HTTP answers that speak of now, not of the page: RFC 9110 15.5.9, 15.6; RFC 6585; 52x is a CDN's own."""

SLOW_DOWN_STATUS = frozenset({429, 503})
"""The site asks for fewer requests: it is left alone for `Retry-After`, or for a back-off."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an outcome means for the URL and for its site."""

    tries: float
    """How often it is tried, as a multiple of the crawl's `--retries` (0: once and no more)."""
    backs_off: bool
    """The site's next request waits longer with each failure in a row."""
    site_failed: bool
    """Counts as a failure of the site itself (after `--site-give-up` of nothing else it is given up)."""


SETTLED = Verdict(tries=0, backs_off=False, site_failed=False)
TRY_AGAIN = Verdict(tries=1, backs_off=True, site_failed=False)
SITE_DOWN = Verdict(tries=1, backs_off=True, site_failed=True)

VERDICTS: Mapping[Outcome, Verdict] = {
    Outcome.OK: SETTLED,
    Outcome.REDIRECT: SETTLED,
    Outcome.HTTP_ERROR: SETTLED,  # of the statuses in RETRIED_STATUS: TRY_AGAIN
    Outcome.NOT_HTML: SETTLED,
    Outcome.ROBOTS_DISALLOWED: SETTLED,
    Outcome.ROBOTS_UNREACHABLE: SITE_DOWN,
    Outcome.DNS_ERROR: SITE_DOWN,
    Outcome.CONNECT_ERROR: SITE_DOWN,
    Outcome.TLS_ERROR: Verdict(tries=0, backs_off=False, site_failed=True),
    Outcome.TIMEOUT: SITE_DOWN,
    Outcome.TOO_LARGE: SETTLED,
    Outcome.BAD_RESPONSE: TRY_AGAIN,
    Outcome.BAD_URL: SETTLED,
    Outcome.INTERNAL_ERROR: SETTLED,
    Outcome.BLOCKED_ADDRESS: SETTLED,
    Outcome.BLOCKED_DOMAIN: SETTLED,
    Outcome.SITE_UNREACHABLE: SETTLED,
    Outcome.ABANDONED: SETTLED,
}

NO_CONNECTION = frozenset({Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TLS_ERROR, Outcome.TIMEOUT})
"""Where a bare domain's https form ends so, its http form is tried."""


def verdict(fetch: Fetch) -> Verdict:
    """What the fetch means."""
    if fetch.outcome is Outcome.HTTP_ERROR and fetch.http_status in RETRIED_STATUS:
        return TRY_AGAIN
    return VERDICTS[fetch.outcome]


def retry_wait_ms(fetch: Fetch, attempt: int, retries: int, first_wait_ms: int) -> int | None:
    """How long to wait before the next try of this URL; None: it is settled as it is.

    attempt: 1 for the first. The wait doubles with each try and is capped at an hour.
    """
    if attempt > retries * verdict(fetch).tries:
        return None
    return min(first_wait_ms << min(attempt - 1, 16), HOUR_MS)


def penalty_ms(fetch: Fetch, failures: int, delay_ms: int, retry_after_ms: int | None) -> int:
    """How long beyond its delay the site is left alone after this fetch.

    failures: of the site in a row, this one included (0: it works). retry_after_ms: what the answer asked
    for; an hour at most counts.
    """
    if fetch.http_status in SLOW_DOWN_STATUS:
        asked = 0 if retry_after_ms is None else min(retry_after_ms, HOUR_MS)
        return max(asked, _back_off_ms(failures, max(delay_ms, 1_000)))
    if verdict(fetch).backs_off:
        return _back_off_ms(failures, delay_ms)
    return 0


def _back_off_ms(failures: int, delay_ms: int) -> int:
    return min(delay_ms * ((1 << min(max(failures, 1), 16)) - 1), FIVE_MINUTES_MS)


def site_delay_ms(own_ms: int, crawl_delays_ms: list[int], cap_ms: int) -> int:
    """The site's delay: the crawl's own or the largest Crawl-delay of the site's origins, which is capped."""
    return max(own_ms, min(max(crawl_delays_ms, default=0), cap_ms))
