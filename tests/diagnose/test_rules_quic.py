"""The QUIC rules on scenes told by hand: what silence to a name means beside what other names met at the same place.

In every scene with an `https://` endpoint the page itself was reached over TCP: only then is HTTP/3 asked for.
"""

from typing import NamedTuple

import pytest

from probe.model.diagnosis import Certainty, Diagnosis, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind, Operation
from probe.model.observation import Purpose, QUICHandshake
from tests.diagnose.build import HOST, TRUE, Scene, failed

K = FailureKind
INNOCENT = "innocent.example"
OTHER_ADDRESS = "104.16.1.2"
UNRELATED = "142.250.66.99"
QUIC_URL = f"quic://{HOST}:443"
OWN_NAME, CONTROL, ELSEWHERE = Purpose.QUIC, Purpose.CONTROL_QUIC, Purpose.SNI_ELSEWHERE
PASSES, FAILS_THERE = "quic.timeout.other_sni_passes", "quic.timeout.fails_elsewhere"


class Shook(NamedTuple):
    """One handshake of a scene: why it was made, how it ended (None: well), and where."""

    purpose: Purpose
    failure: FailureKind | None
    address: str = TRUE
    attempt: int = 0


def shaken(scene: Scene, *told: Shook) -> Scene:
    """These handshakes, in order, after what the scene holds. Silence is no datagram; all else but ICMP is one."""
    for one in told:
        unheard = one.failure in (K.TIMEOUT, K.REFUSED)
        scene.observations.append(
            QUICHandshake(
                transaction_id=100 + len(scene.observations),
                purpose=one.purpose,
                attempt=one.attempt,
                address=one.address,
                port=443,
                sni=INNOCENT if one.purpose is CONTROL else HOST,
                datagrams_sent=5,
                datagrams_received=0 if unheard else 3,
                failure=failed(one.failure, Operation.QUIC_HANDSHAKE),
            )
        )
    return scene


def reached(*told: Shook) -> Scene:
    """The page came over TCP; then these handshakes."""
    return shaken(Scene().resolved(TRUE).flow(), *told)


def fired(judged: Diagnosis) -> list[str]:
    return [finding.rule for finding in judged.findings]


SILENT, ANSWERED = Shook(OWN_NAME, K.TIMEOUT), Shook(CONTROL, None)


def test_a_name_dropped_twice_where_another_passes_is_interfered() -> None:
    scene = reached(SILENT, ANSWERED, Shook(OWN_NAME, K.TIMEOUT, attempt=1), Shook(CONTROL, None, attempt=1))
    judged = scene.judged()
    assert (judged.verdict, judged.layer, judged.mechanism) == (
        Verdict.INTERFERED,
        Layer.QUIC,
        Mechanism.QUIC_TIMEOUT,
    )
    assert judged.certainty is Certainty.POSSIBLE
    assert fired(judged) == [PASSES]
    handshakes = [i for i, o in enumerate(scene.observations) if isinstance(o, QUICHandshake)]
    assert list(judged.findings[0].evidence) == handshakes


@pytest.mark.parametrize(
    "answer", [K.SSL_INVALID_HOSTNAME, K.TLS_ALERT, K.SSL_FAILED_HANDSHAKE, K.QUIC_INCOMPATIBLE_VERSION]
)
def test_a_control_that_is_answered_unkindly_is_answered(answer: FailureKind) -> None:
    """A server that has never heard of the innocent name says so, which shows that it is there."""
    assert fired(reached(SILENT, Shook(CONTROL, answer), SILENT).judged()) == [PASSES]


QUIET: dict[str, tuple[Shook, ...]] = {
    "no offer, nothing asked": (),
    "it works": (Shook(OWN_NAME, None),),
    "one silence alone": (SILENT,),
    "two silences and no control": (SILENT, SILENT),
    "one silence and an answered control": (SILENT, ANSWERED),
    "all UDP/443 dropped": (SILENT, Shook(CONTROL, K.TIMEOUT)),
    "all UDP/443 dropped, asked again": (SILENT, Shook(CONTROL, K.TIMEOUT), SILENT, Shook(CONTROL, K.TIMEOUT)),
    "the control is refused": (SILENT, Shook(CONTROL, K.REFUSED), SILENT),
    "QUIC is refused to the name": (Shook(OWN_NAME, K.REFUSED), ANSWERED, Shook(OWN_NAME, K.REFUSED)),
    "the name is answered with an alert": (Shook(OWN_NAME, K.TLS_ALERT), ANSWERED, Shook(OWN_NAME, K.TLS_ALERT)),
    "the second try is answered": (SILENT, ANSWERED, Shook(OWN_NAME, None)),
    "the control is silent at last": (SILENT, ANSWERED, SILENT, Shook(CONTROL, K.TIMEOUT)),
    "only after the last try was a control asked": (SILENT, SILENT, ANSWERED),
    "the control was answered at another address": (SILENT, SILENT, Shook(CONTROL, None, OTHER_ADDRESS)),
    "another address answers the name": (SILENT, ANSWERED, SILENT, Shook(OWN_NAME, None, OTHER_ADDRESS)),
}
"""What says nothing of the site: the vantage's network, the server's own QUIC, loss."""


@pytest.mark.parametrize("told", QUIET.values(), ids=QUIET)
def test_what_says_nothing_of_the_name_leaves_the_site_ok(told: tuple[Shook, ...]) -> None:
    judged = reached(*told).judged()
    assert (fired(judged), judged.verdict) == ([], Verdict.OK)


def test_the_name_is_dropped_at_an_unrelated_address() -> None:
    """After residual blocking the own address is silent to all; where nothing was poisoned the name draws it again."""
    poisoned = (SILENT, Shook(CONTROL, K.TIMEOUT))
    strange = Shook(CONTROL, K.SSL_INVALID_HOSTNAME, UNRELATED)
    there = (Shook(CONTROL, None, UNRELATED), strange, *2 * (Shook(ELSEWHERE, K.TIMEOUT, UNRELATED),))
    judged = reached(*poisoned, *there).judged()
    assert fired(judged) == [FAILS_THERE]
    assert (judged.verdict, judged.certainty) == (Verdict.INTERFERED, Certainty.CONFIRMED)


def test_an_unrelated_server_that_was_asked_for_its_own_name_alone_may_mind_every_other() -> None:
    there = (Shook(CONTROL, None, UNRELATED), *2 * (Shook(ELSEWHERE, K.TIMEOUT, UNRELATED),))
    judged = reached(SILENT, Shook(CONTROL, K.TIMEOUT), *there).judged()
    assert (judged.verdict, judged.certainty) == (Verdict.INTERFERED, Certainty.LIKELY)


@pytest.mark.parametrize(
    "there",
    [
        (Shook(CONTROL, K.TIMEOUT, UNRELATED), *2 * (Shook(ELSEWHERE, K.TIMEOUT, UNRELATED),)),
        (Shook(CONTROL, None, UNRELATED), Shook(ELSEWHERE, K.TIMEOUT, UNRELATED)),
        (Shook(CONTROL, None, UNRELATED), *2 * (Shook(ELSEWHERE, K.TLS_ALERT, UNRELATED),)),
        (Shook(CONTROL, None, UNRELATED), Shook(ELSEWHERE, K.TIMEOUT, UNRELATED), Shook(ELSEWHERE, None, UNRELATED)),
    ],
    ids=["silent to all there", "one try there", "an alert there", "the second try there is answered"],
)
def test_an_unrelated_address_that_shows_nothing_is_no_evidence(there: tuple[Shook, ...]) -> None:
    judged = reached(SILENT, Shook(CONTROL, K.TIMEOUT), *there).judged()
    assert (fired(judged), judged.verdict) == ([], Verdict.OK)


def test_a_place_elsewhere_does_not_outweigh_an_answer_at_the_endpoint() -> None:
    there = (Shook(CONTROL, None, UNRELATED), *2 * (Shook(ELSEWHERE, K.TIMEOUT, UNRELATED),))
    assert fired(reached(Shook(OWN_NAME, None), *there).judged()) == []


def test_a_quic_endpoint_whose_name_is_dropped_is_blocked() -> None:
    """There is nothing else to reach it by, so it is not merely interfered with."""
    scene = Scene()
    for attempt, purpose in enumerate((Purpose.MAIN, Purpose.RETRY)):
        scene.resolved(TRUE, attempt=attempt, purpose=purpose)
        shaken(scene, Shook(purpose, K.TIMEOUT, attempt=attempt))
    judged = shaken(scene, ANSWERED, SILENT).judged(QUIC_URL)
    assert (judged.verdict, judged.layer, judged.mechanism) == (Verdict.BLOCKED, Layer.QUIC, Mechanism.QUIC_TIMEOUT)


def test_a_quic_endpoint_that_shakes_hands_is_ok() -> None:
    judged = shaken(Scene().resolved(TRUE), Shook(Purpose.MAIN, None)).judged(QUIC_URL)
    assert (fired(judged), judged.verdict) == ([], Verdict.OK)
