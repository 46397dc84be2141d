"""Every question of the board, the alerts and the adapter, asked of a real Prometheus that reads a real worker."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.crawl.process import wait_until
from tests.deploy.exported import families
from tests.deploy.frontier_server import free_port, started
from tests.deploy.programs import DEPLOY, program
from tests.deploy.promql import RULES, expressions
from tests.deploy.test_operate import PASSWORD, WATCHED, long_web
from tests.web import LocalWeb

LONGEST_S = 90
LINKCRAWL = str(Path(sys.executable).with_name("linkcrawl"))


class Prometheus:
    """One that reads the metrics of a port each second."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}"

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer. Fails with what it said."""
        try:
            with urllib.request.urlopen(
                f"{self._at}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
            ) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as why:
            with why:
                pytest.fail(f"{parameters}: {why.read().decode()}")

    def ask(self, expression: str) -> list[float]:
        """The values that the expression has now."""
        return [float(found["value"][1]) for found in self.get("query", query=expression)["result"]]

    def wait_for(self, expression: str) -> None:
        """Until the expression has a value."""
        wait_until(lambda: self.ask(expression), LONGEST_S)

    def ready(self) -> bool:
        """Whether it answers questions."""
        try:
            with urllib.request.urlopen(f"{self._at}/-/ready"):
                return True
        except urllib.error.URLError:
            return False


@contextmanager
def prometheus(metrics_port: int, folder: Path) -> Iterator[Prometheus]:
    """With our rules, while the block lasts."""
    port = free_port()
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": "linkcrawl", "static_configs": [{"targets": [f"127.0.0.1:{metrics_port}"]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    process = subprocess.Popen(
        [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'metrics'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        asked = Prometheus(port)
        wait_until(asked.ready)
        yield asked
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker_of_a_crawl(folder: Path) -> Iterator[int]:
    """A worker on the long web -> the port of its metrics."""
    valkey = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["valkey"]
    command = [word.replace("$$", "$") for word in valkey["entrypoint"] + valkey["command"]]
    port, metrics_port = free_port(), free_port()
    environment = {
        **os.environ,
        "LINKCRAWL_REDIS": f"redis://default:{PASSWORD}@127.0.0.1:{port}/0",
        "LINKCRAWL_NAME": "spring",
        "LINKCRAWL_DELAY": "200ms",
        "LINKCRAWL_COMMIT_AGE": "500ms",
        # The frontier is read twice in this time, for the metrics.
        "LINKCRAWL_RECLAIM_AFTER": "4s",
    }
    seeds = [f"http://{host}/" for host in long_web()]
    with (
        LocalWeb(long_web()) as web,
        started(command, {"VALKEY_PASSWORD": PASSWORD, "MAXMEMORY": "1gb"}, port),
    ):
        environment["LINKCRAWL_CONNECT_TO"] = web.connect_to
        submit = [LINKCRAWL, "submit", *seeds, "--watch", WATCHED, "--out", str(folder / "out"), "--quiet"]
        subprocess.run(submit, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        worker = subprocess.Popen(
            [LINKCRAWL, "worker", "--metrics-host", "127.0.0.1", "--metrics-port", str(metrics_port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield metrics_port
            worker.terminate()
            assert worker.wait(timeout=LONGEST_S) == 0
        finally:
            worker.kill()
            worker.wait()


@pytest.mark.slow
def test_a_crawl_that_is_well_answers_every_question_and_raises_no_alert(tmp_path: Path) -> None:
    program("prometheus")
    with worker_of_a_crawl(tmp_path) as port, prometheus(port, tmp_path) as asked:
        asked.wait_for("increase(linkcrawl_settled_total[15m]) > 0")
        for where, expression in expressions().items():
            if where.startswith("alert "):
                assert asked.ask(expression) == [], where
            else:
                # Rates have none before the second reading.
                asked.wait_for(expression)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            given = re.findall(r"^# HELP (\w+)", answer.read().decode(), re.MULTILINE)
        assert sorted(given) == sorted(families()), "docs/metrics.md"
        rules = [rule for group in asked.get("rules")["groups"] for rule in group["rules"]]
        assert {rule["health"] for rule in rules} == {"ok"}
        assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []
