"""What a name meets at an unrelated server weighs only what strangers do not meet there."""

from typing import Any

import pytest

from probe.diagnose.elsewhere import Visit, drawn_by_name, innocent_handshakes, visits
from probe.diagnose.facts import Flow
from probe.model.diagnosis import Certainty, Mechanism, Verdict
from probe.model.failure import FailureKind as K
from probe.model.observation import HTTPRoundTrip, Purpose
from tests.diagnose.build import HOST, TRUE, Scene, expected

PLACE, CLEAR = "142.250.66.67", f"http://{HOST}/"
CONTROL: dict[str, Any] = {"purpose": Purpose.CONTROL_SNI, "until": "tls"}


def visited(
    tls: K | None, *strangers: K | None, own: K | None = None, main: K | None = K.RESET, tries: int = 3
) -> Scene:
    """A name that fails, and its visit to an unrelated server after the server's own name and strangers'."""
    scene = Scene().tried(tries, tls=main).flow(PLACE, tls=own, hello={"sni": "own.example"}, **CONTROL)
    for number, stranger in enumerate(strangers):
        scene.flow(PLACE, tls=stranger, hello={"sni": f"stranger-{number}.example"}, **CONTROL)
    return scene.flow(PLACE, tls=tls, purpose=Purpose.SNI_ELSEWHERE, until="tls")


def the_visit(scene: Scene) -> Visit:
    [visit] = visits(scene.facts().last)
    return visit


def reset(flow: Flow) -> bool:
    return flow.failure is K.RESET


@pytest.mark.parametrize(
    ("scene", "weight"),
    [
        (visited(K.RESET, K.SSL_INVALID_HOSTNAME), Certainty.CONFIRMED),
        (visited(K.RESET), Certainty.LIKELY),  # nobody knows what the server does to strangers
        (visited(K.RESET, K.RESET), None),  # the same as to ours
        (visited(K.RESET, K.TLS_ALERT), None),  # turned down in another way: it minds strangers
        (visited(K.RESET, None), None),  # the stranger met its own server: a relay
        (visited(K.EOF, K.SSL_INVALID_HOSTNAME), None),  # ours ended otherwise there
        (visited(K.SSL_INVALID_HOSTNAME, K.SSL_INVALID_HOSTNAME), None),
    ],
)
def test_what_a_name_meets_elsewhere_weighs_what_strangers_do_not_meet(scene: Scene, weight: Certainty | None) -> None:
    assert the_visit(scene).weight(reset) is weight


def test_a_name_that_is_answered_elsewhere_passes_unless_the_place_is_a_relay() -> None:
    assert the_visit(visited(K.SSL_INVALID_HOSTNAME, K.SSL_INVALID_HOSTNAME)).passes
    assert not the_visit(visited(K.RESET, K.SSL_INVALID_HOSTNAME)).passes
    assert not the_visit(visited(None, None)).passes


def test_over_http_a_stranger_that_gets_what_it_expects_was_relayed_to_its_own_server() -> None:
    def scene(held: bool) -> Scene:
        told = Scene().tried(3, scheme="http", http=K.RESET)
        told.flow(PLACE, scheme="http", purpose=Purpose.CONTROL_SNI, page=expected(held))
        return told.flow(PLACE, scheme="http", http=K.RESET, purpose=Purpose.SNI_ELSEWHERE)

    assert visits(scene(held=False).facts(CLEAR).last)[0].weight(reset) is Certainty.CONFIRMED
    assert visits(scene(held=True).facts(CLEAR).last)[0].weight(reset) is None
    assert scene(held=False).control(scheme="http").judged(CLEAR).certainty is Certainty.CONFIRMED
    assert scene(held=True).control(scheme="http").judged(CLEAR).certainty is not Certainty.CONFIRMED


def test_the_evidence_of_a_visit_is_all_that_was_asked_there() -> None:
    visit = the_visit(visited(K.RESET, K.SSL_INVALID_HOSTNAME))
    assert visit.own is not None
    assert len(visit.indexes) == 6  # three flows of two stages


def test_innocents_at_home_are_the_first_name_of_each_unrelated_address() -> None:
    scene = visited(K.RESET, K.SSL_INVALID_HOSTNAME).flow(TRUE, hello={"sni": "own.example"}, **CONTROL)
    assert [f.address for f in innocent_handshakes(scene.facts().last)] == [PLACE]
    assert [f.tls.sni for f in innocent_handshakes(scene.facts().last) if f.tls] == ["own.example"]


def page_of(scene: Scene) -> HTTPRoundTrip:
    return next(f.http for f in scene.facts(CLEAR).last.final if f.http is not None)


def clear_visit(
    ours: dict[str, Any], there: dict[str, Any], stranger: dict[str, Any], control: dict[str, Any]
) -> Scene:
    """A page of ours in the clear, the control's, and what an unrelated server gave to a stranger and to our name."""
    scene = Scene().resolved(TRUE).flow(scheme="http", page=ours).control(scheme="http", page=control)
    scene.flow(PLACE, scheme="http", purpose=Purpose.CONTROL_SNI, page=stranger)
    return scene.flow(PLACE, scheme="http", purpose=Purpose.SNI_ELSEWHERE, page=there)


NOTICE = {"title": "Access denied", "body_text": "This site has been blocked", "body_sha256": "bb", "body_bytes": 90}
OTHERS = {"title": "404", "body_sha256": "cc", "status": 404, **expected(False)}


def test_a_notice_is_a_notice_although_the_control_is_shown_it_as_well() -> None:
    """The control stands behind such a path itself."""
    scene = clear_visit(NOTICE, NOTICE, OTHERS, NOTICE)
    assert drawn_by_name(scene.facts(CLEAR).last, page_of(scene))
    judged = scene.judged(CLEAR)
    assert (judged.verdict, judged.certainty, judged.mechanism) == (
        Verdict.BLOCKED, Certainty.CONFIRMED, Mechanism.BLOCKPAGE,
    )  # fmt: skip


def test_a_page_of_the_site_about_blocking_that_everybody_sees_is_the_site() -> None:
    other = {**OTHERS, **expected(False)}
    assert clear_visit(NOTICE, {**other, "body_sha256": "dd"}, other, NOTICE).judged(CLEAR).verdict is Verdict.OK


def test_a_proxy_that_passes_requests_on_to_whom_they_name_shows_a_local_page_from_anywhere() -> None:
    """A transparent cache: the site's page for this country comes from every address, and a stranger's own does too."""
    local = {"title": "Site in our language", "body_sha256": "ee", "body_bytes": 5000}
    judged = clear_visit(local, local, expected(True), {}).judged(CLEAR)
    assert judged.verdict is Verdict.ANOMALY
    assert judged.findings[-1].mechanism is None


def test_the_same_default_page_for_every_name_is_nobodys_notice() -> None:
    default = {"title": "Welcome to nginx!", "body_sha256": "ff", "body_bytes": 600}
    judged = clear_visit(default, default, {**default, **expected(False)}, {}).judged(CLEAR)
    assert judged.verdict is not Verdict.BLOCKED
