"""Ports that serve nobody, on 127.0.0.1: closed ones that refuse, silent ones that never answer. No root needed.

They stay bound while the lab lives, so that nobody else's server moves in.
"""

import errno
import select
import socket

LOOPBACK = "127.0.0.1"
FILL_LIMIT = 300
"""How many connections it may take to fill a backlog of 0 (Linux: 1 or 2; others round it up)."""


class Ports:
    """The closed and silent ports of one lab."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.closed = {"tcp": self._closed_tcp(), "udp": self._closed_udp()}
        self.silent = {"tcp": self._silent_tcp(), "udp": self._silent_udp()}

    def close(self) -> None:
        """Give all of them back."""
        for each in self._sockets:
            each.close()

    def _socket(self, kind: int) -> socket.socket:
        each = socket.socket(socket.AF_INET, kind)
        self._sockets.append(each)
        return each

    def _closed_tcp(self) -> int:
        """Bound but not listening: the kernel answers SYN with RST."""
        each = self._socket(socket.SOCK_STREAM)
        each.bind((LOOPBACK, 0))
        return int(each.getsockname()[1])

    def _closed_udp(self) -> int:
        """Bound, and connected to itself: datagrams from elsewhere find no socket (ICMP port unreachable)."""
        each = self._socket(socket.SOCK_DGRAM)
        each.bind((LOOPBACK, 0))
        each.connect(each.getsockname())
        return int(each.getsockname()[1])

    def _silent_udp(self) -> int:
        """Bound and never read."""
        each = self._socket(socket.SOCK_DGRAM)
        each.bind((LOOPBACK, 0))
        return int(each.getsockname()[1])

    def _silent_tcp(self) -> int:
        """A listener that never accepts, its backlog full: the kernel drops further SYNs."""
        listener = self._socket(socket.SOCK_STREAM)
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for _ in range(FILL_LIMIT):
            filler = self._socket(socket.SOCK_STREAM)
            filler.setblocking(False)
            code = filler.connect_ex(listener.getsockname())
            if code not in (0, errno.EINPROGRESS):
                raise OSError(code, "cannot fill the backlog of a silent port")
            if code and not _writable(filler):
                return int(listener.getsockname()[1])
        raise OSError("the backlog of a silent port does not fill on this system")


def _writable(each: socket.socket) -> bool:
    """Whether the connection came about within 50 ms; on loopback it does at once or not for a second."""
    return bool(select.select([], [each], [], 0.05)[1])
