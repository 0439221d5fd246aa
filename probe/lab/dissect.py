"""Reading what crosses the path, as a censor must: a ClientHello's SNI, a request's Host, a query's name. Pure.

Every reader takes bytes that may be cut short or be something else, and says which: None is "not that protocol",
`complete` False is "so far it is, but more must come". Nothing here raises on strange bytes.
"""

from typing import NamedTuple

import dns.exception
import dns.message
import dns.rdatatype

HANDSHAKE, CLIENT_HELLO = 0x16, 0x01
SERVER_NAME, SUPPORTED_VERSIONS, ALPN = 0, 43, 16
VERSIONS = {0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH ")
MAX_HEAD = 65536


class Hello(NamedTuple):
    """A ClientHello (RFC 8446 section 4.1.2). `tls_maximum`: the highest version offered, as `1.3`."""

    complete: bool
    sni: str | None = None
    tls_maximum: str = ""
    alpn: tuple[str, ...] = ()


class Request(NamedTuple):
    """The head of an HTTP/1 request. `host` without its port, in lower case; header names in lower case."""

    complete: bool
    method: str = ""
    target: str = ""
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    size: int = 0

    def header(self, name: str) -> str:
        """The first header of that name, empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")


class Question(NamedTuple):
    """The question of a DNS query: its name in lower case without the trailing dot, and its type."""

    name: str
    qtype: str


class _Short(Exception):  # noqa: N818  a signal inside this file, not an error
    """The bytes end before the message does."""


class _Cursor:
    """Reads big-endian integers and length-prefixed vectors; raises _Short at the end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise _Short
        self.at += count
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> "_Cursor":
        return _Cursor(self.take(self.number(size)))

    @property
    def more(self) -> bool:
        return self.at < len(self.data)


def client_hello(data: bytes) -> Hello | None:
    """The ClientHello at the start of a stream, over as many records as it takes."""
    if data[:1] != bytes([HANDSHAKE]) or data[1:2] not in (b"", b"\x03"):
        return None
    message = _handshake_bytes(data)
    if message[:1] not in (b"", bytes([CLIENT_HELLO])):
        return None
    if len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        return Hello(complete=False)
    return read_hello(message[4 : 4 + int.from_bytes(message[1:4], "big")])


def _handshake_bytes(data: bytes) -> bytes:
    """The handshake message inside the records, as far as they have come."""
    at, message = 0, b""
    while data[at : at + 1] == bytes([HANDSHAKE]) and len(data) >= at + 5:
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        message += data[at + 5 : at + 5 + length]
        at += 5 + length
    return message


def read_hello(body: bytes) -> Hello | None:
    """The body of a ClientHello message (without its 4-byte header); QUIC has the same inside CRYPTO frames."""
    cursor = _Cursor(body)
    sni, versions, alpn = None, [], []
    try:
        versions.append(cursor.number(2))
        cursor.take(32)
        cursor.vector(1), cursor.vector(2), cursor.vector(1)
        extensions = cursor.vector(2) if cursor.more else _Cursor(b"")
        while extensions.more:
            kind, value = extensions.number(2), extensions.vector(2)
            if kind == SERVER_NAME:
                names = value.vector(2)
                names.take(1)
                sni = names.vector(2).data.decode("ascii", "replace").lower()
            elif kind == SUPPORTED_VERSIONS:
                offered = value.vector(1)
                while offered.more:
                    versions.append(offered.number(2))
            elif kind == ALPN:
                protocols = value.vector(2)
                while protocols.more:
                    alpn.append(protocols.vector(1).data.decode("ascii", "replace"))
    except _Short:
        return None
    known = [version for version in versions if version in VERSIONS]
    return Hello(True, sni, VERSIONS[max(known)] if known else "", tuple(alpn))


def http_request(data: bytes) -> Request | None:
    """The head of an HTTP/1 request at the start of a stream."""
    if not any(data.startswith(method) or method.startswith(data) for method in METHODS) or not data:
        return None
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return Request(complete=False) if len(data) < MAX_HEAD else None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    pairs = (line.partition(":")[::2] for line in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, value in pairs)
    target = rest.rpartition(" ")[0]
    host = next((value for name, value in headers if name == "host"), "")
    return Request(True, method, target, bare_host(host), headers, end + 4)


def bare_host(authority: str) -> str:
    """`Example.org:8080` and `[2606::1]:80` without their ports and brackets, in lower case."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")


def question(data: bytes) -> Question | None:
    """The question of a DNS query; None for replies, no DNS message, and no or many questions."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return None
    if len(message.question) != 1 or message.flags & 0x8000:
        return None
    asked = message.question[0]
    return Question(asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype))
