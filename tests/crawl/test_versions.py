"""A crawl that another version of linkcrawl made: each command says what to do, no worker works on it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.crawl.process import PROGRAM, Crawl
from tests.servers import ServerProcess, valkey_server
from tests.web import LocalWeb
from tests.web.random_web import WATCHED, random_web

WEB = random_web(41, hosts=1, pages=3)
NAME = "old-and-new"
KEY = f"{{{NAME}}}"
LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Stored:
    """An unfinished crawl of this version, on a server of its own."""

    server: ServerProcess
    out: Path
    record: bytes

    def of_version(self, by: int, **more: Any) -> int:
        """As if another linkcrawl had made it; that version."""
        record = msgspec.msgpack.decode(self.record)
        version: int = record["version"] + by
        with self.server.client() as client:
            client.hset(KEY, "spec", msgspec.msgpack.encode(record | {"version": version} | more))
        return version


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """A crawl that ended at its limit."""
    out = tmp_path_factory.mktemp("versions") / "out"
    with ServerProcess(valkey_server()) as server:
        with LocalWeb(WEB) as web:
            to_here = ["--connect-to", web.connect_to, "--redis", server.url, "--name", NAME]
            seeds = [f"http://{host}/" for host in WEB]
            with Crawl(*seeds, "-o", str(out), "--watch", *WATCHED, "--max-pages", "1", *to_here) as crawl:
                code, _, told = crawl.end()
        assert code == 0, told
        with server.client() as client:
            yield Stored(server, out, client.hget(KEY, "spec"))


def run(*command: str) -> tuple[int, str]:
    """A command to its end -> (exit code, what it said on stderr)."""
    done = subprocess.run(
        [PROGRAM, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return done.returncode, done.stderr


COMMANDS = [
    ["crawl", "http://h0.example/", "--watch", "acme.test", "-o", "{out}"],
    ["submit", "http://h0.example/", "--watch", "acme.test", "-o", "{out}"],
    ["worker"],
    ["status"],
    ["pause"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(("by", "cure"), [(1, "upgrade linkcrawl on this machine"), (-1, "delete it")])
def test_every_command_says_what_to_do(stored: Stored, command: list[str], by: int, cure: str) -> None:
    version = stored.of_version(by, a_field_of_tomorrow={"x": 1})
    words = [word.format(out=stored.out) for word in command]
    code, told = run(*words, "--redis", stored.server.url, "--name", NAME)
    assert code == 2, told
    assert cure in told
    assert f"version {version}" in told
    assert "Traceback" not in told
    assert (
        len([line for line in told.splitlines() if "another version" in line or "linkcrawl (" in line]) == 1
    )


@pytest.mark.slow
def test_it_can_be_deleted(stored: Stored) -> None:
    # A copy of its record is enough, so that the other tests keep theirs.
    version = msgspec.msgpack.decode(stored.record)["version"] + 1
    with stored.server.client() as client:
        spec = msgspec.msgpack.encode({"version": version})
        client.hset("{another}", mapping={"epoch": "e", "ready": "1", "spec": spec})
        client.hset("{another:0}", "epoch", "e")
    code, told = run("delete", "--yes", "--redis", stored.server.url, "--name", "another")
    assert code == 0, told
    with stored.server.client() as client:
        assert client.exists("{another}", "{another:0}") == 0
        assert client.exists(KEY) == 1


@pytest.mark.slow
def test_a_worker_process_refuses_it_in_one_line(stored: Stored) -> None:
    """As one that its crew starts after the crawl was replaced."""
    stored.of_version(1)
    order = {"redis_url": stored.server.url, "name": NAME, "worker_id": "w", "out": str(stored.out)}
    with subprocess.Popen(
        [sys.executable, "-m", "linkcrawl.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        try:
            # Its input stays open, as a parent that lives keeps it.
            assert worker.stdin is not None
            worker.stdin.write(json.dumps(order) + "\n")
            worker.stdin.flush()
            code = worker.wait(LONGEST_S)
        finally:
            worker.kill()
        assert worker.stdout is not None
        assert worker.stderr is not None
        said, told = worker.stdout.read(), worker.stderr.read()
    assert code == 1
    assert json.loads(said.splitlines()[-1]) == {"ended": "frontier_refused"}
    assert len(told.strip().splitlines()) == 1, told
    assert "upgrade linkcrawl on this machine" in told
