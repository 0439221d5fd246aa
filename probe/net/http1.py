"""HTTP/1.1 (RFC 9112) over one carrier: a request, the final response, its body. h11 does the protocol, nothing is kept
alive, nothing is retried.
"""

from collections.abc import AsyncGenerator

import h11

from probe.model.failure import FailureKind
from probe.net.carrier import Answer, Asked, BrokenExchange, Carrier

MAX_HEAD = 100 * 1024
"""Bytes of a status line with its headers, or of a chunk header."""
MAX_INFORMATIONAL = 16
"""Interim responses (1xx) before the final one."""


async def exchange(carrier: Carrier, asked: Asked) -> Answer:
    """Send what is asked, read up to the end of the final response's head. Raises OSError and BrokenExchange."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    head = h11.Request(method=asked.method, target=asked.target, headers=[(b"Host", asked.authority), *asked.headers])
    await carrier.send((connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    for _ in range(MAX_INFORMATIONAL + 1):
        event = await _next(connection, carrier, FailureKind.HTTP_MALFORMED, in_body=False)
        if isinstance(event, h11.Response):
            return Answer(event.status_code, event.headers.raw_items(), _body(connection, carrier, event))
    raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"more than {MAX_INFORMATIONAL} interim responses")


async def _body(connection: h11.Connection, carrier: Carrier, head: h11.Response) -> AsyncGenerator[bytes, None]:
    chunked = any(name == b"transfer-encoding" for name, _ in head.headers)
    wrong = FailureKind.HTTP_BAD_CHUNKING if chunked else FailureKind.HTTP_MALFORMED
    while True:
        event = await _next(connection, carrier, wrong, in_body=True)
        if not isinstance(event, h11.Data):
            return
        yield bytes(event.data)


async def _next(connection: h11.Connection, carrier: Carrier, wrong: FailureKind, *, in_body: bool) -> object:
    """The next event that is not a call for data; `wrong` is what bytes that make no sense here are."""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise carrier.closed(in_body=in_body) if carrier.saw_eof else BrokenExchange(wrong, str(error)) from error
        if event is not h11.NEED_DATA:
            return event
        connection.receive_data(await carrier.recv())
