"""One end of the wire: a descriptor from which whole IP packets are read and to which they are written.

Two kinds, with the same face. A TUN device gives packets as they are. Where /dev/net/tun is missing or closed to us, a
veth pair with a packet socket on its far end does: frames are stripped, offloads are switched off so that checksums are
right and nothing is longer than the MTU. Both are made in the namespace the caller is in at that time.
Sources: Documentation/networking/tuntap.rst, packet(7), linux/ethtool.h.
"""

import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Protocol

from probe.lab.packet import namespaces
from probe.lab.packet.netlink import Netlink

MTU = 1500
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_SIOCETHTOOL, _SIOCGIFHWADDR = 0x8946, 0x8927
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # set tx checksum, TSO, GSO, GRO
_ETH_P_ALL, _ETH_P_IP, _ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
_SOL_PACKET, _IGNORE_OUTGOING = 263, 23
_SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 33, 32
_BUFFER = 8 << 20
TUN_DEVICE = Path("/dev/net/tun")


class Link(Protocol):
    """An end of the wire."""

    def fileno(self) -> int:
        """The descriptor to wait on."""

    def read(self) -> bytes | None:
        """The next packet, or None if none waits."""

    def write(self, packet: bytes) -> None:
        """Send one packet into the namespace; a full queue or a refused packet loses it, as on any wire."""

    def close(self) -> None:
        """Close the descriptor; a TUN device vanishes with it."""


class TunLink:
    """A TUN device called `name` in the current network namespace. Raises OSError where there can be none."""

    def __init__(self, name: str) -> None:
        self._descriptor = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(self._descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        except OSError:
            os.close(self._descriptor)
            raise

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._descriptor

    def read(self) -> bytes | None:
        """The next packet."""
        try:
            return os.read(self._descriptor, 65536)
        except BlockingIOError:
            return None

    def write(self, packet: bytes) -> None:
        """Send one packet into the namespace."""
        try:
            os.write(self._descriptor, packet)
        except OSError:
            return  # EINVAL for a packet that is none, EAGAIN for a full queue, EIO for a device that is down

    def close(self) -> None:
        """Close the device."""
        os.close(self._descriptor)


class VethLink:
    """A veth called `name` in the current network namespace, its far end in a namespace that holds nothing else."""

    def __init__(self, name: str) -> None:
        here = namespaces.current("net")
        try:
            namespaces.unshare(namespaces.NEWNET)
            between = namespaces.current("net")
            namespaces.enter(here, namespaces.NEWNET)
            try:
                with Netlink() as netlink:
                    netlink.veth(name, "far", between)
                self._mac = _prepare(name)
                namespaces.enter(between, namespaces.NEWNET)
                self._socket = _packet_socket("far")
            finally:
                os.close(between)
        finally:
            namespaces.enter(here, namespaces.NEWNET)
            os.close(here)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def read(self) -> bytes | None:
        """The next packet; frames that carry no IP are skipped."""
        while True:
            try:
                frame = self._socket.recv(65536)
            except BlockingIOError:
                return None
            if struct.unpack_from("!H", frame, 12)[0] in (_ETH_P_IP, _ETH_P_IPV6):
                return frame[14:]

    def write(self, packet: bytes) -> None:
        """Send one packet into the namespace."""
        kind = _ETH_P_IP if packet[0] >> 4 == 4 else _ETH_P_IPV6
        try:
            self._socket.send(self._mac + b"\x02\0\0\0\0\1" + struct.pack("!H", kind) + packet)
        except OSError:
            return  # longer than the MTU, or a full queue

    def close(self) -> None:
        """Close the socket; the pair vanishes with its namespaces."""
        self._socket.close()


def _prepare(name: str) -> bytes:
    """Switch the offloads of a veth off and give its link address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in _OFFLOADS:
            value = bytearray(struct.pack("=II", command, 0))
            _ethtool(control, name, value)
        answer = fcntl.ioctl(control, _SIOCGIFHWADDR, struct.pack("16s24x", name.encode()))
        return answer[18:24]


def _ethtool(control: socket.socket, name: str, value: bytearray) -> None:
    import ctypes

    buffer = (ctypes.c_char * len(value)).from_buffer(value)
    request = struct.pack("16sP16x", name.encode(), ctypes.addressof(buffer))
    fcntl.ioctl(control, _SIOCETHTOOL, request)


def _packet_socket(name: str) -> socket.socket:
    with Netlink() as netlink:
        netlink.up(name, mtu=MTU, arp=False)
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_ALL))
    for option in (_SO_RCVBUFFORCE, _SO_SNDBUFFORCE):
        try:
            opened.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        except OSError:
            continue  # only the machine's root may; the default holds some hundred packets
    opened.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    opened.bind((name, 0))
    opened.setblocking(False)
    return opened


def open_link(name: str, *, kind: str = "") -> Link:
    """An end called `name` in the current namespace, up with our MTU: `tun` where possible, else `veth`.

    `kind` forces one. Raises OSError if neither can be had.
    """
    link: Link
    if kind != "veth" and (kind == "tun" or os.access(TUN_DEVICE, os.R_OK | os.W_OK)):
        link = TunLink(name)
    else:
        link = VethLink(name)
    with Netlink() as netlink:
        netlink.up(name, mtu=MTU, arp=False)
    return link
