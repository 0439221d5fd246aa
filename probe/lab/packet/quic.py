"""The ClientHello inside QUIC: Initial packets of version 1 can be read by anybody on the path.

Their keys come from the connection id that stands in the clear (RFC 9001 section 5.2), so a censor derives them, takes
header protection and encryption off, and finds the same ClientHello as in TLS over TCP, in CRYPTO frames. Only the
client's own Initials are read. Bytes that are no such packet, or do not decrypt, give nothing and never raise.
"""

from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from probe.lab.dissect import CLIENT_HELLO, Hello, read_hello

VERSION_1 = b"\0\0\0\1"
_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SAMPLE = 16
_MAX_CRYPTO = 16384
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO = 0, 1, 2, 3, 6


class Keys(NamedTuple):
    """What protects a client's Initial packets."""

    key: bytes
    iv: bytes
    hp: bytes


class _Short(Exception):  # noqa: N818  a signal inside this file, not an error
    """The bytes end before the packet does."""


class _Cursor:
    """Takes fields off some bytes; raises _Short at the end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise _Short
        self.at += count
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def varint(self) -> int:
        """A variable-length integer (RFC 9000 section 16)."""
        first = self.number(1)
        value = first & 0x3F
        for byte in self.take((1 << (first >> 6)) - 1):
            value = value << 8 | byte
        return value


def is_initial(data: bytes) -> bool:
    """Whether a datagram begins with an Initial packet of QUIC version 1 (RFC 9000 section 17.2.2)."""
    return len(data) >= 7 and data[0] & 0xF0 == 0xC0 and data[1:5] == VERSION_1


def _hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac.finalize()


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446 section 7.1), for at most 32 bytes."""
    full = b"tls13 " + label
    return _hmac(secret, length.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0\1")[:length]


@lru_cache(256)
def initial_keys(connection_id: bytes) -> Keys:
    """The client's keys for the connection id that its first Initial is sent to (RFC 9001 section 5.2)."""
    secret = _expand(_hmac(_SALT, connection_id), b"client in", 32)
    return Keys(_expand(secret, b"quic key", 16), _expand(secret, b"quic iv", 12), _expand(secret, b"quic hp", 16))


def crypto_frames(datagram: bytes) -> dict[int, bytes]:
    """What the CRYPTO frames of a datagram's Initial packets hold, by offset in the handshake's bytes."""
    frames: dict[int, bytes] = {}
    cursor = _Cursor(datagram)
    try:
        while is_initial(datagram[cursor.at :]):
            payload = _payload(cursor)
            if payload is None:
                break
            frames.update(_frames(payload))
    except _Short:
        pass
    return frames


def _payload(cursor: _Cursor) -> bytes | None:
    """The plaintext of the Initial packet at the cursor, which moves behind it; None if it does not decrypt."""
    start = cursor.at
    cursor.take(5)
    connection_id = cursor.take(cursor.number(1))
    cursor.take(cursor.number(1))
    cursor.take(cursor.varint())
    length = cursor.varint()
    number_at = cursor.at
    cursor.take(length)
    keys = initial_keys(connection_id)
    packet = cursor.data[start : cursor.at]
    offset = number_at - start
    sample = packet[offset + 4 : offset + 4 + _SAMPLE]
    if len(sample) < _SAMPLE:
        return None
    encryptor = Cipher(AES(keys.hp), ECB()).encryptor()  # noqa: S305  header protection is one AES block (RFC 9001 5.4.3)
    mask = encryptor.update(sample)
    first = packet[0] ^ (mask[0] & 0x0F)
    size = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(packet[offset : offset + size], mask[1:], strict=False))
    header = bytes([first]) + packet[1:offset] + number
    nonce = (int.from_bytes(keys.iv, "big") ^ int.from_bytes(number, "big")).to_bytes(12, "big")
    try:
        return AESGCM(keys.key).decrypt(nonce, packet[offset + size :], header)
    except (InvalidTag, ValueError):
        return None


def _frames(payload: bytes) -> dict[int, bytes]:
    frames: dict[int, bytes] = {}
    cursor = _Cursor(payload)
    try:
        while cursor.at < len(payload):
            kind = cursor.varint()
            if kind == _CRYPTO:
                offset = cursor.varint()
                frames[offset] = cursor.take(cursor.varint())
            elif kind in (_ACK, _ACK_ECN):
                _skip_ack(cursor, kind)
            elif kind not in (_PADDING, _PING):
                break
    except _Short:
        pass
    return frames


def _skip_ack(cursor: _Cursor, kind: int) -> None:
    cursor.varint(), cursor.varint()
    for _ in range(2 * min(cursor.varint(), 64) + 1):
        cursor.varint()
    if kind == _ACK_ECN:
        cursor.varint(), cursor.varint(), cursor.varint()


def hello_of(frames: dict[int, bytes]) -> Hello | None:
    """The ClientHello that these CRYPTO frames hold; None while it is not whole, or is none."""
    message = b""
    for offset, data in sorted(frames.items()):
        if offset > len(message):
            return None
        message += data[len(message) - offset :]
        if len(message) > _MAX_CRYPTO:
            return None
    if message[:1] != bytes([CLIENT_HELLO]) or len(message) < 4:
        return None
    end = 4 + int.from_bytes(message[1:4], "big")
    return read_hello(message[4:end]) if len(message) >= end else None
