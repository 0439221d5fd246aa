"""The packets a censor makes up: resets, closes, data in the server's place, forged replies, ICMP. Pure.

Everything here gives finished IP packets with right sequence numbers and checksums; when and to whom they go is decided
in `censor`. What is inside a forged reply or a block page is written by `probe.lab.wire`.
"""

from collections.abc import Iterator

from probe.lab import wire
from probe.lab.packet import packets
from probe.lab.packet.flow import Ending, Flow
from probe.lab.packet.packets import Flags, Packet
from probe.lab.rule import Alert, Blockpage, Effect, Inject

SEGMENT = 1300
RESETS = 3
"""Resets go out three at a time, as the Great Firewall's do: one lost packet saves no connection."""


def to_client(flow: Flow, seq: int, ack: int, flags: int, data: bytes, ttl: int) -> bytes:
    """A segment that claims to come from the server."""
    source, destination = (flow.key.server, flow.key.server_port), (flow.key.client, flow.key.client_port)
    return packets.tcp(source, destination, seq=seq, ack=ack, flags=flags, data=data, ttl=ttl)


def to_server(flow: Flow, seq: int, ack: int, flags: int, ttl: int) -> bytes:
    """A segment that claims to come from the client, for where the flow really leads."""
    destination = (flow.led_to or flow.key.server, flow.key.server_port)
    source = (flow.key.client, flow.key.client_port)
    return packets.tcp(source, destination, seq=seq, ack=ack, flags=flags, ttl=ttl)


def reset_to_client(flow: Flow, packet: Packet, ttl: int) -> bytes:
    """The RST that answers this packet of the client: exactly what it expects next, or a refusal of its SYN."""
    if packet.flags & Flags.ACK:
        return to_client(flow, packet.ack, packet.seq + packet.span, Flags.RST | Flags.ACK, b"", ttl)
    return to_client(flow, 0, packet.seq + packet.span, Flags.RST | Flags.ACK, b"", ttl)


def words(effect: Effect) -> bytes:
    """What an effect says in the server's place before it closes; nothing for a bare close."""
    match effect:
        case Alert():
            return wire.tls_alert(effect.number, effect.level)
        case Inject():
            return effect.payload
        case Blockpage():
            return b"".join(wire.http_response(effect.response))
        case _:
            return b""


def ending_segments(flow: Flow, ending: Ending, start: int, ttl: int) -> Iterator[bytes]:
    """The ending from sequence number `start` on: data in segments, the last with FIN."""
    skip = (start - ending.start) % packets.SEQUENCE
    rest = ending.data[skip:]
    pieces = [rest[at : at + SEGMENT] for at in range(0, len(rest), SEGMENT)] or [b""]
    for number, piece in enumerate(pieces):
        last = Flags.FIN if number == len(pieces) - 1 else Flags(0)
        yield to_client(flow, start, ending.heard, Flags.PSH | Flags.ACK | last, piece, ttl)
        start = (start + len(piece)) % packets.SEQUENCE


def datagram_to_client(packet: Packet, data: bytes, ttl: int) -> bytes:
    """A datagram that claims to answer this one of the client."""
    return packets.udp((packet.destination, packet.dport), (packet.source, packet.sport), data, ttl)
