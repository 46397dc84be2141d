"""Where the frontier's server is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from linkcrawl.errors import UsageError


class Settings(Protocol):
    """What is needed of Scrapy's settings."""

    def get(self, name: Any, default: Any = None) -> Any:
        """The value of a setting, or the default."""


_SCHEMES = (
    "redis",
    "rediss",
    "unix",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
)
_PORT, _SENTINEL_PORT = 6379, 26379
_TLS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname")
_READ = frozenset({"db", "username", "password", "sentinel_username", "sentinel_password", *_TLS})
_TUNING = frozenset(
    {"protocol", "socket_timeout", "socket_connect_timeout", "socket_keepalive", "socket_read_size"}
    | {"retry_on_timeout", "max_connections", "health_check_interval", "timeout", "client_name"}
)
"""Options that redis-py's URLs may carry; linkcrawl decides these itself."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server's certificate is checked, and which one is shown to it; files by their paths."""

    ca_certs: str | None = None
    """None: the authorities that the system trusts."""
    cert_reqs: str = "required"
    certfile: str | None = None
    keyfile: str | None = None
    check_hostname: bool = True


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A Redis or Valkey server, some nodes of a cluster, or the sentinels of a server. Its text never shows
    a password."""

    scheme: str
    host: str | None
    port: int
    path: str | None
    database: int
    username: str | None
    password: str | None = field(repr=False)
    others: tuple[tuple[str, int], ...] = ()
    """More nodes of the cluster, or more sentinels."""
    master: str | None = None
    """The name by which the sentinels know the server."""
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    tls: Tls = Tls()

    @classmethod
    def from_url(cls, text: str) -> "ServerAddress":
        """Read an address as redis-py takes it: `redis://user:password@host:6379/0`, `unix:///path?db=0`.

        `rediss://` is TLS, with redis-py's `ssl_ca_certs`, `ssl_cert_reqs` (none, optional, required),
        `ssl_certfile`, `ssl_keyfile` and `ssl_check_hostname`. `redis+cluster://host,host` names nodes of a
        cluster, `redis+sentinel://host:26379,host/NAME/0` the sentinels of the server NAME; `rediss+` for TLS.
        Raises UsageError, which never shows the text: it may hold a password.
        """
        try:
            parts = urlsplit(text)
            user, _, hosts = parts.netloc.rpartition("@")
            nodes = _nodes(hosts, _SENTINEL_PORT if "+sentinel" in parts.scheme else _PORT)
        except ValueError:
            raise UsageError("the address of the server is no URL: use redis://host:6379") from None
        if parts.scheme not in _SCHEMES:
            known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
            raise UsageError(f"{_word(parts.scheme)} is no kind of server address: use one of {known}")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        _check(parts, nodes, query)
        master, database = _place(parts, query)
        username, _, password = user.partition(":")
        host, port = nodes[0]
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port,
            path=unquote(parts.path) if parts.scheme == "unix" else None,
            database=database,
            username=unquote(username) or query.get("username"),
            password=unquote(password) or query.get("password"),
            others=tuple(nodes[1:]),
            master=master,
            sentinel_username=query.get("sentinel_username"),
            sentinel_password=query.get("sentinel_password"),
            tls=_tls(query),
        )

    @classmethod
    def from_settings(cls, settings: "Settings") -> "ServerAddress":
        """Read the settings that users of scrapy-redis know: REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_PARAMS.

        Of REDIS_PARAMS the user, the password, the database and the ssl_ options count where the URL names
        none.
        """
        url = settings.get("REDIS_URL")
        if not url:
            url = f"redis://{settings.get('REDIS_HOST') or 'localhost'}:{settings.get('REDIS_PORT') or _PORT}"
        address = cls.from_url(str(url))
        extra: Mapping[str, Any] = settings.get("REDIS_PARAMS") or {}
        options = {name: str(value) for name, value in extra.items() if name in _TLS and value is not None}
        if "ssl_cert_reqs" in extra:
            options["ssl_cert_reqs"] = _cert_reqs(extra["ssl_cert_reqs"])
        return replace(
            address,
            scheme="rediss" if extra.get("ssl") and address.scheme == "redis" else address.scheme,
            database=address.database or int(extra.get("db", 0)),
            username=address.username or extra.get("username"),
            password=address.password or extra.get("password"),
            tls=_tls(options) if address.tls == Tls() else address.tls,
        )

    @property
    def is_cluster(self) -> bool:
        """Whether it is a Redis Cluster."""
        return self.scheme.endswith("+cluster")

    @property
    def is_sentinel(self) -> bool:
        """Whether sentinels are asked where the server is."""
        return self.scheme.endswith("+sentinel")

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme.startswith("rediss")

    @property
    def nodes(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports that are named."""
        return ((self.host or "localhost", self.port), *self.others)

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix://{self.path}"
        hosts = ",".join(name_of(host, port) for host, port in self.nodes)
        master = f"/{self.master}" if self.master else ""
        return f"{self.scheme}://{hosts}{master}/{self.database}"


def name_of(host: str, port: int) -> str:
    """`host:port`, as an address holds it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _word(scheme: str) -> str:
    """A scheme as a message may show it. What stands before a colon might be a user's name, or a secret."""
    return repr(scheme) if scheme and len(scheme) <= len("rediss+sentinel") else "this"


def _nodes(hosts: str, default_port: int) -> list[tuple[str, int]]:
    """Hosts and ports of a comma-separated list. Raises ValueError."""
    nodes = []
    for one in hosts.split(","):
        parts = urlsplit(f"//{one}")
        nodes.append((unquote(parts.hostname or "localhost"), parts.port or default_port))
    return nodes


def _check(parts: SplitResult, nodes: list[tuple[str, int]], query: Mapping[str, str]) -> None:
    """Raises UsageError with everything that the scheme does not take."""
    if "@" in parts.query + parts.fragment + ("" if parts.scheme == "unix" else parts.path):
        # A password with one of these ends early: what follows must not be shown.
        raise UsageError(
            "the server's address has an '@' after its host: in a password write %2F for '/', %3F for '?', "
            "%23 for '#' and %40 for '@'"
        )
    wrong = []
    if len(nodes) > 1 and "+" not in parts.scheme:
        wrong.append(
            "one server has one host: several are for redis+cluster:// and redis+sentinel:// "
            "(percent-encode a comma in a password)"
        )
    if parts.scheme == "unix" and not parts.path:
        wrong.append("a unix:// address needs the path of a socket")
    if parts.fragment:
        wrong.append("the address of the server holds a '#': write %23 where it belongs to it")
    if unknown := sorted(query.keys() - _READ - _TUNING):
        names = ", ".join(repr(name) for name in unknown)
        wrong.append(f"the server's address has options that are not known: {names}")
    if not parts.scheme.startswith("rediss") and (tls := sorted(query.keys() & set(_TLS))):
        wrong.append(f"{tls[0]} is for TLS: use {parts.scheme.replace('redis', 'rediss', 1)}://")
    if query.get("ssl_cert_reqs", "none") not in ("none", "optional", "required"):
        wrong.append("ssl_cert_reqs of the server's address is none, optional or required")
    if wrong:
        raise UsageError(wrong)


def _place(parts: SplitResult, query: Mapping[str, str]) -> tuple[str | None, int]:
    """The sentinels' name of the server, if there is one, and the number of the database."""
    path, master = parts.path.strip("/"), None
    if parts.scheme.endswith("+sentinel"):
        master, _, path = parts.path.removeprefix("/").partition("/")
        if not master:
            raise UsageError(
                "a sentinel's address needs the name of the server that it watches: "
                "redis+sentinel://host:26379/mymaster"
            )
    database = query.get("db") or ("" if parts.scheme == "unix" else path)
    if database and not (database.isascii() and database.isdecimal() and len(database) < 10):
        raise UsageError(f"the database of the server's address has to be a number, not {database!r}")
    if parts.scheme.endswith("+cluster") and database not in ("", "0"):
        raise UsageError("a cluster has no databases but 0")
    return unquote(master) if master else None, int(database or 0)


def _cert_reqs(value: object) -> str:
    """As an address has it, of what redis-py takes in REDIS_PARAMS: a word, an ssl.VerifyMode, or None."""
    if isinstance(value, int):
        return ("none", "optional", "required")[value]
    return "none" if value is None else str(value)


def _tls(options: Mapping[str, str]) -> Tls:
    checked = options.get("ssl_check_hostname", "true").lower() not in ("false", "no", "0", "off", "f", "n")
    return Tls(
        ca_certs=options.get("ssl_ca_certs"),
        cert_reqs=options.get("ssl_cert_reqs", "required"),
        certfile=options.get("ssl_certfile"),
        keyfile=options.get("ssl_keyfile"),
        check_hostname=checked,
    )
