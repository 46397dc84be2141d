"""A crawl that is submitted and served by workers finds what a crawl on one machine finds."""

import gzip
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tests.crawl.process import PROGRAM, Crawl, wait_until
from tests.crawl.server import RestartableServer
from tests.crawl.sharing import (
    NAME,
    Worker,
    crawl_rows,
    options_of,
    seeds_of,
    site_rows,
    submit,
    summary,
)
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

pytestmark = pytest.mark.slow

WEB = random_web(11, hosts=6, pages=12)
FINISHED = "The crawl finished: every URL in scope has its outcome."


@pytest.fixture
def server() -> Iterator[RestartableServer]:
    """A frontier's server."""
    with RestartableServer() as running:
        yield running


def assert_whole(out: Path) -> None:
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)


def assert_finished(*workers: Crawl) -> None:
    for worker in workers:
        code, said, told = worker.end()
        assert (code, said.splitlines()[:1]) == (0, [FINISHED]), told
        assert "Traceback" not in told


def test_workers_that_wait_and_come_later_serve_what_is_submitted(
    tmp_path: Path, server: RestartableServer
) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web, Worker(server.url) as first:
        wait_until(lambda: f"waiting for a crawl '{NAME}'" in first.told())
        made = summary(server.url, "--seeds", "-", *options_of(web, out), stdin=seeds_of(web))
        assert (made["made"], made["seeds"], made["new"], made["known"], made["refused"]) == (
            True,
            6,
            6,
            0,
            {},
        )
        with Worker(server.url, "--workers", "2") as second:
            assert_finished(first, second)
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
    assert_whole(out)
    assert max(fetched.values()) == 1
    rows = crawl_rows(out)
    assert [row["end_state"] for row in rows] == [None, "finished"], "the end is written once"
    assert {row["crawl_id"] for row in rows} == {made["crawl_id"]}
    assert {row["seeds"] for row in rows} == {6}
    (sites,) = site_rows(out)
    assert sum(row["settled_ok"] for row in sites) > 0
    assert {row["not_reached"] for row in sites} == {0}


def test_a_worker_that_stays_serves_the_next_crawl_of_its_name(
    tmp_path: Path, server: RestartableServer
) -> None:
    with LocalWeb(WEB) as web, Worker(server.url, "--stay") as worker:
        made = []
        for number in (1, 2):
            out, first = tmp_path / f"out{number}", next(iter(WEB))
            some = ["--max-depth", "0", *options_of(web, out)]
            made.append(summary(server.url, f"http://{first}/", *some)["crawl_id"])
            wait_until(lambda number=number: worker.told().count("has ended: finished") == number)  # type: ignore[misc]
            wait_until(lambda out=out: [row["end_state"] for row in crawl_rows(out)] == [None, "finished"])  # type: ignore[misc]
            assert len(newest_visits(out)) == 1
            command = [PROGRAM, "delete", "--redis", server.url, "--name", NAME, "--yes"]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        wait_until(lambda: f"waiting for a crawl '{NAME}'" in worker.told())
        worker.signal(signal.SIGTERM)
        assert worker.end()[0] == 0
        assert len(set(made)) == 2


def test_a_password_that_is_wrong_is_said_and_not_tried_for_ever(
    tmp_path: Path, server: RestartableServer
) -> None:
    with redis.Redis(unix_socket_path=str(server.folder / "s")) as client:
        client.config_set("requirepass", "secret")
    wrong = server.url.replace("unix://", "unix://:guess@")
    with Worker(wrong) as worker:
        code, _, told = worker.end()
    assert code == 2
    assert "refuses this user or password" in told
    assert "guess" not in told
    assert "refuses this user or password" in submit(wrong, "a.example", expected=2).stderr


@pytest.mark.parametrize("command", ["submit", "worker"])
def test_help_has_examples(command: str) -> None:
    done = subprocess.run(
        [PROGRAM, command, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert f"linkcrawl {command}" in done.stdout.partition("examples:")[2]


def test_a_worker_that_stays_takes_up_what_is_submitted_later(
    tmp_path: Path, server: RestartableServer
) -> None:
    out, (first, *others) = tmp_path / "out", list(WEB)
    with LocalWeb(WEB) as web, Worker(server.url, "--stay") as worker:
        some = ["--max-depth", "0", *options_of(web, out)]
        made = summary(server.url, f"http://{first}/", *some)
        wait_until(lambda: worker.told().count("has ended: finished") == 1)
        assert len(newest_visits(out)) == 1
        # The limit rises, the seeds come by a file, the one that was there is known.
        (tmp_path / "more.gz").write_bytes(gzip.compress(seeds_of(web).encode()))
        more = summary(server.url, "--seeds", str(tmp_path / "more.gz"), "--max-depth", "99")
        assert (more["made"], more["crawl_id"], more["new"], more["known"]) == (
            False,
            made["crawl_id"],
            len(others),
            1,
        )
        wait_until(lambda: worker.told().count("has ended: finished") == 2)
        worker.signal(signal.SIGTERM)
        code, said, _ = worker.end()
    assert (code, said.splitlines()[0]) == (0, "Stopped. The crawl goes on without this worker.")
    # Of the first seed's site nothing more was found: its page was not visited again.
    assert {f"http://{host}/" for host in WEB} <= newest_visits(out).keys()
    assert [row["end_state"] for row in crawl_rows(out)] == [None, "finished", None, "finished"]
    assert crawl_rows(out)[-1]["seeds"] == len(WEB)


def test_what_is_wrong_is_said_at_once_and_nothing_is_made(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    told = submit(server.url, "good.example", "not a url", "--delay", "soon", expected=2).stderr
    assert "--delay" in told
    told = submit(server.url, "good.example", "not a url", expected=2).stderr
    for expected in ("not a url", "--watch: missing", "-o: missing"):
        assert expected in told
    assert not out.exists()
    submit(server.url, "good.example", "--watch", "a.example", "-o", str(out), "--delay", "3s")
    told = submit(server.url, "b.example", "--delay", "2s", "--scope", "host", expected=2).stderr
    assert "--delay" in told
    assert "--scope" in told
    told = submit(server.url, "b.example", "-o", str(tmp_path / "other"), expected=2).stderr
    assert str(out) in told
    added = summary(server.url, "b.example", "good.example", "--watch", "c.example", "d.example")
    assert (added["made"], added["new"], added["known"], added["watch_patterns"]) == (False, 1, 1, 2)
    assert crawl_rows(out)[-1]["watch_version"] == 2


def test_the_out_of_a_crawl_may_have_another_name_where_it_is_mounted(
    tmp_path: Path, server: RestartableServer
) -> None:
    out, mounted = tmp_path / "out", tmp_path / "mounted"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out), stdin=seeds_of(web))
        mounted.symlink_to(out)
        for wrong in ([], ["-o", str(tmp_path / "empty")]):
            (out / ".linkcrawl").rename(tmp_path / "away")
            with Worker(server.url, *wrong) as worker:
                code, _, told = worker.end()
            (tmp_path / "away").rename(out / ".linkcrawl")
            assert code == 2
            assert "is not the OUT of the crawl" in told
            assert "mount the folder" in told
        assert not [hit for hit in web.hits if hit.path != "/robots.txt"]
        with Worker(server.url, "-o", str(mounted)) as worker:
            assert_finished(worker)
    assert_whole(out)


def test_sigterm_drains_and_another_worker_does_the_rest(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out, "150ms"), stdin=seeds_of(web))
        with Worker(server.url, "--workers", "2") as worker:
            wait_until(lambda: len(web.hits) > 25)
            worker.signal(signal.SIGTERM)
            code, said, told = worker.end()
        assert (code, said.splitlines()[0]) == (0, "Stopped. The crawl goes on without this worker."), told
        assert [row["end_state"] for row in crawl_rows(out)] == [None]
        with Worker(server.url) as other:
            assert_finished(other)
        fetched = Counter((hit.host, hit.path) for hit in web.hits if hit.path != "/robots.txt")
        assert max(fetched.values()) == 1, "a clean stop leaves nothing to be fetched again"
    assert_whole(out)


def test_a_killed_process_is_replaced(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out), stdin=seeds_of(web))
        with Worker(server.url) as worker:
            wait_until(lambda: len(web.hits) > 25)
            worker.workers()[0].kill()
            assert_finished(worker)
            assert "a worker died (signal SIGKILL)" in worker.told()
    assert_whole(out)


def test_a_supervisor_that_is_killed_takes_its_workers_with_it_and_loses_nothing(
    tmp_path: Path, server: RestartableServer
) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out), stdin=seeds_of(web))
        with Worker(server.url, "--workers", "2") as worker:
            wait_until(lambda: len(web.hits) > 25)
            family = worker.family()
            worker.process.kill()
            _, alive = psutil.wait_procs(family, timeout=30)
            assert not alive
        with Worker(server.url) as other:
            assert_finished(other)
    assert_whole(out)


def test_a_second_signal_ends_it_at_once(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out, "300ms"), stdin=seeds_of(web))
        with Worker(server.url) as worker:
            wait_until(lambda: len(web.hits) > 12)
            (process,) = worker.workers()
            process.suspend()  # so that it can not end by itself
            worker.signal(signal.SIGTERM)
            wait_until(lambda: "stopping" in worker.told())
            worker.signal(signal.SIGTERM)
            code, said, _ = worker.end()
    assert (code, said.splitlines()[0]) == (130, "Ended at once. What was not written yet is fetched again.")


def test_a_frontier_that_was_emptied_is_a_clear_stop(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out, "300ms"), stdin=seeds_of(web))
        with Worker(server.url, "--stay") as worker:
            wait_until(lambda: len(web.hits) > 12)
            server.kill()
            for path in (server.folder / "appendonlydir").iterdir():
                path.unlink()
            server.start()
            code, _, told = worker.end()
    assert code == 1
    assert "emptied" in told or "gone" in told or "no crawl named" in told
    assert "Traceback" not in told


def test_time_is_a_limit_for_workers_too(tmp_path: Path, server: RestartableServer) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        options = [*options_of(web, out, "400ms"), "--max-time", "6s"]
        submit(server.url, "--seeds", "-", *options, stdin=seeds_of(web))
        with Worker(server.url) as worker:
            code, said, told = worker.end()
        assert (code, said.split(".")[0]) == (0, "The crawl ended at a limit"), told
        assert len(newest_visits(out)) < len(reachable(WEB))
        assert crawl_rows(out)[-1]["end_state"] == "limit"


def test_a_watch_list_that_is_changed_while_only_workers_run_is_written(
    tmp_path: Path, server: RestartableServer
) -> None:
    out = tmp_path / "out"
    with LocalWeb(WEB) as web:
        submit(server.url, "--seeds", "-", *options_of(web, out, "1s"), stdin=seeds_of(web))
        with Worker(server.url) as worker, Worker(server.url) as other:
            wait_until(lambda: web.hits)
            (out / ".linkcrawl").rename(tmp_path / "away")  # the operator's machine does not reach OUT
            submit(server.url, "http://a.example/", "--watch", "else.example")
            (tmp_path / "away").rename(out / ".linkcrawl")
            wait_until(lambda: len(list((out / "watchlists").glob("*.parquet"))) == 2)
            for stopped in (worker, other):
                stopped.signal(signal.SIGTERM)
            assert {stopped.end()[0] for stopped in (worker, other)} == {0}
    assert [row["watch_version"] for row in crawl_rows(out)] == [1, 2]
