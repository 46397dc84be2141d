"""docs/operate.md: its commands are run in order, as they stand, on a crawl of a web of our own."""

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from linkcrawl.cli.parser import build_parser
from tests.conftest import REPOSITORY
from tests.deploy.frontier_server import free_port, started
from tests.deploy.manual import Block, blocks
from tests.deploy.programs import DEPLOY, output, program
from tests.web import Answer, Html, LinkTag, LocalWeb, Page

PAGE = REPOSITORY / "docs" / "operate.md"
BLOCKS = blocks(PAGE)
SETTINGS, *COMMANDS = (block for block in BLOCKS if block.info == "sh")
ELSEWHERE = [block for block in BLOCKS if block.info in {"sh docker", "sh cluster"}]
WATCHED = "mysite.example"
PASSWORD = "s3cret"
LONGEST_S = 150

# What a block under a heading has to print, beside ending well.
SAYS = {
    "Start": [r"noeviction", r"appendonly\nyes", r"Made the crawl 'spring'", r"seeds +3"],
    "Watch": [r"'queued': \d+", r"\nok\n", r'linkcrawl_frontier_up\{crawl="spring"\} [01]'],
    "Steer": [rf"shop\.{WATCHED}", r"angry\.example", r"paused", r"Added to the crawl 'spring'"],
    "Upgrade": [r"The crawl goes on without this worker"],
    "Recover": [r"rdb_last_bgsave_status:ok"],
    "Frontier unreachable": [r"PONG"],
    "Books unbalanced": [r"'balanced': True"],
    "Nothing settled": [r"^running "],
    "Redis memory": [r"OK"],
    "Tear down": [r"No worker is left", r"is deleted from the frontier", r"^5 links"],
}


def long_web() -> dict[str, dict[str, Page]]:
    """Three sites that take minutes at the pace of the test, one page of which always fails."""
    links = tuple(LinkTag(f"/p{number}") for number in range(400))
    pages: dict[str, Page] = {"/": Html((LinkTag("/busy"), LinkTag(f"https://{WATCHED}/", "Mine"), *links))}
    pages |= {f"/p{number}": Html((LinkTag(f"https://{WATCHED}/{number}", "Mine"),)) for number in range(400)}
    pages["/busy"] = Answer(503, b"")
    return {f"h{number}.example": pages for number in range(3)}


def settings(port: int, folder: Path) -> dict[str, str]:
    """The values of this place for the page's first block."""
    return {
        "LINKCRAWL_REDIS": f"redis://default:{PASSWORD}@127.0.0.1:{port}/0",
        "LINKCRAWL_NAME": "spring",
        "OUT": str(folder / "out"),
        "SEEDS": "seeds.txt",
        "WATCHED": WATCHED,
        "CONTACT": "crawler@mysite.example",
        "METRICS_PORT": str(free_port()),
    }


def script(values: dict[str, str]) -> str:
    """All blocks as one, each with its line on the page before what it prints."""
    exported = {name for name in values if f"export {name}=" in SETTINGS.text}
    lines = ["set -euo pipefail", "trap 'echo \"FAILED: $BASH_COMMAND\"' ERR"]
    lines += [f"{'export ' * (n in exported)}{n}={shlex.quote(value)}" for n, value in values.items()]
    for block in COMMANDS:
        lines += [f"echo '@@ {block.line}'", block.text]
    return "\n".join(lines)


def run_page(folder: Path, values: dict[str, str], web: LocalWeb) -> str:
    """What the page's commands print. Fails at the first that does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINKCRAWL_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LINKCRAWL_CONNECT_TO": web.connect_to,
        "LINKCRAWL_DELAY": "200ms",
        "LINKCRAWL_COMMIT_AGE": "500ms",
    }
    told = folder / "told"
    with told.open("w") as file:
        process = subprocess.Popen(
            ["bash", "-c", script(values)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.wait(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        pass  # it has no exit code then
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    logs = "".join(f"\n{log.name}:\n{log.read_text()}" for log in sorted(folder.glob("*.log")))
    assert process.returncode == 0, told.read_text() + logs
    process.wait()
    return told.read_text()


@pytest.mark.slow
def test_every_command_runs_as_it_stands(tmp_path: Path) -> None:
    for needed in ("redis-cli", "curl"):
        program(needed)
    (tmp_path / "seeds.txt").write_text("".join(f"http://{host}/\n" for host in long_web()))
    port = free_port()
    valkey = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["valkey"]
    command = [word.replace("$$", "$") for word in valkey["entrypoint"] + valkey["command"]]
    with (
        LocalWeb(long_web()) as web,
        started(command, {"VALKEY_PASSWORD": PASSWORD, "MAXMEMORY": "1gb"}, port) as server,
    ):
        said = run_page(tmp_path, settings(port, tmp_path), web)
        # Everything is torn down but the datasets.
        assert server.keys("*spring*") == []
        assert list((tmp_path / "out" / "visits").rglob("*.parquet"))
    printed = dict(part.split("\n", 1) for part in said.split("@@ ")[1:])
    for heading, patterns in SAYS.items():
        under = "".join(printed[str(block.line)] for block in COMMANDS if block.heading == heading)
        for pattern in patterns:
            assert re.search(pattern, under, re.MULTILINE), f"{pattern!r} is not in:\n{under}"


def test_the_settings_are_all_that_differs() -> None:
    names = re.findall(r"^(?:export )?(\w+)=", SETTINGS.text, re.MULTILINE)
    assert names == list(settings(1, Path()))
    assert len(names) == len(SETTINGS.text.splitlines())


def test_no_block_is_neither_run_nor_looked_at() -> None:
    assert {block.info for block in BLOCKS} == {"sh", "sh docker", "sh cluster"}


def test_every_block_is_sound_shell(tmp_path: Path) -> None:
    assigned = "".join(f"{name}=x\nexport {name}\n" for name in (*settings(1, Path()), "first", "second"))
    for block in [*COMMANDS, *ELSEWHERE]:
        file = tmp_path / f"line-{block.line}.sh"
        file.write_text(f"#!/bin/bash\n{assigned}{block.text}")
        output("shellcheck", "--exclude=SC2034", file)


def words(block: Block) -> list[list[str]]:
    """The commands of a block that stand on one line, as words."""
    return [shlex.split(line) for line in block.text.splitlines() if line.strip()]


@pytest.mark.parametrize("block", ELSEWHERE, ids=lambda block: f"line-{block.line}")
def test_what_is_not_run_names_what_is_there(block: Block) -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for command in words(block):
        assert command[0] in {"docker", "kubectl", "cp"} or command[0].startswith("password=")
        for word in command:
            if word.startswith("deploy/") and not word.endswith("/.env"):
                assert (REPOSITORY / word).exists() or word == "deploy/linkcrawl-worker", word
            if word.startswith("worker="):
                assert "worker" in services
        if "--" in command:
            linkcrawl, *arguments = command[command.index("--") + 1 :]
            assert linkcrawl == "linkcrawl"
            build_parser().parse_args(arguments)


def test_the_secrets_that_are_made_are_those_that_are_used() -> None:
    (made,) = (block.text for block in ELSEWHERE if "create secret" in block.text)
    base = output("kubectl", "kustomize", DEPLOY / "kubernetes" / "base")
    keys = re.findall(r"secretKeyRef:\s+key: (\w+)\s+name: (\w+)", base)
    assert {name for _, name in keys} == {"frontier"}
    for key, name in keys:
        assert re.search(rf"generic {name} .*--from-literal={key}=", made)
    assert "secretRef:\n            name: store" in base
    assert re.search(r"generic store .*AWS_ACCESS_KEY_ID=.*AWS_SECRET_ACCESS_KEY=", made)
