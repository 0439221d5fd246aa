"""How a server fails by itself, carried out: which faults come when, and what each does to a stream."""

from collections.abc import Iterator

from probe.lab.stream import Stream
from probe.lab.wire import tls_alert
from probe.lab.world import Fault

AT_HELLO = frozenset(fault for fault in Fault if fault.endswith("_hello"))
AT_REQUEST = frozenset(fault for fault in Fault if fault.endswith("_request"))
IN_BODY = frozenset(fault for fault in Fault if fault.endswith("_body"))
GARBAGE = bytes(range(0x80, 0xC0))
SETTLE = 0.02
"""Seconds between the last bytes and a RST: a RST overtakes what the peer has not read yet."""


async def misbehave(stream: Stream, fault: Fault) -> None:
    """End or abandon the connection as the fault says. The peer's bytes were read by then: a reset comes after them."""
    ending = fault.partition("_")[0]
    if ending == "reset":
        return stream.reset()
    if ending == "alert":
        await stream.send(tls_alert(40))
    if ending == "garbage":
        await stream.send(GARBAGE)
    if ending != "silent":
        await stream.finish()
    return await stream.hold()


def up_to(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """The first `limit` bytes of the pieces."""
    for piece in pieces:
        if limit <= 0:
            return
        yield piece[:limit]
        limit -= len(piece)
