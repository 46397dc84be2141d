"""Serves the demo's web on one loopback port, the hosts told apart by the Host header."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from linkcrawl.demo.web import SEEDS, WATCH, not_found, pages


@dataclass(frozen=True, slots=True)
class DemoWeb:
    """The running web: where it listens, and what to crawl in it."""

    port: int
    seeds: list[str] = field(default_factory=lambda: list(SEEDS))
    watch: list[str] = field(default_factory=lambda: list(WATCH))

    @property
    def connect_to(self) -> str:
        """The value of `--connect-to` that leads every host and port here."""
        return f"::127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for the demo's hosts; any other Host is told that it is at the wrong place."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = 65_536
    """Head and body leave in one piece: two would cost the pause of a delayed acknowledgement."""
    web = pages()
    missing = not_found()

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        host = (self.headers.get("Host") or "").lower().rpartition(":")
        site = self.web.get(host[0] if host[2].isdigit() else host[2])
        if site is None:
            # A page whose own name was rebound to this address gets nothing to read (RFC 9110, 15.5.20).
            self.send_error(421)
            return
        answer = site.get(self.path, self.missing)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the demo's own output is the crawl's."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


@contextmanager
def serve_demo() -> Iterator[DemoWeb]:
    """Serve the demo's web on 127.0.0.1, on a port that the system picks, while the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-web", daemon=True)
    thread.start()
    try:
        yield DemoWeb(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
