"""Meta robots and X-Robots-Tag."""

import pytest

from linkcrawl.html import directives_of


@pytest.mark.parametrize(
    ("meta", "noindex", "nofollow", "text"),
    [
        ([], False, False, None),
        ([("robots", "")], False, False, ""),
        ([("robots", "index, follow")], False, False, "index, follow"),
        ([("robots", "NOINDEX,NoFollow")], True, True, "noindex, nofollow"),
        ([("Robots", " none ")], True, True, "none"),
        ([("robots", "noindex"), ("googlebot", "nofollow")], True, True, "noindex, nofollow"),
        ([("robots", "nofollow"), ("robots", "follow")], False, True, "nofollow, follow"),
        ([("bingbot", "none"), ("description", "nofollow")], False, False, None),
        ([("robots", "nofollowx, unavailable_after: 25 Jun 2010 15:00:00 PST")], False, False,
         "nofollowx, unavailable_after: 25 jun 2010 15:00:00 pst"),
        ([("robots", "noindex nofollow")], False, False, "noindex nofollow"),
    ],
)  # fmt: skip
def test_meta_robots(meta: list[tuple[str, str]], noindex: bool, nofollow: bool, text: str | None) -> None:
    found = directives_of(meta, [])
    assert (found.noindex, found.meta_nofollow, found.nofollow, found.meta_robots) == (
        noindex,
        nofollow,
        nofollow,
        text,
    )
    assert not found.header_nofollow


@pytest.mark.parametrize(
    ("headers", "noindex", "nofollow", "text"),
    [
        ([], False, False, None),
        (["noindex"], True, False, "noindex"),
        (["noindex", "nofollow"], True, True, "noindex, nofollow"),
        (["NONE"], True, True, "none"),
        (["googlebot: nofollow"], False, True, "nofollow"),
        (["GoogleBot : noindex, nofollow"], True, True, "noindex, nofollow"),
        (["otherbot: noindex, nofollow"], False, False, None),
        (["otherbot: noindex, googlebot: nofollow"], False, True, "nofollow"),
        (["otherbot: noindex", "nofollow"], False, True, "nofollow"),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow"], False, True,
         "unavailable_after: 25 jun 2010 15:00:00 pst, nofollow"),
        (["max-snippet: 5, noindex"], True, False, "max-snippet: 5, noindex"),
        (["googlebot-news: noindex"], False, False, None),
        ([""], False, False, ""),
    ],
)  # fmt: skip
def test_x_robots_tag(headers: list[str], noindex: bool, nofollow: bool, text: str | None) -> None:
    found = directives_of([], headers)
    assert (found.noindex, found.header_nofollow, found.nofollow, found.x_robots_tag) == (
        noindex,
        nofollow,
        nofollow,
        text,
    )
    assert not found.meta_nofollow


def test_the_most_restrictive_of_meta_and_header_holds() -> None:
    found = directives_of([("robots", "index, follow")], ["noindex, nofollow"])
    assert found.noindex
    assert found.nofollow
