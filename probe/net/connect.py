"""The TCP stage: one connect to one address. Knows nothing of names; whoever resolved them says where to go."""

from probe.model.failure import Operation
from probe.model.observation import TCPConnect
from probe.net.classify import failure_of
from probe.net.trace import Trace, TracedStream


async def connect(trace: Trace, address: str, port: int, *, timeout: float) -> tuple[TCPConnect, TracedStream | None]:
    """Connect to a literal address within `timeout` seconds.

    Returns the observation and, if it has no failure, the stream; the caller closes it.
    """
    t0 = trace.elapsed()
    try:
        stream = await trace.network.connect(address, port, trace.network.monotonic() + timeout)
    except OSError as error:
        failure = failure_of(error, Operation.CONNECT)
        return TCPConnect(**trace.shared(t0, failure), address=address, port=port), None
    seen = TCPConnect(**trace.shared(t0, None), address=address, port=port, source_port=stream.source_port)
    return seen, TracedStream(stream, trace)
