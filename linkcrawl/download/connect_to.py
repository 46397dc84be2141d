"""--connect-to HOST:PORT:ADDR:PORT, as curl has it. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from linkcrawl.errors import UsageError

_FORM = re.compile(
    r"(?P<host>\[[^\]]*\]|[^:\[\]]*):(?P<port>[0-9]*):(?P<to_host>\[[^\]]*\]|[^:\[\]]*):(?P<to_port>[0-9]*)"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection goes instead.

    host: an address or a name, without brackets. named: the operator named it, so the guard lets it pass.
    """

    host: str
    port: int
    named: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    host: str
    """'' for any"""
    port: int | None
    to_host: str
    """'' for the URL's own"""
    to_port: int | None


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """The mappings in the order given; the first that fits counts."""

    rules: tuple[_Rule, ...] = ()

    def target(self, host: str, port: int) -> Target | None:
        """Where a connection to a URL's host (lower case, no brackets) and port goes; None: not elsewhere."""
        for rule in self.rules:
            if rule.host in ("", host) and rule.port in (None, port):
                to_port = port if rule.to_port is None else rule.to_port
                return Target(rule.to_host or host, to_port, named=bool(rule.to_host))
        return None

    def named(self) -> tuple[tuple[str, int | None], ...]:
        """The addresses named as targets, with their ports (None: any)."""
        return tuple((rule.to_host, rule.to_port) for rule in self.rules if is_address(rule.to_host))


def is_address(host: str) -> bool:
    """Is this an IP address (without brackets)?"""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_connect_to(texts: Sequence[str]) -> ConnectTo:
    """The mappings of HOST:PORT:ADDR:PORT texts.

    An empty host or port matches any; an empty ADDR or second port keeps the URL's; IPv6 addresses stand in
    brackets. Raises UsageError, with a sentence for each bad text.
    """
    problems: list[str] = []
    rules: list[_Rule] = []
    for text in texts:
        try:
            rules.append(_rule(text))
        except ValueError as error:
            problems.append(f"--connect-to {text!r}: {error}")
    if problems:
        raise UsageError(problems)
    return ConnectTo(tuple(rules))


def _rule(text: str) -> _Rule:
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("must be HOST:PORT:ADDR:PORT, with IPv6 addresses in brackets")
    return _Rule(_host(match["host"]), _port(match["port"]), _host(match["to_host"]), _port(match["to_port"]))


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise ValueError(f"{text} is not an IPv6 address") from None
    if any(c <= " " or c in "/@?#\\" for c in text):
        raise ValueError(f"{text!r} is not a host")
    host = text.lower().rstrip(".")
    return host if host.isascii() else host.encode("idna").decode()


def _port(text: str) -> int | None:
    if not text:
        return None
    port = int(text) if len(text) <= 5 else 0
    if not 1 <= port <= 65535:
        raise ValueError(f"{text} is not a port (1 to 65535)")
    return port
