"""Addresses: every form is read, every mistake is a sentence, no text ever shows a password."""

import contextlib
import ssl
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from linkcrawl.errors import UsageError
from linkcrawl.frontier.address import ServerAddress, Tls

SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=30)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://", "redis://localhost:6379/0"),
        ("redis://cache", "redis://cache:6379/0"),
        ("redis://cache:6380/3", "redis://cache:6380/3"),
        ("redis://cache?db=4", "redis://cache:6379/4"),
        ("redis://user:secret@cache/1", "redis://cache:6379/1"),
        ("redis://[::1]:6380/1", "redis://[::1]:6380/1"),
        ("rediss://cache", "rediss://cache:6379/0"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock"),
        ("redis+cluster://one,two:7000", "redis+cluster://one:6379,two:7000/0"),
        ("rediss+cluster://u:p@[::1]:7000", "rediss+cluster://[::1]:7000/0"),
        ("redis+sentinel://one/main", "redis+sentinel://one:26379/main/0"),
        ("redis+sentinel://u:p@one:1,two/main/5", "redis+sentinel://one:1,two:26379/main/5"),
        ("rediss+sentinel://one/main?db=5", "rediss+sentinel://one:26379/main/5"),
    ],
)
def test_what_is_read_is_shown_without_its_secrets(url: str, shown: str) -> None:
    address = ServerAddress.from_url(url)
    assert str(address) == shown
    if address.path is None:
        again = ServerAddress.from_url(shown)
        assert (again.nodes, again.database, again.master) == (
            address.nodes,
            address.database,
            address.master,
        )


def test_the_parts_of_an_address() -> None:
    address = ServerAddress.from_url(
        "rediss+sentinel://us%40er:p%3A%2Fw@s1:1,s2/my%20master/7?sentinel_password=x&ssl_ca_certs=/ca.pem"
        "&ssl_cert_reqs=optional&ssl_certfile=/me.pem&ssl_keyfile=/me.key&ssl_check_hostname=False"
    )
    assert (address.username, address.password, address.database) == ("us@er", "p:/w", 7)
    assert (address.nodes, address.master) == ((("s1", 1), ("s2", 26379)), "my master")
    assert (address.sentinel_username, address.sentinel_password) == (None, "x")
    assert address.tls == Tls("/ca.pem", "optional", "/me.pem", "/me.key", check_hostname=False)
    assert (address.is_tls, address.is_sentinel, address.is_cluster) == (True, True, False)


def test_a_user_and_a_password_may_stand_behind_the_question_mark() -> None:
    address = ServerAddress.from_url("unix:///run/s?username=u&password=p&socket_timeout=3")
    assert (address.username, address.password) == ("u", "p")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no kind of server address"),
        ("cache:6379", "no kind of server address"),
        ("http://cache", "'http' is no kind"),
        ("redis://cache:port", "no URL"),
        ("redis://cache:99999", "no URL"),
        ("redis://[::1", "no URL"),
        ("redis://cache/one", "has to be a number"),
        ("redis://cache/-1", "has to be a number"),
        ("redis://one,two", "one server has one host"),
        ("unix://", "needs the path"),
        ("redis+cluster://one/1", "no databases but 0"),
        ("redis+sentinel://one", "needs the name"),
        ("redis+sentinel://one//0", "needs the name"),
        ("redis://cache?ssl_ca_certs=/ca", "use rediss://"),
        ("redis+cluster://cache?ssl_ca_certs=/ca", r"use rediss\+cluster://"),
        ("rediss://cache?ssl_cert_reqs=maybe", "none, optional or required"),
        ("rediss://cache?ssl_ca_cert=/ca", "'ssl_ca_cert'"),
    ],
)
def test_a_mistake_is_a_sentence(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ServerAddress.from_url(url)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        ServerAddress.from_url("redis://one,two?ssl_keyfile=/k&colour=red")
    assert len(caught.value.problems) == 3


SCHEMES = st.sampled_from(
    [
        "redis",
        "rediss",
        "unix",
        "redis+cluster",
        "rediss+cluster",
        "redis+sentinel",
        "rediss+sentinel",
        "http",
    ]
)


@given(
    SCHEMES,
    SECRETS,
    st.sampled_from(["cache", "one,two", "[::1]", "cache:9"]),
    st.sampled_from(["", "/m", "/1"]),
)
def test_a_password_is_read_and_never_shown(scheme: str, secret: str, hosts: str, path: str) -> None:
    assume(all(secret.lower() not in text for text in (str(SCHEMES), hosts, "localhost", "linkcrawl")))
    url = f"{scheme}://user:{quote(secret, safe='')}@{hosts}{path}"
    assert secret not in all_that_is_shown(url)
    with contextlib.suppress(UsageError):
        assert ServerAddress.from_url(url).password == secret


def all_that_is_shown(url: str) -> str:
    """What a message or a log can hold of an address, wrong ones included."""
    try:
        address = ServerAddress.from_url(url)
    except UsageError as problem:
        return str(problem)
    return f"{address} {address!r}"


@given(
    st.sampled_from("/?#@:%[], "),
    st.from_regex(r"[a-z]{8,20}zq", fullmatch=True),
    st.sampled_from(["", "0", "12"]),
)
@example("/", "secretzq", "1")
def test_a_password_that_was_not_encoded_is_not_shown_either(sign: str, secret: str, digits: str) -> None:
    assert secret not in all_that_is_shown(f"redis://user:{digits}{sign}{secret}@cache/0")


@given(st.text(max_size=60))
@example("redis://\ud800")
@example("redis://:@:0/")
@example("redis+sentinel:///%2f")
@example("redis://host/²")
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    with contextlib.suppress(UsageError):
        ServerAddress.from_url(text)


@pytest.mark.parametrize(
    ("settings", "shown", "tls"),
    [
        ({}, "redis://localhost:6379/0", Tls()),
        ({"REDIS_HOST": "h", "REDIS_PORT": 7}, "redis://h:7/0", Tls()),
        ({"REDIS_URL": "redis://h/3", "REDIS_PARAMS": {"db": 4}}, "redis://h:6379/3", Tls()),
        ({"REDIS_HOST": "h", "REDIS_PARAMS": {"db": 4, "ssl": True}}, "rediss://h:6379/4", Tls()),
        (
            {"REDIS_HOST": "h", "REDIS_PARAMS": {"ssl": True, "ssl_cert_reqs": None, "ssl_ca_certs": "/ca"}},
            "rediss://h:6379/0",
            Tls("/ca", "none"),
        ),
        (
            {"REDIS_URL": "rediss://h", "REDIS_PARAMS": {"ssl_cert_reqs": ssl.CERT_OPTIONAL}},
            "rediss://h:6379/0",
            Tls(cert_reqs="optional"),
        ),
    ],
)
def test_the_settings_that_users_of_scrapy_redis_know(settings: dict[str, Any], shown: str, tls: Tls) -> None:
    address = ServerAddress.from_settings(settings)
    assert (str(address), address.tls) == (shown, tls)


def test_user_and_password_of_redis_params_count_where_the_url_names_none() -> None:
    params = {"username": "u", "password": "p", "socket_timeout": 30, "encoding": "utf-8"}
    for url, expected in (("redis://h", ("u", "p")), ("redis://v:q@h", ("v", "q"))):
        address = ServerAddress.from_settings({"REDIS_URL": url, "REDIS_PARAMS": params})
        assert (address.username, address.password) == expected
