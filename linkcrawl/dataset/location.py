"""OUT: the folder or object store that holds the datasets.

Always true: a file that a reader can glob (`*.parquet`, no leading dot) is whole, and durable before
`publish` returns. On a file system it is written under a scratch name, fsynced and renamed; on an object
store it is one put. So a process may be killed anywhere.
"""

import io
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import fsspec
import pyarrow as pa
import pyarrow.fs
from fsspec.implementations.arrow import ArrowFSWrapper

from linkcrawl.errors import DatasetError, UsageError

_SCRATCH = ".inprogress"
# Stores where a put shows all of an object or nothing; elsewhere a put gets a scratch name and is moved.
_ATOMIC_PUT = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "memory"})
_READ_ONLY = frozenset({"http", "https", "data", "git", "github", "zip", "tar"})
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}

Write = Callable[[IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class Location:
    """A place for datasets. Paths given to its methods are relative to it, with `/` between their parts.

    url: as it may be shown: without a password.
    root: an absolute path on this machine, or the path within `store`.
    store: an fsspec file system; None on this machine.
    """

    url: str
    root: str
    store: Any = field(default=None, repr=False)

    @classmethod
    def parse(cls, out: str) -> "Location":
        """From what the operator gave: a path, or a URL that fsspec or pyarrow.fs takes.

        Raises UsageError for what can not be an OUT. Nothing is written.
        """
        if not out.strip() or "\0" in out:
            raise UsageError("OUT is empty: name a folder or a URL such as s3://bucket/path.")
        scheme = urlsplit(out).scheme if "://" in out else "file" if out.startswith("file:") else ""
        if scheme in ("", "file", "local"):
            path = Path(out.partition(":")[2].removeprefix("//") if scheme else out)
            root = str(path.expanduser().absolute())
            return cls(root, root)
        return _remote(out, scheme.lower())

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine (or one mounted on it)."""
        return self.store is None

    def __str__(self) -> str:
        return self.url

    def url_of(self, path: str) -> str:
        """A path below OUT in full, as it may be shown."""
        return f"{self.url.rstrip('/')}/{path}"

    def full_path(self, path: str) -> str:
        """A path below OUT as its file system takes it."""
        return f"{self.root.rstrip('/')}/{path}" if self.root else path

    def check_writable(self) -> None:
        """Raises UsageError if OUT can not be written, with the reason. Leaves nothing behind."""
        try:
            if self.store is None:
                _check_folder(Path(self.root))
            else:
                folder = self._nearest_folder()
                probe = f"{folder}/.linkcrawl-probe-{uuid.uuid4().hex}"
                self.store.pipe_file(probe, b"linkcrawl")
                self.store.rm_file(probe)
        except Exception as problem:
            if self.store is None and not isinstance(problem, OSError):
                raise
            raise UsageError(
                f"OUT can not be written: {self}: {reason(problem)}. "
                "Name another place with -o, or make this one writable."
            ) from problem

    def _nearest_folder(self) -> str:
        """Where a probe can be put: stores of objects have no folders, the others have to have it."""
        folder = self.root
        while (
            _protocol(self.store) not in _ATOMIC_PUT and folder.strip("/") and not self.store.exists(folder)
        ):
            folder = folder.rpartition("/")[0]
        return folder

    def publish(self, path: str, write: Write) -> int:
        """Give `path` the bytes that `write` puts into the binary file handed to it; returns how many.

        A file of that name is replaced. Raises DatasetError if they can not be made durable: then the name
        does not exist, or still holds what it held, and the call can be repeated.
        """
        remedy = (
            "Free some space or mend the access" if self.store is None else "Check the store and the access"
        )
        with self._explained(path, "written", remedy):
            return self._publish_file(path, write) if self.store is None else self._put(path, write)

    def _publish_file(self, path: str, write: Write) -> int:
        final = Path(self.root, path)
        _make_folders(final.parent)
        scratch = final.with_name(f".{final.name}{_SCRATCH}")
        try:
            with scratch.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            scratch.rename(final)
        except BaseException:
            # On a full disk the scratch file is what keeps it full.
            with suppress(OSError):
                scratch.unlink(missing_ok=True)
            raise
        _sync_folder(final.parent)
        return size

    def _put(self, path: str, write: Write) -> int:
        buffer = io.BytesIO()
        write(buffer)
        final = self.full_path(path)
        if _protocol(self.store) in _ATOMIC_PUT:
            self.store.pipe_file(final, buffer.getvalue())
        else:
            folder, _, name = final.rpartition("/")
            scratch = f"{folder}/.{name}{_SCRATCH}"
            self.store.makedirs(folder, exist_ok=True)
            self.store.pipe_file(scratch, buffer.getvalue())
            self.store.mv(scratch, final)
        return buffer.tell()

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises DatasetError if there is none or it can not be read."""
        with self._explained(path, "read", "Check the path and the access"):
            if self.store is None:
                return Path(self.root, path).read_bytes()
            content: bytes = self.store.cat_file(self.full_path(path))
            return content

    def exists(self) -> bool:
        """Whether there is anything at OUT. Raises DatasetError if it can not be looked at."""
        with self._explained("", "read", "Check the path and the access"):
            return bool(Path(self.root).exists() if self.store is None else self.store.exists(self.root))

    def files(self, folder: str) -> list[str]:
        """Paths below OUT of all `*.parquet` files below a folder of it, sorted; [] if there is no folder.

        Names with a leading dot are files that a writer has not finished.
        """
        with self._explained(folder, "listed", "Check the path and the access"):
            found = self._local_files(folder) if self.store is None else self._stored_files(folder)
            return sorted(path for path in found if _is_part(path))

    def _local_files(self, folder: str) -> Iterator[str]:
        for at, _, names in os.walk(Path(self.root, folder), onerror=_raise_unless_missing):
            below = Path(at).relative_to(self.root).as_posix()
            yield from (f"{below}/{name}" for name in names)

    def _stored_files(self, folder: str) -> list[str]:
        top = self.store._strip_protocol(self.full_path(folder))
        with suppress(FileNotFoundError):
            self.store.invalidate_cache(top)
            return [folder + path[len(top) :] for path in self.store.find(top)]
        return []

    @contextmanager
    def _explained(self, path: str, verb: str, remedy: str) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as problem:
            raise self._failure(path, verb, remedy, problem) from problem
        except Exception as problem:
            # A store's client raises classes of its own (botocore's, google's): any is the store's word.
            if self.store is None:
                raise
            raise self._failure(path, verb, remedy, problem) from problem

    def _failure(self, path: str, verb: str, remedy: str, problem: Exception) -> DatasetError:
        where = self.url_of(path) if path else self.url
        return DatasetError(f"{where} can not be {verb}: {reason(problem)}. {remedy}, then try again.")


def reason(problem: BaseException) -> str:
    """What went wrong, in one line: the system's words where there are some."""
    said = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return " ".join(said.split()).rstrip(".") or type(problem).__name__


def _remote(out: str, scheme: str) -> Location:
    shown = _without_password(out)
    if scheme in _READ_ONLY:
        raise UsageError(f"OUT can not be a {scheme}:// URL, which can not be written: {shown}")
    try:
        store, root = fsspec.core.url_to_fs(out)
    except ImportError as problem:
        return _by_pyarrow(out, scheme, problem)
    except Exception as problem:
        raise UsageError(_unusable(out, problem)) from None
    return Location(shown.rstrip("/"), root.rstrip("/"), store)


def _unusable(out: str, problem: Exception) -> str:
    shown = _without_password(out)
    # Clients repeat the URL, and with it what must not be shown.
    return f"OUT can not be used: {shown}: {reason(problem).replace(out, shown)}."


def _by_pyarrow(out: str, scheme: str, missing: ImportError) -> Location:
    """pyarrow has clients of its own for some stores, used where fsspec's is not installed."""
    try:
        filesystem, root = pyarrow.fs.FileSystem.from_uri(out)
    except (pa.ArrowException, OSError, ValueError) as problem:
        extra = _EXTRAS.get(scheme)
        remedy = f"pip install 'linkcrawl[{extra}]'" if extra else reason(missing)
        raise UsageError(f"{_unusable(out, problem)} Try: {remedy}") from None
    return Location(_without_password(out).rstrip("/"), root.rstrip("/"), ArrowFSWrapper(filesystem))


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path.partition("?")[0]


def _protocol(store: Any) -> str:
    return store.protocol if isinstance(store.protocol, str) else store.protocol[0]


def _check_folder(folder: Path) -> None:
    """Raises OSError if no file could be made in the folder (which need not exist yet)."""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    # A real file, since access bits say nothing about read-only mounts, quotas and root.
    with tempfile.TemporaryFile(dir=nearest) as file:
        file.write(b"linkcrawl")
        file.flush()
    if nearest != folder:
        Path(tempfile.mkdtemp(dir=nearest)).rmdir()


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, each of them durable."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_part(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".parquet") and not name.startswith(".")


def _raise_unless_missing(problem: OSError) -> None:
    if not isinstance(problem, FileNotFoundError):
        raise problem
