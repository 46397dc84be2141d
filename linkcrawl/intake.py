"""Seeds on their way in: arguments, files, standard input -> checked, in a temporary file -> batches.

Always true: nothing is handed on before every line was read and found right; and however many seeds there are,
no more than a batch of them is in memory.
"""

import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, TypeAlias, cast

import msgspec

from linkcrawl.dataset.seed_table import Cell, csv_seeds, is_parquet, parquet_seeds
from linkcrawl.errors import UsageError
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl
from linkcrawl.urls.seeds import SeedUrl, add_seed, parse_seed, seed_of_line

BATCH = 5_000
"""Seeds handed on together; one that stands twice in them is handed on once."""
IN_MEMORY = 1024 * 1024
"""Bytes of checked seeds up to which no file is made."""
SHOWN_AT_MOST = 20
"""Bad lines that are shown; the rest is counted."""
STANDARD_INPUT = "-"

_GZIP_MAGIC = b"\x1f\x8b"
_PREFIX_BYTES = 4

Reader: TypeAlias = "io.BufferedReader[Any]"

Seen = Callable[[int], None]
"""Told now and then how many seeds were read."""


def unseen(number: int) -> None:
    """Nobody looks on."""


class Seeds:
    """Checked seeds. They are read as often as is asked for, until `close`."""

    def __init__(self) -> None:
        self.count = 0
        """Seeds as given; some may be the same."""
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed by close)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[SeedUrl]).decode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(self, batch: Iterable[SeedUrl]) -> None:
        """Add seeds at the end."""
        raw = self._encode(list(batch))
        self._file.seek(0, io.SEEK_END)
        self._file.write(len(raw).to_bytes(_PREFIX_BYTES, "big") + raw)

    def batches(self) -> Iterator[list[SeedUrl]]:
        """All of them, in the order given, a few thousand at a time."""
        self._file.seek(0)
        while prefix := self._file.read(_PREFIX_BYTES):
            yield self._decode(self._file.read(int.from_bytes(prefix, "big")))

    def close(self) -> None:
        """Forget them."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class SeedSource:
    """Where seeds are to be read from."""

    given: Sequence[str]
    """As arguments."""
    path: str | None
    """A file; '-' is standard input."""
    column: str | None
    """Of a table."""


def take_in(source: SeedSource, rules: IdentityRules, seen: Seen = unseen) -> tuple[Seeds, list[str]]:
    """Read all seeds -> those that are right (the caller closes them), and what is wrong, in sentences."""
    check = _Check(rules, seen)
    check.read("SEED", ((0, text) for text in source.given))
    if source.path is not None:
        check.read_file(source.path, source.column)
    elif not source.given:
        check.wrong.append("no seed: name a URL or domain to start from, or --seeds FILE")
    check.flush()
    return check.seeds, check.wrong


class _Check:
    """One pass over everything that was given."""

    def __init__(self, rules: IdentityRules, seen: Seen) -> None:
        self.seeds = Seeds()
        self.wrong: list[str] = []
        self._rules = rules
        self._seen = seen
        self._batch: dict[str, SeedUrl] = {}

    def read_file(self, path: str, column: str | None) -> None:
        where = "--seeds" if path == STANDARD_INPUT else f"--seeds {path}"
        before = self.seeds.count
        try:
            with ExitStack() as stack:
                bad = self.read(where, _cells(path, column, self._is_seed, stack))
            if self.seeds.count == before and not bad:
                self.wrong.append(f"{where}: holds no seed")
        except UsageError as why:
            self.wrong += [f"{where}: {problem}" for problem in why.problems]
        except UnicodeDecodeError:
            self.wrong.append(f"{where}: is not UTF-8 text")
        except (EOFError, zlib.error, gzip.BadGzipFile) as why:
            self.wrong.append(f"{where}: is a damaged .gz file: {why}")
        except OSError as why:
            self.wrong.append(f"{where}: can not be read: {why.strerror or why}")

    def read(self, where: str, cells: Iterable[Cell]) -> int:
        """Take the seeds of numbered texts; how many were none."""
        bad = 0
        for number, text in cells:
            try:
                seed = seed_of_line(text, self._rules)
            except BadUrl as why:
                bad += 1
                if bad <= SHOWN_AT_MOST:
                    self.wrong.append(f"{where}: line {number}: {why}" if number else f"{where}: {why}")
                continue
            if seed is not None:
                self.seeds.count += 1
                add_seed(self._batch, seed)
                if len(self._batch) >= BATCH:
                    self.flush()
        if bad > SHOWN_AT_MOST:
            self.wrong.append(f"{where}: and {bad - SHOWN_AT_MOST:,} more lines are wrong")
        return bad

    def flush(self) -> None:
        if self._batch and not self.wrong:
            self.seeds.put(self._batch.values())
        self._batch.clear()
        self._seen(self.seeds.count)

    def _is_seed(self, text: str) -> bool:
        try:
            return bool(parse_seed(text, self._rules))
        except BadUrl:
            return False


def _cells(path: str, column: str | None, is_seed: Callable[[str], bool], stack: ExitStack) -> Iterator[Cell]:
    """The numbered texts of a file, whatever kind it is."""
    file, name = _opened(path, stack)
    if is_parquet(file.peek(4)):
        return parquet_seeds(_seekable(file, stack), column)
    if name.endswith(".parquet"):
        raise UsageError("is not a Parquet file")
    is_table = column is not None or name.endswith(".csv")
    # Rows of CSV may hold line breaks; of plain text only a line feed ends a line.
    text = stack.enter_context(io.TextIOWrapper(file, "utf-8-sig", newline="" if is_table else "\n"))
    return csv_seeds(text, column, is_seed) if is_table else enumerate(text, 1)


def _opened(path: str, stack: ExitStack) -> tuple[Reader, str]:
    """The file, unpacked if it begins as gzip does; and its name without `.gz`."""
    name = path.lower()
    if path == STANDARD_INPUT:
        # Another file object on it: it is closed, standard input is not.
        file = stack.enter_context(open(sys.stdin.fileno(), "rb", closefd=False))  # noqa: SIM115
    else:
        file = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115
    if not file.peek(2).startswith(_GZIP_MAGIC):
        return file, name
    unpacked = stack.enter_context(gzip.GzipFile(fileobj=file))
    reader = stack.enter_context(io.BufferedReader(cast("io.RawIOBase", unpacked)))
    return reader, name.removesuffix(".gz")


def _seekable(file: Reader, stack: ExitStack) -> IO[bytes]:
    if file.seekable() and isinstance(file.raw, io.FileIO):
        return file
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy
