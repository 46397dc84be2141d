"""Named places where a test can make this process die, as a power cut would.

`LINKCRAWL_CRASH_AT=point[:n]` kills the process with SIGKILL when it comes to that point for the n-th time.
Without the variable a point costs one comparison.
"""

import os
import signal

_POINT, _, _TIMES = os.environ.get("LINKCRAWL_CRASH_AT", "").partition(":")
_left = int(_TIMES or 1)


def crash_point(name: str) -> None:
    """Die here if the environment says so."""
    global _left
    if name == _POINT:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
