"""Named places where a test can make this process die, as a power cut would.

`LINKCRAWL_CRASH_AT=point[:n]` kills the process with SIGKILL when it comes to that point for the n-th time,
`LINKCRAWL_CRASH_AT=point:URL` when it comes there with that URL. Without the variable a point costs one comparison.
"""

import os
import signal

_POINT, _, _WHEN = os.environ.get("LINKCRAWL_CRASH_AT", "").partition(":")
_left = int(_WHEN) if _WHEN.isdigit() else 1
_URL = None if not _WHEN or _WHEN.isdigit() else _WHEN


def crash_point(name: str, url: str | None = None) -> None:
    """Die here if the environment says so. url: what is being worked on, where that is one URL."""
    global _left
    if name != _POINT or (_URL is not None and url != _URL):
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
