"""Seeds that are pushed by hand, the way of scrapy-redis: `LPUSH NAME:start_urls '{"url": "https://a.example/"}'`.

Always true: what was pushed is under its key until it is in the frontier, or among the dead letters. So a worker
that dies in between loses nothing, and several that take in the same seed at once submit one URL. The key has no
hash tag of the crawl: no script touches it together with the crawl's own keys.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from linkcrawl.frontier import moves, tables
from linkcrawl.frontier.connections import Argument
from linkcrawl.frontier.lifecycle import count_seeds
from linkcrawl.frontier.session import Session
from linkcrawl.records import Candidate, Seed
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl
from linkcrawl.urls.seeds import SeedUrl, parse_seed

DEFAULT_KEY = "%(name)s:start_urls"
"""REDIS_START_URLS_KEY of scrapy-redis: `name` is the crawl's."""
AT_ONCE = 500
LONGEST = 4 * 1024
"""Bytes of one entry; a longer one is no seed, and its beginning is kept."""
_LETTERS_IN = 0
"""The partition that keeps the dead letters of what belongs to no site."""

ScopeKey = Callable[[str, str], str]
"""(host, site) -> what is in scope of a seed there."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one type of key is read from its tail (what was pushed first), counted, and relieved of a value."""

    read: tuple[Argument, ...]
    count: str
    remove: tuple[Argument, ...]


_SHAPES = {
    b"list": _Shape(("LRANGE", -AT_ONCE, -1), "LLEN", ("LREM", -1)),
    b"set": _Shape(("SRANDMEMBER", AT_ONCE), "SCARD", ("SREM",)),
    b"zset": _Shape(("ZREVRANGE", 0, AT_ONCE - 1), "ZCARD", ("ZREM",)),
}


def key_of(pattern: str, name: str) -> str:
    """The key of a crawl, by scrapy-redis's setting."""
    return pattern % {"name": name} if "%(name)s" in pattern else pattern


def seed_of(raw: bytes, rules: IdentityRules) -> SeedUrl:
    """The seed that an entry names: a URL or bare domain as text, or JSON with it as `url`.

    Raises BadUrl with a short reason.
    """
    if len(raw) > LONGEST:
        raise BadUrl(f"it has {len(raw):,} bytes")
    text = raw.strip()
    if text.startswith(b"{"):
        try:
            url = msgspec.json.decode(text, type=dict[str, Any]).get("url")
        except msgspec.MsgspecError as problem:
            raise BadUrl(f"its JSON can not be read: {problem}") from None
        if not isinstance(url, str):
            raise BadUrl("its JSON names no url")
        return parse_seed(url, rules)
    try:
        return parse_seed(text.decode(), rules)
    except UnicodeDecodeError:
        raise BadUrl("it is no text") from None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a batch."""

    seeds: int = 0
    """Read, the known ones too."""
    garbage: int = 0


class StartUrls:
    """The seeds that wait under one key."""

    def __init__(self, session: Session, key: str) -> None:
        self.key = key
        self._session = session

    async def _shape(self) -> _Shape | None:
        return _SHAPES.get(await self._session.server.command("TYPE", self.key))

    async def waiting(self) -> int:
        """How many entries wait. 0 also for a key of a type that holds no seeds."""
        shape = await self._shape()
        if shape is None:
            return 0
        number: int = await self._session.server.command(shape.count, self.key)
        return number

    async def take(
        self, rules: IdentityRules, scope_key: ScopeKey, until_durable: Callable[[], Awaitable[None]]
    ) -> Taken:
        """Submit the next batch as an operator's seeds, which opens a finished crawl again, and remove it.

        until_durable: returns when the server has written what was submitted.
        """
        shape = await self._shape()
        if shape is None:
            return Taken()
        command, *arguments = shape.read
        raws: list[bytes] = await self._session.server.command(command, self.key, *arguments)
        if not raws:
            return Taken()
        if command == "LRANGE":
            raws.reverse()
        seeds: dict[str, SeedUrl] = {}
        garbage: list[tuple[bytes, str]] = []
        for raw in raws:
            try:
                seed = seed_of(raw, rules)
            except BadUrl as why:
                garbage.append((raw, str(why)))
            else:
                seeds.setdefault(seed.url, seed)
        await self._submit(list(seeds.values()), scope_key)
        await self._bury(garbage)
        await until_durable()
        await self._remove(shape, raws)
        return Taken(len(raws) - len(garbage), len(garbage))

    async def _submit(self, seeds: Sequence[SeedUrl], scope_key: ScopeKey) -> None:
        if not seeds:
            return
        session = self._session
        await tables.add_scope(session, sorted({scope_key(seed.host, seed.site) for seed in seeds}))
        candidates = [
            Candidate(
                seed.url,
                seed.host,
                seed.site,
                depth=0,
                seed=Seed.HTTPS_FIRST if seed.https_first else Seed.YES,
            )
            for seed in seeds
        ]
        answers = await moves.submit(session, candidates, None)
        new = sum(answer is None for answer in answers)
        if new:
            await count_seeds(session, new)

    async def _bury(self, garbage: Sequence[tuple[bytes, str]]) -> None:
        letters: list[Argument] = []
        for raw, why in garbage:
            letters += (f"{self.key}: {why}"[:200].replace("\n", " "), raw[:LONGEST])
        if letters:
            session = self._session
            await session.server.run([session.on_partition("inter", _LETTERS_IN, "start_url", *letters)])

    async def _remove(self, shape: _Shape, raws: Sequence[bytes]) -> None:
        verb, *arguments = shape.remove
        await self._session.server.commands([(verb, self.key, *arguments, raw) for raw in raws])
