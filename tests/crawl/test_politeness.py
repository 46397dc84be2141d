"""What the sites see, from the access log of the server."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from linkcrawl.frontier.embedded import EmbeddedServer
from tests.crawl.process import Crawl
from tests.web import Answer, Html, LinkTag, LocalWeb, Page, Turns, expected_links, reachable, robots
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

TOLERANCE_S = 0.05


@pytest.fixture
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lc-") as folder, EmbeddedServer(Path(folder)) as server:
        yield server.url


@pytest.mark.slow
def test_two_crawl_processes_on_one_redis_share_a_crawl_and_its_pace(tmp_path: Path, redis_url: str) -> None:
    web_data = random_web(5, hosts=6, pages=10)
    out = tmp_path / "out"
    with LocalWeb(web_data) as web, ExitStack() as stack:
        seeds = [f"http://{host}/" for host in web.web]
        shared = [*seeds, "--watch", *WATCHED, "-o", str(out), "--redis", redis_url, "--delay", "200ms"]
        shared += ["--connect-to", web.connect_to, "--commit-age", "1s", "--workers", "2"]
        first = stack.enter_context(Crawl(*shared))
        code, said, told = first.end()
        assert code == 0, told
        assert "do not balance" not in said
        for host in web_data:
            assert not hurried(web, host, 0.2)
        assert max(Counter((hit.host, hit.path) for hit in web.hits).values()) == 1, "robots.txt too"
    assert newest_visits(out).keys() == reachable(web_data)
    assert found_links(out) == expected_links(web_data, WATCHED)


@pytest.mark.slow
def test_crawl_delay_retry_after_and_robots(tmp_path: Path) -> None:
    def site(pages: dict[str, Page]) -> dict[str, Page]:
        links = tuple(LinkTag(f"/{name}", name) for name in pages if name != "robots.txt")
        return {"/": Html(links)} | {f"/{name}": page for name, page in pages.items()}

    busy = Answer(429, b"slow down", (("Content-Type", "text/html"), ("Retry-After", "2")))
    web_data = {
        "slow.example": site(
            {"robots.txt": robots("User-agent: *\nCrawl-delay: 0.5\n"), "a": Html(), "b": Html()}
        ),
        "busy.example": site({"a": Turns((busy, Html()))}),
        "private.example": site(
            {"robots.txt": robots("User-agent: linkcrawl\nDisallow: /b\n"), "a": Html(), "b": Html()}
        ),
        "broken.example": site({"robots.txt": robots("", 503), "a": Html()}),
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        seeds = [f"http://{host}/" for host in web_data]
        pace = ["--delay", "50ms", "--retry-wait", "200ms", "--connect-to", web.connect_to]
        pace += ["--contact", "https://me.example"]
        with Crawl(*seeds, "-o", str(out), "--watch", *WATCHED, *pace) as crawl:
            code, _, told = crawl.end()
        assert code == 0, told
        assert not hurried(web, "slow.example", 0.5)
        asked = [hit.started for hit in web.hits_of("busy.example", "/a")]
        assert len(asked) == 2
        assert asked[1] - asked[0] > 2 - TOLERANCE_S
        assert not web.hits_of("private.example", "/b")
        assert {hit.path for hit in web.hits_of("broken.example")} == {"/robots.txt"}
        assert all(
            "linkcrawl/" in hit.user_agent and "+https://me.example" in hit.user_agent for hit in web.hits
        )
    outcomes: dict[str, dict[str, str]] = defaultdict(dict)
    for url, row in newest_visits(out).items():
        outcomes[row["host"]][url] = f"{row['outcome']} {row['robots_state']} {row['attempt']}"
    assert outcomes["private.example"]["http://private.example/b"] == "robots_disallowed disallowed 1"
    assert outcomes["private.example"]["http://private.example/a"] == "ok allowed 1"
    assert outcomes["busy.example"]["http://busy.example/a"] == "ok missing 2"
    assert outcomes["broken.example"] == {"http://broken.example/": "robots_unreachable unreachable 3"}
