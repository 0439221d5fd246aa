"""Web servers: the right site for a name, views, bodies of any framing, and servers that fail by themselves."""

import base64
import gzip
import socket
from contextlib import closing

import dns.message
import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.world import Fault, Framing, Response, Route, Service, ServiceKind, Site, View, redirect
from tests.lab.client import (
    ADDRESS,
    INNOCENT,
    PATIENCE,
    SITE,
    Ended,
    exchange,
    get,
    get_tls,
    hello,
    http,
    https,
    read_to_end,
    request,
    site,
    small_world,
    values,
)


def serving(response: Response) -> LoopbackLab:
    return LoopbackLab(small_world(http(site(SITE, response)), https(site(SITE, response))))


def test_site_is_chosen_by_host_and_by_sni() -> None:
    with LoopbackLab(small_world()) as lab:
        assert get(lab, SITE).data.endswith(b"this is site.test")
        assert get(lab, INNOCENT).data.endswith(b"this is innocent.test")
        assert get_tls(lab, INNOCENT).endswith(b"this is innocent.test")


def test_routes_by_path_and_view() -> None:
    routes = (
        Route(path="/a*", response=Response(body=b"A")),
        Route(view=View.CLIENT, response=Response(status=451, body=b"not in your country")),
        Route(response=Response(body=b"welcome")),
    )
    with LoopbackLab(small_world(http(Site(names=(SITE,), routes=routes)))) as lab:
        assert get(lab, SITE, "/a?b").data.endswith(b"\r\n\r\nA")
        assert get(lab, SITE, "/").data.startswith(b"HTTP/1.1 451 ")
        with closing(socket.create_connection(lab.control_table[ADDRESS, 80, "tcp"], timeout=PATIENCE)) as sock:
            sock.sendall(request(SITE, "/", "Connection: close\r\n"))
            assert read_to_end(sock).data.endswith(b"welcome")


def test_two_requests_on_one_connection() -> None:
    with LoopbackLab(small_world()) as lab:
        both = exchange(lab, request(SITE) + request(INNOCENT, "/", "Connection: close\r\n"), 80)
        assert both.data.count(b"HTTP/1.1 200 OK") == 2
        assert both.how == "fin"


def test_redirects_gzip_and_framings() -> None:
    assert_body = {Framing.CHUNKED: b"3\r\nabc\r\n0\r\n\r\n", Framing.CLOSE: b"abc"}
    with serving(redirect("https://[broken/")) as lab:
        assert b"\r\nLocation: https://[broken/\r\n" in get(lab, SITE).data
    with serving(Response(body=b"x" * 999, gzip=True)) as lab:
        assert gzip.decompress(get(lab, SITE).data.partition(b"\r\n\r\n")[2]) == b"x" * 999
    for framing, expected in assert_body.items():
        with serving(Response(body=b"abc", framing=framing)) as lab:
            assert get(lab, SITE) == Ended(get(lab, SITE).data, "fin")
            assert get(lab, SITE).data.partition(b"\r\n\r\n")[2] == expected


def test_big_body_arrives_whole() -> None:
    with serving(Response(generated=3_000_000)) as lab:
        assert len(get_tls(lab, SITE).partition(b"\r\n\r\n")[2]) == 3_000_000


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.RESET_HELLO, Ended(b"", "reset")),
        (Fault.CLOSE_HELLO, Ended(b"", "fin")),
        (Fault.SILENT_HELLO, Ended(b"", "silence")),
        (Fault.ALERT_HELLO, Ended(b"\x15\x03\x03\x00\x02\x02\x28", "fin")),
    ],
)
def test_server_that_fails_at_the_hello_fails_there_and_not_at_connect(fault: Fault, expected: Ended) -> None:
    with LoopbackLab(small_world(https(site(SITE), fault=fault))) as lab:
        assert exchange(lab, hello(SITE)) == expected


@pytest.mark.parametrize(
    ("fault", "how"),
    [(Fault.RESET_REQUEST, "reset"), (Fault.CLOSE_REQUEST, "fin"), (Fault.SILENT_REQUEST, "silence")],
)
def test_server_that_fails_at_the_request(fault: Fault, how: str) -> None:
    with serving(Response(fault=fault)) as lab:
        assert exchange(lab, request(SITE), 80) == Ended(b"", how)


@pytest.mark.parametrize(
    ("fault", "how"), [(Fault.RESET_BODY, "reset"), (Fault.CLOSE_BODY, "fin"), (Fault.SILENT_BODY, "silence")]
)
def test_server_that_fails_in_the_body(fault: Fault, how: str) -> None:
    with serving(Response(generated=5000, fault=fault, fault_after=1234)) as lab:
        ended = exchange(lab, request(SITE), 80)
        assert ended.how == how
        assert len(ended.data.partition(b"\r\n\r\n")[2]) == 1234


def test_one_faulty_site_leaves_its_neighbour_alone() -> None:
    faulty = Site(names=(SITE,), fault=Fault.RESET_HELLO)
    with LoopbackLab(small_world(https(faulty, site(INNOCENT)))) as lab:
        assert exchange(lab, hello(SITE)).how == "reset"
        assert get_tls(lab, INNOCENT).endswith(b"this is innocent.test")


def test_bytes_that_are_no_request_end_the_connection() -> None:
    with LoopbackLab(small_world()) as lab:
        assert exchange(lab, b"\x00\x01\x02\x03 not http", 80) == Ended(b"", "fin")
        assert exchange(lab, b"not tls at all").how in ("fin", "reset")


def test_echo_tells_the_client_where_it_is() -> None:
    with serving(Response(body=b"{address} AS{asn} {country}", echo=True)) as lab:
        assert get(lab, SITE).data.endswith(b"\r\n\r\n114.80.68.10 AS4134 CN")


def test_doh_answers_get_and_post_and_refuses_nonsense() -> None:
    doh = Service(port=443, kind=ServiceKind.DOH, sites=(site(SITE),))
    query = dns.message.make_query(SITE, "A").to_wire()
    encoded = base64.urlsafe_b64encode(query).rstrip(b"=").decode()
    with LoopbackLab(small_world(doh)) as lab:
        head, _, body = get_tls(lab, SITE, f"/dns-query?dns={encoded}").partition(b"\r\n\r\n")
        assert b"application/dns-message" in head
        assert values(dns.message.from_wire(body)) == [ADDRESS, "104.16.1.2"]
        assert get_tls(lab, SITE, "/dns-query?dns=AAA").startswith(b"HTTP/1.1 400 ")
