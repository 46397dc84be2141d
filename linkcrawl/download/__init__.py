"""Fetching: one GET to one outcome, whatever the other side does. Knows neither Scrapy nor Redis.

Always true, and enough for the rest to rely on:
  1. A fetch ends in exactly one `Outcome`, and raises nothing but CancelledError.
  2. No packet goes to an address that the guard refuses: each connection asks it, about its final address.
  3. A fetch costs at most its limits: seconds, bytes on the wire, bytes decoded, bytes of headers.
  4. A URL is sent as it stands; headers are given as they came. What was cut off a body is said.
"""

from linkcrawl.download.connect_to import ConnectTo, parse_connect_to
from linkcrawl.download.fetcher import Fetcher
from linkcrawl.download.files import raise_file_limit
from linkcrawl.download.guard import AddressDenied, AddressGuard, denied
from linkcrawl.download.options import FetchLimits, FetchOptions, parse_headers
from linkcrawl.download.redirect import location
from linkcrawl.download.resolver import Address
from linkcrawl.download.retry_after import retry_after_ms
from linkcrawl.download.robots_txt import RobotsAnswer

__all__ = [
    "Address",
    "AddressDenied",
    "AddressGuard",
    "ConnectTo",
    "FetchLimits",
    "FetchOptions",
    "Fetcher",
    "RobotsAnswer",
    "denied",
    "location",
    "parse_connect_to",
    "parse_headers",
    "raise_file_limit",
    "retry_after_ms",
]
