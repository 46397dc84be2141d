"""The rules of one robots.txt for one agent, and the form in which the frontier keeps them."""

import re
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from linkcrawl.robots.matcher import Decision, Line, Matcher, escaped

MAX_PACKED_BYTES = 16 * 1024
_MAX_LINES = 5000
"""Popular sites have up to 3,157; each costs time whenever a URL is judged."""
_MAX_UNPACKED_BYTES = 2 * 1024 * 1024
_BAD_END = re.compile(rb"(?:%[0-9a-fA-F]?|\$)+\Z")
_HEAD = re.compile(rb"C([0-9]{0,15})\nT([01])(?=\n|\Z)")
_VERSION = b"\x01"


class Rules:
    """The rules of one robots.txt for one agent.

    crawl_delay_ms: the largest Crawl-delay of our group, >= 0, not capped; None if it has none.
    sitemaps: the values of all Sitemap lines, in order, without repetitions, at most 100.
    truncated: packing had to leave rules out; what is left forbids at least what the whole did.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        crawl_delay_ms: int | None = None,
        sitemaps: tuple[str, ...] = (),
        *,
        truncated: bool = False,
    ) -> None:
        self.lines = tuple(dict.fromkeys(lines))
        self.crawl_delay_ms = crawl_delay_ms
        self.sitemaps = sitemaps
        self.truncated = truncated

    def decide(self, target: str) -> Decision:
        """May this path and query ("/a?b", as in the URL; a fragment does not count) be fetched?"""
        if not target.isascii():
            target = escaped(target.encode("utf-8", "surrogatepass"))
        if "#" in target:
            target = target[: target.index("#")]
        if target[:1] != "/":
            target = "/" + target
        return self._matcher.decide(target)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.lines)

    def pack(self) -> bytes:
        """A versioned, compressed form of at most 16 KiB, for `unpack`.

        Where all does not fit, sitemaps go first, then the longest allow patterns; if the disallow patterns
        alone are too much, they are cut short, so that each forbids more. What was forbidden stays forbidden.
        """
        for rules in (self, Rules(self.lines, self.crawl_delay_ms, truncated=self.truncated)):
            if rules._fits():
                return rules._packed()
        allows = sorted((line for line in self.lines if line.allow), key=lambda line: len(line.value))
        disallows = [line for line in self.lines if not line.allow]
        kept = _last(len(allows), lambda count: self._only(disallows + allows[:count])._fits())
        if kept is not None:
            return self._only(disallows + allows[:kept])._packed()
        longest = max(len(line.value) for line in disallows)
        length = _last(longest, lambda length: self._only(_cut(disallows, length))._fits())
        return self._only(_cut(disallows, max(length or 1, 1)))._packed()

    def _only(self, lines: Sequence[Line]) -> "Rules":
        return Rules(lines, self.crawl_delay_ms, truncated=True)

    def _fits(self) -> bool:
        return len(self.lines) <= _MAX_LINES and len(self._packed()) <= MAX_PACKED_BYTES

    def _packed(self) -> bytes:
        delay = b"" if self.crawl_delay_ms is None else b"%d" % self.crawl_delay_ms
        rows = [b"C" + delay, b"T%d" % self.truncated]
        rows += [b"S" + sitemap.encode("utf-8", "replace") for sitemap in self.sitemaps]
        rows += [(b"A" if line.allow else b"D") + line.value for line in self.lines]
        return _VERSION + zlib.compress(b"\n".join(rows), 9)

    @classmethod
    def unpack(cls, raw: bytes) -> "Rules":
        """What `pack` made. Raises ValueError on anything else."""
        if raw[:1] != _VERSION:
            raise ValueError("robots rules of another version")
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(raw[1:], _MAX_UNPACKED_BYTES)
        except zlib.error as error:
            raise ValueError(f"robots rules are damaged: {error}") from None
        if not inflater.eof or inflater.unused_data:
            raise ValueError("robots rules are damaged: cut short, or too long")
        head = _HEAD.match(text)
        fields = [(row[:1], row[1:]) for row in text[head.end() :].split(b"\n")[1:]] if head else []
        if not head or not {key for key, _ in fields} <= {b"S", b"A", b"D"}:
            raise ValueError("robots rules are damaged: not in their form")
        return cls(
            [Line(key == b"A", value) for key, value in fields if key != b"S"],
            int(head[1]) if head[1] else None,
            tuple(value.decode("utf-8") for key, value in fields if key == b"S"),
            truncated=head[2] == b"1",
        )


def _last(end: int, holds: Callable[[int], bool]) -> int | None:
    """The last number from 0 to `end`, without it, for which something holds that holds for all before it."""
    found = bisect_left(range(end), True, key=lambda number: not holds(number)) - 1
    return found if found >= 0 else None


def _cut(disallows: Sequence[Line], length: int) -> list[Line]:
    return [Line(False, shortened(line.value, max(length, 1))) for line in disallows]


def shortened(pattern: bytes, length: int) -> bytes:
    """The beginning of a pattern: it matches whatever the whole one matches."""
    # Half an escape would miss the whole one, and a '$' that comes to stand at the end would bind.
    return pattern if len(pattern) <= length else _BAD_END.sub(b"", pattern[:length])
