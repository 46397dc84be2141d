"""The crawl under `scrapy`'s own commands, for whoever runs Scrapy projects already."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkcrawl.frontier import Frontier, ServerAddress
from tests.conftest import REPOSITORY
from tests.crawl.process import Crawl, wait_until
from tests.crawl.server import RestartableServer
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

SCRAPY = str(Path(sys.executable).with_name("scrapy"))
WEB = random_web(51, hosts=3, pages=6)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (REPOSITORY / "scrapy.cfg").exists(), reason="runs in a checkout"),
]


def scrapy(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SCRAPY, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def a_stopped_crawl(web: LocalWeb, options: Sequence[str]) -> None:
    """A crawl that was made, and is far from its end."""
    seeds = [f"http://{host}/" for host in WEB]
    to_here = ["--connect-to", web.connect_to, "--delay", "50ms", "--commit-age", "1s"]
    with Crawl(*seeds, "--watch", *WATCHED, *to_here, *options) as crawl:
        wait_until(lambda: len(web.hits) > 4)
        crawl.signal(signal.SIGTERM)
        code, said, told = crawl.end()
    assert (code, said.split(".")[0]) == (0, "Stopped"), told


def open_again(server_url: str, name: str) -> None:
    """As `linkcrawl crawl` does with a crawl that was stopped, without any worker."""

    async def reopen() -> None:
        frontier = await Frontier.connect(ServerAddress.from_url(server_url), name)
        await frontier.reopen()
        await frontier.close()

    asyncio.run(reopen())


def test_scrapy_lists_the_spider() -> None:
    done = scrapy("list")
    assert (done.returncode, done.stdout) == (0, "links\n"), done.stderr


def test_scrapy_crawls_as_one_more_worker(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with RestartableServer() as server, LocalWeb(WEB) as web:
        a_stopped_crawl(web, ["-o", str(out), "--redis", server.url, "--name", "from-scrapy"])
        settings = ["-s", f"REDIS_URL={server.url}", "-s", "LINKCRAWL_NAME=from-scrapy"]
        stopped = scrapy("crawl", "links", *settings)
        assert stopped.returncode == 0, "a crawl that was stopped is at its end"
        assert "Traceback" not in stopped.stderr
        before = len(web.hits)
        open_again(server.url, "from-scrapy")
        done = scrapy("crawl", "links", *settings)
        assert done.returncode == 0, done.stderr
        assert not done.stderr, "nothing went wrong, so nothing is said"
        assert len(web.hits) > before
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)


def test_scrapy_without_such_a_crawl_says_so_and_ends() -> None:
    with RestartableServer() as server:
        done = scrapy("crawl", "links", "-s", f"REDIS_URL={server.url}", "-s", "LINKCRAWL_NAME=nothing")
    assert done.returncode != 0
    assert "no crawl named 'nothing'" in done.stderr


def test_scrapy_without_a_server_says_where_it_looked(tmp_path: Path) -> None:
    done = scrapy("crawl", "links", "-s", f"REDIS_URL=unix://{tmp_path / 'nobody'}")
    assert done.returncode != 0
    assert str(tmp_path / "nobody") in done.stderr
