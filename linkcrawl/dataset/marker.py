"""The marker that making a crawl leaves in OUT, so that a worker knows that its OUT is the crawl's.

    OUT/.linkcrawl/crawl-<crawl_id>

Ten machines with ten folders of one name would each write a part of the datasets, and nobody would notice.
"""

import json
from typing import IO

from linkcrawl import __version__
from linkcrawl.dataset.location import Location
from linkcrawl.errors import DatasetError, UsageError

FOLDER = ".linkcrawl"


def marker_path(crawl_id: str) -> str:
    """Below OUT."""
    return f"{FOLDER}/crawl-{crawl_id}"


def leave_marker(location: Location, crawl_id: str, crawl_name: str) -> None:
    """Mark OUT as this crawl's. Raises DatasetError."""
    content = {"crawl_id": crawl_id, "crawl_name": crawl_name, "linkcrawl_version": __version__}

    def write(file: IO[bytes]) -> None:
        file.write(json.dumps(content).encode() + b"\n")

    location.publish(marker_path(crawl_id), write)


def has_marker(location: Location, crawl_id: str) -> bool:
    """Whether OUT is this crawl's. Raises DatasetError if it can not be looked at."""
    try:
        location.read(marker_path(crawl_id))
    except DatasetError as why:
        if isinstance(why.__cause__, FileNotFoundError | NotADirectoryError):
            return False
        raise
    return True


def check_marker(location: Location, crawl_id: str, crawl_name: str) -> None:
    """Raises UsageError, which says what to do, if OUT is not this crawl's; DatasetError."""
    if not has_marker(location, crawl_id):
        raise UsageError(
            f"{location.url_of(marker_path(crawl_id))} is missing: {location} is not the OUT of the crawl "
            f"{crawl_name!r} ({crawl_id}). Every machine has to write to one place: mount the folder that the "
            "crawl was made with, name it with -o where it is mounted here, or make the crawl with an OUT that "
            "all can reach, such as s3://bucket/path"
        )
