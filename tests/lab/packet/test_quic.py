"""Reading QUIC Initials: RFC 9001's own keys, and hellos that aioquic makes."""

import random

import pytest

from probe.lab.packet.quic import Keys, crypto_frames, hello_of, initial_keys, is_initial


def initials(name: str) -> list[bytes]:
    """The first flight of a QUIC client."""
    configuration_module = pytest.importorskip("aioquic.quic.configuration", reason="needs the quic extra")
    from aioquic.quic.connection import QuicConnection

    configuration = configuration_module.QuicConfiguration(is_client=True, server_name=name, alpn_protocols=["h3"])
    connection = QuicConnection(configuration=configuration)
    connection.connect(("192.0.2.1", 443), now=0.0)
    return [data for data, _ in connection.datagrams_to_send(now=0.0)]


def test_keys_of_rfc_9001_appendix_a_1() -> None:
    assert initial_keys(bytes.fromhex("8394c8f03e515708")) == Keys(
        bytes.fromhex("1f369613dd76d5467730efcbe3b1a22d"),
        bytes.fromhex("fa044b2f42a3fd3b46fb255c"),
        bytes.fromhex("9f50449e04a0e810283a1e9933adedd2"),
    )


def test_name_in_a_clients_first_flight() -> None:
    frames: dict[int, bytes] = {}
    for datagram in initials("h3.example"):
        assert is_initial(datagram)
        frames.update(crypto_frames(datagram))
    hello = hello_of(frames)
    assert hello is not None
    assert (hello.sni, hello.alpn, hello.tls_maximum) == ("h3.example", ("h3",), "1.3")


def test_hello_in_two_pieces_waits_for_both() -> None:
    (frames,) = [crypto_frames(datagram) for datagram in initials("h3.example")]
    whole = b"".join(data for _, data in sorted(frames.items()))
    assert hello_of({0: whole[:100]}) is None
    assert hello_of({100: whole[100:]}) is None
    hello = hello_of({100: whole[100:], 0: whole[:100]})
    assert hello is not None
    assert hello.sni == "h3.example"


def test_altered_and_random_bytes_give_nothing() -> None:
    dice = random.Random(9)  # noqa: S311  noise for a parser
    (datagram,) = initials("h3.example")
    for _ in range(300):
        at = dice.randrange(400)  # inside the packet: what follows is padding of the datagram
        altered = datagram[:at] + bytes([datagram[at] ^ (1 + dice.randrange(255))]) + datagram[at + 1 :]
        assert hello_of(crypto_frames(altered)) is None
        assert crypto_frames(datagram[: dice.randrange(400)]) == {}
        noise = b"\xc0\0\0\0\1" + dice.randbytes(dice.randrange(200))
        assert crypto_frames(noise) == {}
