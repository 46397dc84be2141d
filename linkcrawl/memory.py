"""Keeps the memory of a long-running process flat: what is freed goes back to the system.

Each page is parsed into a tree of its own, by a library that asks the C allocator for it. glibc keeps what is
freed for later, in an arena for each thread, and raises by itself the size from which it would not: measured on
pages of 34 kB, more than half of what it held lay idle. Elsewhere (macOS, musl) nothing is done.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE = 256 * 1024
"""Bytes: what is larger is a mapping of its own, gone when it is freed."""
_SPARE = 4 * 1024**2
"""Bytes kept at hand: a parsed page takes over a megabyte, and is freed before the next one. Given back and asked for
again with each page, they cost 60 page faults, some 0.15 ms."""
_TRIM_EVERY_S = 5.0


def keep_flat() -> None:
    """To be called once, before Arrow is imported and before the work begins; starts a thread."""
    # Arrow's own allocator keeps what a written part took.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    trim = _tamed_glibc()
    if trim is not None:
        threading.Thread(target=_trim_often, args=(trim,), daemon=True, name="memory").start()


def _tamed_glibc() -> Callable[[int], int] | None:
    """glibc's malloc_trim, after telling it to keep less; None where there is none."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim") or not hasattr(libc, "mallopt"):
        return None
    for parameter, value in ((_M_ARENA_MAX, 2), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _SPARE)):
        libc.mallopt(parameter, value)
    trim: Callable[[int], int] = libc.malloc_trim
    return trim


def _trim_often(trim: Callable[[int], int]) -> None:
    never = threading.Event()
    while not never.wait(_TRIM_EVERY_S):
        trim(0)
