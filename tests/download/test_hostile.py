"""What servers do to a fetch, and the one outcome that it comes to. Each is a real server."""

from typing import Any

import pytest

from linkcrawl.records import Outcome
from tests.download.servers import (
    HTML,
    PAGE,
    Handler,
    Run,
    fetch_from,
    never_reads,
    sends,
    sends_for_ever,
    then_hangs,
    then_resets,
)

ABC = b"Content-Length: 3\r\n\r\nabc"
CHUNKED = HTML + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "handler",
    [
        sends(HTML + b"Transfer-Encoding: chunked\r\n" + ABC),
        sends(HTML + b"no colon here\r\n" + ABC),
        sends(HTML + b"X: a\0b\r\n" + ABC),
        sends(HTML + b"X: " + b"a" * 100_000 + b"\r\n" + ABC),
        sends(HTML + b"Content-Length: 4\r\n" + ABC),
        sends(HTML + b"Content-Length: -3\r\n\r\nabc"),
        sends(HTML + ABC + b"more than was said"),
        sends(b"HTTP/1.1 200 OK\rContent-Type: text/html\rContent-Length: 3\r\rabc"),
        sends(b"SSH-2.0-OpenSSH_9.9\r\n"),
        sends(b"HTTP/2 200 OK\r\n" + ABC),
        sends(b"HTTP/1.1 000 None\r\n" + ABC),
        sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
        sends(CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"),
        sends_for_ever(HTML, b"X: y\r\n"),
        sends_for_ever(HTML, b"X" * 1000),
        then_resets(HTML + b"Content-Length: 9\r\n\r\n"),
    ],
    ids=[
        "length and chunks",
        "header without colon",
        "NUL in a header",
        "header of 100 kB",
        "two lengths",
        "negative length",
        "bytes past the length",
        "lines end in CR",
        "not HTTP",
        "HTTP/2 in words",
        "status 000",
        "status 101",
        "chunk without size",
        "headers without end",
        "a header without end",
        "reset before the body",
    ],
)
def test_bad_response(run: Run[Any], handler: Handler) -> None:
    fetch = run(fetch_from(handler))
    assert fetch.outcome is Outcome.BAD_RESPONSE
    assert fetch.error
    assert len(fetch.error) <= 200
    assert fetch.body == b""


@pytest.mark.parametrize(
    "handler",
    [sends(), then_resets(), sends(b"HTTP/1.1 20"), then_resets(b"HTTP/1.1 200"), then_resets(HTML)],
    ids=["closed", "reset", "closed in the status", "reset in the status", "reset in the headers"],
)
def test_connect_error(run: Run[Any], handler: Handler) -> None:
    fetch = run(fetch_from(handler))
    assert fetch.outcome is Outcome.CONNECT_ERROR
    assert fetch.error in ("closed without an answer", "Connection reset by peer")


@pytest.mark.parametrize(
    "handler",
    [
        never_reads,
        then_hangs(),
        then_hangs(HTML),
        then_hangs(HTML + b"Content-Length: 9\r\n\r\n"),
        then_hangs(HTML + b"Content-Length: 9\r\n\r\nabc"),
        sends_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01),
        sends_for_ever(HTML, b"X", pause=0.01),
        sends_for_ever(HTML + b"\r\n", b"<p>", pause=0.01),
    ],
    ids=[
        "reads nothing",
        "answers nothing",
        "hangs in the headers",
        "hangs before the body",
        "hangs in the body",
        "only 100s",
        "slow headers",
        "slow body",
    ],
)
def test_timeout(run: Run[Any], handler: Handler) -> None:
    fetch = run(fetch_from(handler, seconds=0.25))
    assert fetch.outcome is Outcome.TIMEOUT
    assert fetch.error == "the time of the fetch ran out"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nabc",
        b"HTTP/1.1 200\r\nContent-Type: text/html\r\n" + ABC,
        b"HTTP/1.1 299 Whatever\r\nContent-Type: text/html\r\n" + ABC,
        b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 3\n\nabc",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + ABC,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n charset=x\r\n" + ABC,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + HTML + ABC,
        HTML + b"X: " + b"a" * 20_000 + b"\r\n" + ABC,
        HTML + b"X: y\r\n" * 400 + ABC,
        HTML + b"\r\nabc",
        CHUNKED + b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type:TEXT/HTML\r\ncontent-length:3\r\n\r\nabc",
    ],
    ids=[
        "HTTP/1.0",
        "no reason",
        "status 299",
        "lines end in LF",
        "an empty line first",
        "folded header",
        "interim answers",
        "header of 20 kB",
        "400 headers",
        "no length",
        "chunks with extras",
        "no space",
    ],
)
def test_odd_but_read(run: Run[Any], answer: bytes) -> None:
    fetch = run(fetch_from(sends(answer)))
    assert (fetch.outcome, fetch.body, fetch.wire_bytes) == (Outcome.OK, b"abc", 3)
    assert (fetch.truncated, fetch.error) == (False, None)


def test_headers_are_given_as_they_came(run: Run[Any]) -> None:
    sent = b"Set-Cookie: a=\xe9\xff\r\nset-COOKIE: b\r\nX-Utf:  \xc3\xa9 \r\n"
    fetch = run(fetch_from(sends(HTML + sent + ABC)))
    assert fetch.outcome is Outcome.OK
    assert fetch.headers == (
        (b"Content-Type", b"text/html"),
        (b"Set-Cookie", b"a=\xe9\xff"),
        (b"set-COOKIE", b"b"),
        (b"X-Utf", b"\xc3\xa9"),
        (b"Content-Length", b"3"),
    )


@pytest.mark.parametrize(
    "handler",
    [
        sends(HTML + b"Content-Length: 9999\r\n\r\n" + PAGE),
        sends(HTML + b"Content-Length: 9999\r\n\r\n", PAGE),
        sends(CHUNKED + b"%x\r\n" % (len(PAGE) + 5) + PAGE),
        sends(CHUNKED + b"%x\r\n" % len(PAGE) + PAGE + b"\r\n"),
        then_resets(HTML + b"Content-Length: 9999\r\n\r\n" + PAGE),
        then_resets(HTML + b"Content-Length: 9999\r\n\r\n", PAGE),
    ],
    ids=["short", "short, later", "short chunk", "no last chunk", "reset", "reset, later"],
)
def test_what_came_before_the_loss_is_kept(run: Run[Any], handler: Handler) -> None:
    fetch = run(fetch_from(handler))
    assert (fetch.outcome, fetch.body, fetch.truncated) == (Outcome.OK, PAGE, True)
    assert fetch.wire_bytes == len(PAGE)
    assert fetch.error == "the connection was lost in the body"


def test_a_body_without_end_is_cut_at_the_limit(run: Run[Any]) -> None:
    fetch = run(fetch_from(sends_for_ever(HTML + b"\r\n", b"<p>" * 1000), max_body_bytes=10_000))
    assert (fetch.outcome, fetch.truncated, len(fetch.body)) == (Outcome.OK, True, 10_000)
    assert fetch.error == "the body is longer than 10000 bytes"


def test_a_body_of_just_the_limit_is_whole(run: Run[Any]) -> None:
    fetch = run(fetch_from(sends(HTML + b"Content-Length: 500\r\n\r\n" + b"x" * 500), max_body_bytes=500))
    assert (fetch.outcome, fetch.truncated, len(fetch.body)) == (Outcome.OK, False, 500)


@pytest.mark.parametrize(
    "answer",
    [
        then_hangs(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10\r\n\r\n"),
        sends_for_ever(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x" * 10_000),
        then_resets(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10\r\n\r\n"),
        sends(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10\r\n\r\nshort"),
    ],
    ids=["hangs", "no end", "reset", "short"],
)
def test_a_redirect_needs_no_body(run: Run[Any], answer: Handler) -> None:
    fetch = run(fetch_from(answer, seconds=2))
    assert (fetch.outcome, fetch.http_status, fetch.body) == (Outcome.REDIRECT, 302, b"")
