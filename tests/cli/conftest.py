"""What tests of commands share: two servers on this machine to measure (one that answers, one that accepts and stays
silent), results that tell a story, and a working folder of one's own."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.report.block.making import stored
from tests.report.story import story


class Hello(BaseHTTPRequestHandler):
    """Says `hello`, whatever it is asked."""

    def do_GET(self) -> None:
        """Answer `hello`."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Has room for all that knock at once: a SYN that is dropped is sent again after seconds only."""

    request_queue_size = 128


@pytest.fixture(scope="session")
def hello() -> Iterator[int]:
    """The port of a web server that answers `hello`."""
    with Server(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def silence() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results that tell the story; only to be read."""
    folder = tmp_path_factory.mktemp("results")
    stored(folder, story())
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own: nothing of ours (results, claims, targets) is picked up by default."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
