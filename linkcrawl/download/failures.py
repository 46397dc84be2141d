"""What went wrong in a fetch -> its outcome and a few words. Pure."""

import os
import ssl
from collections.abc import Iterator

import aiohttp

from linkcrawl.download.guard import AddressDenied
from linkcrawl.download.resolver import DnsFailure
from linkcrawl.records import Outcome

_MAX_TEXT = 200


class BadUrl(ValueError):
    """Not a URL that can be sent."""


class BadResponse(ValueError):
    """Not an answer that can be read."""


def outcome_of(error: Exception) -> tuple[Outcome, str]:
    """The outcome of a fetch that ended in this exception, and what to say of it.

    connect_error is all that goes wrong before the answer's first byte, DNS and TLS apart: a connection that
    is not made in time, too. timeout is the time of the whole fetch running out.
    """
    outcome, text = _first_that_fits(error)
    return outcome, " ".join(text.split())[:_MAX_TEXT]


def _first_that_fits(error: Exception) -> tuple[Outcome, str]:
    causes = list(_causes(error))
    for cause in causes:
        # aiohttp's errors are of Python's classes too, without their attributes; what they wrap follows.
        if isinstance(cause, aiohttp.ClientError):
            continue
        if isinstance(cause, AddressDenied):
            return Outcome.BLOCKED_ADDRESS, str(cause)
        if isinstance(cause, DnsFailure):
            return Outcome.DNS_ERROR, str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Outcome.TLS_ERROR, f"certificate: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return Outcome.TLS_ERROR, (cause.reason or str(cause)).replace("_", " ").lower()
    match error:
        case BadUrl() | aiohttp.InvalidURL():
            return Outcome.BAD_URL, str(error)
        case BadResponse():
            return Outcome.BAD_RESPONSE, str(error)
        case aiohttp.ServerTimeoutError():
            return Outcome.CONNECT_ERROR, "no connection in time"
        case TimeoutError():
            return Outcome.TIMEOUT, "the time of the fetch ran out"
        case aiohttp.ClientHttpProxyError():
            return Outcome.CONNECT_ERROR, f"the proxy answered {error.status}"
        case aiohttp.ClientResponseError():
            return Outcome.BAD_RESPONSE, error.message
        case aiohttp.ClientPayloadError():
            return Outcome.BAD_RESPONSE, str(error)
        case aiohttp.ServerDisconnectedError():
            return Outcome.CONNECT_ERROR, "closed without an answer"
        case aiohttp.ClientConnectionError() | OSError():
            return Outcome.CONNECT_ERROR, _os_text(causes)
    return Outcome.INTERNAL_ERROR, f"{type(error).__name__}: {error}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what aiohttp wrapped in it, and what it came from."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        cause = queue.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [
            getattr(cause, "os_error", None),
            getattr(cause, "certificate_error", None),
            cause.__cause__,
        ]


def _os_text(causes: list[BaseException]) -> str:
    for cause in reversed(causes):
        # The event loops word it each in their own way; the system's number is the same.
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
    return str(causes[0]) or type(causes[0]).__name__
