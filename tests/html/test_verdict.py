"""The class of a link and whether it is followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.html import verdict
from linkcrawl.records import Directives, Element, FollowReason, RelClass

A, AREA, FORM = Element.A, Element.AREA, Element.FORM
NONE = Directives()
META = Directives(nofollow=True, meta_nofollow=True)
HEADER = Directives(nofollow=True, header_nofollow=True)


@pytest.mark.parametrize(
    ("element", "rel", "directives", "rel_class", "reasons"),
    [
        (A, [], NONE, RelClass.FOLLOW, []),
        (A, ["noopener", "me"], NONE, RelClass.FOLLOW, []),
        (A, ["nofollow"], NONE, RelClass.NOFOLLOW, [FollowReason.REL_NOFOLLOW]),
        (A, ["ugc"], NONE, RelClass.UGC, [FollowReason.REL_UGC]),
        (A, ["sponsored"], NONE, RelClass.SPONSORED, [FollowReason.REL_SPONSORED]),
        (A, ["nofollow", "ugc"], NONE, RelClass.UGC, [FollowReason.REL_NOFOLLOW, FollowReason.REL_UGC]),
        (A, ["ugc", "nofollow", "sponsored"], NONE, RelClass.SPONSORED,
         [FollowReason.REL_NOFOLLOW, FollowReason.REL_UGC, FollowReason.REL_SPONSORED]),
        (AREA, ["ugc", "sponsored"], NONE, RelClass.SPONSORED,
         [FollowReason.REL_UGC, FollowReason.REL_SPONSORED]),
        (FORM, ["ugc", "sponsored"], NONE, RelClass.FOLLOW, []),
        (FORM, ["nofollow", "ugc"], NONE, RelClass.NOFOLLOW, [FollowReason.REL_NOFOLLOW]),
        (Element.CANONICAL, ["canonical"], NONE, RelClass.FOLLOW, []),
        (A, [], META, RelClass.FOLLOW, [FollowReason.META_ROBOTS]),
        (A, [], HEADER, RelClass.FOLLOW, [FollowReason.X_ROBOTS_TAG]),
        (A, ["nofollow"], Directives(True, True, True, True), RelClass.NOFOLLOW,
         [FollowReason.REL_NOFOLLOW, FollowReason.META_ROBOTS, FollowReason.X_ROBOTS_TAG]),
        (A, [], Directives(noindex=True), RelClass.FOLLOW, []),
    ],
)  # fmt: skip
def test_verdicts(
    element: Element,
    rel: list[str],
    directives: Directives,
    rel_class: RelClass,
    reasons: list[FollowReason],
) -> None:
    found = verdict(element, rel, directives)
    assert (found.rel_class, list(found.reasons)) == (rel_class, reasons)
    assert found.follow == (not reasons)


@given(
    st.sampled_from(Element),
    st.lists(st.sampled_from(["nofollow", "ugc", "sponsored", "me", "nofollowx"])),
    st.booleans(),
    st.booleans(),
)
def test_a_link_is_followed_if_and_only_if_nothing_speaks_against_it(
    element: Element, rel: list[str], meta: bool, header: bool
) -> None:
    found = verdict(element, rel, Directives(False, meta or header, meta, header))
    assert found.follow == (not (found.nofollow or found.ugc or found.sponsored or meta or header))
    assert found.nofollow == ("nofollow" in rel)
    assert list(found.reasons) == sorted(found.reasons, key=list(FollowReason).index)
    assert (found.rel_class is RelClass.FOLLOW) == (not (found.nofollow or found.ugc or found.sponsored))
