"""The commands that see and steer a crawl: what they say, and their exit codes."""

import asyncio
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from linkcrawl.cli import main
from linkcrawl.config import CrawlConfig
from linkcrawl.frontier import Frontier, ServerAddress
from linkcrawl.records import Outcome
from linkcrawl.run import pack_config
from tests.crawl.server import RestartableServer
from tests.frontier.conftest import a_spec, url
from tests.index.test_answers import crawl as write_visits
from tests.index.test_visits import visited

pytestmark = pytest.mark.slow

PROGRAM = str(Path(sys.executable).with_name("linkcrawl"))
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LINKCRAWL_")}
COMMANDS = (
    ("status", "--once"),
    ("why", "https://a.test/"),
    ("watch", "list"),
    ("watch", "add", "x.test"),
    ("block", "x.test"),
    ("pause",),
    ("resume",),
    ("stop",),
    ("retry", "--outcome", "timeout"),
    ("delete", "--yes"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    told: str


def said(*command: str, environment: dict[str, str] | None = None) -> Said:
    """Within this process: a new one takes a second of CPU. What is no sentence of ours gets out as an exception."""
    out, told = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(told),
        patch.dict(os.environ, {**CLEAN, **(environment or {})}, clear=True),
    ):
        try:
            code = main(command)
        except SystemExit as end:
            code = int(end.code or 0)
    return Said(code, out.getvalue(), told.getvalue())


@pytest.fixture(scope="module")
def server() -> Iterator[RestartableServer]:
    with RestartableServer() as running:
        yield running


class Steered:
    """One crawl of a site of three URLs, of which one is settled, and the flags that name it."""

    def __init__(self, server: RestartableServer, out: Path) -> None:
        self.server = server
        self.spec = a_spec("spring", options=pack_config(CrawlConfig(out=str(out))))
        self.at = ("--redis", server.url, "--name", "spring")
        asyncio.run(self._made())

    async def _made(self) -> None:
        frontier = await Frontier.connect(ServerAddress.from_url(self.server.url), "spring")
        await frontier.delete()
        await frontier.create(self.spec)
        await frontier.set_watch(["watched.test"])
        await frontier.add_scope(["a.test", "blog.example"])
        await frontier.submit([url("a.test", f"/{i}") for i in range(2)])
        await frontier.submit([url("blog.example", "/1")])
        await frontier.join()
        for hold in await frontier.lease(5, 5):
            if hold.site == "blog.example":
                await frontier.settle([(hold.leases[0], Outcome.TIMEOUT)])
        await frontier.leave()
        await frontier.close()

    def says(self, *command: str, code: int = 0) -> str:
        """What the command prints; its exit code has to be that."""
        done = said(*command, *self.at)
        assert done.code == code, done
        return done.out + done.told


@pytest.fixture
def steered(server: RestartableServer, tmp_path: Path) -> Steered:
    return Steered(server, tmp_path)


def test_where_nothing_answers_or_nothing_has_the_name(server: RestartableServer) -> None:
    for command in COMMANDS:
        nowhere = said(*command, "--redis", "redis://127.0.0.1:1/0", "--name", "x")
        assert nowhere.code == 1, nowhere
        assert nowhere.told.startswith("linkcrawl: the server at redis://127.0.0.1:1/0 does not answer now")
        assert nowhere.told.count("\n") == 1, "one clear sentence"
        unknown = said(*command, "--redis", server.url, "--name", "nobody")
        assert unknown.code == 1, unknown
        assert unknown.told.startswith("linkcrawl: there is no crawl named 'nobody' at unix://")
        assert unknown.told.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("status", "--redis", "http://x"),
        ("watch",),
        ("watch", "add", "x..y", "--redis", "redis://127.0.0.1:1"),
        ("block", "--redis", "redis://127.0.0.1:1"),
        ("block", "co.uk", "--redis", "redis://127.0.0.1:1"),
        ("retry", "--redis", "redis://127.0.0.1:1"),
        ("retry", "--outcome", "nonsense", "--redis", "redis://127.0.0.1:1"),
        ("retry", "--status", "5xx", "--redis", "redis://127.0.0.1:1"),
        ("retry", "--status", "503", "--since", "yesterday", "--redis", "redis://127.0.0.1:1"),
        ("delete", "--redis", "redis://127.0.0.1:1"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_is_done(command: tuple[str, ...]) -> None:
    assert said(*command).code == 2


def test_the_address_from_the_environment_and_from_a_file(steered: Steered, tmp_path: Path) -> None:
    file = tmp_path / "crawl.toml"
    file.write_text(f'redis = "{steered.server.url}"\nname = "spring"\n')
    assert said("watch", "list", "--config", str(file)).out == "watched.test\n"
    variables = {"LINKCRAWL_REDIS": steered.server.url, "LINKCRAWL_NAME": "spring"}
    assert said("watch", "list", environment=variables).out == "watched.test\n"


def test_a_crawl_that_is_not_whole(steered: Steered) -> None:
    async def damage() -> None:
        frontier = await Frontier.connect(ServerAddress.from_url(steered.server.url), "spring")
        await frontier._session.server.command("DEL", "{spring:1}")
        await frontier.close()

    asyncio.run(damage())
    for command in COMMANDS[:-1]:
        assert "is gone" in steered.says(*command, code=1)
    assert "is deleted" in steered.says("delete", "--yes")
    assert "no crawl named" in steered.says("status", code=1)


def test_status(steered: Steered) -> None:
    text = steered.says("status")
    assert "spring" in text
    assert "running" in text
    assert "1 timeout" in text
    assert "no worker is alive" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    told = json.loads(steered.says("status", "--json"))
    assert (told["urls"]["queued"], told["settled"]) == (2, {"timeout": 1})
    assert "2 at depth 0" in steered.says("status", "--site", "www.a.test")
    assert json.loads(steered.says("status", "--site", "a.test", "--json"))["site"]["queued"] == 2


def test_watch(steered: Steered, tmp_path: Path) -> None:
    file = tmp_path / "more.txt"
    file.write_text("one.test\ntwo.test/blog/\nwatched.test\n")
    text = steered.says("watch", "add", str(file), "three.test")
    assert text == (
        "watched.test: watched already\n"
        "3 patterns added: the watch list has 4 patterns, version 2; workers take it up within seconds\n"
    )
    text = steered.says("watch", "remove", "one.test", "three.test", "none.test")
    assert text.startswith(
        "none.test: was not watched\n2 patterns removed: the watch list has 2 patterns, version 3"
    )
    assert steered.says("watch", "list") == "watched.test\ntwo.test/blog/\n"
    assert "nothing would be left" in steered.says(
        "watch", "remove", "watched.test", "two.test/blog/", code=2
    )
    assert steered.says("watch", "add", "watched.test").endswith(
        "nothing changed: the watch list has 2 patterns, version 3\n"
    )


def test_block(steered: Steered) -> None:
    assert "a.test and all below it is blocked" in steered.says("block", "A.test", "x.test")
    assert steered.says("block", "--list") == "a.test\nx.test\n"
    assert "x.test was blocked already" in steered.says("block", "x.test")
    assert "x.test is no longer blocked" in steered.says("block", "--remove", "x.test")
    assert steered.says("block", "--list") == "a.test\n"
    assert "a.test is blocked" in steered.says("why", "https://a.test/0")


def test_pause_resume_and_stop(steered: Steered) -> None:
    assert steered.says("pause").startswith(
        "paused: 0 workers hold 0 URLs and take no more; 2 queued, 0 delayed"
    )
    assert "paused" in steered.says("status")
    assert steered.says("resume").startswith("the crawl is open, and no worker is there")
    text = steered.says("stop", "--wait")
    assert text.startswith("stopped: 0 workers end what they hold (0 URLs); 2 queued")
    assert "No worker is left. 1 page in" in text
    assert "1 timeout" in text
    assert json.loads(steered.says("status", "--json"))["crawl"]["state"] == "stopped"
    assert "ended" in steered.says("why", "https://a.test/0", "--json")
    steered.says("resume")
    assert json.loads(steered.says("status", "--json"))["crawl"]["state"] == "running"


def test_retry(steered: Steered, tmp_path: Path) -> None:
    assert "holds no datasets" in steered.says("retry", "--outcome", "timeout", code=1)
    write_visits(tmp_path, [visited(1, Outcome.TIMEOUT)], steered.spec.crawl_id)
    assert "timeout" in steered.says("why", "https://blog.example/1")
    assert steered.says("retry", "--status", "503").startswith("nothing to retry")
    assert "1 URL queued again" in steered.says("retry", "--outcome", "timeout")
    text = steered.says("retry", "--outcome", "timeout", "--site", "blog.example", "--since", "2026-01-31")
    assert "0 URLs queued again" in text
    assert "1 refused: queued by an earlier retry already" in text
    assert json.loads(steered.says("why", "https://blog.example/1", "--json"))["place"] == "queued"
    assert "nothing to retry" in steered.says("retry", "--outcome", "timeout", "--since", "1s")


def test_delete_wants_a_yes(steered: Steered) -> None:
    assert "say --yes" in steered.says("delete", code=2)
    assert "running" in steered.says("status")
    with_terminal = [PROGRAM, "delete", *steered.at]
    assert "Nothing was deleted" in at_a_terminal(with_terminal, b"no\n")
    text = at_a_terminal(with_terminal, b"yes\n")
    assert "1 page settled, 2 URLs queued, 0 live workers" in text
    assert "is deleted from the frontier" in text
    assert "no crawl named" in steered.says("status", code=1)


def at_a_terminal(command: list[str], typed: bytes) -> str:
    """What a command shows on a terminal at which that is typed."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True, env=CLEAN)
    os.close(its)
    os.write(ours, typed)
    shown = read_all(ours)
    process.wait(timeout=30)
    os.close(ours)
    return shown


def read_all(terminal: int) -> str:
    """Until the other end is closed."""
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:
        pass  # Linux's way to say so
    return shown.decode()


def test_the_live_table_is_redrawn_until_ctrl_c(steered: Steered) -> None:
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "status", *steered.at],
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        env={**CLEAN, "TERM": "xterm", "COLUMNS": "80", "LINES": "40"},
    )
    os.close(its)
    shown = b""
    until = time.monotonic() + 60
    while shown.count(b"running") < 2:
        assert time.monotonic() < until
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    rest = read_all(ours)
    assert process.wait(timeout=30) == 0, "to leave it is no failure"
    assert "Traceback" not in rest
    os.close(ours)


def test_the_live_table_waits_for_a_server_that_went(tmp_path: Path) -> None:
    with RestartableServer() as server:
        steered = Steered(server, tmp_path)
        ours, its = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "status", *steered.at],
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            env={**CLEAN, "TERM": "xterm", "COLUMNS": "80", "LINES": "50"},
        )
        os.close(its)
        shown = b""
        while b"running" not in shown:
            shown += os.read(ours, 4096)
        server.kill()
        while b"does not answer now" not in shown:
            shown += os.read(ours, 4096)
        server.start()
        steered.says("stop")
        rest = read_all(ours)
        assert process.wait(timeout=30) == 0, (
            "a crawl that has ended, and has no workers, has nothing more to show"
        )
        assert "stopped" in rest
        assert "Traceback" not in shown.decode() + rest
        os.close(ours)
