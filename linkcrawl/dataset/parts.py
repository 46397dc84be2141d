"""Names of part files: where a row's file lies below OUT.

    OUT/{visits,links,edges}/crawl_date=YYYY-MM-DD/<crawl_id>-<worker>-<serial>.parquet

The three files of a commit share date and name, so that the links of a visit are found by the name of its
file. A worker's id is new at each start and its serials only grow: no two commits choose the same name.
"""

import re
from dataclasses import dataclass
from datetime import date

SUFFIX = ".parquet"
PARTITION = "crawl_date"

_CRAWL_ID = re.compile(r"[0-9A-Za-z]+")
_WORKER_ID = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*")
_PATH = re.compile(
    r"(?P<dataset>[a-z]+)/crawl_date=(?P<date>\d{4}-\d\d-\d\d)/"
    r"(?P<crawl_id>[0-9A-Za-z]+)-(?P<worker_id>[0-9A-Za-z_][0-9A-Za-z_.-]*)-(?P<serial>\d+)\.parquet"
)


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A commit's place in time and its name. Raises ValueError for ids that can not stand in a file name."""

    crawl_date: date
    crawl_id: str
    worker_id: str
    serial: int

    def __post_init__(self) -> None:
        if not _CRAWL_ID.fullmatch(self.crawl_id):
            raise ValueError(f"a crawl id is made of letters and digits, not {self.crawl_id!r}")
        if not _WORKER_ID.fullmatch(self.worker_id):
            raise ValueError(f"a worker id is made of letters, digits, _ . and -, not {self.worker_id!r}")
        if self.serial < 0:
            raise ValueError(f"a serial is not negative: {self.serial}")

    @property
    def file_name(self) -> str:
        """The name that the files of the commit share."""
        return f"{self.crawl_id}-{self.worker_id}-{self.serial:06d}{SUFFIX}"

    def path(self, dataset: str) -> str:
        """The path below OUT of the commit's file in a dataset."""
        return f"{dataset}/{PARTITION}={self.crawl_date.isoformat()}/{self.file_name}"


def parse_part(path: str) -> tuple[str, Part] | None:
    """The dataset and part of a path below OUT; None if it is not the path of a part file."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["date"])
    except ValueError:
        return None
    return found["dataset"], Part(day, found["crawl_id"], found["worker_id"], int(found["serial"]))
