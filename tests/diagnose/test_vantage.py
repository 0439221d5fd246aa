"""When the vantage cannot tell although its references are well: innocents fare here as the endpoint does."""

from typing import Any

import pytest

from probe.model.diagnosis import Verdict
from probe.model.failure import FailureKind as K
from probe.model.observation import Purpose
from tests.diagnose.build import TRUE, Scene

PLACE, OTHER_PLACE = "142.250.66.67", "34.107.221.82"
CONTROL: dict[str, Any] = {"purpose": Purpose.CONTROL_SNI, "until": "tls"}


def told(main: K, *innocents: K | None) -> Scene:
    """Three tries that end so, a control that is well, and innocents' own names at their own addresses."""
    scene = Scene().tried(3, tls=main).control()
    for place, end in zip((PLACE, OTHER_PLACE), innocents, strict=False):
        scene.flow(place, tls=end, hello={"sni": f"{place}.example"}, **CONTROL)
    return scene


@pytest.mark.parametrize("end", [K.TIMEOUT, K.RESET, K.EOF, K.TLS_ALERT])
def test_where_no_name_completes_a_handshake_the_vantage_has_no_tls(end: K) -> None:
    judged = told(end, end, end).judged()
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "vantage.no_tls")
    assert len(judged.findings[-1].evidence) > 4


def test_one_innocent_that_completes_it_leaves_the_matter_with_the_name() -> None:
    assert told(K.TIMEOUT, K.TIMEOUT, None).judged().verdict is Verdict.BLOCKED
    assert told(K.TIMEOUT).judged().verdict is Verdict.BLOCKED
    beside = told(K.TIMEOUT, K.TIMEOUT).flow(TRUE, tls=K.SSL_INVALID_HOSTNAME, hello={"sni": "r.example"}, **CONTROL)
    assert beside.judged().verdict is Verdict.BLOCKED  # another name passes at the endpoint's own address


def test_an_innocent_without_tls_says_nothing_of_the_vantage() -> None:
    scene = Scene().tried(3, tls=K.TIMEOUT).control().flow(PLACE, tcp=K.REFUSED, **CONTROL)
    assert scene.judged().verdict is Verdict.BLOCKED


def test_innocent_certificates_out_of_date_as_well_are_our_clock() -> None:
    judged = told(K.SSL_EXPIRED, K.SSL_EXPIRED).judged()
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "vantage.clock_doubtful")
    assert told(K.SSL_EXPIRED, None).judged().rule == "tls.dates"
