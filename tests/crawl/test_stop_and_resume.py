"""A crawl that is stopped or killed goes on with the same command, and ends with what an undisturbed one finds."""

import re
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.crawl.process import Crawl, wait_until
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

WEB = random_web(11, hosts=6, pages=12)


def options(web: LocalWeb, out: Path, *more: str) -> list[str]:
    seeds = [f"http://{host}/" for host in web.web]
    pace = ["--delay", "60ms", "--reclaim-after", "2s", "--commit-age", "1s", "--connect-to", web.connect_to]
    return [*seeds, "-o", str(out), "--watch", *WATCHED, *pace, *more]


def assert_whole(out: Path) -> None:
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)


def state_of(stdout: str) -> str:
    return stdout.split(maxsplit=1)[0].rstrip(".:")


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with Crawl(*options(web, out)) as crawl:
            wait_until(lambda: len(web.hits) > 30)
            crawl.signal(signal.SIGINT)
            code, said, _ = crawl.end()
        assert (code, state_of(said)) == (0, "Stopped")
        stopped_at = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert 0 < len(stopped_at) < len(reachable(WEB))
        with Crawl(*options(web, out)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
        assert "going on with" in told
        # A clean stop leaves nothing to be fetched again.
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert max(fetched.values()) == 1
    assert_whole(out)


@pytest.mark.slow
def test_everything_killed_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        for enough in (25, 45):
            with Crawl(*options(web, out)) as crawl:
                wait_until(lambda enough=enough: len(web.hits) > enough)  # type: ignore[misc]
                family = crawl.family()
                crawl.process.kill()
                _, alive = psutil.wait_procs(family, timeout=30)
                assert not alive, "the parent's death ends its server and its workers"
        with Crawl(*options(web, out)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
        assert "do not balance" not in said
    assert_whole(out)


@pytest.mark.slow
def test_the_death_of_the_embedded_server_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with Crawl(*options(web, out)) as crawl:
            wait_until(lambda: len(web.hits) > 25)
            (server,) = [process for process in crawl.family() if process.name().endswith("-server")]
            server.kill()
            code, _, told = crawl.end()
        assert code == 1
        assert "the embedded server died" in told
        assert "Traceback" not in told
        with Crawl(*options(web, out)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
        assert "do not balance" not in said
    assert_whole(out)


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_pages_come_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web, Crawl(*options(web, out, "--workers", "2")) as crawl:
        wait_until(lambda: len(web.hits) > 25)
        crawl.workers()[0].kill()
        code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
        assert "a worker died (signal SIGKILL)" in told
        assert "do not balance" not in said
    assert_whole(out)


POINTS = ["leased:2", "download:9", "downloaded:9", "read:9", "submitted:3", "committed:1", "settled:1"]


@pytest.mark.slow
@pytest.mark.long  # test_crash_table.py has the same points, with workers that share a crawl, in every run
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_at_a_named_point_loses_nothing(tmp_path: Path, point: str) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with Crawl(*options(web, out), environment={"LINKCRAWL_CRASH_AT": point}) as crawl:
            wait_until(lambda: "a worker died (signal SIGKILL)" in crawl.told())
        with Crawl(*options(web, out)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
        assert "do not balance" not in said
    assert_whole(out)


@pytest.mark.slow
def test_limits_end_the_crawl_and_never_overshoot(tmp_path: Path) -> None:
    out = tmp_path / "out"
    # A worker that a busy machine starves past the reclaim is taken for dead: its visits are fetched by others too.
    patient = ["--reclaim-after", "60s"]
    with LocalWeb(WEB) as web:
        with Crawl(*options(web, out, "--max-pages", "17", "--workers", "2", *patient)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Ended"), told
        assert len(newest_visits(out)) == 17
        assert len([hit for hit in web.hits if hit.path != "/robots.txt"]) == 17
        assert re.search(r"not reached \d+", said)
        with Crawl(*options(web, out)) as crawl:
            code, said, told = crawl.end()
        assert (code, state_of(said)) == (0, "Finished"), told
    assert_whole(out)


@pytest.mark.slow
def test_what_an_unfinished_crawl_was_made_with_can_not_change(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        with Crawl(*options(web, out, "--max-pages", "3")) as crawl:
            assert crawl.end()[0] == 0
        with Crawl(*options(web, out, "--scope", "host")) as crawl:
            code, _, told = crawl.end()
        assert code == 2
        assert "--scope" in told
        assert "'site'" in told


@pytest.mark.slow
def test_after_a_finished_crawl_the_same_command_starts_a_new_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        for _ in range(2):
            with Crawl(*options(web, out, "--max-depth", "0")) as crawl:
                assert crawl.end()[0] == 0
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert set(fetched.values()) == {2}
