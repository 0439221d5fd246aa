"""A lab that starts, changes while it runs, and leaves nothing behind."""

import asyncio
import socket
import ssl
import threading
from contextlib import closing
from pathlib import Path

import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, Match, Reset, Rule, Stage, Unreachable
from probe.lab.world import Client
from tests.lab.client import (
    ADDRESS,
    CANARY_ADDRESS,
    CONTROL_ADDRESS,
    INNOCENT,
    RESOLVER,
    SITE,
    ask,
    connect,
    exchange,
    get,
    get_tls,
    hello,
    small_world,
)

RESET = Rule(id="reset", match=Match(stage=Stage.TLS, names=(SITE,)), effect=Reset())


def open_files() -> int:
    """How many descriptors this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_rules_are_switched_on_and_off_while_it_runs() -> None:
    with LoopbackLab(small_world()) as lab:
        assert get_tls(lab, SITE)
        lab.apply([RESET])
        assert exchange(lab, hello(SITE)).how == "reset"
        lab.apply()
        assert get_tls(lab, SITE)


def test_control_does_not_meet_the_censor() -> None:
    rules = [RESET, Rule(id="drop", match=Match(stage=Stage.IP, addresses=(ADDRESS,)), effect=Drop())]
    with LoopbackLab(small_world(), rules) as lab:
        with closing(socket.create_connection(lab.control_table[ADDRESS, 443, "tcp"], timeout=5)) as raw:
            context = ssl.create_default_context(cadata=lab.ca_pem)
            with context.wrap_socket(raw, server_hostname=SITE) as secure:
                assert secure.version() == "TLSv1.3"
        with pytest.raises(TimeoutError):
            connect(lab, timeout=0.1)


def test_host_that_is_down_is_down_for_everyone_and_comes_back() -> None:
    with LoopbackLab(small_world()) as lab:
        lab.apply(down=["origin"])
        for table in (lab.client_table, lab.control_table):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(table[ADDRESS, 443, "tcp"], timeout=5)
        assert get(lab, "impostor.test", address="31.13.94.37").how == "fin"
        lab.apply()
        assert get_tls(lab, SITE)


def test_resolver_that_is_down_does_not_answer() -> None:
    with LoopbackLab(small_world()) as lab:
        relay = lab.client_table[RESOLVER, 53, "udp"]
        lab.apply(down=["resolver"])
        assert lab.client_table[RESOLVER, 53, "udp"] != relay
        with pytest.raises(ConnectionRefusedError):
            ask(lab, SITE)


def test_unknown_hosts_and_rules_that_need_packets_are_mistakes() -> None:
    with LoopbackLab(small_world()) as lab:
        with pytest.raises(KeyError):
            lab.apply(down=["nobody"])
        with pytest.raises(ValueError, match="rule 'icmp'"):
            lab.apply([Rule(id="icmp", match=Match(stage=Stage.TCP), effect=Unreachable())])


def test_table_knows_served_closed_and_silent_ports_and_no_other_address() -> None:
    with LoopbackLab(small_world()) as lab:
        assert (ADDRESS, 443, "tcp") in lab.client_table
        assert len(set(lab.client_table.values())) == len(lab.client_table)
        assert exchange(lab, b"", port=8443).how == "refused"
        with pytest.raises(TimeoutError):
            connect(lab, CANARY_ADDRESS, 53, timeout=0.1)
        assert lab.client_table.get(("203.0.113.1", 443, "tcp")) is None
        assert lab.client_table["2606:4700:0::1", 443, "tcp"] == lab.client_table["2606:4700::1", 443, "tcp"]


def test_client_without_ipv6_has_no_route_and_the_control_has() -> None:
    with LoopbackLab(small_world(client=Client(resolvers=(RESOLVER,), ipv6=False))) as lab:
        place = ("2606:4700::1", 443, "tcp")
        assert lab.client_table.get(place) is None
        assert lab.control_table.get(place) is not None


def test_stopping_ends_every_connection_thread_and_socket() -> None:
    before, threads = open_files(), threading.active_count()
    with LoopbackLab(small_world()) as lab:
        held = [connect(lab), connect(lab, port=80), connect(lab, CONTROL_ADDRESS, 1080)]
        held[0].sendall(hello(INNOCENT))
    for each in held:
        each.close()
    assert threading.active_count() == threads
    assert open_files() == before


def test_two_labs_side_by_side_and_one_inside_a_running_loop() -> None:
    async def inside() -> bytes:
        async with LoopbackLab(small_world()) as lab:
            return await asyncio.to_thread(get_tls, lab, SITE)

    with LoopbackLab(small_world(), [RESET]) as one, LoopbackLab(small_world()) as other:
        assert exchange(one, hello(SITE)).how == "reset"
        assert get_tls(other, SITE)
        assert asyncio.run(inside()).endswith(b"this is site.test")


def test_a_hundred_clients_at_once() -> None:
    with LoopbackLab(small_world()) as lab:
        socks = [connect(lab) for _ in range(100)]
        for sock in socks:
            sock.sendall(hello(SITE))
        assert all(sock.recv(1) == b"\x16" for sock in socks)
        for sock in socks:
            sock.close()
