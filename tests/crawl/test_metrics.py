"""What Prometheus is told while a crawl runs, read over HTTP with Prometheus's own parser."""

import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.crawl.process import Crawl, wait_until
from tests.crawl.server import RestartableServer
from tests.crawl.sharing import NAME, Worker, options_of, seeds_of, submit
from tests.web import LocalWeb, reachable
from tests.web.random_web import random_web

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
WEB = random_web(11, hosts=6, pages=12)
Sample = dict[tuple[str, ...], float]


@pytest.fixture
def server() -> Iterator[RestartableServer]:
    """A frontier's server."""
    with RestartableServer() as running:
        yield running


def address_of(crawl: Crawl) -> str:
    """Where the metrics are, as it says."""
    wait_until(lambda: "metrics at http://" in crawl.told())
    found = re.search(r"metrics at (http://127\.0\.0\.1:\d+)/metrics", crawl.told())
    assert found, crawl.told()
    return found[1]


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as why:
        with why:
            return why.code, why.read().decode()


def scrape(address: str) -> Sample:
    """(name, values of the labels but the crawl's name) -> value."""
    status, text = get(f"{address}/metrics")
    assert status == 200
    found: Sample = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("crawl") == NAME
            found[sample.name, *labels.values()] = sample.value
    return found


def total(sample: Sample, name: str) -> float:
    return sum(value for key, value in sample.items() if key[0] == name)


HERE = ["--metrics-host", "127.0.0.1", "--metrics-port", "0"]


def test_a_worker_tells_of_itself_and_of_the_crawl(tmp_path: Path, server: RestartableServer) -> None:
    with LocalWeb(WEB) as web, Worker(server.url, "--stay", *HERE) as worker:
        address = address_of(worker)
        assert get(f"{address}/healthz") == (200, "ok\n"), "to wait for a crawl is no fault"
        assert get(f"{address}/nothing")[0] == 404
        submit(server.url, "--seeds", "-", *options_of(web, tmp_path / "out", "200ms"), stdin=seeds_of(web))
        wait_until(lambda: ("linkcrawl_last_beat_age_seconds",) in scrape(address))
        during = scrape(address)
        assert get(f"{address}/healthz") == (200, "ok\n")
        assert during["linkcrawl_worker_processes",] == 1
        assert during["linkcrawl_books_balanced",] == 1
        assert during["linkcrawl_redis_used_memory_bytes",] > 100_000
        assert during["linkcrawl_crawl_ended", "finished"] == 0

        # Its process dies: the counters do not fall.
        wait_until(lambda: total(scrape(address), "linkcrawl_pages_total") > 12)
        before = scrape(address)
        worker.workers()[0].kill()
        wait_until(lambda: scrape(address)["linkcrawl_worker_restarts_total",] == 1)
        after = scrape(address)
        counters = [key for key in before if key[0].endswith(("_total", "_sum", "_count"))]
        assert all(after[key] >= before[key] for key in counters), "a counter fell"

        wait_until(lambda: scrape(address).get(("linkcrawl_crawl_ended", "finished")) == 1)
        end = scrape(address)
        visits = len(reachable(WEB))
        assert total(end, "linkcrawl_settled_total") == visits
        assert total(end, "linkcrawl_pages_total") >= visits - 12
        assert end["linkcrawl_urls", "queued"] == end["linkcrawl_urls", "leased"] == 0
        assert end["linkcrawl_download_seconds_count",] > 0
        assert end["linkcrawl_bytes_total",] > 0
        assert end["linkcrawl_worker_cpu_seconds_total",] > 0
        assert end["linkcrawl_refused_total", "seen"] > 0
        worker.signal(signal.SIGTERM)
        assert worker.end()[0] == 0


def test_a_crawl_tells_them_too_and_a_worker_that_hangs_is_not_healthy(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web:
        seeds = seeds_of(web).split()
        options = [*seeds, "--name", NAME, *options_of(web, tmp_path / "out", "500ms"), *HERE]
        with Crawl(*options) as crawl:
            address = address_of(crawl)
            wait_until(lambda: ("linkcrawl_last_beat_age_seconds",) in scrape(address))
            assert get(f"{address}/healthz")[0] == 200
            (process,) = crawl.workers()
            process.suspend()
            wait_until(lambda: get(f"{address}/healthz")[0] == 503)
            assert "beat" in get(f"{address}/healthz")[1]
            assert get(f"{address}/livez")[0] == 200, "for now"
            process.resume()
            wait_until(lambda: get(f"{address}/healthz")[0] == 200)
            crawl.signal(signal.SIGINT)
            assert crawl.end()[0] == 0


def test_a_port_that_is_taken_is_a_mistake(tmp_path: Path, server: RestartableServer) -> None:
    with Worker(server.url, *HERE) as first:
        port = address_of(first).rpartition(":")[2]
        with Worker(server.url, "--metrics-host", "127.0.0.1", "--metrics-port", port) as second:
            code, _, told = second.end()
    assert code == 2
    assert f"--metrics-port {port}: can not listen at 127.0.0.1" in told


def test_every_name_is_documented(tmp_path: Path) -> None:
    with LocalWeb(WEB) as web:
        options = [*seeds_of(web).split(), "--name", NAME, *options_of(web, tmp_path / "out"), *HERE]
        with Crawl(*options) as crawl:
            address = address_of(crawl)
            wait_until(lambda: ("linkcrawl_last_beat_age_seconds",) in scrape(address))
            names = {key[0] for key in scrape(address)}
            assert crawl.process.poll() is None
    documented = set(re.findall(r"`(linkcrawl_\w+)", (REPOSITORY / "docs" / "metrics.md").read_text()))
    told = {name.removesuffix("_sum").removesuffix("_count") for name in names}
    assert told - documented == set()
    assert documented - told <= {
        "linkcrawl_settled_total",
        "linkcrawl_refused_total",
        "linkcrawl_pages_total",
    }
