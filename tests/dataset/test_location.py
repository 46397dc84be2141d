"""OUT on this machine and in a store: whole files only, and clear words for what can not be."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from uuid import uuid4

import fsspec
import pytest

from linkcrawl.dataset.location import Location, Write
from linkcrawl.errors import DatasetError, UsageError


@pytest.fixture(params=["path", "file", "memory", "moved"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Location]:
    """Every kind of place: "moved" is a store whose puts are not atomic."""
    if request.param == "memory":
        place = Location.parse(f"memory://{uuid4().hex}")
        yield place
        if place.exists():
            place.store.rm(place.root, recursive=True)
    elif request.param == "moved":
        yield Location("moved", str(tmp_path / "out"), fsspec.filesystem("file"))
    else:
        yield Location.parse(f"{'file://' if request.param == 'file' else ''}{tmp_path}/out")


def of(content: bytes) -> Write:
    def write(file: IO[bytes]) -> None:
        file.write(content)

    return write


def test_what_is_published_is_there_under_its_name_only(location: Location) -> None:
    assert not location.exists()
    assert location.files("links") == []
    assert location.publish("links/day/b.parquet", of(b"bb")) == 2
    assert location.publish("links/day/a.parquet", of(b"a")) == 1
    assert location.exists()
    assert location.files("links") == ["links/day/a.parquet", "links/day/b.parquet"]
    assert location.read("links/day/b.parquet") == b"bb"
    location.publish("links/day/a.parquet", of(b"new"))
    assert location.read("links/day/a.parquet") == b"new"


def test_a_write_that_fails_leaves_what_was_there(location: Location) -> None:
    location.publish("links/a.parquet", of(b"old"))

    def half(file: IO[bytes]) -> None:
        file.write(b"ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(DatasetError, match=r"a\.parquet can not be written: No space left on device"):
        location.publish("links/a.parquet", half)
    assert location.read("links/a.parquet") == b"old"
    assert location.files("links") == ["links/a.parquet"]


def test_files_that_are_not_finished_are_not_listed(tmp_path: Path) -> None:
    for name in (".a.parquet.inprogress", ".b.parquet", "c.parquet.inprogress", "d.txt", "e.parquet"):
        (tmp_path / name).touch()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "f.parquet").touch()
    assert Location.parse(str(tmp_path)).files("links") == ["links/f.parquet"]
    assert Location.parse(str(tmp_path.parent)).files(tmp_path.name) == [
        f"{tmp_path.name}/e.parquet",
        f"{tmp_path.name}/links/f.parquet",
    ]


def test_a_missing_file_is_an_error_that_names_it(location: Location) -> None:
    with pytest.raises(DatasetError, match=r"links/none\.parquet can not be read"):
        location.read("links/none.parquet")


def test_check_writable_leaves_nothing_behind(location: Location, tmp_path: Path) -> None:
    location.check_writable()
    assert not location.exists()
    assert list(tmp_path.iterdir()) == []


def test_check_writable_says_why_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/linkcrawl/out")):
        with pytest.raises(UsageError, match=f"OUT can not be written: {out}: .+ Name another place"):
            Location.parse(str(out)).check_writable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_check_writable_in_a_folder_without_the_right_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UsageError, match="Permission denied"):
            Location.parse(str(tmp_path / "out")).check_writable()
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("out", ["", "  ", "a\0b", "nope://x", "http://h.example/x", "https://h.example/x"])
def test_what_can_not_be_an_out(out: str) -> None:
    with pytest.raises(UsageError, match=r"^OUT "):
        Location.parse(out)


@pytest.mark.parametrize(
    "out", ["nope://user:secret@host/x", "https://user:secret@host/x", "sftp://user:secret@h/"]
)
def test_a_password_is_never_shown(out: str) -> None:
    with socket.socket() as refused:
        refused.bind(("127.0.0.1", 0))  # never listened on: a client that is installed connects to nothing
        out = out.replace("@h/", f"@127.0.0.1:{refused.getsockname()[1]}/")
        with pytest.raises(UsageError) as caught:
            Location.parse(out)
    assert "secret" not in str(caught.value)


def test_paths_are_taken_as_the_shell_gives_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Location.parse("out").root == str(tmp_path / "out")
    assert Location.parse("~/out").root == "/home/somebody/out"
    assert Location.parse("file:///srv/out").root == "/srv/out"
    assert Location.parse("/srv/out/").is_local
    store = Location.parse("memory://bucket/out/")
    assert (str(store), store.is_local, store.url_of("links")) == (
        "memory://bucket/out", False, "memory://bucket/out/links",
    )  # fmt: skip
