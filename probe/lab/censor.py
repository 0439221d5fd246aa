"""The censor on loopback: a relay in front of every service, which reads the first bytes of each flow and carries out
what the path's rules say.

Knows bytes and streams; which rules fire is `path`'s knowledge, where the true server listens the lab's. Datagrams are
answered from the same socket, the forged reply first and the true one after it, as an injector beside the path does it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from probe.lab.certificates import Certificates, client_context
from probe.lab.dissect import client_hello, http_request, question
from probe.lab.faults import SETTLE
from probe.lab.path import Met, Path
from probe.lab.proxy import splice
from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Cut,
    CutHow,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Inject,
    Intercept,
    Lose,
    Reroute,
    Reset,
    Seen,
    Stage,
    Throttle,
)  # fmt: skip
from probe.lab.stream import DatagramHandler, Send, Stream, TLSStream
from probe.lab.web import read_request, send_response
from probe.lab.wire import dns_reply, http_response, pick, tls_alert

Open = Callable[[str], Awaitable[Stream]]
"""Connect to the same service of a host (by its name), or of the flow's own server (empty name). Raises OSError."""

FIRST_LIMIT = 65536
TICK = 0.1
CUTS: dict[CutHow, Effect] = {CutHow.RESET: Reset(), CutHow.CLOSE: Close(), CutHow.DROP: Drop()}


class Flow:
    """One TCP connection through the censor, and what the censor knows of it."""

    def __init__(self, client: Stream, address: str, port: int, number: int) -> None:
        self.client, self.address, self.port, self.number = client, address, port, number
        self.protocol: Stage | None = None
        self.name: str | None = None
        self.held = b""
        self.rate = 0
        self.delay = 0.0
        self.mute = False
        self.cut: asyncio.Future[Cut] = asyncio.get_running_loop().create_future()

    def shape(self, met: Met) -> Effect | None:
        """Take over the shaping effects; gives the one that ends the flow, if one does."""
        for effect in met.shaping:
            if isinstance(effect, Throttle):
                self.rate = effect.bytes_per_second
            elif isinstance(effect, Delay):
                self.delay = _seconds(effect)
            elif isinstance(effect, Cut) and not self.cut.done():
                self.cut.set_result(effect)
        if isinstance(met.ending, Drop) and met.ending.to_client_only:
            self.mute = True
            return None
        return met.ending


class Censor:
    """Relays flows, and does to them what the path says."""

    def __init__(self, path: Path, certificates: Certificates) -> None:
        self._path, self._certificates = path, certificates

    async def relay(self, client: Stream, address: str, port: int, open_origin: Open) -> None:
        """Serve one connection of the client's to `address` and `port`."""
        flow = Flow(client, address, port, self._path.number(address, port, "tcp"))
        effect = flow.shape(self._path.meet(Seen(Stage.TCP, address, port, nth=flow.number)))
        if effect is not None and not isinstance(effect, Reroute):
            return await self._carry_out(flow, effect, open_origin)
        try:
            origin = await open_origin(effect.host if isinstance(effect, Reroute) else "")
        except OSError:
            return client.reset()
        try:
            await self._watch(flow, origin, open_origin)
        finally:
            origin.abort()

    async def _watch(self, flow: Flow, origin: Stream, open_origin: Open) -> None:
        """Pass bytes both ways until both ends have ended, or an effect ends it; a reset is passed on."""
        tasks = {asyncio.ensure_future(work) for work in (self._up(flow, origin), self._down(flow, origin))}
        cutting = asyncio.ensure_future(_cut(flow))
        effect: Effect | None = None
        try:
            while tasks and effect is None:
                done, _ = await asyncio.wait({*tasks, cutting}, return_when=asyncio.FIRST_COMPLETED)
                tasks -= done
                for task in done:
                    effect = effect or task.result()
        except OSError:
            effect = Reset()
        finally:
            for task in (*tasks, cutting):
                task.cancel()
            await asyncio.gather(*tasks, cutting, return_exceptions=True)
        if effect is not None:
            if not isinstance(effect, Intercept):
                origin.reset()
            await self._carry_out(flow, effect, open_origin, origin)

    async def _up(self, flow: Flow, origin: Stream) -> Effect | None:
        """Pass the client's bytes on, reading what they are; the effect that ends the flow, or None at FIN."""
        segments = 0
        while more := await flow.client.recv():
            flow.held += more
            segments += 1
            seen = self._read(flow, segments)
            if seen is None and len(flow.held) < FIRST_LIMIT:
                continue
            for each in seen or ():
                effect = flow.shape(self._path.meet(each))
                if effect is not None:
                    return effect
            if flow.delay:
                await asyncio.sleep(flow.delay)
            await origin.send(flow.held)
            flow.held, segments = b"", 0
        await origin.send(flow.held)
        await origin.finish()
        return None

    def _read(self, flow: Flow, segments: int) -> list[Seen] | None:
        """What the held bytes show; None when more must come. Only a cleartext HTTP flow is read after its start."""
        place = (flow.address, flow.port)
        if flow.protocol not in (None, Stage.HTTP):
            return []
        start = [] if flow.protocol else [Seen(Stage.DATA, *place, nth=flow.number)]
        first = segments == 1
        if (hello := client_hello(flow.held)) is not None and flow.protocol is None:
            if not hello.complete:
                return None
            flow.protocol, flow.name = Stage.TLS, hello.sni
            seen = Seen(Stage.TLS, *place, hello.sni, tls_maximum=hello.tls_maximum, nth=flow.number)
            return [*start, seen._replace(first_segment=first)]
        if (request := http_request(flow.held)) is not None:
            if not request.complete:
                return None
            flow.protocol, flow.name = Stage.HTTP, request.host or None
            url = f"{request.host}{request.target}"
            return [*start, Seen(Stage.HTTP, *place, flow.name, url=url, nth=flow.number, first_segment=first)]
        if (asked := question(flow.held[2:])) is not None and flow.protocol is None:
            return [*start, Seen(Stage.DNS, *place, asked.name, asked.qtype, nth=flow.number)]
        flow.protocol = flow.protocol or Stage.DATA
        return start

    async def _down(self, flow: Flow, origin: Stream) -> Effect | None:
        """Pass the server's bytes back, at the flow's rate; reads them only while the flow is cleartext HTTP."""
        tail = b""
        while data := await origin.recv():
            if flow.mute:
                continue
            if flow.protocol is Stage.HTTP:
                seen = Seen(Stage.BODY, flow.address, flow.port, flow.name, body=tail + data, nth=flow.number)
                effect = flow.shape(self._path.meet(seen))
                if effect is not None:
                    await flow.client.send(data[: len(data) // 2])  # the piece with the keyword never arrives whole
                    await asyncio.sleep(SETTLE)
                    return effect
                tail = (tail + data)[-256:]
            if flow.delay:
                await asyncio.sleep(flow.delay)
            await _send_at_rate(flow, data)
        if not flow.mute:
            await flow.client.finish()
        return None

    async def _carry_out(self, flow: Flow, effect: Effect, open_origin: Open, origin: Stream | None = None) -> None:
        """End the flow, or take it over, as the effect says."""
        client = flow.client
        match effect:
            case Reset():
                return client.reset()
            case Drop():
                return await client.hold()
            case Close():
                pass
            case Alert(number=number, level=level):
                await client.send(tls_alert(number, level))
            case Inject(payload=payload):
                await client.send(payload)
            case Blockpage(response=response):
                for piece in http_response(response):
                    await client.send(piece)
            case Reroute(host=host):
                return await self._reroute(flow, await open_origin(host))
            case Intercept() if origin is not None:
                return await self._intercept(flow, effect, origin)
            case _:
                return client.reset()
        await client.finish()
        return await client.hold()

    async def _reroute(self, flow: Flow, impostor: Stream) -> None:
        try:
            await impostor.send(flow.held)
            await splice(flow.client, impostor)
        finally:
            impostor.abort()

    async def _intercept(self, flow: Flow, effect: Intercept, origin: Stream) -> None:
        """Be the server to the client and the client to the server, with a certificate of our own."""
        name = flow.name or flow.address
        flow.client.unread(flow.held)
        context = self._certificates.context(effect.certificate, name, ("http/1.1",))
        inside = TLSStream(flow.client, context, server=True)
        await inside.handshake()
        if effect.response is not None:
            while (got := await read_request(inside)) is not None:
                await send_response(inside, effect.response, got[0].method)
            return
        outside = TLSStream(origin, client_context(), server=False, name=name)
        await outside.handshake()
        await splice(inside, outside)

    async def datagram(self, data: bytes, send: Send, address: str, port: int, find: "FindDatagram") -> None:
        """Serve one datagram of the client's to `address` and `port`; `find` gives the server's own handler."""
        number = self._path.number(address, port, "udp")
        seen = Seen(Stage.UDP, address, port, nth=number)
        if (asked := question(data)) is not None:
            seen = Seen(Stage.DNS, address, port, asked.name, asked.qtype, nth=number)
        met = self._path.meet(seen)
        if _lost(met):
            return
        await asyncio.sleep(sum(_seconds(effect) for effect in met.shaping if isinstance(effect, Delay)))
        if isinstance(met.ending, ForgeDNS) and asked is not None:
            _forge(data, met.ending, send)
        if met.ending is None or isinstance(met.ending, Reroute):
            handler = find(met.ending.host if met.ending else "")
        else:
            handler = find("") if isinstance(met.ending, ForgeDNS) and not met.ending.drop_truth else None
        if handler is not None:
            await handler(data, send)


FindDatagram = Callable[[str], DatagramHandler | None]


def _lost(met: Met) -> bool:
    return any(isinstance(effect, Lose) and random.random() < effect.probability for effect in met.shaping)  # noqa: S311  a lab's dice


def _seconds(delay: Delay) -> float:
    return delay.seconds + random.uniform(0, delay.jitter)  # noqa: S311  a lab's dice need not be safe from guessing


def _forge(query: bytes, effect: ForgeDNS, send: Send) -> None:
    forged = dns_reply(query, pick(effect.answers))
    for _ in range(effect.repeat if forged is not None else 0):
        send(forged or b"")


async def _cut(flow: Flow) -> Effect:
    cut = await flow.cut
    await asyncio.sleep(cut.seconds)
    return CUTS[cut.how]


async def _send_at_rate(flow: Flow, data: bytes) -> None:
    """Send at once, or, throttled, a tenth of a second's worth at a time."""
    while data:
        if not flow.rate:
            return await flow.client.send(data)
        piece = max(1, int(flow.rate * TICK))
        await flow.client.send(data[:piece])
        await asyncio.sleep(min(len(data), piece) / flow.rate)
        data = data[piece:]
    return None
