"""Ports that serve nobody: refusal and silence, on TCP and UDP, told apart by a plain client."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from probe.lab.ports import LOOPBACK, Ports


@pytest.fixture
def ports() -> Iterator[Ports]:
    each = Ports()
    yield each
    each.close()


def test_closed_tcp_port_refuses(ports: Ports) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, ports.closed["tcp"]), timeout=5)


def test_silent_tcp_port_lets_the_connect_time_out_again_and_again(ports: Ports) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            socket.create_connection((LOOPBACK, ports.silent["tcp"]), timeout=0.1)


def test_closed_udp_port_refuses_and_silent_one_does_not(ports: Ports) -> None:
    for port, error in ((ports.closed["udp"], ConnectionRefusedError), (ports.silent["udp"], TimeoutError)):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            sock.connect((LOOPBACK, port))
            sock.settimeout(0.15)
            sock.send(b"anyone?")
            with pytest.raises(error):
                sock.recv(100)
