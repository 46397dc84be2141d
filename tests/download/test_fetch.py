"""What a fetch asks for, and what it makes of answers that are as they should be."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import brotli
import pytest
import zstandard

from linkcrawl.download import Address, FetchLimits, location, parse_connect_to
from linkcrawl.records import Fetch, Outcome
from tests.download.servers import (
    AGENT,
    HTML,
    PAGE,
    Run,
    fetch_from,
    fetching,
    keeps_sending_page,
    sends,
    sends_for_ever,
    sends_page,
    serving,
    then_hangs,
)


def test_a_page(run: Run[Any]) -> None:
    fetch = run(fetch_from(sends_page(PAGE)))
    assert isinstance(fetch.fetch_ms, int)
    assert fetch == Fetch(
        Outcome.OK,
        http_status=200,
        headers=((b"Content-Type", b"text/html"), (b"Content-Length", b"%d" % len(PAGE))),
        body=PAGE,
        wire_bytes=len(PAGE),
        fetch_ms=fetch.fetch_ms,
        ip="127.0.0.1",
        sent_at=fetch.sent_at,
    )
    assert fetch.sent_at is not None


@pytest.mark.parametrize(
    ("coding", "coders"),
    [
        (b"gzip", [gzip.compress]),
        (b"GZIP", [gzip.compress]),
        (b"deflate", [zlib.compress]),
        (b"br", [brotli.compress]),
        (b"zstd", [zstandard.compress]),
        (b"gzip, br", [gzip.compress, brotli.compress]),
        (b"gzip\r\nContent-Encoding: gzip", [gzip.compress, gzip.compress]),
        (b"identity", []),
        (b"", []),
    ],
)
def test_a_coded_page(run: Run[Any], coding: bytes, coders: list[Callable[[bytes], bytes]]) -> None:
    coded = PAGE
    for coder in coders:
        coded = coder(coded)
    fetch = run(fetch_from(sends_page(coded, b"Content-Encoding: " + coding + b"\r\n")))
    assert (fetch.outcome, fetch.body, fetch.truncated) == (Outcome.OK, PAGE, False)
    assert fetch.wire_bytes == len(coded)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_is_cut_at_the_limit(run: Run[Any], coding: str) -> None:
    coders: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "br": partial(brotli.compress, quality=1),
        "zstd": zstandard.compress,
    }
    bomb = coders[coding](b"<p>" + bytes(30_000_000))
    fetch = run(fetch_from(sends_page(bomb, b"Content-Encoding: %s\r\n" % coding.encode())))
    assert (fetch.outcome, fetch.truncated, len(fetch.body)) == (Outcome.OK, True, 1_000_000)


def test_a_coded_page_that_ends_too_early_is_truncated(run: Run[Any]) -> None:
    coded = gzip.compress(PAGE)[:-9]
    fetch = run(fetch_from(sends_page(coded, b"Content-Encoding: gzip\r\n")))
    assert (fetch.outcome, fetch.truncated) == (Outcome.OK, True)
    assert fetch.body
    assert PAGE.startswith(fetch.body)
    assert fetch.error == "the coded body ends too early"


def test_a_coded_page_that_is_damaged_inside_is_kept_up_to_there(run: Run[Any]) -> None:
    coded = gzip.compress(b"<p>one") + gzip.compress(b"two")[:10] + b"\xff" * 20
    fetch = run(fetch_from(sends_page(coded, b"Content-Encoding: gzip\r\n")))
    assert (fetch.outcome, fetch.truncated, fetch.body) == (Outcome.OK, True, b"<p>one")


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd", b"sdch", b"gzip, gzip, gzip, gzip, gzip"])
def test_a_coding_that_is_not_is_a_bad_response(run: Run[Any], coding: bytes) -> None:
    fetch = run(fetch_from(sends_page(PAGE, b"Content-Encoding: " + coding + b"\r\n")))
    assert (fetch.outcome, fetch.http_status, fetch.body) == (Outcome.BAD_RESPONSE, 200, b"")


def test_an_empty_body_under_a_coding_is_empty(run: Run[Any]) -> None:
    fetch = run(fetch_from(sends_page(b"", b"Content-Encoding: gzip\r\n")))
    assert (fetch.outcome, fetch.truncated, fetch.body) == (Outcome.OK, False, b"")


@pytest.mark.parametrize("kind", [b"application/pdf", b"text/plain", b"image/png; x=y"])
def test_what_is_not_html_stops_at_the_headers(run: Run[Any], kind: bytes) -> None:
    endless = sends_for_ever(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n", b"x" * 1000)
    fetch = run(fetch_from(endless))
    assert (fetch.outcome, fetch.http_status, fetch.body) == (Outcome.NOT_HTML, 200, b"")
    assert fetch.wire_bytes is None


def test_any_type_is_read_where_it_is_asked_for(run: Run[Any]) -> None:
    fetch = run(fetch_from(sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nabc"), accept="any"))
    assert (fetch.outcome, fetch.body) == (Outcome.OK, b"abc")


@pytest.mark.parametrize(
    ("body", "outcome"), [(PAGE, Outcome.OK), (b"%PDF-1.4", Outcome.NOT_HTML), (b"", Outcome.NOT_HTML)]
)
def test_without_a_type_the_body_tells(run: Run[Any], body: bytes, outcome: Outcome) -> None:
    fetch = run(fetch_from(sends(b"HTTP/1.1 200 OK\r\n\r\n" + body)))
    assert (fetch.outcome, fetch.body) == (outcome, body if outcome is Outcome.OK else b"")


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (301, b"Location: /x\r\n", Outcome.REDIRECT),
        (302, b"Location: file:///etc/passwd\r\n", Outcome.REDIRECT),
        (303, b"Location: //b.test/\r\n", Outcome.REDIRECT),
        (307, b"location: ?\r\n", Outcome.REDIRECT),
        (308, b"Location: /caf\xe9\r\n", Outcome.REDIRECT),
        (300, b"Location: /x\r\n", Outcome.REDIRECT),
        (302, b"", Outcome.HTTP_ERROR),
        (302, b"Location: \r\n", Outcome.HTTP_ERROR),
        (304, b"Location: /x\r\n", Outcome.HTTP_ERROR),
        (404, b"Location: /x\r\n", Outcome.HTTP_ERROR),
        (429, b"Retry-After: 5\r\n", Outcome.HTTP_ERROR),
        (500, b"", Outcome.HTTP_ERROR),
        (999, b"", Outcome.HTTP_ERROR),
    ],
)
def test_answers_that_are_none_of_success(
    run: Run[Any], status: int, headers: bytes, outcome: Outcome
) -> None:
    answer = b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\n" % status + headers + b"Content-Length: 0\r\n\r\n"
    fetch = run(fetch_from(sends(answer)))
    assert (fetch.outcome, fetch.http_status, fetch.body) == (outcome, status, b"")
    assert fetch.headers[0] == (b"Content-Type", b"text/html")


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        (((b"LOCATION", b" /x "),), "/x"),
        (((b"Location", b"/caf\xe9"),), "/café"),
        (((b"Location", b"/caf\xc3\xa9"),), "/café"),
        (((b"Location", b""), (b"Location", b"/y")), "/y"),
        (((b"Other", b"/y"),), None),
    ],
)
def test_location(headers: tuple[tuple[bytes, bytes], ...], text: str | None) -> None:
    assert location(Fetch(Outcome.REDIRECT, headers=headers)) == text


@pytest.mark.parametrize(
    ("url", "line", "host"),
    [
        ("http://a.test/x?", b"GET /x? HTTP/1.1", b"a.test"),
        ("http://a.test//b/../%7e%2F?q='|&&#!f", b"GET //b/../%7e%2F?q='|&& HTTP/1.1", b"a.test"),
        ("http://a.test:8080", b"GET / HTTP/1.1", b"a.test:8080"),
        ("http://10.1.2.3/x", b"GET /x HTTP/1.1", b"10.1.2.3"),
        ("http://10.1.2.3:81/x", b"GET /x HTTP/1.1", b"10.1.2.3:81"),
        ("http://[::1]/x", b"GET /x HTTP/1.1", b"[::1]"),
    ],
)
def test_what_is_sent(run: Run[Any], url: str, line: bytes, host: bytes) -> None:
    """Also: a literal address is mapped by --connect-to as a name is, and the server sees no trace of it."""
    seen: list[bytes] = []
    fetch = run(fetch_from(keeps_sending_page(seen), url))
    assert fetch.outcome is Outcome.OK
    first, *headers = seen[1].split(b"\r\n")
    assert first == line
    assert headers[:-2] == [
        b"Host: " + host,
        b"User-Agent: " + AGENT.encode(),
        b"Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
        b"Accept-Encoding: gzip, deflate, br, zstd",
    ]


def test_headers_of_the_operator_replace_ours(run: Run[Any]) -> None:
    seen: list[bytes] = []
    more = (("accept", "text/x"), ("X-Token", "t"), ("Accept-Language", "de"))
    run(fetch_from(keeps_sending_page(seen), headers=more))
    head = seen[1].lower()
    assert head.count(b"accept:") == 1
    assert all(f"{name}: {value}\r\n".lower().encode() in head for name, value in more)


def test_a_connection_is_used_again(run: Run[Any]) -> None:
    seen: list[bytes] = []

    async def main() -> None:
        async with serving(keeps_sending_page(seen)) as port, fetching(port) as fetcher:
            for path in range(5):
                fetch = await fetcher.fetch(f"http://a.test/{path}")
                assert (fetch.outcome, fetch.ip) == (Outcome.OK, "127.0.0.1")

    run(main())
    assert seen.count(b"connected") == 1
    assert len(seen) == 6


def test_an_answer_without_success_leaves_the_connection_usable(run: Run[Any]) -> None:
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)

    async def main() -> None:
        async with serving(handler) as port, fetching(port) as fetcher:
            for _ in range(3):
                assert (await fetcher.fetch("http://a.test/")).outcome is Outcome.HTTP_ERROR

    run(main())
    assert connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_page(run: Run[Any]) -> None:
    """The race of every keep-alive: the server closes while the next request is on its way."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HTML + b"Content-Length: 3\r\n\r\nabc")
        await reader.readuntil(b"\r\n\r\n")

    async def main() -> list[Outcome]:
        async with serving(handler) as port, fetching(port) as fetcher:
            return [(await fetcher.fetch("http://a.test/")).outcome for _ in range(4)]

    assert run(main()) == [Outcome.OK] * 4


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://a.test:99999/", "file:///etc/passwd", "data:text/html,x", "", "http://a b/"],
)
def test_bad_url(run: Run[Any], url: str) -> None:
    async def main() -> Fetch:
        async with fetching() as fetcher:
            return await fetcher.fetch(url)

    assert run(main()).outcome is Outcome.BAD_URL


def test_refused(run: Run[Any]) -> None:
    async def main() -> Fetch:
        async with serving(sends()) as port:
            pass
        async with fetching(port) as fetcher:
            return await fetcher.fetch("http://a.test/")

    fetch = run(main())
    assert (fetch.outcome, fetch.error) == (Outcome.CONNECT_ERROR, "Connection refused")


def test_cancelling_a_fetch_cancels_it(run: Run[Any]) -> None:
    async def main() -> None:
        async with serving(then_hangs(HTML)) as port, fetching(port) as fetcher:
            task = asyncio.create_task(fetcher.fetch("http://a.test/"))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())


def test_many_at_once(run: Run[Any]) -> None:
    async def main() -> list[Fetch]:
        async with serving(keeps_sending_page([])) as port, fetching(port) as fetcher:
            return await asyncio.gather(*(fetcher.fetch(f"http://h{n}.test/") for n in range(60)))

    assert {fetch.outcome for fetch in run(main())} == {Outcome.OK}


def test_close_may_come_at_any_time(run: Run[Any]) -> None:
    async def main() -> Outcome:
        async with serving(keeps_sending_page([])) as port, fetching(port) as fetcher:
            await fetcher.close()
            await fetcher.fetch("http://a.test/")
            await fetcher.close()
            return (await fetcher.fetch("http://a.test/")).outcome

    assert run(main()) is Outcome.OK


def test_resolve_behind_a_proxy_and_a_mapping(run: Run[Any]) -> None:
    async def main() -> list[Address | Fetch]:
        async with fetching(proxy="http://127.0.0.1:1") as behind, fetching(8080) as mapped:
            return [await behind.resolve("a.test", 80), await mapped.resolve("a.test", 80)]

    assert run(main()) == [Address("", 80, exempt=True), Address("127.0.0.1", 8080, exempt=True)]


def test_a_proxy_is_asked_for_the_whole_url(run: Run[Any]) -> None:
    seen: list[bytes] = []

    async def main() -> list[Fetch]:
        async with (
            serving(keeps_sending_page(seen)) as port,
            fetching(proxy=f"http://user:pass@127.0.0.1:{port}") as fetcher,
        ):
            return [await fetcher.fetch(url) for url in ("http://a.test/x?", "http://10.0.0.1/")]

    page, private = run(main())
    assert (page.outcome, page.body, page.ip) == (Outcome.OK, PAGE, None)
    assert seen[1].startswith(b"GET http://a.test/x? HTTP/1.1\r\n")
    assert b"proxy-authorization: basic dxnlcjpwyxnz" in seen[1].lower()
    assert (private.outcome, len(seen)) == (Outcome.BLOCKED_ADDRESS, 2)


def test_each_fetch_may_have_limits_of_its_own(run: Run[Any]) -> None:
    async def main() -> list[int]:
        async with serving(keeps_sending_page([])) as port, fetching(port) as fetcher:
            limits = FetchLimits(max_body_bytes=10)
            return [
                len((await fetcher.fetch("http://a.test/", limits=given)).body) for given in (None, limits)
            ]

    assert run(main()) == [len(PAGE), 10]


def test_a_mapping_may_lead_to_a_name(run: Run[Any]) -> None:
    async def main() -> list[tuple[Outcome, str | None]]:
        async with serving(keeps_sending_page([])) as port:
            mapping = parse_connect_to([f"a.test:80:localhost:{port}", f"10.0.0.1::localhost:{port}"])
            async with fetching(None, connect_to=mapping) as fetcher:
                urls = ("http://a.test/", "http://10.0.0.1/", f"http://127.0.0.1:{port + 1}/")
                fetches = [await fetcher.fetch(url) for url in urls]
                return [(fetch.outcome, fetch.ip) for fetch in fetches]

    named, literal, other_port = run(main())
    assert named == (Outcome.OK, "127.0.0.1")
    assert literal == (Outcome.OK, "127.0.0.1")
    assert other_port == (Outcome.BLOCKED_ADDRESS, None)
