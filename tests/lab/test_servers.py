"""Which server stands behind which kind of service, and what the control dials."""

import asyncio

import pytest

from probe.lab.certificates import Certificates
from probe.lab.loopback import LoopbackLab
from probe.lab.servers import Servers
from probe.lab.stream import Stream
from probe.lab.world import Fault, Service, ServiceKind, View
from tests.lab.client import ADDRESS, OTHER_ADDRESS, SITE, connect, exchange, small_world

OVER_UDP = {ServiceKind.NAMESERVER, ServiceKind.SILENT}
NOT_OVER_TCP = {ServiceKind.CLOSED, ServiceKind.SILENT, ServiceKind.QUIC}


async def no_dial(address: str, port: int) -> Stream:
    raise OSError(f"{address}:{port} is not there")


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_every_kind_of_service_is_served_on_its_transports_only(kind: ServiceKind) -> None:
    servers = Servers(small_world(), Certificates(), no_dial)
    service = Service(port=443, kind=kind)
    assert (servers.stream_handler(service, View.CLIENT) is None) is (kind in NOT_OVER_TCP)
    assert (servers.datagram_handler(service, View.CLIENT) is not None) is (kind in OVER_UDP)


def test_dialling_a_name_tries_its_addresses_in_turn() -> None:
    tried: list[str] = []

    async def refuse(address: str, port: int) -> Stream:
        tried.append(address)
        raise ConnectionRefusedError(port)

    servers = Servers(small_world(), Certificates(), refuse)
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(servers.connect(SITE, 443))
    assert tried == [ADDRESS, OTHER_ADDRESS, "2606:4700::1"]
    with pytest.raises(OSError, match=r"no address for absent\.test"):
        asyncio.run(servers.connect("absent.test", 443))


def test_plain_service_says_its_banner_and_stays() -> None:
    with LoopbackLab(small_world(Service(port=25, kind=ServiceKind.TCP, banner=b"220 hello\r\n"))) as lab:
        ended = exchange(lab, b"EHLO\r\n", port=25)
        assert (ended.data, ended.how) == (b"220 hello\r\n", "silence")


def test_closed_service_is_refused_and_faults_do_not_make_it_listen() -> None:
    closed = Service(port=443, kind=ServiceKind.CLOSED, fault=Fault.RESET_HELLO)
    with LoopbackLab(small_world(closed)) as lab, pytest.raises(ConnectionRefusedError):
        connect(lab)
