"""How a censor makes sense of what a client says: from the bytes of a flow to what a rule can match.

Changes only the flow's own notes (what was heard, what protocol it is, which name it asked for); which rules fire on
it and what they do is `censor`'s. Reading the bytes themselves is `probe.lab.dissect` and `quic`.
"""

from probe.lab.dissect import client_hello, http_request, question
from probe.lab.packet.flow import MAX_HEARD, Flow
from probe.lab.packet.packets import Packet, text
from probe.lab.packet.quic import crypto_frames, hello_of, is_initial
from probe.lab.rule import Seen, Stage

MAX_INITIALS = 4
"""Initial packets of a QUIC flow that are read in search of its ClientHello."""


def seen_at(
    flow: Flow,
    stage: Stage,
    *,
    qtype: str = "",
    body: bytes = b"",
    tls_maximum: str = "",
    first_segment: bool = True,
) -> Seen:
    """What the flow shows a censor at this stage."""
    key = flow.key
    return Seen(
        stage, text(key.server), key.server_port, flow.name, qtype, flow.url, body, tls_maximum, flow.nth,
        first_segment,
    )  # fmt: skip


def understand(flow: Flow) -> Seen | None:
    """What the bytes heard so far are; None while that is open or nothing a rule could ask for."""
    hello = client_hello(flow.heard)
    if hello is not None:
        if not hello.complete:
            _wait(flow)
            return None
        _known(flow, "tls", hello.sni)
        return seen_at(flow, Stage.TLS, tls_maximum=hello.tls_maximum, first_segment=not flow.split)
    request = http_request(flow.heard)
    if request is not None:
        if not request.complete:
            _wait(flow)
            return None
        path = request.target if request.target.startswith("/") else "/"
        flow.url = request.host + path
        _known(flow, "http", request.host)
        flow.base += len(flow.heard)
        flow.heard, flow.split = b"", False
        return seen_at(flow, Stage.HTTP, first_segment=True)
    if flow.key.server_port == 53 and flow.segments < 2:
        return _dns_over_tcp(flow)
    if flow.protocol_name == "http":
        flow.base, flow.heard = flow.base + len(flow.heard), b""
    else:
        _known(flow, "other", None)
    return None


def _dns_over_tcp(flow: Flow) -> Seen | None:
    asked = question(flow.heard[2:])
    if asked is None:
        _wait(flow)
        return None
    _known(flow, "dns", asked.name)
    return seen_at(flow, Stage.DNS, qtype=asked.qtype)


def _wait(flow: Flow) -> None:
    if len(flow.heard) > MAX_HEARD:
        _known(flow, "other", None)


def _known(flow: Flow, protocol: str, name: str | None) -> None:
    flow.reading, flow.protocol_name, flow.name = False, protocol, name


def first_datagrams(flow: Flow, packet: Packet) -> Seen | None:
    """QUIC by its Initial packets, whose ClientHello may need two; anything else by its first datagram."""
    first = not flow.begun
    flow.begun = True
    if is_initial(packet.data):
        flow.segments += 1
        flow.crypto.update(crypto_frames(packet.data))
        hello = hello_of(flow.crypto)
        if hello is not None or flow.segments >= MAX_INITIALS:
            _known(flow, "quic", hello.sni if hello else None)
            return seen_at(flow, Stage.QUIC)
    else:
        _known(flow, "other", None)
    return seen_at(flow, Stage.UDP) if first else None
