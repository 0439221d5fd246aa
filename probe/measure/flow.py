"""One connection, walked through its stages: connect, TLS, HTTP. The first failure ends it; what did not happen stays
absent.

Knows the order of the stages and that all of them share one socket. Which address, why, and what comes after a
redirect is `endpoint`'s business.
"""

import ssl
from typing import NamedTuple

import msgspec

from probe.measure import expect, http3
from probe.measure.log import Log, Tools
from probe.measure.quicmemory import Place
from probe.model.observation import HTTPRoundTrip, Observation, Purpose, TCPConnect
from probe.model.target import Expect
from probe.net.connect import connect
from probe.net.fetch import Request, fetch
from probe.net.handshake import ALPN_HTTP, Hello, handshake
from probe.net.network import Stream
from probe.net.trace import Trace, TracedStream
from probe.net.tunnel import Proxy, open_tunnel
from probe.net.url import Where


class Errand(NamedTuple):
    """What a flow is to do. `until` is the last stage; `sni` differs from the URL's host only in experiments.

    `regardless` goes on after a handshake whose certificate is wrong, to see what comes; what came is never proven.
    """

    where: Where
    address: str
    hop: int = 0
    attempt: int = 0
    purpose: Purpose = Purpose.MAIN
    until: str = "http"
    sni: str | None = ""
    maximum: ssl.TLSVersion | None = None
    split: bool = False
    expect: Expect = Expect()
    proxy: Proxy | None = None
    via: str = ""
    regardless: bool = False


class Flow(NamedTuple):
    """How a flow ended: its observations in order, and the response if it came so far."""

    address: str
    observations: tuple[Observation, ...]
    response: HTTPRoundTrip | None = None

    @property
    def reached(self) -> bool:
        """Whether every stage it was to walk succeeded."""
        return bool(self.observations) and self.observations[-1].failure is None


def last_stage(where: Where) -> str:
    """The last stage that an endpoint of this scheme asks for."""
    return {"tcp": "tcp", "https": "http", "http": "http", "quic": "quic"}.get(where.scheme, "dns")


def is_final(response: HTTPRoundTrip, expected: Expect) -> bool:
    """Whether the chain of redirects ends here: no redirect, or one that is itself the expected answer."""
    return not response.location or response.status in expected.status


async def run(log: Log, tools: Tools, errand: Errand) -> Flow:
    """Walk one flow and append its observations to the log. Closes its socket whatever happens."""
    if errand.until == "quic":
        return await _over_quic(log, tools, errand)
    trace = log.trace(errand.hop, errand.purpose, errand.attempt, errand.via)
    async with tools.sockets:
        opened, stream = await _open(trace, tools, errand)
        if stream is None or errand.until == "tcp":
            if stream is not None:
                stream.close()
            log.observations.append(opened)
            return Flow(errand.address, (opened,))
        crowded = tools.talking.locked()
        if crowded:
            stream.close()
        async with tools.talking:
            if crowded:
                # A server hangs up on a connection that idled in our queue, and would look like a censor.
                opened, stream = await _open(trace, tools, errand)
            log.observations.append(opened)
            if stream is None:
                return Flow(errand.address, (opened,))
            try:
                flow = await _talk(log, trace, tools, errand, stream)
            finally:
                stream.close()
    return flow._replace(observations=(opened, *flow.observations))


async def _over_quic(log: Log, tools: Tools, errand: Errand) -> Flow:
    """The one stage of a `quic://` endpoint after its name is resolved."""
    sni = None if errand.where.is_address else errand.where.host
    place = Place(errand.address, errand.where.port)
    seen = await http3.shake(log, tools, place, sni, errand.purpose, errand.hop, errand.attempt)
    return Flow(errand.address, (seen,))


async def _open(trace: Trace, tools: Tools, errand: Errand) -> tuple[TCPConnect, TracedStream | None]:
    timeout = tools.settings.timeout
    if errand.proxy is None:
        return await connect(trace, errand.address, errand.where.port, timeout=timeout)
    # A proxy resolves and connects before it answers: two stages, two deadlines.
    return await open_tunnel(trace, errand.proxy, errand.address, errand.where.port, timeout=2 * timeout)


async def _talk(log: Log, trace: Trace, tools: Tools, errand: Errand, stream: TracedStream) -> Flow:
    where, address = errand.where, errand.address
    seen: list[Observation] = []
    carried: Stream = stream
    alpn, authenticated = "", False
    if where.scheme == "https":
        sni = where.host if errand.sni == "" else errand.sni
        hello = Hello(None if where.is_address else sni, ALPN_HTTP, errand.maximum, errand.split)
        shaken, inside = await handshake(
            trace,
            stream,
            address,
            where.port,
            hello,
            verify_name=sni or where.host,
            trust=tools.trust,
            timeout=tools.settings.timeout,
            regardless=errand.regardless,
        )
        log.observations.append(shaken)
        seen.append(shaken)
        if inside is None or errand.until == "tls":
            return Flow(address, tuple(seen))
        carried, alpn, authenticated = inside, shaken.alpn, shaken.failure is None
    request = Request(where, address, where.port, alpn, authenticated)
    response, body = await fetch(trace, carried, request, timeout=tools.settings.timeout)
    if response.status and is_final(response, errand.expect):
        response = msgspec.structs.replace(response, expectations=expect.results(errand.expect, response.status, body))
    log.observations.append(response)
    seen.append(response)
    return Flow(address, tuple(seen), response)
