"""The image: no docker here, so its file is linted and each of its steps is done outside."""

import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY
from tests.deploy.dockerfile import stages
from tests.deploy.programs import DEPLOY, output

DOCKERFILE = DEPLOY / "Dockerfile"
BASE, BUILD, FINAL = stages(DOCKERFILE)


def test_hadolint_has_nothing_to_say() -> None:
    output("hadolint", "--failure-threshold", "style", DOCKERFILE)


def test_the_scripts_are_sound() -> None:
    output("shellcheck", DEPLOY / "build-venv.sh", REPOSITORY / ".ci" / "run")


def test_the_base_is_pinned_to_the_byte_and_is_the_python_of_the_tests() -> None:
    assert re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-\w+@sha256:[0-9a-f]{64}", BASE.base)
    assert BUILD.base == FINAL.base == BASE.name
    lowest = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"]
    assert BASE.base.startswith(f"python:{lowest.removeprefix('>=')}.")


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert all(int(part) >= 10_000 for part in FINAL.only("USER").split(":"))


def test_it_installs_nothing_in_the_final_stage() -> None:
    assert not FINAL.all_of("RUN")
    assert FINAL.all_of("COPY") == ["--from=build /opt/linkcrawl /opt/linkcrawl"]


def context_of_the_build(folder: Path) -> None:
    """Copy what the build's COPY lines name, as far as .dockerignore lets it through, into the folder."""
    let_through = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    for rest in BUILD.all_of("COPY"):
        *sources, target = rest.split()
        for source in sources:
            assert source in let_through
            if (REPOSITORY / source).is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(REPOSITORY / source, folder / target, ignore=ignore)
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / source, folder / target)


@pytest.mark.long
def test_the_build_step_makes_an_environment_that_works(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "linkcrawl"
    context_of_the_build(source)
    step = BUILD.only("RUN").replace("/source", str(source)).replace("/opt/linkcrawl", str(target))
    (extras,) = (rest.partition("=")[2] for rest in BUILD.all_of("ARG"))
    environment = {
        **os.environ,
        "EXTRAS": extras,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    built = subprocess.run(
        ["sh", "-c", step],
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert built.stdout.startswith("linkcrawl ")
    # As in the container: what runs is the environment's, and only the folder for scratch can be written.
    command = [str(target / "bin" / Path(FINAL.only("ENTRYPOINT").strip('[]"'))), "demo"]
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    demo = subprocess.run(
        command,
        cwd=scratch,
        env={"PATH": f"{target}/bin:/usr/bin:/bin", "HOME": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    subprocess.run([target / "bin" / "python", "-c", "import s3fs"], check=True)
    assert not (target / "bin" / "pip").exists()


def test_every_requirement_has_one_version_that_fits_it() -> None:
    lines = (DEPLOY / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pairs}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *extras["s3"], *extras["gcs"]]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), text


@contextmanager
def health(status: int) -> Iterator[str]:
    """A worker's /healthz that answers so -> its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


def checked(port: str) -> int:
    """The exit code of the image's health check."""
    _, *arguments = FINAL.health_check()
    environment = {**os.environ, "LINKCRAWL_METRICS_PORT": port, "http_proxy": "http://127.0.0.1:1"}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, timeout=30)
    return done.returncode


def test_the_health_check_tells_a_worker_that_is_well_from_one_that_is_not() -> None:
    with health(200) as port:
        assert checked(port) == 0
    assert checked(port) != 0
    with health(503) as port:
        assert checked(port) != 0


def test_the_health_check_looks_where_a_worker_listens() -> None:
    assert FINAL.environment()["LINKCRAWL_METRICS_PORT"] == FINAL.only("EXPOSE")
