"""What a search engine makes of a link, and why. Google, "Qualify your outbound links to Google".

`sponsored` and `ugc` count on `a` alone (and on `area`, its kin); `nofollow` on every element that has a rel.
These are hints to a search engine: the verdict says whether a link is followed, never what it is worth.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from linkcrawl.records import Directives, Element, FollowReason, RelClass


class Verdict(NamedTuple):
    """The class of a link, each token that counts, and whether it is followed in effect."""

    rel_class: RelClass
    nofollow: bool
    ugc: bool
    sponsored: bool
    follow: bool
    reasons: tuple[FollowReason, ...]
    """All that hold, in the order of `FollowReason`; empty if the link is followed."""


_ANCHORS = frozenset({Element.A, Element.AREA})


def verdict(element: Element, rel: Sequence[str], directives: Directives) -> Verdict:
    """The verdict of one link, from its rel tokens (lower case) and from what its page says about itself."""
    return _verdict(element, frozenset(rel), directives.meta_nofollow, directives.header_nofollow)


@lru_cache(maxsize=4096)
def _verdict(element: Element, rel: frozenset[str], meta_nofollow: bool, header_nofollow: bool) -> Verdict:
    nofollow = "nofollow" in rel
    ugc = element in _ANCHORS and "ugc" in rel
    sponsored = element in _ANCHORS and "sponsored" in rel
    holds = {
        FollowReason.REL_NOFOLLOW: nofollow,
        FollowReason.REL_UGC: ugc,
        FollowReason.REL_SPONSORED: sponsored,
        FollowReason.META_ROBOTS: meta_nofollow,
        FollowReason.X_ROBOTS_TAG: header_nofollow,
    }
    reasons = tuple(reason for reason in FollowReason if holds[reason])
    classes = ((RelClass.SPONSORED, sponsored), (RelClass.UGC, ugc), (RelClass.NOFOLLOW, nofollow))
    rel_class = next((name for name, found in classes if found), RelClass.FOLLOW)
    return Verdict(rel_class, nofollow, ugc, sponsored, not reasons, reasons)
