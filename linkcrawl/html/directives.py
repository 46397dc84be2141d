"""What a page tells search engines about itself: meta robots and X-Robots-Tag, as Google reads them.

Names and values are case-insensitive; `none` means `noindex, nofollow`; several tags and headers add up, so
that the most restrictive rule holds. A header may name the agent that it is for: `googlebot` counts, others
do not.
Source: Google, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications".
"""

import re
from collections.abc import Iterable, Iterator

from linkcrawl.records import Directives

from .text import collapse

_META_NAMES = frozenset({"robots", "googlebot"})

# Rules that have a value after a colon: the word before it is no agent.
_VALUED_RULES = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})

_AGENT = re.compile(r"\s*([^\s:,]+)\s*:\s*(.*)", re.DOTALL)


def directives_of(meta: Iterable[tuple[str, str]], x_robots_tag: Iterable[str]) -> Directives:
    """The directives of a page.

    meta: name and content of its meta elements, in any case; those of other names are left out.
    x_robots_tag: the values of its X-Robots-Tag headers.
    `unavailable_after` is kept as text: whether it has passed is for those to judge who know the time.
    """
    in_meta = [_rules(content) for name, content in meta if name.strip().lower() in _META_NAMES]
    in_header = [rules for rules in map(_rules_for_us, x_robots_tag) if rules is not None]
    meta_rules = {rule for rules in in_meta for rule in rules}
    header_rules = {rule for rules in in_header for rule in rules}
    meta_nofollow = not meta_rules.isdisjoint(("nofollow", "none"))
    header_nofollow = not header_rules.isdisjoint(("nofollow", "none"))
    return Directives(
        noindex=not (meta_rules | header_rules).isdisjoint(("noindex", "none")),
        nofollow=meta_nofollow or header_nofollow,
        meta_nofollow=meta_nofollow,
        header_nofollow=header_nofollow,
        meta_robots=_joined(in_meta),
        x_robots_tag=_joined(in_header),
    )


def _joined(found: list[list[str]]) -> str | None:
    return ", ".join(dict.fromkeys(rule for rules in found for rule in rules)) if found else None


def _rules(value: str) -> list[str]:
    return [rule for part in value.split(",") if (rule := collapse(part).lower())]


def _rules_for_us(value: str) -> list[str] | None:
    """The rules of one header that hold for Google's crawler; None if it speaks to other agents only."""
    agent, found = "", None
    for part, named in _parts(value):
        agent = named if named is not None else agent
        if agent in ("", "*", "robots", "googlebot"):
            found = (found or []) + _rules(part)
    return found


def _parts(value: str) -> Iterator[tuple[str, str | None]]:
    """Each rule, with the agent where it begins to speak to one: an agent holds until the next one."""
    for part in value.split(","):
        match = _AGENT.fullmatch(part)
        if match is None or match[1].lower() in _VALUED_RULES:
            yield part, None
        else:
            yield match[2], match[1].lower()
