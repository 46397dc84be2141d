import pytest

from linkcrawl.config import checked
from linkcrawl.download.configure import fetch_options, robots_agent, user_agent
from linkcrawl.errors import UsageError


def test_the_user_agent_says_who_and_where() -> None:
    assert "linkcrawl/" in user_agent(checked([]))
    assert "+mailto:me@a.example" in user_agent(checked([{"contact": "mailto:me@a.example"}]))
    assert user_agent(checked([{"user_agent": "mybot/1.0"}])) == "mybot/1.0"


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        (None, "linkcrawl"),
        ("mybot/1.0 (+https://a.example)", "mybot"),
        ("Mozilla/5.0 (compatible; SomeBot/2; +x)", "SomeBot"),
        ("5.0", "linkcrawl"),
    ],
)
def test_robots_groups_are_matched_with_the_product_that_names_us(agent: str | None, token: str) -> None:
    assert robots_agent(checked([{"user_agent": agent}])) == token


def test_settings_reach_the_fetcher() -> None:
    options = fetch_options(
        checked([{"timeout": "3s", "max_body": "1MiB", "insecure": True, "header": ["X-A: b"]}])
    )
    assert (options.limits.total_seconds, options.limits.connect_seconds) == (3.0, 3.0)
    assert options.limits.max_body_bytes == 1024**2
    assert not options.tls_verify
    assert options.headers == (("X-A", "b"),)
    with pytest.raises(UsageError):
        fetch_options(checked([{"header": ["X-A"]}]))
