"""The marker in OUT: found where it was left, missing elsewhere, in nobody's way."""

import uuid
from pathlib import Path

import pytest

from linkcrawl.dataset.columns import DATASETS
from linkcrawl.dataset.location import Location
from linkcrawl.dataset.marker import check_marker, has_marker, leave_marker, marker_path
from linkcrawl.dataset.reader import committed_files
from linkcrawl.errors import DatasetError, UsageError

CRAWL_ID = "01J00000000000000000000000"


@pytest.fixture(params=["folder", "store"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """An OUT of each kind that does not exist yet."""
    if request.param == "folder":
        return Location.parse(str(tmp_path / "out"))
    return Location.parse(f"memory://{uuid.uuid4().hex}/out")


def test_it_is_found_where_it_was_left_and_only_for_its_crawl(out: Location) -> None:
    assert not has_marker(out, CRAWL_ID)
    for _ in range(2):
        leave_marker(out, CRAWL_ID, "spring")
    assert has_marker(out, CRAWL_ID)
    check_marker(out, CRAWL_ID, "spring")
    assert not has_marker(out, CRAWL_ID[:-1] + "1")
    assert marker_path(CRAWL_ID) == f".linkcrawl/crawl-{CRAWL_ID}"


def test_readers_do_not_see_it(out: Location) -> None:
    leave_marker(out, CRAWL_ID, "spring")
    assert committed_files(out) == {name: [] for name in DATASETS}


def test_another_place_is_refused_with_what_to_do(out: Location, tmp_path: Path) -> None:
    leave_marker(out, CRAWL_ID, "spring")
    elsewhere = Location.parse(str(tmp_path / "elsewhere"))
    with pytest.raises(UsageError) as caught:
        check_marker(elsewhere, CRAWL_ID, "spring")
    said = str(caught.value)
    for expected in (str(elsewhere), "'spring'", CRAWL_ID, "mount the folder", "-o", "s3://"):
        assert expected in said


def test_a_place_that_can_not_be_looked_at_is_no_other_place(tmp_path: Path) -> None:
    out = Location.parse(str(tmp_path))
    (tmp_path / ".linkcrawl").mkdir()
    (tmp_path / marker_path(CRAWL_ID)).symlink_to(f"crawl-{CRAWL_ID}")  # a loop
    with pytest.raises(DatasetError, match="can not be read"):
        has_marker(out, CRAWL_ID)
