"""CrawlConfig: everything that a crawl can be told, parsed and checked once.

Each setting is one field below, with its reader and its help beside it; the flags, the TOML keys and the
LINKCRAWL_* variables are all made from these fields. A flag wins over a variable, a variable over the file.
An unknown name and a bad value are mistakes, and all mistakes are reported together.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from linkcrawl.errors import ConfigError
from linkcrawl.scope import ScopeRule
from linkcrawl.units import count, duration_ms, positive, size_bytes

Reader = Callable[[str], Any]


def one_of(*allowed: str) -> Reader:
    """A reader for one of a few words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {text!r}")
        return text

    return read


def text(value: str) -> str:
    """A text that is not empty and holds no line break."""
    if not value.strip():
        raise ValueError("must not be empty")
    if any(ord(letter) < 32 for letter in value):
        raise ValueError("must not hold control characters or line breaks")
    return value


def crawl_name(value: str) -> str:
    """A name that may stand in keys and file names."""
    if not 0 < len(value) <= 64 or not all(
        letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in value
    ):
        raise ValueError(f"must be 1 to 64 letters, digits, '-', '_' or '.', not {value!r}")
    return value


def port(value: str) -> int:
    """A TCP port; 0 lets the system pick one."""
    number = count(value)
    if number > 65_535:
        raise ValueError(f"must be 0 to 65535, not {number}")
    return number


def setting(
    read: Reader,
    help_: str,
    default: Any = None,
    *,
    metavar: str = "N",
    short: str | None = None,
    group: str = "limits",
) -> Any:
    """One setting, with all that a flag needs. A tuple as default: the flag may be repeated."""
    return field(
        default=default,
        metadata={"read": read, "help": help_, "metavar": metavar, "short": short, "group": group},
    )


@dataclass(frozen=True, kw_only=True)
class CrawlConfig:
    """What one crawl was told. Durations in milliseconds, sizes in bytes."""

    seeds: str | None = setting(
        text,
        "file of seeds: one URL or bare domain a line (.gz too), a column of .csv or .parquet; - is standard input",
        metavar="FILE",
        group="what",
    )
    seeds_column: str | None = setting(
        text,
        "column of the seeds in a table (default: the one named url or domain, or the only one)",
        metavar="NAME",
        group="what",
    )
    watch: tuple[str, ...] = setting(
        text,
        "watch list: a domain (with all below it), =host, or domain/path/ prefix; or a file of them",
        (),
        metavar="FILE|DOMAIN",
        group="what",
    )
    out: str | None = setting(
        text, "folder or URL (s3://, gs://) of the datasets", metavar="OUT", short="-o", group="what"
    )
    name: str = setting(crawl_name, "name of the crawl", "crawl", metavar="NAME", group="what")
    scope: str = setting(
        one_of(*ScopeRule),
        "follow links within the seeds' sites, their hosts, or anywhere",
        "site",
        metavar="S",
        group="what",
    )
    include: tuple[str, ...] = setting(
        text, "follow only URLs that match (example.com/blog/* or re:REGEX)", (), metavar="P", group="what"
    )
    exclude: tuple[str, ...] = setting(text, "do not follow URLs that match", (), metavar="P", group="what")
    record: str = setting(
        one_of("watched", "external", "internal"),
        "links to keep: to watched domains, to any other site, or those within a site too",
        "watched",
        metavar="WHICH",
        group="what",
    )
    tracking_param: tuple[str, ...] = setting(
        text,
        "a further query parameter to drop from URLs (prefix*: all that begin so)",
        (),
        metavar="P",
        group="what",
    )

    max_pages: int | None = setting(positive, "end after N pages")
    max_pages_per_site: int | None = setting(positive, "at most N pages of a site")
    max_queued_per_site: int = setting(positive, "at most N URLs of a site waiting", 100_000)
    max_depth: int | None = setting(count, "follow links at most N steps from a seed")
    max_time: int | None = setting(duration_ms, "end after this time", metavar="T")
    max_body: int = setting(
        size_bytes, "read at most this much of a page, decoded", 8 * 1024**2, metavar="SIZE"
    )
    timeout: int = setting(duration_ms, "total time of one download, at most 20 s", 15_000, metavar="T")
    retries: int = setting(count, "tries beyond the first where a later one may do better", 2)
    retry_wait: int = setting(
        duration_ms, "wait before the first retry; doubles each time", 10_000, metavar="T"
    )
    site_give_up: int = setting(
        duration_ms, "give a site up that only failed for this long", 6 * 3_600_000, metavar="T"
    )

    delay: int = setting(
        duration_ms, "between two requests to a site", 1_000, metavar="S", group="politeness"
    )
    max_crawl_delay: int = setting(
        duration_ms, "obey a Crawl-delay up to this", 60_000, metavar="T", group="politeness"
    )
    per_ip: int = setting(
        count, "sites of one IP address at a time a worker; 0 for no bound", 4, group="politeness"
    )
    robots: str = setting(
        one_of("obey", "ignore"),
        "ignore only where the sites' owner agreed",
        "obey",
        metavar="RULE",
        group="politeness",
    )
    user_agent: str | None = setting(text, "the whole User-Agent header", metavar="TEXT", group="politeness")
    contact: str | None = setting(
        text, "URL or mail address that site owners find in the User-Agent", metavar="URL", group="politeness"
    )

    header: tuple[str, ...] = setting(
        text, "a further request header, 'Name: value'", (), metavar="H", group="network"
    )
    proxy: str | None = setting(text, "send requests through this HTTP proxy", metavar="URL", group="network")
    ca_file: str | None = setting(text, "certificates to trust, PEM", metavar="F", group="network")
    insecure: bool = setting(bool, "accept invalid TLS certificates", False, group="network")
    connect_to: tuple[str, ...] = setting(
        text,
        "connect to ADDR:PORT where HOST:PORT is meant (empty: any), as curl does",
        (),
        metavar="HOST:PORT:ADDR:PORT",
        group="network",
    )
    allow_private: bool = setting(
        bool, "connect to loopback and private addresses too", False, group="network"
    )

    redis: str | None = setting(
        text, "frontier on this server instead of an embedded one", metavar="URL", group="machine"
    )
    workers: int = setting(positive, "worker processes", 1, group="machine")
    concurrency: int = setting(positive, "downloads at a time a worker", 64, group="machine")
    max_sites: int = setting(positive, "sites held at a time a worker", 400, group="machine")
    state: str | None = setting(
        text, "folder of the embedded frontier (default: OUT/.linkcrawl)", metavar="DIR", group="machine"
    )
    commit_age: int | None = setting(
        duration_ms,
        "write a dataset part at least this often (default: 60 s for crawl, 10 min for worker)",
        metavar="T",
        group="machine",
    )
    part_rows: int = setting(positive, "rows of a dataset part", 250_000, group="machine")
    part_size: int = setting(
        size_bytes, "size of a dataset part in memory", 12 * 1024**2, metavar="SIZE", group="machine"
    )
    partitions: int = setting(positive, "partitions of the frontier", 16, group="machine")
    expect_urls: int = setting(
        positive, "URLs expected in all; sizes the seen set", 10_000_000, group="machine"
    )
    reclaim_after: int = setting(
        duration_ms, "a worker silent for this long is taken for dead", 60_000, metavar="T", group="machine"
    )
    metrics_port: int | None = setting(
        port, "serve metrics for Prometheus at this port: /metrics, /healthz", metavar="P", group="machine"
    )
    metrics_host: str = setting(
        text,
        "address that the metrics are served at; by default every one, as a container needs it",
        "0.0.0.0",  # noqa: S104
        metavar="ADDR",
        group="machine",
    )


OPTIONS: Mapping[str, "Field[Any]"] = {option.name: option for option in fields(CrawlConfig)}


def flag(name: str) -> str:
    """`max_pages` -> `--max-pages`."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """`max_pages` -> `LINKCRAWL_MAX_PAGES`."""
    return "LINKCRAWL_" + name.upper()


def read_toml(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The settings of a file -> (name -> text or list of texts as if they were flags, mistakes)."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as why:
        return {}, [f"--config {path}: can not be read: {why.strerror}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        return {}, [f"--config {path}: not TOML: {why}"]
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for key, value in raw.items():
        name = key.replace("-", "_")
        if name not in OPTIONS:
            wrong.append(f"--config {path}: {key}: no such setting (linkcrawl crawl --help lists them)")
        elif isinstance(value, dict):
            wrong.append(f"--config {path}: {key}: must be a value, not a table")
        else:
            values[name] = [str(item) for item in value] if isinstance(value, list) else _plain(value)
    return values, wrong


def _plain(value: object) -> object:
    return value if isinstance(value, bool) else str(value)


def read_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The LINKCRAWL_* variables -> (name -> text, mistakes). A repeatable setting is split at white space."""
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for key, value in sorted(environment.items()):
        if not key.startswith("LINKCRAWL_") or key in NOT_SETTINGS:
            continue
        name = key.removeprefix("LINKCRAWL_").lower()
        if name not in OPTIONS:
            wrong.append(f"{key}: no such setting (linkcrawl crawl --help lists them)")
        elif isinstance(OPTIONS[name].default, tuple) and name != "header":
            values[name] = value.split()
        else:
            values[name] = [value] if isinstance(OPTIONS[name].default, tuple) else value
    return values, wrong


NOT_SETTINGS = frozenset({"LINKCRAWL_CONFIG", "LINKCRAWL_SHARED", "LINKCRAWL_CRASH_AT", "LINKCRAWL_PROFILE"})
"""Variables with our prefix that are not settings of a crawl: the file, and those of tests."""


def parse(layers: Sequence[Mapping[str, Any]]) -> tuple[CrawlConfig, list[str]]:
    """The settings from layers of raw texts, the first layer winning -> (config, mistakes).

    A raw value is a text, a list of texts where the setting may be repeated, or a bool for a switch. With
    mistakes the config holds defaults in their place.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, option in OPTIONS.items():
        raw = next((layer[name] for layer in layers if layer.get(name) is not None), None)
        if raw is None:
            continue
        try:
            values[name] = _read(option, raw)
        except ValueError as why:
            wrong.append(f"{flag(name)}: {why}")
    config = CrawlConfig(**values)
    return config, wrong + list(_conflicts(config))


def _read(option: "Field[Any]", raw: Any) -> Any:
    read: Reader = option.metadata["read"]
    if read is bool:
        return _switch(raw)
    if isinstance(option.default, tuple):
        return tuple(read(item) for item in ([raw] if isinstance(raw, str) else raw))
    if isinstance(raw, list | bool):
        raise ValueError(f"must be one value, not {raw!r}")
    return read(raw)


def _switch(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if str(raw).lower() not in words:
        raise ValueError(f"must be yes or no, not {raw!r}")
    return words[str(raw).lower()]


def _conflicts(config: CrawlConfig) -> Iterable[str]:
    if config.timeout > 20_000:
        yield "--timeout: at most 20 s, so that a stop is quick"
    if config.timeout == 0:
        yield "--timeout: must be above 0"
    if config.user_agent and config.contact:
        yield "--contact: goes into the default User-Agent; with --user-agent, write it there"
    if config.reclaim_after < 1_000:
        yield "--reclaim-after: at least 1 s"
    if config.partitions > 4096:
        yield "--partitions: at most 4096"


def checked(layers: Sequence[Mapping[str, Any]]) -> CrawlConfig:
    """As parse, but raises ConfigError for mistakes."""
    config, wrong = parse(layers)
    if wrong:
        raise ConfigError(wrong)
    return config
