"""What a fetcher is told once: who it says it is, how far it may go, and by which way."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from linkcrawl.download.connect_to import ConnectTo
from linkcrawl.errors import UsageError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")
# These say how the message itself is sent, which is not for a crawl's operator to change.
_NOT_OURS = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "upgrade",
        "keep-alive",
        "accept-encoding",
    }
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much one fetch may cost. Connect time and header sizes are set for a whole fetcher."""

    max_body_bytes: int = 8 * 1024 * 1024
    """Of the body, on the wire and decoded; what is beyond is cut off."""
    total_seconds: float = 19.0
    """From the look-up of the name to the last byte: below the 20 s that a clean stop waits for."""
    connect_seconds: float = 10.0
    """For TCP and TLS."""
    max_header_bytes: int = 64 * 1024
    """Of one header line."""
    max_headers: int = 512


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """Raises UsageError, with every problem, for what can not be."""

    user_agent: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with each request, instead of ours of the same name. May hold secrets."""
    limits: FetchLimits = field(default_factory=FetchLimits)
    connect_to: ConnectTo = field(default_factory=ConnectTo)
    allow_private: bool = False
    proxy: str | None = field(default=None, repr=False)
    """http:// or https:// URL; it looks names up itself, so only literal addresses pass the guard. May hold a
    password."""
    ca_file: str | None = None
    """Certificates (PEM) to trust besides the system's."""
    tls_verify: bool = True
    dns_servers: tuple[str, ...] = ()
    """"ADDRESS" or "ADDRESS:PORT", in place of the system's."""
    keepalive_seconds: float = 15.0
    """How long an idle connection stays open."""

    def __post_init__(self) -> None:
        problems = [
            f"--header {name}: {why}" for name, value in self.headers if (why := _bad_header(name, value))
        ]
        if _bad_header("User-Agent", self.user_agent) or not self.user_agent.strip():
            problems.append("the user agent must be one line of text")
        if self.proxy is not None:
            problems += _bad_proxy(self.proxy)
            if self.connect_to.rules:
                problems.append(
                    "--proxy and --connect-to can not be used together: the proxy makes the connections"
                )
        if self.ca_file is not None and (why := _bad_ca_file(self.ca_file)):
            problems.append(f"--ca-file {self.ca_file}: {why}")
        if problems:
            raise UsageError(problems)


def parse_headers(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of "Name: value" texts, as --header takes them. Raises UsageError, naming each bad one."""
    pairs = []
    problems = []
    for text in texts:
        name, colon, value = text.partition(":")
        pair = name.strip(), value.strip(" \t")
        if not colon:
            problems.append(f"--header {name[:40]!r}: must be 'Name: value'")
        elif why := _bad_header(*pair):
            problems.append(f"--header {pair[0][:40]!r}: {why}")
        else:
            pairs.append(pair)
    if problems:
        raise UsageError(problems)
    return tuple(pairs)


def _bad_header(name: str, value: str) -> str | None:
    """What is wrong with a header to send; never shows its value, which may be a secret."""
    if not _TOKEN.fullmatch(name):
        return "not a header name"
    if not _VALUE.fullmatch(value):
        return "the value holds a line break or a control character"
    if name.lower() in _NOT_OURS:
        return "can not be set"
    return None


def _bad_ca_file(path: str) -> str | None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "holds no certificates in PEM form"
    except OSError as error:
        return error.strerror or str(error)
    return None


def _bad_proxy(proxy: str) -> list[str]:
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    return [] if usable else ["--proxy must be an http:// or https:// URL"]
