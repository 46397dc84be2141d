"""The comparison is one of equals: each contender finds exactly the links of the benchmark's web."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks.contenders import CONTENDERS, Contender, Job
from tests.benchmarks.measure import Cost, Failed, run
from tests.benchmarks.nginx import NoNginx, find_nginx, served
from tests.benchmarks.pages import BenchWeb
from tests.benchmarks.peers import Result, crawl, table


@pytest.fixture
def nginx() -> None:
    try:
        find_nginx()
    except NoNginx as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.usefixtures("nginx")
@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_each_contender_finds_every_link(contender: Contender) -> None:
    with served(BenchWeb(40, 5)) as web:
        done = crawl(contender, web)
    assert done.pages == 40
    assert done.cost.cpu_s > 0
    assert done.cost.peak_rss_mb > 1


@pytest.mark.usefixtures("nginx")
def test_a_contender_that_misses_a_link_is_no_contender() -> None:
    def lazy(job: Job) -> list[str]:
        return ["true"]

    def all_but_one(job: Job) -> "Counter[object]":
        links = job.web.watched()
        links.subtract([next(iter(links))])
        return Counter(+links)

    with served(BenchWeb(4, 2)) as web, pytest.raises(Failed, match="missing WatchedLink"):
        crawl(Contender("lazy", lazy, all_but_one, uses_redis=False), web)  # type: ignore[arg-type]


def test_the_web_is_what_the_goals_speak_of() -> None:
    web = BenchWeb(120, 40)
    pages = list(web.documents())
    assert len(pages) == 120
    assert len({host for host, *_ in pages}) == 40
    assert all(html.count("<a ") == 90 for *_, html, _ in pages)
    assert 32_000 < sum(len(html) for *_, html, _ in pages) / len(pages) < 36_000
    assert set(web.watched().values()) == {1}
    assert web.watched() == BenchWeb(120, 40).watched()
    assert web.watched().total() == 360


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="ended with 3:\nno such luck"):
        run(["sh", "-c", "echo no such luck; exit 3"], tmp_path / "log")
    assert shutil.which("sh")


def test_cpu_of_children_counts(tmp_path: Path) -> None:
    busy = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 400000)"
    cost = run(["sh", "-c", f'python3 -c "{busy}"; true'], tmp_path / "log")
    assert isinstance(cost, Cost)
    assert cost.cpu_s > 0.05


def test_the_table_shows_how_many_times() -> None:
    rows = [Result("linkcrawl", 2.0, 50.0, 100, 400, 1.0), Result("scrapy", 30.0, None, 90, 30, 1.0)]
    assert "  15.0 " in table(rows)
