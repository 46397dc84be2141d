"""What is freed goes back to the system; seen from a process of its own, since allocators are a process's."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
from linkcrawl.memory import keep_flat

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "flat":
    keep_flat()
import pyarrow
pieces = [bytes(50_000) for _ in range(2_000)]
kept = pieces[::40]
del pieces
before = resident()
deadline = time.monotonic() + 20
while sys.argv[1] == "flat" and resident() > before - 50_000_000 and time.monotonic() < deadline:
    time.sleep(0.1)
print(len(kept), resident() < before - 50_000_000, pyarrow.default_memory_pool().backend_name)
"""


def run(how: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of glibc")
def test_what_lies_idle_between_what_is_used_goes_back() -> None:
    import ctypes

    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("another C library")
    assert run("flat") == ["50", "True", "system"]
    assert run("as it comes")[1] == "False"
