"""What containers do to a worker, done to a real one: asked for its health, drained by the hook."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.dockerfile import stages
from tests.deploy.frontier_server import free_port
from tests.deploy.programs import DEPLOY

LONGEST_S = 60


@contextmanager
def waiting_worker(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The image's default command, with nobody at the frontier's address."""
    final = stages(DEPLOY / "Dockerfile")[-1]
    (program,), arguments = json.loads(final.only("ENTRYPOINT")), json.loads(final.only("CMD"))
    environment = {
        **os.environ,
        "LINKCRAWL_REDIS": f"redis://127.0.0.1:{free_port()}/0",
        "LINKCRAWL_NAME": "spring",
        "LINKCRAWL_METRICS_PORT": str(port),
        "LINKCRAWL_METRICS_HOST": "127.0.0.1",
    }
    process = subprocess.Popen(
        [Path(sys.executable).with_name(program), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def healthy(port: int) -> bool:
    """What the image's health check says."""
    _, *arguments = stages(DEPLOY / "Dockerfile")[-1].health_check()
    environment = {**os.environ, "LINKCRAWL_METRICS_PORT": str(port)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True).returncode == 0


def hook() -> list[str]:
    """The command of the worker's preStop hook."""
    worker: Any = yaml.safe_load((DEPLOY / "kubernetes" / "base" / "worker.yaml").read_text())
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    command: list[str] = container["lifecycle"]["preStop"]["exec"]["command"]
    return command


def test_a_worker_that_waits_is_well_and_the_hook_drains_it() -> None:
    port = free_port()
    with waiting_worker(port) as worker:
        until = time.monotonic() + LONGEST_S
        while not healthy(port):
            assert worker.poll() is None
            assert time.monotonic() < until, "it is not healthy"
        _, option, program = hook()
        assert "kill(1, " in program
        here = program.replace("kill(1, ", f"kill({worker.pid}, ")
        with subprocess.Popen([sys.executable, option, here]) as running:
            assert worker.wait(timeout=LONGEST_S) == 0
            # In a container it ends with process 1; until then it waits.
            assert running.poll() is None
            running.kill()
    assert not healthy(port)
