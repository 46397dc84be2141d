"""Runs as the parent of an embedded server: `guard.py SOCKET COMMAND...`; ends it when its own input ends.

Its input is a pipe from the crawl, so it ends when the crawl ends in any way, kill -9 included, on every
system. (A parent-death signal is Linux's alone and tied to the thread that spawned; here it only covers a
guard that is killed.) Imports nothing of ours and starts without site-packages, so that it is small.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys

_POLL_S = 0.2
_STOP_S = 20.0
_PR_SET_PDEATHSIG = 1


def _die_with_guard() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main(socket_path: str, command: list[str]) -> int:
    """Start the server, wait for its end or for that of the input, clean up; the server's exit code."""
    server = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=_die_with_guard,
    )
    while server.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], _POLL_S)
        if readable and not os.read(sys.stdin.fileno(), 1):
            server.terminate()
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                server.kill()
    code = server.wait()
    with contextlib.suppress(OSError):
        os.unlink(socket_path)  # noqa: PTH108
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(socket_path))  # noqa: PTH106, PTH120
    return code


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1], sys.argv[2:]) else 0)
