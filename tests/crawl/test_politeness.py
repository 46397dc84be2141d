"""What the sites see, from the access log of the server."""

import signal
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from linkcrawl.frontier.embedded import EmbeddedServer
from tests.crawl.process import Crawl, wait_until
from tests.crawl.shared import TOLERANCE_S, SharedCrawl, hurried, wait_for_hits
from tests.web import Answer, Html, LinkTag, LocalWeb, Page, Turns, expected_links, reachable, robots
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web


@pytest.fixture
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lc-") as folder, EmbeddedServer(Path(folder)) as server:
        yield server.url


@pytest.mark.slow
def test_the_workers_of_one_crawl_share_its_pace_and_ask_once_for_robots(
    tmp_path: Path, redis_url: str
) -> None:
    web_data = random_web(5, hosts=6, pages=10)
    out = tmp_path / "out"
    with LocalWeb(web_data) as web, ExitStack() as stack:
        seeds = [f"http://{host}/" for host in web.web]
        shared = [*seeds, "--watch", *WATCHED, "-o", str(out), "--redis", redis_url, "--delay", "200ms"]
        shared += ["--connect-to", web.connect_to, "--commit-age", "1s", "--workers", "4"]
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


BUSY = Answer(429, b"slow down", (("Content-Type", "text/html"), ("Retry-After", "2")))


def linked(pages: dict[str, Page], *elsewhere: str) -> dict[str, Page]:
    """A host whose first page links to its other ones, and to other hosts."""
    links = [LinkTag(path, path) for path in pages if path != "/robots.txt"]
    return {"/": Html((*links, *(LinkTag(f"http://{host}/", host) for host in elsewhere)))} | pages


def a_web_with_wishes() -> dict[str, dict[str, Page]]:
    """Plain sites; one of three hosts; one with a Crawl-delay; one that asks to be left alone for a while."""
    web = random_web(7, hosts=5, pages=5)
    plain: dict[str, Page] = {f"/{number}": Html() for number in range(4)}
    web |= {f"{name}.many.example": linked(dict(plain)) for name in ("a", "b", "c")}
    web["slow.example"] = linked({**plain, "/robots.txt": robots("User-agent: *\nCrawl-delay: 0.7\n")})
    web["busy.example"] = linked({"/0": Turns((BUSY, Html())), "/1": Html(), "/2": Html()})
    return web


def disturb(crawl: SharedCrawl) -> None:
    """One worker is killed (and replaced), one sleeps past the reclaim and wakes."""
    wait_for_hits(crawl.web, 12)
    alive = [worker for worker in crawl.workers if worker.alive]
    alive[0].kill()
    crawl.worker()
    sleeper = alive[1] if len(alive) > 1 else crawl.workers[-1]
    wait_for_hits(crawl.web, 8)
    sleeper.signal(signal.SIGSTOP)
    if len(alive) == 1:
        crawl.worker()
    before = crawl.books().reclaimed
    wait_until(lambda: crawl.books().reclaimed > before or crawl.books().open == 0)
    sleeper.signal(signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4, 8])
def test_no_site_is_hurried_by_workers_that_die_and_sleep(tmp_path: Path, workers: int) -> None:
    web_data = a_web_with_wishes()
    more = ("--retry-wait", "200ms", "--max-sites", "4" if workers > 1 else "20")
    with LocalWeb(web_data) as web, SharedCrawl(web, tmp_path / "out", *more, delay_s=0.3) as crawl:
        crawl.workers_together(workers)
        disturb(crawl)
        crawl.wait_for_the_end()
        crawl.assert_nothing_lost()
        # Three hosts, one site: its delay holds among them.
        assert hurried(web, "many.example", 0.3) == []
        assert hurried(web, "slow.example", 0.7) == []
        refused = min(web.hits_of("busy.example", "/0"), key=lambda hit: hit.started)
        later = [hit.started for hit in web.hits_of("busy.example") if hit.started > refused.started]
        assert min(later) - refused.earliest > 2 - TOLERANCE_S, "Retry-After"
        deaths = 2
        for host in web_data:
            assert 1 <= len(web.hits_of(host, "/robots.txt")) <= 1 + deaths, host
        assert len([hit for hit in web.hits if hit.path == "/robots.txt"]) <= len(web_data) + 4 * deaths


HOSTS_FILE = Path("/etc/hosts")


@pytest.fixture
def with_hosts(tmp_path: Path) -> list[str]:
    """A command in front of another that gives it an /etc/hosts of its own: twelve sites of one address."""
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"127.0.0.1 s{number}.example\n" for number in range(12)))
    command = ["unshare", "--mount", "sh", "-c", f'mount --bind {hosts} {HOSTS_FILE} && exec "$@"', "sh"]
    try:
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    except OSError as why:
        pytest.skip(f"there is no unshare: {why}")
    if done.returncode:
        pytest.skip(f"may not mount here: {done.stderr.strip()}")
    return command


@pytest.mark.slow
@pytest.mark.parametrize(("options", "most"), [((), 4), (("--per-ip", "0"), 12)])
def test_of_one_address_a_worker_asks_four_sites_at_a_time(
    tmp_path: Path, with_hosts: list[str], options: tuple[str, ...], most: int
) -> None:
    pages: dict[str, dict[str, Page]] = {}
    with LocalWeb(pages) as web:
        slowly: dict[str, Page] = {f"/{number}": Html(delay_s=0.5) for number in range(2)}
        for number in range(12):
            pages[f"s{number}.example:{web.port}"] = linked(dict(slowly))
        out = tmp_path / "out"
        usual = ("--max-sites", "40", "--allow-private", "--robots", "ignore", "--reclaim-after", "30s")
        with SharedCrawl(web, out, *usual, *options, delay_s=0.1, reached_by_name=True) as crawl:
            crawl.worker(prefix=with_hosts)
            crawl.wait_for_the_end()
            assert crawl.books().pages == 36
        assert most_at_a_time(web) == most


def most_at_a_time(web: LocalWeb) -> int:
    """Slow requests under way at once, by the server's log."""
    starts = sorted(hit.started for hit in web.hits if hit.path != "/")
    return max(sum(start <= other < start + 0.4 for other in starts) for start in starts)
