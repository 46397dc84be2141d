"""Seeds pushed by hand, the way of scrapy-redis, while workers are at work, die, and race."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from linkcrawl.frontier import DeadLetter, Frontier
from linkcrawl.records import EndState
from tests.crawl.process import wait_until
from tests.crawl.server import RestartableServer
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.crawl.sharing import NAME, Worker, options_of, submit
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

pytestmark = pytest.mark.slow

WEB = random_web(77, hosts=8, pages=8)
KEY = "crawl:start_urls"
GARBAGE = ("\x80\x04pickle", '{"no": "url"}', "mailto:me@h1.example")


class SmallCrawl(SharedCrawl):
    """A crawl of the first host alone: the others' seeds are pushed."""

    def flags(self) -> list[str]:
        first, *others = self.web.web
        return [f"http://{first}/", *super().flags()[1 + len(others) :]]


def pushes() -> Iterator[str]:
    """All other hosts, as text and as JSON, some more than once, and garbage."""
    _, *others = WEB
    for number, host in enumerate(others):
        yield (
            f"http://{host}/" if number % 2 else json.dumps({"url": f"http://{host}/", "meta": {"n": number}})
        )
    yield from GARBAGE
    yield from (f"http://{host}/" for host in others[:3])


async def letters_of(frontier: Frontier) -> list[DeadLetter]:
    return [letter async for letter in frontier.dead_letters()]


def test_pushed_seeds_are_crawled_whoever_dies(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web, SmallCrawl(web, out) as crawl:
        victims = [crawl.worker(), crawl.worker()]
        wait_for_hits(web, 3)
        for number, value in enumerate(pushes()):
            crawl.command("LPUSH", KEY, value)
            if number == 5:
                victims[0].kill()
                crawl.worker()
        wait_until(lambda: len({hit.host for hit in web.hits}) == len(WEB))
        crawl.wait_for_the_end()
        assert crawl.command("EXISTS", KEY) == 0
        books = crawl.books()
        assert books.balanced, books.off
        everything = reachable(WEB)
        assert (books.pages, books.leased, books.dead) == (len(everything), 0, len(GARBAGE))
        letters = crawl.ask(letters_of)
        assert {letter.content for letter in letters} == {text.encode() for text in GARBAGE}
        assert all(letter.where.startswith(KEY) for letter in letters)
        assert sum("the start URLs" in worker.told() for worker in crawl.workers) >= 1
        crawl.assert_polite()
    assert newest_visits(out).keys() == everything
    assert found_links(out) == expected_links(WEB, WATCHED)


def test_a_crawl_does_not_end_while_seeds_wait(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SmallCrawl(web, tmp_path / "out", delay_s=0.01) as crawl:
        crawl.command("LPUSH", KEY, *(f"http://{host}/" for host in WEB))
        crawl.worker()
        crawl.wait_for_the_end()
        state = crawl.ask(lambda frontier: frontier.find())
        assert state is not None
        assert state.end_state is EndState.FINISHED
    assert newest_visits(tmp_path / "out").keys() == reachable(WEB)


def test_a_worker_that_stays_opens_a_finished_crawl_for_what_is_pushed(tmp_path: Path) -> None:
    out, (first, *others) = tmp_path / "out", list(WEB)
    with RestartableServer() as server, LocalWeb(WEB) as web, Worker(server.url, "--stay") as worker:
        submit(server.url, f"http://{first}/", *options_of(web, out, delay="10ms"))
        wait_until(lambda: worker.told().count("has ended: finished") == 1)
        with redis.Redis.from_url(server.url) as client:
            client.lpush(f"{NAME}:start_urls", *(json.dumps({"url": f"http://{host}/"}) for host in others))
        wait_until(lambda: worker.told().count("has ended: finished") == 2)
    assert newest_visits(out).keys() == reachable(WEB)
