"""Serves the benchmark's web with nginx: own configuration, own folder, a free port, loopback only."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.pages import BenchWeb

_CONFIG = """
daemon off;
worker_processes 1;
{user}
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  types {{ text/html html; text/plain txt; }}
  charset utf-8;
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=20000;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{
{listen}
    root web/{root};
  }}
}}
"""


class NoNginx(RuntimeError):
    """nginx is not installed, or does not start."""


def find_nginx() -> str:
    """The path of the program; Debian keeps it where only root's PATH leads. Raises NoNginx."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if found is None:
        raise NoNginx("the benchmark's web is served by nginx: apt-get install nginx-light")
    return found


@contextmanager
def served(web: BenchWeb, *, alike: bool = False) -> Iterator[BenchWeb]:
    """Write the pages, serve them while the block lasts; yields the web with the port that it got.

    alike: every host shows the pages of the first, which alone are written."""
    program = find_nginx()
    with tempfile.TemporaryDirectory(prefix="bench-web-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        web = replace(web, port=_free_port())
        (web.first_host() if alike else web).write(folder / "web")
        user = "user root;" if os.geteuid() == 0 else ""
        root = web.addresses()[0] if alike else "$host"
        listen = "\n".join(f"    listen {address}:{web.port};" for address in web.addresses())
        (folder / "nginx.conf").write_text(_CONFIG.format(user=user, listen=listen, root=root))
        command = [program, "-p", name, "-c", "nginx.conf", "-e", "stderr"]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _wait_until_it_answers(server, web)
            yield web
        finally:
            server.terminate()
            server.communicate(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(server: subprocess.Popen[str], web: BenchWeb) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise NoNginx(f"nginx did not start: {server.stderr.read() if server.stderr else ''}")
        try:
            socket.create_connection((web.addresses()[-1], web.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NoNginx("nginx does not answer")
