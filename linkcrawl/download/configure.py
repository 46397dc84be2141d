"""From the crawl's settings to the Fetcher's options."""

from linkcrawl import __version__
from linkcrawl.config import CrawlConfig
from linkcrawl.download.connect_to import parse_connect_to
from linkcrawl.download.options import FetchLimits, FetchOptions, parse_headers

LONGEST_CONNECT_S = 10.0
ROBOTS_AGENT = "linkcrawl"


def user_agent(config: CrawlConfig) -> str:
    """The User-Agent header: who crawls, and where to complain."""
    contact = f"+{config.contact}" if config.contact else "self-hosted, no contact given"
    return config.user_agent or f"Mozilla/5.0 (compatible; {ROBOTS_AGENT}/{__version__}; {contact})"


def robots_agent(config: CrawlConfig) -> str:
    """The product token that robots.txt groups are matched with: the first of the User-Agent that names us."""
    words = user_agent(config).replace("(", " ").replace(";", " ").split()
    tokens = [word.partition("/")[0] for word in words]
    named = [
        token for token in tokens if token[:1].isalpha() and token.lower() not in {"mozilla", "compatible"}
    ]
    return named[0] if named else ROBOTS_AGENT


def fetch_options(config: CrawlConfig) -> FetchOptions:
    """Raises UsageError for headers, a proxy, a CA file or a --connect-to that are wrong."""
    seconds = config.timeout / 1000
    return FetchOptions(
        user_agent=user_agent(config),
        headers=parse_headers(config.header),
        limits=FetchLimits(
            max_body_bytes=config.max_body,
            total_seconds=seconds,
            connect_seconds=min(seconds, LONGEST_CONNECT_S),
        ),
        connect_to=parse_connect_to(config.connect_to),
        allow_private=config.allow_private,
        proxy=config.proxy,
        ca_file=config.ca_file,
        tls_verify=not config.insecure,
    )
