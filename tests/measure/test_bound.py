"""No server can make a line that is too long to be read: bulk is dropped from what came late."""

import msgspec

from probe.lab.world import Response, Route
from probe.measure.bound import FEW, FULL, bounded
from probe.model.codec import encode_line
from probe.model.observation import (
    Certificate,
    DNSLookup,
    DNSReply,
    HTTPRoundTrip,
    Observation,
    Resolver,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)
from probe.store.lines import LINE_LIMIT
from tests.world import http_host, measured, tiny_world

LONG = "x" * 1024
HEADERS = tuple((f"x-{number}", LONG) for number in range(64))


def page(number: int) -> HTTPRoundTrip:
    return HTTPRoundTrip(
        transaction_id=number, address="104.16.1.1", port=80, method="GET", url="http://a.example/" + LONG * 7,
        status=302, headers=HEADERS, location="/" + LONG * 7, title=LONG, body_text=LONG,
    )  # fmt: skip


def shaken(number: int) -> TLSHandshake:
    chain = tuple(Certificate(sha256="0" * 64, subject=LONG * 9, issuer=LONG * 9, names=(LONG,) * 99,
                              der_base64=LONG * 99)
                  for _ in range(3))  # fmt: skip
    return TLSHandshake(transaction_id=number, address="104.16.1.1", port=443, certificates=chain)


def encode_line_of(one: Observation) -> bytes:
    return msgspec.json.encode(one)


def asked(number: int) -> DNSLookup:
    resolver = Resolver(kind=ResolverKind.UDP, address="9.9.9.9:53")
    replies = (DNSReply(t=0.1, size=9, raw_hex=LONG * 9),) * 16
    return DNSLookup(transaction_id=number, resolver=resolver, name="a.example", qtype="A", replies=replies)


def test_what_is_of_ordinary_size_is_left_alone() -> None:
    few: tuple[Observation, ...] = tuple(page(number) for number in range(FEW))
    assert bounded(few) == few
    many: tuple[Observation, ...] = tuple(TCPConnect(transaction_id=n, address="::1", port=1) for n in range(500))
    assert bounded(many) == many


def test_bulk_beyond_the_budget_is_dropped_and_what_happened_stays() -> None:
    seen: list[Observation] = [make(number) for number in range(60) for make in (asked, shaken, page)]
    kept = bounded(seen)
    assert len(kept) == len(seen)
    assert kept[:3] == tuple(seen[:3])
    assert sum(len(encode_line_of(one)) for one in kept) < LINE_LIMIT
    last = kept[-1]
    assert isinstance(last, HTTPRoundTrip)
    assert (last.status, last.headers, last.transaction_id) == (302, (), 59)
    assert [type(one) for one in kept] == [type(one) for one in seen]


def test_observations_without_end_are_cut() -> None:
    kept = bounded([page(number) for number in range(5000)])
    assert FULL < sum(len(encode_line_of(one)) for one in kept) < LINE_LIMIT
    assert len(kept) < 5000


def test_a_server_with_endless_redirects_and_headers_makes_no_line_that_ends_the_run() -> None:
    headers = tuple((f"x-{number}", "v" * 1000) for number in range(60))
    routes = [
        Route(path=f"/{number}", response=Response(status=302, headers=(("Location", f"/{number + 1}"), *headers)))
        for number in range(12)
    ]
    places = [*(f"104.16.1.{n}" for n in range(1, 4)), *(f"2606:4700::{n}" for n in range(1, 4))]
    world = tiny_world(http_host("a.example", *places, routes=routes))
    line = measured(world, "http://a.example/0", timeout=3.0, retry_pauses=(0.0, 0.0)).line
    assert len(line.observations) > 500
    assert len(encode_line(line)) < LINE_LIMIT
