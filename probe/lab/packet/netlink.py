"""The few rtnetlink requests a lab needs: bring a link up, give it addresses and routes, make a veth pair.

Speaks to the network namespace of the calling thread at the time the Netlink is made; needs CAP_NET_ADMIN there. Used
instead of the `ip` command, which is not everywhere and costs a process each time. Source: rtnetlink(7), netlink(7).
"""

import errno
import os
import socket
import struct
from types import TracebackType

_NEWLINK, _NEWADDR, _NEWROUTE = 16, 20, 24
_REQUEST, _ACK, _CREATE, _EXCL = 1, 4, 0x400, 0x200
_ERROR = 2
_IFLA_MTU, _IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 4, 3, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_NODAD = 2
_RTA_DST, _RTA_OIF = 1, 4
_MAIN_TABLE, _STATIC, _SCOPE_LINK, _SCOPE_UNIVERSE, _UNICAST = 254, 4, 253, 0, 1
_UP, _NOARP = 0x1, 0x80
_HEADER = struct.Struct("=IHHII")
_IFINFO = struct.Struct("=BxHiII")


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def _family(address: bytes) -> int:
    return socket.AF_INET if len(address) == 4 else socket.AF_INET6


class Netlink:
    """A netlink socket in one network namespace. Every request waits for its answer and raises OSError for an error."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self._socket.bind((0, 0))
        self._sequence = 0

    def __enter__(self) -> "Netlink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _request(self, kind: int, flags: int, body: bytes) -> None:
        self._sequence += 1
        header = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _ACK | flags, self._sequence, 0)
        self._socket.send(header + body)
        while True:
            answer = self._socket.recv(65536)
            _length, answered, _flags, sequence, _pid = _HEADER.unpack_from(answer)
            if answered == _ERROR and sequence == self._sequence:
                code: int = -struct.unpack_from("=i", answer, _HEADER.size)[0]
                if code:
                    raise OSError(code, os.strerror(code))
                return

    def up(self, name: str, *, mtu: int = 0, arp: bool = True) -> None:
        """Bring an interface up; with `arp` False nobody is asked for link addresses on it."""
        flags = _UP if arp else _UP | _NOARP
        body = _IFINFO.pack(0, 0, socket.if_nametoindex(name), flags, _UP | _NOARP if not arp else _UP)
        self._request(_NEWLINK, 0, body + (_attribute(_IFLA_MTU, struct.pack("=I", mtu)) if mtu else b""))

    def address(self, name: str, address: bytes) -> None:
        """Give an interface one address (packed) with the whole length as prefix; without duplicate detection."""
        body = struct.pack("=BBBBi", _family(address), len(address) * 8, _IFA_F_NODAD, 0, socket.if_nametoindex(name))
        body += _attribute(_IFA_LOCAL, address) + _attribute(_IFA_ADDRESS, address)
        try:
            self._request(_NEWADDR, _CREATE | _EXCL, body)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise

    def route(self, name: str, family: int, destination: bytes = b"") -> None:
        """Send what goes to one address (none: everything of the family) out of an interface, without a gateway."""
        scope = _SCOPE_LINK if family == socket.AF_INET else _SCOPE_UNIVERSE
        bits = len(destination) * 8
        body = struct.pack("=BBBBBBBBI", family, bits, 0, 0, _MAIN_TABLE, _STATIC, scope, _UNICAST, 0)
        body += _attribute(_RTA_OIF, struct.pack("=i", socket.if_nametoindex(name)))
        self._request(_NEWROUTE, _CREATE | _EXCL, body + (_attribute(_RTA_DST, destination) if destination else b""))

    def veth(self, name: str, peer: str, peer_namespace: int) -> None:
        """Make a veth pair: `name` here, `peer` in the network namespace open as this descriptor."""
        far = _IFINFO.pack(0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, peer.encode() + b"\0")
        far += _attribute(_IFLA_NET_NS_FD, struct.pack("=i", peer_namespace))
        info = _attribute(_INFO_KIND, b"veth") + _attribute(_INFO_DATA, _attribute(_VETH_PEER, far))
        body = _IFINFO.pack(0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, name.encode() + b"\0")
        self._request(_NEWLINK, _CREATE | _EXCL, body + _attribute(_IFLA_LINKINFO, info))
