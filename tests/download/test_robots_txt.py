from typing import Any

import pytest

from linkcrawl.download import FetchLimits, RobotsAnswer, parse_connect_to
from linkcrawl.records import Outcome, RobotsState
from linkcrawl.robots import MAX_BODY_BYTES, parse
from tests.download.servers import Handler, Run, by_path, fetching, sends, serving, then_hangs, then_resets

RULES = b"user-agent: *\ndisallow: /x"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
OK = PLAIN % (len(RULES), RULES)


async def ask(handler: Handler, **more: Any) -> RobotsAnswer:
    async with serving(handler) as port, fetching(port, **more) as fetcher:
        return await fetcher.fetch_robots("http://a.test")


def redirect(to: bytes, status: int = 301) -> bytes:
    return b"HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, to)


def status(code: int, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\n%sContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x" % (code, headers)


def test_rules(run: Run[Any]) -> None:
    answer = run(ask(sends(OK)))
    assert (answer.state, answer.body, answer.hops) == (RobotsState.ALLOWED, RULES, 0)
    assert answer.fetch.outcome is Outcome.OK
    assert not parse(answer.body, "linkcrawl").decide("/x").allowed


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (status(200), RobotsState.ALLOWED),
        (b"HTTP/1.1 204 No Content\r\n\r\n", RobotsState.ALLOWED),
        (status(400), RobotsState.MISSING),
        (status(401), RobotsState.MISSING),
        (status(403), RobotsState.MISSING),
        (status(404), RobotsState.MISSING),
        (status(410), RobotsState.MISSING),
        (status(429), RobotsState.MISSING),
        (status(499), RobotsState.MISSING),
        (status(302), RobotsState.MISSING),
        (redirect(b"file:///etc/passwd"), RobotsState.MISSING),
        (redirect(b"http://[::1"), RobotsState.MISSING),
        (status(500), RobotsState.UNREACHABLE),
        (status(503), RobotsState.UNREACHABLE),
        (status(599), RobotsState.UNREACHABLE),
        (status(999), RobotsState.UNREACHABLE),
        (b"no HTTP\r\n\r\n", RobotsState.UNREACHABLE),
        (b"", RobotsState.UNREACHABLE),
        (PLAIN % (99, RULES), RobotsState.UNREACHABLE),  # cut by the network: the rest may forbid
        (status(200, b"Content-Encoding: gzip\r\n"), RobotsState.UNREACHABLE),
    ],
)
def test_states(run: Run[Any], answer: bytes, state: RobotsState) -> None:
    found = run(ask(sends(answer)))
    assert (found.state, found.hops) == (state, 0)
    assert bool(found.body) is (state is RobotsState.ALLOWED and b"<p>x" in answer)


def test_unreachable_by_the_network(run: Run[Any]) -> None:
    async def main() -> list[RobotsAnswer]:
        async with fetching() as fetcher:
            return [
                await fetcher.fetch_robots(o) for o in ("http://a.invalid", "http://127.0.0.1", "http://[::1")
            ]

    assert [(a.state, a.fetch.outcome) for a in run(main())] == [
        (RobotsState.UNREACHABLE, Outcome.DNS_ERROR),
        (RobotsState.UNREACHABLE, Outcome.BLOCKED_ADDRESS),
        (RobotsState.UNREACHABLE, Outcome.BAD_URL),
    ]


def test_unreachable_by_a_reset(run: Run[Any]) -> None:
    assert run(ask(then_resets())).state is RobotsState.UNREACHABLE


def test_unreachable_in_time(run: Run[Any]) -> None:
    answer = run(ask(then_hangs(), limits=FetchLimits(total_seconds=0.2)))
    assert (answer.state, answer.fetch.outcome) == (RobotsState.UNREACHABLE, Outcome.TIMEOUT)


def chain(length: int, last: bytes = OK) -> Handler:
    answers = {f"/{n}": redirect(b"http://b%d.test/%d" % (n, n + 1)) for n in range(1, length)}
    return by_path({"/robots.txt": redirect(b"/1", 302), **answers, f"/{length}": last})


def test_five_redirects_are_followed_to_any_host(run: Run[Any]) -> None:
    answer = run(ask(chain(5)))
    assert (answer.state, answer.body, answer.hops) == (RobotsState.ALLOWED, RULES, 5)


def test_six_are_too_many(run: Run[Any]) -> None:
    answer = run(ask(chain(6)))
    assert (answer.state, answer.hops) == (RobotsState.MISSING, 5)


def test_the_end_of_the_chain_counts(run: Run[Any]) -> None:
    assert run(ask(chain(2, status(503)))).state is RobotsState.UNREACHABLE
    assert run(ask(chain(2, status(404)))).state is RobotsState.MISSING


def test_a_redirect_to_a_private_address_is_blocked(run: Run[Any]) -> None:
    """Only the connections to a.test are exempt here."""

    async def main() -> RobotsAnswer:
        to = b"http://169.254.169.254/latest/meta-data/"
        async with (
            serving(sends(redirect(to))) as port,
            fetching(None, connect_to=parse_connect_to([f"a.test:80:127.0.0.1:{port}"])) as fetcher,
        ):
            return await fetcher.fetch_robots("http://a.test")

    answer = run(main())
    assert (answer.state, answer.hops) == (RobotsState.UNREACHABLE, 1)
    assert answer.fetch.outcome is Outcome.BLOCKED_ADDRESS
    assert answer.fetch.error == "169.254.169.254 is cloud metadata"


def test_500_kib_are_read(run: Run[Any]) -> None:
    start = RULES + b"\n"
    body = start + b"#" * (MAX_BODY_BYTES - len(start) - 5) + b"\ndisallow: /late\n" + b"x" * 1_000_000
    answer = run(ask(sends(PLAIN % (len(body), body))))
    assert answer.state is RobotsState.ALLOWED
    rules = parse(answer.body, "linkcrawl")
    assert [rules.decide(path).allowed for path in ("/x", "/late", "/")] == [False, True, True]


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        (b"Retry-After: 7\r\n", 7_000),
        (b"Date: Sun, 06 Nov 2022 12:00:00 GMT\r\nRetry-After: Sun, 06 Nov 2022 12:00:09 GMT\r\n", 9_000),
        (b"Retry-After: x\r\n", None),
        (b"", None),
    ],
)
def test_how_long_to_wait_is_told(run: Run[Any], headers: bytes, wait_ms: int | None) -> None:
    assert run(ask(sends(status(503, headers)))).retry_after_ms == wait_ms


def test_a_redirect_to_a_blocked_host_is_not_followed(run: Run[Any]) -> None:
    asked: list[str] = []

    async def scenario() -> RobotsAnswer:
        async with serving(sends(redirect(b"http://bad.test/robots.txt"))) as port, fetching(port) as fetcher:

            def is_blocked(host: str) -> bool:
                asked.append(host)
                return host == "bad.test"

            return await fetcher.fetch_robots("http://a.test", is_blocked)

    answer = run(scenario())
    assert asked == ["a.test", "bad.test"]
    assert (answer.state, answer.fetch.outcome) == (RobotsState.UNREACHABLE, Outcome.BLOCKED_DOMAIN)
