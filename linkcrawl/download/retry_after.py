"""Retry-After -> milliseconds (RFC 9110, 10.2.3). Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MAX_DIGITS = 9


def retry_after_ms(value: str, date: str | None) -> int | None:
    """How long a server asks to wait, in milliseconds, >= 0 and not capped; None if that can not be read.

    value: the header, seconds or an HTTP date. date: the response's Date header, which an HTTP date is
    compared with: both are the server's clock, so that ours does not matter. Without it a date says nothing.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return int(value) * 1000 if len(value) <= _MAX_DIGITS else 10**_MAX_DIGITS * 1000
    then, now = _time(value), _time(date or "")
    if then is None or now is None:
        return None
    return max(0, round((then - now).total_seconds() * 1000))


def _time(text: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
