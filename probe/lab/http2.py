"""HTTP/2 for the lab's web servers (RFC 9113), on the `h2` package: requests in, the same Responses out as over HTTP/1.

Faults of HTTP/1's own (chunking, heads) have no form here; resets, closes and silences in a body do.
"""

import asyncio
from collections.abc import Callable

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from probe.lab.dissect import Request, bare_host
from probe.lab.faults import AT_REQUEST, IN_BODY, SETTLE, misbehave, up_to
from probe.lab.stream import Stream
from probe.lab.wire import headers_of, http_body
from probe.lab.world import Fault, Response

Respond = Callable[[Request, bytes], Response]


class _Exchange:
    """One stream: the request as it comes."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        fields = dict(headers)
        plain = tuple((name, value) for name, value in headers if not name.startswith(":"))
        host = bare_host(fields.get(":authority", fields.get("host", "")))
        self.request = Request(True, fields.get(":method", "GET"), fields.get(":path", "/"), host, plain)
        self.body = b""


async def serve_http2(stream: Stream, respond: Respond) -> None:
    """Serve one connection to its end, one response after the other."""
    config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    open_streams: dict[int, _Exchange] = {}
    await stream.send(connection.data_to_send())
    while data := await stream.recv():
        try:
            events = connection.receive_data(data)
        except h2.exceptions.ProtocolError:
            await stream.send(connection.data_to_send())
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived) and event.stream_id is not None:
                open_streams[event.stream_id] = _Exchange([(str(k), str(v)) for k, v in event.headers or ()])
            elif isinstance(event, h2.events.DataReceived) and event.stream_id in open_streams:
                open_streams[event.stream_id].body += event.data or b""
                connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded) and event.stream_id in open_streams:
                exchange = open_streams.pop(event.stream_id)
                response = respond(exchange.request, exchange.body)
                if not await _answer(stream, connection, event.stream_id, response, exchange.request.method):
                    return
        await stream.send(connection.data_to_send())


async def _answer(
    stream: Stream, connection: h2.connection.H2Connection, number: int, response: Response, method: str
) -> bool:
    """Send one response; False when the connection is over."""
    await asyncio.sleep(response.delay)
    if response.fault in AT_REQUEST:
        await misbehave(stream, response.fault)
        return False
    body, length = http_body(response)
    headers = [(":status", str(response.status))]
    headers += [(name.lower(), value) for name, value in headers_of(response)]
    headers.append(("content-length", str(length)))
    bare = method == "HEAD" or length == 0
    connection.send_headers(number, headers, end_stream=bare)
    if bare:
        return True
    pieces = up_to(body, response.fault_after) if response.fault in IN_BODY else body
    for piece in pieces:
        if not await _send_data(stream, connection, number, piece):
            return False
    if response.fault in IN_BODY:
        await stream.send(connection.data_to_send())
        if response.fault is Fault.RESET_BODY:
            await asyncio.sleep(SETTLE)
        await misbehave(stream, response.fault)
        return False
    connection.end_stream(number)
    return True


async def _send_data(stream: Stream, connection: h2.connection.H2Connection, number: int, data: bytes) -> bool:
    """Send data as the peer's windows allow; False when the peer is gone or took the stream back."""
    while data:
        try:
            room = min(connection.local_flow_control_window(number), connection.max_outbound_frame_size)
            if room > 0:
                connection.send_data(number, data[:room])
                data = data[room:]
                await stream.send(connection.data_to_send())
                continue
            await stream.send(connection.data_to_send())
            received = await stream.recv()
            if not received:
                return False
            connection.receive_data(received)
        except (h2.exceptions.ProtocolError, h2.exceptions.StreamClosedError):
            return False
    return True
