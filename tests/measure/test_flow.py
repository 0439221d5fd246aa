"""One connection through its stages, against a real server on loopback: the order, the one socket, where it ends."""

import errno

import pytest

from probe.lab.rule import Drop, Match, Reset, Rule, Stage
from probe.lab.world import CertificateSpec, Fault, Issuer, Response, Route
from probe.measure.flow import is_final
from probe.model.failure import FailureKind
from probe.model.observation import HTTPRoundTrip, Observation, Purpose, TCPConnect, TLSHandshake
from probe.model.target import Expect
from probe.net.network import Network, Stream
from tests.world import Noting, https_host, measured, tiny_world

HERE = "104.16.1.1"
URL = "https://site.example/"


def stages(observations: tuple[Observation, ...], attempt: int = 0) -> list[Observation]:
    """The stages on sockets of one try, without experiments."""
    kinds = (TCPConnect, TLSHandshake, HTTPRoundTrip)
    ours = (Purpose.MAIN, Purpose.RETRY)
    return [o for o in observations if isinstance(o, kinds) and o.attempt == attempt and o.purpose in ours]


def test_connect_tls_and_http_share_one_socket_and_one_axis_of_time() -> None:
    line = measured(tiny_world(https_host("site.example", HERE)), URL, Expect(status=(200,), contains="hello")).line
    tcp, tls, http = stages(line.observations)
    assert isinstance(tcp, TCPConnect)
    assert isinstance(tls, TLSHandshake)
    assert isinstance(http, HTTPRoundTrip)
    assert {(o.transaction_id, o.address, o.port) for o in (tcp, tls, http)} == {(tcp.transaction_id, HERE, 443)}
    assert 0 < tcp.t0 <= tcp.t <= tls.t0 <= tls.t <= http.t0 <= http.t
    assert (tls.sni, tls.problems, tls.failure) == ("site.example", (), None)
    assert (http.status, http.authenticated, http.protocol, http.body_text) == (200, True, "h2", "hello")
    assert [one.held for one in http.expectations] == [True, True]


@pytest.mark.parametrize(
    ("rule", "kind", "walked"),
    [
        (Rule(id="syn", match=Match(stage=Stage.TCP), effect=Reset()), FailureKind.REFUSED, 1),
        (Rule(id="drop", match=Match(stage=Stage.TCP), effect=Drop()), FailureKind.TIMEOUT, 1),
        (Rule(id="sni", match=Match(stage=Stage.TLS), effect=Reset()), FailureKind.RESET, 2),
        (Rule(id="hush", match=Match(stage=Stage.TLS), effect=Drop()), FailureKind.TIMEOUT, 2),
    ],
)
def test_the_first_failure_ends_the_flow_and_what_did_not_happen_stays_absent(
    rule: Rule, kind: FailureKind, walked: int
) -> None:
    world = tiny_world(https_host("site.example", HERE))
    line = measured(world, URL, rules=[rule], timeout=0.15, retry_pauses=()).line
    flow = stages(line.observations)
    assert len(flow) == walked
    assert [o.failure is None for o in flow] == [True] * (walked - 1) + [False]
    assert (line.failure, line.tries) == (kind, 1)


def test_a_wrong_certificate_ends_the_flow_before_anything_is_asked() -> None:
    spec = CertificateSpec(names=("other.example",), issuer=Issuer.ROGUE)
    line = measured(tiny_world(https_host("site.example", HERE, certificate=spec)), URL, retry_pauses=()).line
    _tcp, tls = stages(line.observations)
    assert isinstance(tls, TLSHandshake)
    assert set(tls.problems) == {FailureKind.SSL_INVALID_HOSTNAME, FailureKind.SSL_UNKNOWN_AUTHORITY}


def test_a_tcp_endpoint_is_connected_to_and_nothing_is_said() -> None:
    ran = measured(tiny_world(https_host("site.example", HERE)), "tcp://site.example:443")
    [tcp] = stages(ran.line.observations)
    assert isinstance(tcp, TCPConnect)
    assert (tcp.failure, ran.line.verdict, ran.connects()) == (None, "ok", [(HERE, 443)])


def test_a_literal_address_is_not_resolved_and_sends_no_sni() -> None:
    ran = measured(tiny_world(https_host("site.example", HERE)), f"https://{HERE}/", retry_pauses=())
    tls = next(o for o in ran.line.observations if isinstance(o, TLSHandshake))
    assert tls.sni is None
    assert {call.operation for call in ran.calls} == {"connect"}


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_a_system_out_of_files_or_memory_interrupts_and_accuses_nobody(code: int) -> None:
    class Exhausted(Noting):
        async def connect(self, *_where: object, **_how: object) -> Stream:
            raise OSError(code, "none left")

    def wrap(network: Network) -> Network:
        return Exhausted(network)

    line = measured(tiny_world(https_host("site.example", HERE)), URL, wrap=wrap).line
    assert (line.failure, line.verdict) == (FailureKind.INTERRUPTED, "insufficient")


@pytest.mark.parametrize("fault", [Fault.RESET_BODY, Fault.CLOSE_BODY, Fault.RESET_REQUEST, Fault.SILENT_REQUEST])
def test_an_exchange_that_breaks_leaves_no_socket_behind(fault: Fault) -> None:
    # Warnings are errors here: a socket left open would fail this test.
    response = Response(body=b"x" * 5000, fault=fault, fault_after=1000)
    world = tiny_world(https_host("site.example", HERE, routes=[Route(response=response)]))
    line = measured(world, URL, timeout=0.2, retry_pauses=()).line
    assert line.failure is not None


def test_a_redirect_is_final_where_it_is_the_expected_answer() -> None:
    page = HTTPRoundTrip(transaction_id=1, address=HERE, port=443, method="GET", url=URL, status=302, location="/x")
    assert is_final(page, Expect(status=(200, 302)))
    assert not is_final(page, Expect(status=(200,)))
    assert not is_final(page, Expect())
