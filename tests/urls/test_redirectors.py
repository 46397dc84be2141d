"""Links that known redirectors wrap are unwrapped beside what stands there."""

import pytest

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.redirectors import REDIRECTORS
from linkcrawl.urls.target import Resolver


def _unwrapped(href: str) -> str | None:
    rules = IdentityRules()
    target = Resolver(rules).resolve("https://a.example/", href)
    assert target is not None
    assert target.url == rules.identity(target.resolved), "the link itself stays what it is"
    return target.unwrapped


INNER = "https%3A%2F%2Fwww.b.example%2Fp%3Fx%3D1%26utm_source%3Dy%23z"
WRAPPERS = [
    f"https://l.facebook.com/l.php?u={INNER}&h=AT0",
    f"https://lm.facebook.com/l.php?h=x&u={INNER}",
    f"http://www.google.com/url?sa=t&q={INNER}&usg=x",
    f"https://www.google.co.uk/url?url={INNER}",
    f"https://google.de/url?q={INNER}",
    f"https://out.reddit.com/t3_abc?url={INNER}&token=x",
    f"https://www.youtube.com/redirect?event=x&q={INNER}",
    f"https://t.umblr.com/redirect?z={INNER}&t=x",
    f"https://slack-redir.net/link?url={INNER}",
    f"https://steamcommunity.com/linkfilter/?url={INNER}",
    f"https://vk.com/away.php?to={INNER}&cc_key=",
    f"https://duckduckgo.com/l/?kh=-1&uddg={INNER}",
    f"//duckduckgo.com/l/?uddg={INNER}",
    f"https://eur01.safelinks.protection.outlook.com/?url={INNER}&data=x",
    f"https://www.pixiv.net/jump.php?{INNER}",
]


@pytest.mark.parametrize("href", WRAPPERS)
def test_wrapped(href: str) -> None:
    assert _unwrapped(href) == "https://www.b.example/p?x=1"


@pytest.mark.parametrize("host", sorted(REDIRECTORS))
def test_every_rule_of_the_table_unwraps(host: str) -> None:
    for path, names in REDIRECTORS[host].items():
        for name in names:
            query = f"{name}={INNER}" if name else INNER
            href = f"https://{host}{path.replace('*', 'any')}?{query}"
            assert _unwrapped(href) == "https://www.b.example/p?x=1"


@pytest.mark.parametrize(
    "href",
    [
        "https://l.facebook.com/l.php",
        "https://l.facebook.com/l.php?u=",
        "https://l.facebook.com/other.php?u=https://b.example/",
        "https://l.facebook.com/l.php?v=https://b.example/",
        "https://l.facebook.com/l.php?u=javascript:alert(1)",
        "https://l.facebook.com/l.php?u=/relative",
        "https://l.facebook.com/l.php?u=http://",
        "https://l.facebook.com/l.php?u=https://b.example/" + "+" * 1000 + "x",
        "https://www.google.com/search?q=https://b.example/",
        "https://www.google.evil.example/url?q=https://b.example/",
        "https://google.b.example/url?q=https://b.example/",
        "https://b.example/url?q=https://c.example/",
        "https://www.facebook.com/sharer.php?u=https://b.example/",
        "https://vk.com/share.php?url=https://b.example/",
    ],
)
def test_not_wrapped(href: str) -> None:
    assert _unwrapped(href) is None


def test_a_wrapper_in_a_wrapper_gives_the_innermost() -> None:
    inner = "https://www.google.com/url%3Fq%3Dhttps%253A%252F%252Fb.example%252F"
    assert _unwrapped("https://l.facebook.com/l.php?u=" + inner) == "https://b.example/"


def test_the_form_encoding_of_a_space() -> None:
    assert _unwrapped("https://vk.com/away.php?to=https://b.example/a+b%2Bc") == "https://b.example/a%20b+c"


def test_bytes_that_are_no_utf_8_stay_escaped() -> None:
    assert (
        _unwrapped("https://vk.com/away.php?to=https://b.example/%e4%C3%A4") == "https://b.example/%E4%C3%A4"
    )
