"""The text of a robots.txt -> the rules for one agent."""

import re

from linkcrawl.robots.matcher import Line
from linkcrawl.robots.rules import Rules

MAX_BODY_BYTES = 500 * 1024
"""What a crawler must read at least (RFC 9309, 2.5), and what Google reads at most."""
_MAX_LINE_BYTES = 2083 * 8 - 1
_MAX_SITEMAPS = 100
_MAX_SITEMAP_CHARS = 2083

_BOM = b"\xef\xbb\xbf"
_USER_AGENT = (b"user-agent", b"useragent", b"user agent")
_DISALLOW = (b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw")
_SITEMAP = (b"sitemap", b"site-map")
_CRAWL_DELAY = (b"crawl-delay", b"crawldelay", b"crawl delay")
_TOKEN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
_SECONDS = re.compile(rb"(\d{0,9})\d*(?:\.(\d{1,3}))?")


def product_token(user_agent: str) -> str:
    """The product token of a User-Agent string: its leading letters, `_`, `-` ("bot/1.0" -> "bot")."""
    return _token(user_agent.encode("latin-1", "replace")).decode()


def _token(value: bytes) -> bytes:
    return value[: len(value) - len(value.lstrip(_TOKEN_BYTES))]


def parse(body: bytes, agent: str) -> Rules:
    """The rules of a robots.txt for one agent. Never raises, whatever the body holds.

    body: content-decoded; what lies beyond 500 KiB is not read, and neither is a line that they cut.
    agent: the product token. As in Google's parser, an agent that is more than that ("Bot/2.1", "a b") is
        named by no group and gets the rules of `*`; `product_token` makes a token of a User-Agent string.
    """
    if len(body) > MAX_BODY_BYTES:
        end = max(body.rfind(b"\n", 0, MAX_BODY_BYTES + 1), body.rfind(b"\r", 0, MAX_BODY_BYTES + 1))
        body = body[: max(end, 0)]
    reader = _Reader(agent.encode("utf-8", "replace").lower())
    for line in body[_bom_length(body) :].replace(b"\r", b"\n").split(b"\n"):
        if line and (pair := _key_and_value(line[:_MAX_LINE_BYTES])):
            reader.take(*pair)
    return reader.rules()


def _bom_length(body: bytes) -> int:
    """How many first bytes are a byte order mark, or the beginning of one (Google skips that too)."""
    return next((n for n in (3, 2, 1) if body.startswith(_BOM[:n])), 0)


def _key_and_value(line: bytes) -> tuple[bytes, bytes] | None:
    """The key (lower case) and the value of a line; None if it has no such form."""
    line = line.partition(b"\0")[0].partition(b"#")[0].strip()
    key, separator, value = line.partition(b":")
    if not separator:
        # Google takes a forgotten colon for one, where there are just two words.
        words = re.split(rb"[ \t]+", line)
        if len(words) != 2:
            return None
        key, value = words
    key = key.strip().lower()
    return (key, value.strip()) if key else None


class _Group:
    """What the groups of one agent hold together."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.crawl_delay_ms: int | None = None


class _Reader:
    """Takes the lines in order and keeps those of our agent and those of `*`."""

    def __init__(self, agent: bytes) -> None:
        self._agent = agent
        self._ours = _Group()
        self._all = _Group()
        self._named = False
        self._in_ours = self._in_all = self._row_ended = False
        self._sitemaps: dict[str, None] = {}

    def take(self, key: bytes, value: bytes) -> None:
        """Keys are told by how they begin, as Google does: `disallowed` is `disallow`."""
        if key.startswith(_USER_AGENT):
            self._user_agent(value)
        elif key.startswith(b"allow"):
            self._rule(Line(True, value))
        elif key.startswith(_DISALLOW):
            self._rule(Line(False, value))
        elif key.startswith(_SITEMAP):
            self._sitemap(value.decode("utf-8", "replace"))
        elif key.startswith(_CRAWL_DELAY):
            self._crawl_delay(value)

    def rules(self) -> Rules:
        group = self._ours if self._named else self._all
        return Rules(group.lines, group.crawl_delay_ms, tuple(self._sitemaps))

    def _user_agent(self, value: bytes) -> None:
        if self._row_ended:
            self._in_ours = self._in_all = self._row_ended = False
        if value[:1] == b"*" and (len(value) == 1 or value[1:2].isspace()):
            self._in_all = True
        elif _token(value).lower() == self._agent:
            self._in_ours = self._named = True

    def _group(self) -> _Group | None:
        return self._ours if self._in_ours else self._all if self._in_all else None

    def _rule(self, line: Line) -> None:
        group = self._group()
        if group is None:
            return
        self._row_ended = True
        # A path begins with '/': a pattern that begins otherwise never matches; an empty one never decides.
        if line.value[:1] in (b"/", b"*"):
            group.lines.append(line)

    def _crawl_delay(self, value: bytes) -> None:
        group = self._group()
        match = _SECONDS.match(value)
        if group is None or match is None or not (match[1] or match[2]):
            return
        delay_ms = int(match[1] or 0) * 1000 + int((match[2] or b"").ljust(3, b"0"))
        group.crawl_delay_ms = max(delay_ms, group.crawl_delay_ms or 0)

    def _sitemap(self, value: str) -> None:
        if value and len(value) <= _MAX_SITEMAP_CHARS and len(self._sitemaps) < _MAX_SITEMAPS:
            self._sitemaps[value] = None
