"""The test web keeps its promises: what it sends is what its data says, and it sees who asks."""

import http.client
import time

import pytest

from tests.web import Answer, Html, LinkTag, LocalWeb, Turns, Web, redirect, robots

WEB: Web = {
    "one.example": {
        "/": Html((LinkTag("/a", "to a"),), title="Ones"),
        "/a?x=1": Answer(200, b"query", (("Content-Type", "text/plain"),)),
        "/moved": redirect("/"),
        "/robots.txt": robots("User-agent: *\nDisallow: /private\n"),
        "/busy": Turns((Answer(503, b"", (("Retry-After", "1"),)), Html(title="Free"))),
        "/cut": Answer(200, b"x" * 1000, reset_after=500),
        "/gone": Answer(200, b"x", reset_after=0),
        "/slow": Answer(200, b"late", delay_s=0.2),
        "/drip": Answer(200, b"d" * 100, bytes_per_s=400),
        "/odd": Answer(999, b"?", (("X-Odd", "\xe9"), ("Content-Length", "1"))),
    },
    "two.example": {"/": Html(title="Twos")},
}


def get(web: LocalWeb, host: str, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "test/1"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_hosts_are_told_apart_and_the_rest_is_404() -> None:
    with LocalWeb(WEB) as web:
        assert b"<title>Ones" in get(web, "one.example", "/")[2]
        assert b"<title>Twos" in get(web, "TWO.example:80", "/")[2]
        assert get(web, "two.example", "/a?x=1")[0] == 404
        assert get(web, "three.example", "/")[0] == 404
        assert get(web, "one.example", "/a?x=1")[2] == b"query"
        assert get(web, "one.example", "/a")[0] == 404


def test_what_is_sent_is_what_the_data_says() -> None:
    with LocalWeb(WEB) as web:
        status, headers, body = get(web, "one.example", "/moved")
        assert (status, headers["Location"], body) == (301, "/", b"")
        assert get(web, "one.example", "/robots.txt")[2].startswith(b"User-agent: *\n")
        assert get(web, "one.example", "/odd")[:2] == (999, {"X-Odd": "\xe9", "Content-Length": "1"})


def test_turns_are_taken_and_the_last_stays() -> None:
    with LocalWeb(WEB) as web:
        assert [get(web, "one.example", "/busy")[0] for _ in range(3)] == [503, 200, 200]


@pytest.mark.parametrize("path", ["/cut", "/gone"])
def test_a_reset_is_a_reset(path: str) -> None:
    with LocalWeb(WEB) as web, pytest.raises((ConnectionError, http.client.HTTPException)):
        get(web, "one.example", path)


def test_delays_and_drips_take_their_time() -> None:
    with LocalWeb(WEB) as web:
        for path, body, least in (("/slow", b"late", 0.2), ("/drip", b"d" * 100, 0.2)):
            started = time.monotonic()
            assert get(web, "one.example", path)[2] == body
            assert time.monotonic() - started >= least


def test_the_log_knows_who_asked_for_what_and_when() -> None:
    with LocalWeb(WEB) as web:
        before = time.monotonic()
        get(web, "One.Example", "/a?x=1")
        get(web, "two.example", "/")
        first, second = web.hits
        assert (first.host, first.path, first.user_agent, first.method) == (
            "one.example",
            "/a?x=1",
            "test/1",
            "GET",
        )
        assert before <= first.started <= second.started <= time.monotonic()
        assert first.connection != second.connection
        assert web.hits_of("two.example") == [second]
        assert web.hits_of("one.example", "/") == []


def test_a_connection_serves_many_requests_and_may_stay_open_at_the_end() -> None:
    with LocalWeb(WEB) as web:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        for _ in range(3):
            connection.request("GET", "/", headers={"Host": "one.example"})
            connection.getresponse().read()
        assert {hit.connection for hit in web.hits} == {1}
    connection.close()
