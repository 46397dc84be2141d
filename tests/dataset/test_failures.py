"""A disk that is full and a process that is killed: nothing half is ever seen, and nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkcrawl.dataset.location import Location
from linkcrawl.dataset.reader import committed_files, open_datasets
from linkcrawl.dataset.writer import Commit, DatasetWriter
from linkcrawl.errors import DatasetError
from linkcrawl.records import Edge, Page
from tests.dataset.pages import a_link, a_page
from tests.dataset.test_writer import FACTS, NEVER


def some_pages(count: int) -> list[Page]:
    """Pages whose texts do not compress to nothing."""
    return [
        a_page(
            number,
            links=[a_link(f"https://t.example/{number}", "t.example", anchor=os.urandom(1000).hex())],
            edges=[Edge("t.example", 1, 1)],
        )
        for number in range(count)
    ]


def a_commit(out: Path, pages: list[Page]) -> Commit:
    writer = DatasetWriter(Location.parse(str(out)), FACTS, NEVER)
    for page in pages:
        writer.add(page)
    (commit,) = writer.take()
    return commit


def names(out: Path) -> list[str]:
    """Everything below OUT that is not a folder, hidden files too."""
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def counts(out: Path) -> tuple[object, ...]:
    with open_datasets(Location.parse(str(out))) as connection:
        sql = (
            "SELECT (SELECT count(*) FROM visits), (SELECT count(*) FROM links), (SELECT count(*) FROM edges)"
        )
        (row,) = connection.execute(sql).fetchall()
        return tuple(row)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_is_an_error_and_the_commit_succeeds_when_there_is_space(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 200 * 1024)
    commit = a_commit(small_disk / "out", some_pages(100))
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"links/.*can not be written: No space left on device"):
            commit.write()
    # Edges are written already, and count for nothing; the half of links is gone.
    assert [name.split("/")[1] for name in names(small_disk) if name != "ballast"] == ["edges"]
    assert not any(committed_files(commit.location).values())
    ballast.unlink()
    written = commit.write()
    assert commit.write() == written
    assert [file.path for file in written] == [
        commit.part.path(name) for name in ("edges", "links", "visits")
    ]
    assert [file.size_bytes for file in written] == [
        (small_disk / "out" / file.path).stat().st_size for file in written
    ]
    assert counts(small_disk / "out") == (100, 100, 100)


_LIMITED = """
import resource, sys
from pathlib import Path
from linkcrawl.errors import DatasetError
from tests.dataset.test_failures import a_commit, some_pages

out = Path(sys.argv[1])
commit = a_commit(out, some_pages(100))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
try:
    commit.write()
except DatasetError as problem:
    print(problem)
print([path.name for path in out.rglob("*") if path.is_file() and "edges" not in path.parts])
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
commit.write()
"""


def test_a_file_that_may_not_grow_is_an_error_too(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _LIMITED, tmp_path], capture_output=True, text=True, check=True
    )
    problem, left = said.stdout.splitlines()
    assert "links/" in problem
    assert "can not be written: File too large" in problem
    assert left == "[]"
    assert counts(tmp_path) == (100, 100, 100)


def test_a_folder_that_goes_missing_is_made_again(tmp_path: Path) -> None:
    commit = a_commit(tmp_path / "out", some_pages(1))
    (tmp_path / "out").write_bytes(b"in the way")
    with pytest.raises(DatasetError, match=r"out/edges/.* can not be written: File exists"):
        commit.write()
    (tmp_path / "out").unlink()
    commit.write()
    assert counts(tmp_path / "out") == (1, 1, 1)


# The audit hook sees every file that is made, opened or renamed: a process dies at each of these.
_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.dataset.test_failures import a_commit, some_pages

SEEN = ("os.mkdir", "open", "os.rename")

def killed_at(step, out):
    commit = a_commit(out, some_pages(20))
    left = step

    def hook(event, arguments):
        nonlocal left
        if event in SEEN and str(out) in str(arguments[0]):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    commit.write()

step = 0
while True:
    step += 1
    out = Path(sys.argv[1]) / str(step)
    out.mkdir()
    child = os.fork()
    if not child:
        killed_at(step, out)
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        break
print(step)
"""


def test_killed_at_any_step_no_reader_sees_half_of_anything(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _KILLED, tmp_path], capture_output=True, text=True, check=True
    )
    steps = int(ran.stdout)
    assert steps > 12, "six folders are made, three files written and renamed"
    seen = set()
    for out in (tmp_path / str(step) for step in range(1, steps + 1)):
        for file in out.glob("*/*/*.parquet"):
            assert pq.ParquetFile(file).read().num_rows == 20
        committed = committed_files(Location.parse(str(out)))
        rows = {name: len(files) for name, files in committed.items() if files}
        assert rows in ({}, {"visits": 1, "links": 1, "edges": 1})
        seen.add((len(rows), len(names(out))))
    # There were steps with one and two files done, with scratch files, and the last was not killed.
    assert {(0, 0), (0, 1), (0, 2), (0, 3), (3, 3)} <= seen
    assert counts(tmp_path / str(steps)) == (20, 20, 20)


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    commit = a_commit(tmp_path, some_pages(3))
    for dataset in ("edges", "links", "visits"):
        path = tmp_path / commit.part.path(dataset)
        path.parent.mkdir(parents=True)
        path.with_name(f".{path.name}.inprogress").write_bytes(b"PAR1 and no more")
    commit.write()
    assert counts(tmp_path) == (3, 3, 3)
