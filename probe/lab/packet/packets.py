"""IPv4 and IPv6 packets with TCP, UDP and ICMP: read from bytes, written with right checksums.

Knows headers only: what a payload means is for `payload`, what to do about it for `censor`. Reading never raises: bytes
that are no packet give None, and a packet whose transport cannot be read (a later fragment, an unknown protocol) has no
ports. Addresses are packed bytes (4 or 16), ports and sequence numbers plain integers; `text` and `packed` convert.
Sources: RFC 791, 8200, 9293, 768, 792, 4443; checksums RFC 1071.
"""

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import lru_cache


class Protocol(IntEnum):
    """IP protocol numbers we read."""

    ICMP = 1
    TCP = 6
    UDP = 17
    ICMPV6 = 58


class Flags(IntFlag):
    """TCP control bits (RFC 9293 section 3.1)."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10


DEFAULT_TTL = 64
SEQUENCE = 1 << 32
_EXTENSIONS = frozenset((0, 43, 60))  # hop-by-hop, routing, destination options: all `next, length/8 - 1, ...`
_FRAGMENT = 44
_MAX_EXTENSIONS = 8

_V4 = struct.Struct("!BBHHHBBH4s4s")
_V6 = struct.Struct("!IHBB16s16s")
_TCP = struct.Struct("!HHIIBBHHH")
_UDP = struct.Struct("!HHHH")


@dataclass(slots=True)
class Packet:
    """One packet. `raw` is all of it; `transport` and `payload` are offsets in `raw`; `end` is where the payload ends.

    `sport`, `dport` are 0 and `readable` False where there is no TCP or UDP header to read.
    """

    raw: bytes
    version: int
    source: bytes
    destination: bytes
    ttl: int
    protocol: int
    transport: int
    end: int
    readable: bool = False
    sport: int = 0
    dport: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0
    payload: int = 0

    @property
    def data(self) -> bytes:
        """The transport's payload."""
        return self.raw[self.payload : self.end]

    @property
    def size(self) -> int:
        """Length of the payload in bytes."""
        return self.end - self.payload

    @property
    def span(self) -> int:
        """How far this TCP segment moves the sequence number: payload, plus one each for SYN and FIN."""
        return self.end - self.payload + bool(self.flags & Flags.SYN) + bool(self.flags & Flags.FIN)


@lru_cache(4096)
def packed(address: str) -> bytes:
    """The 4 or 16 bytes of an address in text. Raises ValueError if it is none."""
    return ipaddress.ip_address(address).packed


@lru_cache(4096)
def text(address: bytes) -> str:
    """An address in text, from its 4 or 16 bytes."""
    return str(ipaddress.ip_address(address))


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071) of `data`: the complement of the 16-bit one's complement sum.

    That sum is the number that the bytes spell, modulo 65535 (because 65536 = 1 modulo 65535), with zero written
    as 0xFFFF unless every byte is zero. Python's long division does it at memory speed.
    """
    if len(data) & 1:
        data += b"\0"
    number = int.from_bytes(data, "big")
    if number == 0:
        return 0xFFFF
    return 0xFFFF - (number % 0xFFFF or 0xFFFF)


def parse(raw: bytes) -> Packet | None:
    """The packet in `raw`, or None if it is no IP packet. Trailing bytes beyond the IP length are ignored."""
    version = raw[0] >> 4 if raw else 0
    if version == 4:
        packet = _parse_v4(raw)
    elif version == 6:
        packet = _parse_v6(raw)
    else:
        return None
    if packet is not None:
        _parse_transport(packet)
    return packet


def _parse_v4(raw: bytes) -> Packet | None:
    if len(raw) < 20:
        return None
    first, _tos, total, _ident, fragment, ttl, protocol, _sum, source, destination = _V4.unpack_from(raw)
    header = (first & 15) * 4
    if header < 20 or total < header or total > len(raw):
        return None
    if fragment & 0x1FFF:
        protocol = -1  # not the first fragment: there is no transport header in it
    return Packet(raw, 4, source, destination, ttl, protocol, header, total)


def _parse_v6(raw: bytes) -> Packet | None:
    if len(raw) < 40:
        return None
    _first, length, protocol, ttl, source, destination = _V6.unpack_from(raw)
    end = 40 + length
    if end > len(raw):
        return None
    offset = 40
    for _ in range(_MAX_EXTENSIONS):
        if protocol in _EXTENSIONS and offset + 8 <= end:
            protocol, offset = raw[offset], offset + 8 + raw[offset + 1] * 8
        elif protocol == _FRAGMENT and offset + 8 <= end:
            later = struct.unpack_from("!H", raw, offset + 2)[0] >> 3
            protocol, offset = (-1 if later else raw[offset]), offset + 8
        else:
            break
    return Packet(raw, 6, source, destination, ttl, protocol, min(offset, end), end)


def _parse_transport(packet: Packet) -> None:
    packet.payload = packet.end
    start, room = packet.transport, packet.end - packet.transport
    if packet.protocol == Protocol.TCP and room >= 20:
        sport, dport, seq, ack, offset, flags, _window, _sum, _urgent = _TCP.unpack_from(packet.raw, start)
        header = (offset >> 4) * 4
        if 20 <= header <= room:
            packet.readable, packet.sport, packet.dport = True, sport, dport
            packet.seq, packet.ack, packet.flags, packet.payload = seq, ack, flags, start + header
    elif packet.protocol == Protocol.UDP and room >= 8:
        sport, dport, length, _sum = _UDP.unpack_from(packet.raw, start)
        if 8 <= length <= room:
            packet.readable, packet.sport, packet.dport = True, sport, dport
            packet.payload, packet.end = start + 8, start + length


def _pseudo(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, length)
    return source + destination + struct.pack("!II", length, protocol)


def _transport_checksum(source: bytes, destination: bytes, protocol: int, segment: bytes) -> int:
    return checksum(_pseudo(source, destination, protocol, len(segment)) + segment)


def ip(source: bytes, destination: bytes, protocol: int, body: bytes, ttl: int = DEFAULT_TTL) -> bytes:
    """An IP packet of the family of `source` around a finished transport segment."""
    if len(source) == 4:
        header = _V4.pack(0x45, 0, 20 + len(body), 0, 0x4000, ttl, protocol, 0, source, destination)
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body
    return _V6.pack(0x60000000, len(body), protocol, ttl, source, destination) + body


def tcp(
    source: tuple[bytes, int],
    destination: tuple[bytes, int],
    *,
    seq: int,
    ack: int = 0,
    flags: int,
    data: bytes = b"",
    ttl: int = DEFAULT_TTL,
    window: int = 65535,
) -> bytes:
    """A TCP segment without options, in its IP packet. Sequence numbers are taken modulo 2**32."""
    head = _TCP.pack(source[1], destination[1], seq % SEQUENCE, ack % SEQUENCE, 0x50, flags, window, 0, 0)
    total = _transport_checksum(source[0], destination[0], Protocol.TCP, head + data)
    segment = head[:16] + struct.pack("!HH", total, 0) + data
    return ip(source[0], destination[0], Protocol.TCP, segment, ttl)


def udp(source: tuple[bytes, int], destination: tuple[bytes, int], data: bytes, ttl: int = DEFAULT_TTL) -> bytes:
    """A UDP datagram in its IP packet. A checksum of zero is sent as 0xFFFF (RFC 768)."""
    head = _UDP.pack(source[1], destination[1], 8 + len(data), 0)
    total = _transport_checksum(source[0], destination[0], Protocol.UDP, head + data) or 0xFFFF
    segment = head[:6] + struct.pack("!H", total) + data
    return ip(source[0], destination[0], Protocol.UDP, segment, ttl)


class Unreachable(IntEnum):
    """Why a router gave a packet back: names of ICMPv4 type 3 codes; `unreachable` turns them for ICMPv6."""

    NETWORK = 0
    HOST = 1
    PORT = 3
    PROHIBITED = 13


_UNREACHABLE_V6 = {Unreachable.NETWORK: 0, Unreachable.HOST: 3, Unreachable.PORT: 4, Unreachable.PROHIBITED: 1}


def unreachable(packet: Packet, router: bytes, why: Unreachable = Unreachable.HOST, ttl: int = DEFAULT_TTL) -> bytes:
    """The ICMP destination unreachable that `router` (same family) sends back for `packet` (RFC 792, RFC 4443).

    It quotes the packet's headers and, for IPv4, 8 bytes of payload and more up to 576 bytes (RFC 1812); for
    IPv6 as much as fits in 1280 bytes.
    """
    if packet.version == 4:
        body = struct.pack("!BBHI", 3, why, 0, 0) + packet.raw[: 576 - 28]
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        return ip(router, packet.source, Protocol.ICMP, body, ttl)
    body = struct.pack("!BBHI", 1, _UNREACHABLE_V6[why], 0, 0) + packet.raw[: 1280 - 48]
    total = _transport_checksum(router, packet.source, Protocol.ICMPV6, body)
    body = body[:2] + struct.pack("!H", total) + body[4:]
    return ip(router, packet.source, Protocol.ICMPV6, body, ttl)


def with_ttl(packet: Packet, ttl: int) -> bytes:
    """The packet with another TTL (hop limit); the IPv4 header checksum is put right."""
    raw = packet.raw
    if packet.version == 6:
        return raw[:7] + bytes((ttl,)) + raw[8:]
    header = raw[:8] + bytes((ttl,)) + raw[9:10] + b"\0\0" + raw[12 : packet.transport]
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + raw[packet.transport :]


_CHECKSUM_OFFSET = {Protocol.TCP: 16, Protocol.UDP: 6, Protocol.ICMPV6: 2}


def finish(raw: bytes) -> bytes:
    """The packet with its transport checksum computed anew: for readdressed packets, and for what a veth left undone.

    Bytes that are no packet, and transports we cannot read, come back as they are.
    """
    packet = parse(raw)
    if packet is None or packet.protocol not in _CHECKSUM_OFFSET or packet.transport + 8 > packet.end:
        return raw
    at = packet.transport + _CHECKSUM_OFFSET[Protocol(packet.protocol)]
    segment = raw[packet.transport : at] + b"\0\0" + raw[at + 2 : packet.end]
    if at + 2 > packet.end:
        return raw
    total = _transport_checksum(packet.source, packet.destination, packet.protocol, segment)
    if packet.protocol == Protocol.UDP:
        total = total or 0xFFFF
    return raw[:at] + struct.pack("!H", total) + raw[at + 2 :]


def readdressed(packet: Packet, *, source: bytes | None = None, destination: bytes | None = None) -> bytes:
    """The packet from or to another address of the same family, checksums put right (what a DNAT box does)."""
    new_source, new_destination = source or packet.source, destination or packet.destination
    raw = packet.raw
    if packet.version == 6:
        return finish(raw[:8] + new_source + new_destination + raw[40:])
    header = raw[:10] + b"\0\0" + new_source + new_destination + raw[20 : packet.transport]
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return finish(header + raw[packet.transport :])


def checksums_hold(raw: bytes) -> bool:
    """Whether every checksum in `raw` is right. For tests: the wire trusts kernels."""
    packet = parse(raw)
    if packet is None:
        return False
    if packet.version == 4 and checksum(raw[: packet.transport]) != 0:
        return False
    if packet.protocol == Protocol.ICMP:
        return checksum(raw[packet.transport : packet.end]) == 0
    return finish(raw) == raw
