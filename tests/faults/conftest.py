"""The servers of the command line's tests, for processes that are killed and disks that fill."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.cli.conftest import Hello, Server, hello, silence

__all__ = ["hello", "late", "silence"]


@pytest.fixture
def late() -> Iterator[tuple[int, Callable[[], None]]]:
    """The port of a web server that accepts and says nothing, and what makes it answer `hello` from then on."""
    with Server(("127.0.0.1", 0), Hello) as server:  # the kernel accepts for it until it serves
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        yield int(server.server_address[1]), thread.start
        if thread.is_alive():
            server.shutdown()
            thread.join()
