"""Fetching an origin's robots.txt: what its answer, or the lack of one, means (RFC 9309, 2.3.1)."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from linkcrawl.download.options import FetchLimits
from linkcrawl.download.redirect import location
from linkcrawl.download.retry_after import retry_after_ms
from linkcrawl.records import Fetch, Outcome, RobotsState
from linkcrawl.robots import MAX_BODY_BYTES
from linkcrawl.urls.parse import BadUrl, href_of

MAX_REDIRECTS = 5

Get = Callable[[str, FetchLimits], Awaitable[Fetch]]
"""GETs a URL of any type, within limits; follows nothing, raises nothing."""


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What an origin says to crawlers.

    state: ALLOWED: `body` is to be parsed (cut just beyond 500 KiB, as `robots.parse` expects it).
        MISSING: all is allowed. UNREACHABLE: all is disallowed for now.
    retry_after_ms: how long the origin asked to wait, if it did.
    fetch: the last answer, as it came; its `error` says why the origin is unreachable.
    hops: the redirects followed. fetch_ms: for all of them.
    """

    state: RobotsState
    body: bytes
    retry_after_ms: int | None
    fetch: Fetch
    hops: int
    fetch_ms: int


async def ask_robots(get: Get, origin: str, limits: FetchLimits) -> RobotsAnswer:
    """Fetch origin + "/robots.txt" (origin: scheme://host[:port]) and judge the answer.

    Redirects are followed to any host, five of them. The time limit is for all of them together.
    """
    url = origin + "/robots.txt"
    started = time.monotonic()
    hops = 0
    while True:
        left = limits.total_seconds - (time.monotonic() - started)
        fetch = await get(
            url, replace(limits, max_body_bytes=MAX_BODY_BYTES + 1, total_seconds=max(left, 0.0))
        )
        target = _target(fetch, url)
        if target is None or hops == MAX_REDIRECTS:
            break
        url = target
        hops += 1
    state = _state(fetch)
    return RobotsAnswer(
        state=state,
        body=fetch.body if state is RobotsState.ALLOWED else b"",
        retry_after_ms=_retry_after_ms(fetch),
        fetch=fetch,
        hops=hops,
        fetch_ms=round((time.monotonic() - started) * 1000),
    )


def _target(fetch: Fetch, url: str) -> str | None:
    """What a redirect leads to; None if the answer is none, or leads nowhere that can be fetched."""
    text = location(fetch) if fetch.outcome is Outcome.REDIRECT else None
    if text is None:
        return None
    try:
        target = href_of(text, url)
    except BadUrl:
        return None
    return target if target.startswith(("http://", "https://")) else None


def _state(fetch: Fetch) -> RobotsState:
    if fetch.outcome is Outcome.OK:
        # Cut at our limit, the rules are those that must be read; cut by the network, the rest is missing.
        whole = not fetch.truncated or len(fetch.body) > MAX_BODY_BYTES
        return RobotsState.ALLOWED if whole else RobotsState.UNREACHABLE
    # Redirects without end count as no robots.txt (2.3.1.2); so do those that lead nowhere, as Google has it.
    if fetch.http_status is not None and 300 <= fetch.http_status < 500 and fetch.outcome in _ANSWERED:
        return RobotsState.MISSING
    return RobotsState.UNREACHABLE


_ANSWERED = frozenset({Outcome.REDIRECT, Outcome.HTTP_ERROR})


def _retry_after_ms(fetch: Fetch) -> int | None:
    value = fetch.header(b"retry-after")
    return None if value is None else retry_after_ms(value, fetch.header(b"date"))
