"""Where the CPU of a crawl goes: samples of all its processes by py-spy, added up by package and by function.

`python -m tests.benchmarks.profile --pages 2000` (pip install py-spy). Only threads that run are sampled;
native code counts for the Python function that called it.
"""

import argparse
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.benchmarks.contenders import LINKCRAWL, Job
from tests.benchmarks.measure import run
from tests.benchmarks.nginx import served
from tests.benchmarks.pages import BenchWeb
from tests.benchmarks.redis_server import redis_server

_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^():]*)(?::\d+)?\)")


def samples(web: BenchWeb) -> list[str]:
    """Crawl the web under py-spy -> its lines: frames from the outermost in, joined by `;`, and a count."""
    program = shutil.which("py-spy")
    if program is None:
        raise SystemExit("needs py-spy: pip install py-spy")
    with (
        tempfile.TemporaryDirectory(prefix="profile-") as name,
        served(web) as running,
        redis_server() as server,
    ):
        raw = Path(name) / "raw.txt"
        job = Job(running, Path(name), server.url)
        spy = [program, "record", "--subprocesses", "--format", "raw", "--rate", "200", "--output", str(raw)]
        run([*spy, "--", *LINKCRAWL.command(job)], Path(name) / "log.txt")
        return raw.read_text().splitlines()


def frames_of(line: str) -> tuple[list[tuple[str, str]], int]:
    """A line of py-spy's raw format -> ([(function, file), ...] from the outermost inwards, samples)."""
    stack, _, count = line.rpartition(" ")
    found = (_FRAME.fullmatch(frame) for frame in stack.split(";"))
    return [(match["function"], match["file"]) for match in found if match], int(count)


def package_of(file: str) -> str:
    """The package, or the module of ours, that a file belongs to."""
    parts = Path(file).with_suffix("").parts
    for root in ("linkcrawl", "pipelines"):
        if root in parts:
            return ".".join(parts[parts.index(root) :][:3])
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return parts[0] if len(parts) > 1 and not file.startswith("/") else "python"


def add_up(lines: Iterable[str]) -> tuple[Counter[str], Counter[str], Counter[str], int]:
    """-> (own samples by package, own samples by function, samples by function of ours with callees, all)."""
    packages, own, inclusive = Counter[str](), Counter[str](), Counter[str]()
    total = 0
    for line in lines:
        frames, count = frames_of(line)
        if not frames:
            continue
        total += count
        function, file = frames[-1]
        packages[package_of(file)] += count
        own[f"{package_of(file)}: {function}"] += count
        for name in {f"{package_of(f)}: {fn}" for fn, f in frames if "linkcrawl" in f or "pipelines" in f}:
            inclusive[name] += count
    return packages, own, inclusive, total


def table(title: str, counted: Counter[str], total: int, rows: int) -> Iterator[str]:
    """The largest shares."""
    yield title
    for name, count in counted.most_common(rows):
        yield f"  {count * 100 / max(1, total):5.1f} %  {name}"


def main() -> None:
    """Parse, sample, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--hosts", type=int, default=40)
    parser.add_argument("--rows", type=int, default=25)
    asked = parser.parse_args()
    packages, own, inclusive, total = add_up(samples(BenchWeb(asked.pages, asked.hosts)))
    for title, counted in (
        ("own time by package", packages),
        ("own time by function", own),
        ("time with callees, functions of ours", inclusive),
    ):
        print("\n".join(table(title, counted, total, asked.rows)))


if __name__ == "__main__":
    main()
