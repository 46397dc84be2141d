"""Seeds that are being submitted while the server dies: none is lost, and the command says what it waits for."""

import json
import subprocess
import time
from pathlib import Path

import pytest
import redis

from tests.crawl.process import PROGRAM, wait_until
from tests.crawl.server import RestartableServer
from tests.crawl.sharing import NAME, summary

pytestmark = pytest.mark.slow

SEEDS = 40_000
PARTITIONS = 4


def counted(server: RestartableServer, field: str) -> int:
    """A counter of the books, over all partitions."""
    with redis.Redis(unix_socket_path=str(server.folder / "s")) as client:
        values = [client.hget(f"{{{NAME}:{number}}}:c", field) for number in range(PARTITIONS)]
    return sum(int(value) for value in values if isinstance(value, bytes))


def test_a_server_that_dies_meanwhile_loses_no_seed(tmp_path: Path) -> None:
    seeds, out = tmp_path / "seeds.txt", tmp_path / "out"
    seeds.write_text("".join(f"site-{number}.example\n" for number in range(SEEDS)))
    options = ["--seeds", str(seeds), "--watch", "w.example", "-o", str(out), "--partitions", str(PARTITIONS)]
    options += ["--json"]
    with RestartableServer() as server, (tmp_path / "log").open("wb") as log:
        command = [PROGRAM, "submit", "--redis", server.url, "--name", NAME, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            wait_until(lambda: counted(server, "accepted") > SEEDS // 4)
            server.kill()
            time.sleep(0.5)
            server.start()
            said, _ = process.communicate(timeout=120)
        told = (tmp_path / "log").read_text()
        assert process.returncode == 0, told
        assert "waiting" in told
        assert "Traceback" not in told
        summed = json.loads(said)
        assert (summed["seeds"], summed["interrupted"], summed["refused"]) == (SEEDS, True, {})
        assert counted(server, "accepted") == counted(server, "queued") == SEEDS
        # What was said to be in is on the disk: it is there after another crash.
        server.kill()
        server.start()
        assert counted(server, "accepted") == SEEDS
        again = summary(server.url, "--seeds", str(seeds))
        assert (again["new"], again["known"]) == (0, SEEDS)


def test_a_server_that_stays_away_is_said(tmp_path: Path) -> None:
    with RestartableServer() as server:
        url = server.url
    command = [PROGRAM, "submit", "--redis", url, "--name", NAME, "a.example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "does not answer now" in done.stderr
    assert "Traceback" not in done.stderr
