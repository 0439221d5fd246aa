"""The truth from the zone, the resolver's own lies, UDP and TCP."""

import socket
from contextlib import closing

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.nameserver import Zone
from probe.lab.world import Answer, Lie, Record, Service, ServiceKind, View
from tests.lab.client import ADDRESS, OTHER_ADDRESS, RESOLVER, SITE, ask, small_world, told, values


def lying(*lies: Lie) -> LoopbackLab:
    return LoopbackLab(small_world(lies=Service(port=53, kind=ServiceKind.NAMESERVER, lies=lies)))


def ask_tcp(lab: LoopbackLab, name: str, qtype: str = "A") -> dns.message.Message:
    with closing(socket.create_connection(lab.client_table[RESOLVER, 53, "tcp"], timeout=5)) as sock:
        dns.query.send_tcp(sock, dns.message.make_query(name, qtype))
        return dns.query.receive_tcp(sock)[0]


def test_truth_for_both_families_and_through_an_alias() -> None:
    with LoopbackLab(small_world()) as lab:
        assert values(told(lab, SITE)) == [ADDRESS, OTHER_ADDRESS]
        assert values(ask(lab, SITE.upper(), "AAAA")[0]) == ["2606:4700::1"]
        assert values(told(lab, "alias.test")) == [f"{SITE}.", ADDRESS, OTHER_ADDRESS]


def test_no_address_is_not_no_name() -> None:
    with LoopbackLab(small_world()) as lab:
        empty, absent = told(lab, "empty.test"), told(lab, "absent.test")
        assert (empty.rcode(), values(empty)) == (dns.rcode.NOERROR, ["nowhere.test."])
        assert (absent.rcode(), values(absent)) == (dns.rcode.NXDOMAIN, [])


def test_big_answer_is_truncated_over_udp_and_whole_over_tcp() -> None:
    with LoopbackLab(small_world()) as lab:
        cut = told(lab, "big.test", "TXT")
        assert cut.flags & dns.flags.TC
        assert len(values(told(lab, "big.test", "TXT", payload=8000))) == 20
        assert len(values(ask_tcp(lab, "big.test", "TXT"))) == 20


@pytest.mark.parametrize(
    ("answer", "rcode", "expected"),
    [
        (Answer(rcode="NXDOMAIN"), dns.rcode.NXDOMAIN, []),
        (Answer(), dns.rcode.NOERROR, []),
        (Answer(rcode="SERVFAIL"), dns.rcode.SERVFAIL, []),
        (Answer(rcode="REFUSED", extended_error=(16, "")), dns.rcode.REFUSED, []),
        (Answer(addresses=("10.10.34.35",)), dns.rcode.NOERROR, ["10.10.34.35"]),
    ],
)
def test_resolver_lies_about_one_name_only(answer: Answer, rcode: dns.rcode.Rcode, expected: list[str]) -> None:
    with lying(Lie(names=(SITE,), answer=answer)) as lab:
        lie = told(lab, SITE, payload=1232)
        assert (lie.rcode(), values(lie)) == (rcode, expected)
        assert values(told(lab, "innocent.test")) == [ADDRESS]


def test_resolver_that_is_silent_about_one_name_only() -> None:
    with lying(Lie(names=(SITE,), answer=Answer(silent=True))) as lab:
        assert ask(lab, SITE) == []
        assert len(ask(lab, "innocent.test")) == 1


def test_a_lie_can_take_its_time() -> None:
    with lying(Lie(names=(SITE,), answer=Answer(rcode="SERVFAIL", delay=0.6))) as lab:
        assert ask(lab, SITE, patience=0.1) == []
        assert [each.rcode() for each in ask(lab, SITE, patience=5.0, count=1)] == [dns.rcode.SERVFAIL]
        assert len(ask(lab, "innocent.test")) == 1


def test_truncated_lie_gives_way_to_the_truth_over_tcp() -> None:
    with lying(Lie(names=(SITE,), answer=Answer(truncated=True))) as lab:
        assert told(lab, SITE).flags & dns.flags.TC
        assert values(ask_tcp(lab, SITE)) == [ADDRESS, OTHER_ADDRESS]


def test_zone_differs_by_who_asks() -> None:
    zone = Zone(
        (
            Record(name="cdn.test", type="A", values=("104.16.1.1",), view=View.CLIENT),
            Record(name="cdn.test", type="A", values=("151.101.1.1",), view=View.CONTROL),
            Record(name="loop.test", type="CNAME", values=("loop.test",)),
        )
    )
    assert zone.addresses("cdn.test", View.CLIENT) == ("104.16.1.1",)
    assert zone.addresses("cdn.test", View.CONTROL) == ("151.101.1.1",)
    assert zone.lookup("loop.test", "A", View.CLIENT)[1] == "SERVFAIL"
