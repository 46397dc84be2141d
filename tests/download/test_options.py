from pathlib import Path

import pytest

from linkcrawl.download import FetchOptions, parse_connect_to, parse_headers
from linkcrawl.errors import UsageError


def test_headers_are_pairs() -> None:
    assert parse_headers(["A: b", "X-Token:c:d ", "Empty:"]) == (
        ("A", "b"),
        ("X-Token", "c:d"),
        ("Empty", ""),
    )


def test_every_bad_header_is_named_and_no_value_shown() -> None:
    bad = [
        "novalue",
        "A: secret\r\nB: c",
        "A b: secret",
        ": secret",
        "Host: secret",
        "content-length: 5",
        "X: \0secret",
    ]
    with pytest.raises(UsageError) as caught:
        parse_headers(["Fine: yes", *bad])
    assert len(caught.value.problems) == len(bad)
    assert "secret" not in str(caught.value)


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with pytest.raises(UsageError) as caught:
        FetchOptions(
            "bad\nagent",
            headers=(("A", "b\n"),),
            proxy="socks5://p.test",
            connect_to=parse_connect_to(["::127.0.0.1:1"]),
            ca_file=str(empty),
        )
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    "proxy", ["p.test:3128", "http://", "http://p.test:99999", "ftp://p.test", "http://[::1"]
)
def test_bad_proxies(proxy: str) -> None:
    with pytest.raises(UsageError, match="--proxy must be"):
        FetchOptions("a", proxy=proxy)


def test_a_missing_ca_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        FetchOptions("a", ca_file=str(tmp_path / "none.pem"))


def test_secrets_are_not_printed() -> None:
    options = FetchOptions("a", headers=(("Authorization", "hunter2"),), proxy="http://u:hunter2@p.test")
    assert "hunter2" not in repr(options)
