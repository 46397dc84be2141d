"""Whole crawls, steered while they run."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_steering_commands import said
from tests.crawl.process import Crawl, wait_until
from tests.crawl.server import RestartableServer
from tests.web import Html, LinkTag, LocalWeb, Web
from tests.web.found import newest_visits, rows_of

pytestmark = pytest.mark.slow

PAGES = 60
HOSTS = ("a.example", "b.example")


def chain(host: str) -> dict[str, Html]:
    """Pages each of which links to the next three, and to two domains that may be watched."""
    pages = {}
    for number in range(PAGES):
        onward = [f"http://{host}/{min(number + step, PAGES - 1)}" for step in (1, 2, 3)]
        hrefs = [*onward, "https://early.test/", "https://late.test/"]
        pages[f"/{number}" if number else "/"] = Html(tuple(LinkTag(href, "a link") for href in hrefs))
    return pages


WEB: Web = {host: chain(host) for host in HOSTS}


@pytest.fixture
def server() -> Iterator[RestartableServer]:
    with RestartableServer() as running:
        yield running


class Steering:
    """One crawl command on a server of its own, and what is said to the crawl meanwhile."""

    def __init__(self, server: RestartableServer, web: LocalWeb, out: Path) -> None:
        self.out = out
        self._at = ("--redis", server.url, "--name", "spring")
        pace = ("--delay", "100ms", "--commit-age", "1s", "--reclaim-after", "3s", "--max-sites", "2")
        watch = ("--watch", "early.test", "--connect-to", web.connect_to, "--workers", "2")
        self.flags = [*(f"http://{host}/" for host in HOSTS), "-o", str(out), *watch, *pace, *self._at]

    def says(self, *command: str) -> str:
        done = said(*command, *self._at)
        assert done.code == 0, done
        return done.out

    def status(self) -> Any:
        return json.loads(self.says("status", "--json"))

    def crawl(self) -> Crawl:
        return Crawl(*self.flags)

    def end(self, crawl: Crawl, said_first: str) -> None:
        """The crawl ends by itself, with these words, and its books balance."""
        code, out, told = crawl.end()
        assert (code, out.split(".")[0].split(":")[0]) == (0, said_first), told
        assert "Traceback" not in told
        assert self.status()["books"] == {"balanced": True, "off": []}


def outcomes(out: Path, host: str) -> dict[str, str]:
    return {url: row["outcome"] for url, row in newest_visits(out).items() if row["host"] == host}


def test_a_domain_that_is_watched_from_the_middle_on(server: RestartableServer, tmp_path: Path) -> None:
    with LocalWeb(WEB) as web:
        steering = Steering(server, web, tmp_path)
        with steering.crawl() as crawl:
            wait_until(lambda: len(web.hits) > 30)
            assert "1 pattern added" in steering.says("watch", "add", "late.test")
            steering.end(crawl, "Finished")
    visits = {row["visit_id"]: row for row in newest_visits(tmp_path).values()}
    by_version: dict[int, set[str]] = {1: set(), 2: set()}
    for visit_id, row in visits.items():
        by_version[row["watch_version"]].add(visit_id)
    assert len(visits) == 2 * PAGES
    assert all(len(some) > 10 for some in by_version.values())
    links = list(rows_of(tmp_path, "links"))
    late = {row["visit_id"] for row in links if row["target_site"] == "late.test"}
    assert late == by_version[2], "all of them from then on, none before"
    assert {row["visit_id"] for row in links if row["target_site"] == "early.test"} == visits.keys()


def test_a_domain_is_blocked_and_comes_back(server: RestartableServer, tmp_path: Path) -> None:
    with LocalWeb(WEB) as web:
        steering = Steering(server, web, tmp_path)
        with steering.crawl() as crawl:
            wait_until(lambda: len(web.hits_of("b.example")) > 15)
            steering.says("block", "b.example")
            wait_until(lambda: steering.status()["settled"].get("blocked_domain"))
            asked = len(web.hits_of("b.example"))
            steering.end(crawl, "Finished")
        assert len(web.hits_of("b.example")) <= asked + 2, "what was under way, and no more"
        assert set(outcomes(tmp_path, "a.example").values()) == {"ok"}
        blocked = outcomes(tmp_path, "b.example")
        assert set(blocked.values()) == {"ok", "blocked_domain"}
        url = next(url for url, outcome in blocked.items() if outcome == "blocked_domain")
        assert "blocked_domain" in steering.says("why", url)

        steering.says("block", "--remove", "b.example")
        assert "is open again" in steering.says("retry", "--outcome", "blocked_domain")
        with steering.crawl() as crawl:
            steering.end(crawl, "Finished")
    assert len(outcomes(tmp_path, "b.example")) == PAGES
    assert set(outcomes(tmp_path, "b.example").values()) == {"ok"}


def test_paused_resumed_stopped_and_gone_on_with(server: RestartableServer, tmp_path: Path) -> None:
    with LocalWeb(WEB) as web:
        steering = Steering(server, web, tmp_path)
        with steering.crawl() as crawl:
            wait_until(lambda: len(web.hits) > 20)
            assert steering.says("pause").startswith("paused: 2 workers hold")
            wait_until(lambda: steering.status()["urls"]["leased"] == 0)
            before = len(web.hits)
            time.sleep(1.5)
            assert len(web.hits) == before
            assert steering.status()["crawl"]["state"] == "paused"
            steering.says("resume")
            wait_until(lambda: len(web.hits) > before + 10)
            stopped = steering.says("stop", "--wait")
            assert stopped.startswith("stopped: 2 workers end what they hold")
            assert "No worker is left." in stopped
            steering.end(crawl, "Stopped")
        status = steering.status()
        assert (status["crawl"]["state"], status["workers"], status["urls"]["leased"]) == ("stopped", [], 0)
        assert status["urls"]["queued"] > 0
        with steering.crawl() as crawl:
            steering.end(crawl, "Finished")
    for host in HOSTS:
        assert len(outcomes(tmp_path, host)) == PAGES
    fetched = [(hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt"]
    assert len(fetched) == len(set(fetched)), "nothing was fetched twice"
