"""Where the frontier's server is."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from linkcrawl.errors import UsageError


class Settings(Protocol):
    """What is needed of Scrapy's settings."""

    def get(self, name: Any, default: Any = None) -> Any:
        """The value of a setting, or the default."""


_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A Redis or Valkey server, or a cluster's first node. Its text never shows the password."""

    scheme: str
    host: str | None
    port: int
    path: str | None
    database: int
    username: str | None
    password: str | None = field(repr=False)

    @classmethod
    def from_url(cls, text: str) -> "ServerAddress":
        """Read `redis://`, `rediss://` (TLS), `unix://`, or `redis+cluster://` and `rediss+cluster://`.

        All as redis-py takes them: `redis://user:password@host:6379/0`, `unix:///path?db=0`. Raises
        UsageError.
        """
        try:
            parts = urlsplit(text)
            port = parts.port or 6379
        except ValueError:
            raise UsageError("the address of the server is no URL: use redis://host:6379") from None
        if parts.scheme not in _SCHEMES:
            known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
            raise UsageError(
                f"{parts.scheme or 'nothing'!r} is no kind of server address: use one of {known}"
            )
        query = parse_qs(parts.query)
        database = query.get("db", [""])[0] or ("" if parts.scheme == "unix" else parts.path.strip("/"))
        if database and not database.isdecimal():
            raise UsageError(f"the database of the server's address has to be a number, not {database!r}")
        if parts.scheme == "unix" and not parts.path:
            raise UsageError("a unix:// address needs the path of a socket")
        if parts.scheme.endswith("+cluster") and database not in ("", "0"):
            raise UsageError("a cluster has no databases but 0")
        password = parts.password if parts.password is not None else query.get("password", [None])[0]
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "localhost",
            port=port,
            path=unquote(parts.path) if parts.scheme == "unix" else None,
            database=int(database or 0),
            username=unquote(parts.username) if parts.username else query.get("username", [None])[0],
            password=unquote(password) if password else None,
        )

    @classmethod
    def from_settings(cls, settings: "Settings") -> "ServerAddress":
        """Read the settings that users of scrapy-redis know: REDIS_URL, REDIS_HOST, REDIS_PORT, REDIS_PARAMS.

        Of REDIS_PARAMS the user, the password and the database count where the URL names none.
        """
        url = settings.get("REDIS_URL")
        if not url:
            url = f"redis://{settings.get('REDIS_HOST') or 'localhost'}:{settings.get('REDIS_PORT') or 6379}"
        address = cls.from_url(str(url))
        extra = settings.get("REDIS_PARAMS") or {}
        return replace(
            address,
            database=address.database or int(extra.get("db", 0)),
            username=address.username or extra.get("username"),
            password=address.password or extra.get("password"),
        )

    @property
    def is_cluster(self) -> bool:
        """Whether it is a Redis Cluster."""
        return self.scheme.endswith("+cluster")

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme.startswith("rediss")

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.database}"
