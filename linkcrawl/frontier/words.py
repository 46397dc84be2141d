"""What a server's error means, in a sentence for whoever runs the crawl."""

import re
import ssl
from collections.abc import Iterator

from redis import exceptions as bad

from linkcrawl.errors import FrontierLost, FrontierUnavailable, LinkcrawlError, UsageError
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.nodes import BROKEN

_NOT_NOW = {
    "OOM": "is full: raise its maxmemory (embedded: 60 % of this machine), or wait until pages are settled",
    "LOADING": "is still loading its data",
    "BUSY": "is busy with somebody's long script",
    "READONLY": "is a read-only replica: name its master, or let sentinels find it (redis+sentinel://)",
    "MASTERDOWN": "is a replica that has lost its master",
    "CLUSTERDOWN": "is down: the cluster lacks some of its nodes",
    "TRYAGAIN": "is moving a part of the keys to another node",
    "MISCONF": "cannot write to its disk (is that full?)",
    "NOREPLICAS": "has lost its replicas, and was told not to write without them (min-replicas-to-write)",
    "max number of clients": "takes no more connections: raise its maxclients, or run fewer workers",
}
"""What passes, by how the server's answer begins."""
_KIND = {
    bad.OutOfMemoryError: "OOM",
    bad.BusyLoadingError: "LOADING",
    bad.ReadOnlyError: "READONLY",
    bad.MasterDownError: "MASTERDOWN",
    bad.ClusterDownError: "CLUSTERDOWN",
    bad.TryAgainError: "TRYAGAIN",
    bad.AskError: "TRYAGAIN",
}
"""Answers whose first word redis-py takes off."""
_ASKED_WRONG = {
    "DB index is out of range": "has no database of that number",
    "This instance has cluster support disabled": "is no cluster: use redis:// for it",
    "unknown command": "does not know a command: linkcrawl needs Redis 7.0 or later, or Valkey",
    "unknown subcommand": "does not know a command: linkcrawl needs Redis 7.0 or later, or Valkey",
    "Error compiling script": "cannot run linkcrawl's scripts: it needs Redis 7.0 or later, or Valkey",
}
_REFUSED = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "AUTH <password> called", "Client sent AUTH")
_IN_SCRIPT = re.compile(r"\.? script: [0-9a-f]{40}.*", re.DOTALL)
_MAY_NOT = ("The user executing the script can't", "ACL failure in script", "has no permissions to")


def in_our_words(problem: Exception, address: ServerAddress) -> Exception:
    """The error that an operator can act on, or the problem itself where it is a bug of ours."""
    if isinstance(problem, LinkcrawlError):
        return problem
    for cause in reversed(list(_causes(problem))):
        words = None
        if isinstance(cause, ssl.SSLError):
            words = _of_tls(cause, address)
        elif isinstance(cause, bad.RedisError):
            words = _of_answer(cause, address)
        if words is not None:
            return words
    if isinstance(problem, BROKEN):
        text = str(problem)
        if "No connection available" in text:
            text = "every connection of this process is in use"
        if address.is_tls and "Timeout connecting" in text:
            text += " (does it speak TLS at this port?)"
        return FrontierUnavailable(f"the server at {address} does not answer now: {text or 'no answer'}")
    return problem


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The problem and what it was raised from: what the server said to the greeting lies below. (redis-py
    raises what TLS says without naming it as the cause.)"""
    seen: BaseException | None = problem
    while seen is not None and not isinstance(seen, LinkcrawlError):
        yield seen
        behind = seen.__context__ if isinstance(seen.__context__, OSError) else None
        seen = seen.__cause__ or behind


def _of_answer(answer: bad.RedisError, address: ServerAddress) -> Exception | None:
    text = str(answer).removeprefix("ERR ")
    where = f"the server at {address}"
    if isinstance(answer, bad.MovedError) and not address.is_cluster:
        return UsageError(f"{where} is a node of a cluster: use {_scheme(address, 'cluster')}:// for it")
    if isinstance(answer, bad.NoPermissionError) or any(part in text for part in _MAY_NOT):
        return UsageError(
            f"{where} does not allow this user ({address.username or 'default'}) all that linkcrawl needs: "
            f"{_IN_SCRIPT.sub('', text)} (docs/servers.md lists it)"
        )
    if isinstance(answer, bad.AuthenticationError) or text.startswith(_REFUSED):
        return UsageError(f"{where} refuses this user or password: {text}")
    if "LOST this is not the crawl" in text or text.startswith("WRONGTYPE"):
        return FrontierLost(f"{where} no longer holds this crawl as it was: it was emptied or replaced")
    kind = next((word for type_, word in _KIND.items() if isinstance(answer, type_)), None)
    for word, meaning in _NOT_NOW.items():
        if word == kind or text.startswith(word):
            return FrontierUnavailable(f"{where} {meaning} ({text})")
    for part, meaning in _ASKED_WRONG.items():
        if part in text:
            return UsageError(f"{where} {meaning} ({text[:200]})")
    return None


def _scheme(address: ServerAddress, kind: str) -> str:
    return f"{'rediss' if address.is_tls else 'redis'}+{kind}"


def _of_tls(problem: ssl.SSLError, address: ServerAddress) -> Exception | None:
    """None: a connection that broke, as one without TLS would."""
    reason = problem.reason or str(problem)
    where = f"the server at {address}"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return UsageError(
            f"the certificate of {where} is not trusted: {problem.verify_message}. Name the authority that "
            "signed it (?ssl_ca_certs=FILE), or do not check it (?ssl_cert_reqs=none)"
        )
    if any(
        word in reason for word in ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "UNKNOWN_CA", "_BAD_CERT")
    ):
        return UsageError(
            f"{where} wants a certificate of ours that it trusts ({reason}): name it with "
            "?ssl_certfile=FILE&ssl_keyfile=FILE"
        )
    if "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER_FAILURE" in reason:
        plain = address.scheme.replace("rediss", "redis", 1)
        return UsageError(f"{where} speaks no TLS at this port: use {plain}://, or the port that does")
    return None
