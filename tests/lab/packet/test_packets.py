"""Reading and writing packets: against packets that others made, and against noise."""

import random
import struct

import pytest

from probe.lab.packet import packets
from probe.lab.packet.packets import Flags, Protocol, Unreachable, packed

A4, B4 = packed("192.0.2.1"), packed("198.51.100.7")
A6, B6 = packed("2001:db8::1"), packed("2001:db8::7")
RFC1071 = bytes.fromhex("0001f203f4f5f6f7")
KERNEL_UDP = bytes.fromhex(
    "4500003a29be40004011beb47250440aca60d185b3e100350026a2d7"
    "e62e010000010000000000000473697465076578616d706c650000010001"
)
"""A DNS query for site.example as Linux sent it from 114.80.68.10 to 202.96.209.133."""


def test_checksum_of_rfc_1071() -> None:
    assert packets.checksum(RFC1071) == 0xFFFF - 0xDDF2


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xff", b"\xff", b"\x12\x34\x56", bytes(range(256)) * 6])
def test_checksum_is_the_ones_complement_sum_word_by_word(data: bytes) -> None:
    even = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert packets.checksum(data) == 0xFFFF - total


def test_a_kernels_packet_is_read_and_made_again() -> None:
    packet = packets.parse(KERNEL_UDP)
    assert packet is not None
    assert (packets.text(packet.source), packets.text(packet.destination)) == ("114.80.68.10", "202.96.209.133")
    assert (packet.protocol, packet.sport, packet.dport, packet.ttl) == (Protocol.UDP, 46049, 53, 64)
    assert packets.checksums_hold(KERNEL_UDP)
    made = packets.udp((packet.source, packet.sport), (packet.destination, packet.dport), packet.data)
    assert made[20:] == KERNEL_UDP[20:]


@pytest.mark.parametrize(("source", "destination"), [(A4, B4), (A6, B6)])
def test_tcp_segment_is_read_as_written(source: bytes, destination: bytes) -> None:
    raw = packets.tcp(
        (source, 443), (destination, 50000), seq=(1 << 32) + 5, ack=9, flags=Flags.PSH | Flags.ACK, data=b"odd", ttl=57
    )
    packet = packets.parse(raw)
    assert packet is not None
    assert packets.checksums_hold(raw)
    assert (packet.seq, packet.ack, packet.flags, packet.data, packet.ttl) == (5, 9, 0x18, b"odd", 57)
    assert (packet.source, packet.destination, packet.sport, packet.dport) == (source, destination, 443, 50000)
    assert packet.span == 3


def test_syn_and_fin_count_one_each() -> None:
    raw = packets.tcp((A4, 1), (B4, 2), seq=0, flags=Flags.SYN | Flags.FIN, data=b"ab")
    packet = packets.parse(raw)
    assert packet is not None
    assert packet.span == 4


@pytest.mark.parametrize(("source", "destination"), [(A4, B4), (A6, B6)])
def test_ttl_and_addresses_change_with_their_checksums(source: bytes, destination: bytes) -> None:
    raw = packets.udp((source, 1000), (destination, 53), b"question", ttl=64)
    packet = packets.parse(raw)
    assert packet is not None
    older = packets.with_ttl(packet, 40)
    moved = packets.readdressed(packet, destination=source)
    assert packets.checksums_hold(older)
    assert packets.checksums_hold(moved)
    assert packets.parse(older) is not None
    again = packets.parse(moved)
    assert again is not None
    assert (again.destination, again.data) == (source, b"question")


@pytest.mark.parametrize(("source", "destination", "kind"), [(A4, B4, (3, 1)), (A6, B6, (1, 3))])
def test_unreachable_quotes_the_packet(source: bytes, destination: bytes, kind: tuple[int, int]) -> None:
    raw = packets.tcp((source, 50000), (destination, 443), seq=7, flags=Flags.SYN)
    packet = packets.parse(raw)
    assert packet is not None
    answer = packets.unreachable(packet, destination, Unreachable.HOST)
    assert packets.checksums_hold(answer)
    parsed = packets.parse(answer)
    assert parsed is not None
    assert not parsed.readable
    assert tuple(answer[parsed.transport : parsed.transport + 2]) == kind
    assert answer[parsed.transport + 8 :] == raw


def test_a_later_fragment_has_no_ports() -> None:
    raw = bytearray(packets.udp((A4, 1000), (B4, 53), b"question"))
    raw[6:8] = struct.pack("!H", 100)
    packet = packets.parse(bytes(raw))
    assert packet is not None
    assert not packet.readable


def test_extension_headers_are_skipped() -> None:
    inner = packets.udp((A6, 1000), (B6, 53), b"question")
    raw = (
        inner[:4]
        + struct.pack("!H", len(inner) - 40 + 8)
        + b"\0"
        + inner[7:40]
        + bytes((17, 0))
        + b"\0" * 6
        + inner[40:]
    )
    packet = packets.parse(raw)
    assert packet is not None
    assert (packet.protocol, packet.dport, packet.data) == (Protocol.UDP, 53, b"question")


def test_noise_and_altered_packets_never_raise() -> None:
    dice = random.Random(4)  # noqa: S311  noise for a parser
    seeds = [
        packets.tcp((A4, 1), (B4, 2), seq=1, flags=Flags.ACK, data=b"x" * 40),
        packets.tcp((A6, 1), (B6, 2), seq=1, flags=Flags.ACK, data=b"x" * 40),
        packets.udp((A6, 1), (B6, 2), b"y" * 40),
        KERNEL_UDP,
    ]
    for _ in range(4000):
        raw = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(1, 6)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        cut = bytes(raw[: dice.randrange(len(raw) + 1)])
        for each in (cut, bytes(raw), dice.randbytes(dice.randrange(80))):
            packet = packets.parse(each)
            packets.finish(each)
            if packet is not None:
                assert 0 <= packet.payload <= packet.end <= len(each)
                packets.with_ttl(packet, 3)
                packets.readdressed(packet, source=packet.destination)
                packets.unreachable(packet, packet.destination)
