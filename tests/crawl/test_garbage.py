"""Whoever writes into the frontier's keys what is none of ours: it is counted, set aside, and stops nothing."""

from pathlib import Path

import pytest

from linkcrawl.frontier import Frontier
from tests.crawl.process import wait_until
from tests.crawl.shared import SharedCrawl, wait_for_hits
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

pytestmark = pytest.mark.slow

WEB = random_web(79, hosts=4, pages=12)
JUNK = (b"", b"\x80\x04\x95pickled", b"{}", b"x" * 100_000, b"\x9b\x01\x00\x01\xff\xff\xff", b"[" * 2000)


async def dead_letters(frontier: Frontier) -> list[bytes]:
    return [letter.content async for letter in frontier.dead_letters()]


def test_garbage_in_every_queue_stops_no_worker(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        queues = crawl.command("KEYS", "{crawl:*}:q:*")
        assert len(queues) == len(WEB), "those of the seeds"
        for queue in queues:
            for end in ("LPUSH", "RPUSH"):
                crawl.command(end, queue, *JUNK)
        workers = crawl.workers_together(2)
        wait_for_hits(web, 12)
        for number in range(4):
            crawl.command(
                "ZADD", f"{{crawl:{number}}}:delayed", 0, "junk", 0, "1 h0.example \x00", 0, "x y z"
            )
            crawl.command("SET", f"{{crawl:{number}}}:robots:http://h0.example", b"\xc1 junk", "PX", 60_000)
        crawl.wait_for_the_end()
        books = crawl.books()
        assert books.balanced, books.off
        assert (books.queued, books.delayed, books.leased, books.sites_held) == (0, 0, 0, 0)
        assert books.dead >= 2 * len(JUNK) * len(queues)
        assert books.pages == len(reachable(WEB))
        letters = crawl.ask(dead_letters)
        assert all(any(letter.endswith(junk) for letter in letters) for junk in JUNK)
        assert newest_visits(crawl.out).keys() == reachable(WEB)
        assert found_links(crawl.out) == expected_links(WEB, WATCHED)
        crawl.assert_polite()
        for worker in workers:
            assert "Traceback" not in worker.told()


@pytest.mark.parametrize("key", ["crawl:start_urls"])
def test_seeds_pushed_by_hand_are_taken_and_garbage_among_them_is_not(tmp_path: Path, key: str) -> None:
    with LocalWeb(WEB) as web, SharedCrawl(web, tmp_path / "out") as crawl:
        (worker,) = crawl.workers_together(1)
        pushed = [b'{"url": "http://h0.example/by-hand"}', b"http://h1.example/plain"]
        crawl.command("LPUSH", key, *JUNK, *pushed, b'{"url": 7}', b'{"url": "ftp://h0.example/"}')
        wait_until(lambda: web.hits_of("h0.example", "/by-hand"))
        crawl.wait_for_the_end()
        books = crawl.books()
        assert books.balanced, books.off
        assert crawl.command("EXISTS", key) == 0
        assert newest_visits(crawl.out).keys() == reachable(WEB) | {
            "http://h0.example/by-hand",
            "http://h1.example/plain",
        }
        assert "Traceback" not in worker.told()
