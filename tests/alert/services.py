"""Services on this machine, for alerts to reach: web servers that take, refuse, hang or drip, and a mail server.

The mail server is our own: aiosmtpd has had no release since May 2024, and what is asked of it here are twenty lines.
"""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Heard(NamedTuple):
    """A request: its path, its header fields, its body."""

    path: str
    headers: dict[str, str]
    body: str


class Web(ThreadingHTTPServer):
    """Answers 200; below `/500` with 500; below `/drip` with a byte every 50 ms until `over` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.heard: list[Heard] = []
        self.over = threading.Event()

    @property
    def place(self) -> str:
        """Where it is, for a URL."""
        return f"127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    """Keeps what it hears, and answers by the path."""

    server: Web

    def do_POST(self) -> None:
        """Hear, answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.heard.append(Heard(self.path, dict(self.headers), body))
        if self.path.startswith("/hang"):
            self.server.over.wait(30)
            return
        self.send_response(500 if self.path.startswith("/500") else 200)
        self.send_header("Content-Length", "1000" if self.path.startswith("/drip") else "0")
        self.end_headers()
        while self.path.startswith("/drip") and not self.server.over.wait(0.05):
            self.wfile.write(b".")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


class Mail(socketserver.ThreadingTCPServer):
    """Takes mail, and keeps each as text."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.heard: list[str] = []

    @property
    def place(self) -> str:
        """Where it is, for a URL."""
        return f"127.0.0.1:{self.server_address[1]}"


class Taking(socketserver.StreamRequestHandler):
    """SMTP, as little of it as smtplib needs."""

    server: Mail

    def handle(self) -> None:
        """One connection."""
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.heard.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    """Serve until the block is left; every handler has ended by then."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, Web):
            server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def wait_until(condition: Any) -> None:
    """Until it holds, 20 s at most."""
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up, "did not happen within 20 s"
        time.sleep(0.02)
