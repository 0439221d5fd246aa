"""From a whole measurement to its verdict: the order in which it is composed, and what is never concluded."""

from typing import Any

import pytest

from probe.diagnose.engine import RULESET_VERSION
from probe.diagnose.vantage import UNFIT
from probe.model.diagnosis import Certainty, Diagnosis, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind as K
from probe.model.measurement import ControlHealth, FitnessEvidence
from probe.model.observation import Purpose
from tests.diagnose.build import DOH, FORGED, OTHER, OWN, TRUE, TRUE_SIX, Scene, expected, record, reply

SICK = FitnessEvidence(foreign=(3, 3), controls=(ControlHealth("proxy-1", 0, 3),))


def told(diagnosis: Diagnosis) -> tuple[Verdict, Certainty | None, Mechanism | None]:
    return diagnosis.verdict, diagnosis.certainty, diagnosis.mechanism


def test_reached_is_ok_and_needs_no_findings_and_no_considerations() -> None:
    judged = Scene().resolved(TRUE).flow().judged()
    assert judged == Diagnosis(verdict=Verdict.OK, ruleset_version=RULESET_VERSION, rule="ok")


def test_nothing_seen_is_never_ok_and_never_blocked() -> None:
    assert Scene().judged().verdict not in (Verdict.OK, Verdict.BLOCKED, Verdict.INTERFERED)


def test_sni_reset_with_consistent_dns() -> None:
    """SCENARIOS 62: this name fails, another passes on the same address, again and again; and elsewhere."""
    scene = Scene().tried(3, tls=K.RESET).flow(purpose=Purpose.CONTROL_SNI, until="tls", hello={"sni": "r.example"})
    assert told(scene.control().judged())[1] is Certainty.LIKELY  # one front alone may turn us away from one customer
    there: dict[str, Any] = {"address": "142.250.66.67", "until": "tls"}
    scene.flow(purpose=Purpose.CONTROL_SNI, hello={"sni": "r.example"}, **there)
    scene.flow(purpose=Purpose.CONTROL_SNI, tls=K.SSL_INVALID_HOSTNAME, hello={"sni": "s.example"}, **there)
    judged = scene.flow(purpose=Purpose.SNI_ELSEWHERE, tls=K.RESET, **there).judged()
    assert told(judged) == (Verdict.BLOCKED, Certainty.CONFIRMED, Mechanism.SNI_RESET)
    assert (judged.layer, judged.rule, judged.hop) == (Layer.TLS, "tls.reset.other_sni_passes", 0)
    cited = {i for finding in judged.findings for i in finding.evidence}
    assert cited <= set(range(len(scene.observations)))
    assert all(consideration.ruled_out for consideration in judged.considered)


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [(K.RESET, Mechanism.SNI_RESET), (K.TIMEOUT, Mechanism.SNI_TIMEOUT), (K.EOF, Mechanism.SNI_CLOSE),
     (K.TLS_ALERT, Mechanism.TLS_ALERT), (K.TLS_NOT_TLS, Mechanism.TLS_NOT_TLS)],
)  # fmt: skip
def test_each_end_of_a_handshake_has_its_own_mechanism(kind: K, mechanism: Mechanism) -> None:
    judged = Scene().tried(3, tls=kind).control().judged()
    assert told(judged) == (Verdict.BLOCKED, Certainty.POSSIBLE, mechanism)


@pytest.mark.parametrize("kind", [K.RESET, K.TIMEOUT, K.EOF, K.TLS_ALERT, K.TLS_NOT_TLS])
def test_a_server_that_ends_everybodys_handshake_is_down(kind: K) -> None:
    judged = Scene().tried(3, tls=kind).control(tls=K.EOF).judged()
    assert told(judged) == (Verdict.DOWN, None, None)


def test_without_any_control_a_failure_is_no_block() -> None:
    for kind in (K.RESET, K.TIMEOUT, K.EOF):
        assert Scene().tried(3, tls=kind).judged().verdict is Verdict.ANOMALY
        assert Scene().tried(3, tcp=kind).judged().verdict is Verdict.ANOMALY


def test_clubhouse_8_february_2021() -> None:
    """SCENARIOS 41, 47: the forged answer first, the true one behind it, a certificate for another host."""
    scene = Scene().asked(OWN, FORGED, replies=(reply(FORGED), reply(TRUE, t=0.14, ttl=44))).asked(DOH, TRUE)
    scene.flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).flow(TRUE, purpose=Purpose.TRUE_ADDRESS).control()
    judged = scene.judged()
    assert told(judged) == (Verdict.BLOCKED, Certainty.CONFIRMED, Mechanism.DNS_INJECTION)
    assert judged.layer is Layer.DNS
    assert [finding.layer for finding in judged.findings] == [Layer.DNS, Layer.TLS]


def test_a_bogon_is_a_dns_finding_and_says_nothing_of_tcp() -> None:
    """SCENARIOS 38."""
    scene = Scene().asked(OWN, "127.0.0.1").asked(OTHER, TRUE).flow("127.0.0.1", tcp=K.REFUSED).control()
    judged = scene.judged()
    assert told(judged) == (Verdict.BLOCKED, Certainty.CONFIRMED, Mechanism.DNS_BOGON)
    assert {finding.layer for finding in judged.findings} == {Layer.DNS}


def test_reached_although_the_path_tampers_is_interfered() -> None:
    """SCENARIOS 60: IPv4 dropped, IPv6 fine."""
    scene = Scene()
    for attempt in range(2):
        purpose = Purpose.RETRY if attempt else Purpose.MAIN
        scene.resolved(TRUE, TRUE_SIX, attempt=attempt, purpose=purpose)
        scene.flow(TRUE, tcp=K.TIMEOUT, attempt=attempt, purpose=purpose).flow(
            TRUE_SIX, attempt=attempt, purpose=purpose
        )
    scene.flow(TRUE, purpose=Purpose.CONTROL_ADDRESS, via="proxy-1", until="tls").control()
    assert told(scene.judged()) == (Verdict.INTERFERED, Certainty.POSSIBLE, Mechanism.IP_TIMEOUT)


@pytest.mark.parametrize("fitness", sorted(UNFIT))
def test_an_unfit_vantage_concludes_nothing_from_a_failure(fitness: Fitness) -> None:
    scene = Scene().tried(3, tls=K.RESET).flow(purpose=Purpose.CONTROL_SNI, until="tls").control()
    judged = scene.judged(fitness=fitness)
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, f"vantage.{fitness}")


@pytest.mark.parametrize("fitness", sorted(UNFIT - {Fitness.VANTAGE_MISMATCH}))
def test_what_tls_proves_is_proven_at_an_unfit_vantage_too(fitness: Fitness) -> None:
    assert Scene().resolved(TRUE).flow().judged(fitness=fitness).verdict is Verdict.OK


@pytest.mark.parametrize("fitness", sorted(UNFIT))
@pytest.mark.parametrize("told_of", [{"until": "tcp"}, {"scheme": "http"}])
def test_what_nothing_proves_is_not_ok_at_an_unfit_vantage(fitness: Fitness, told_of: dict[str, Any]) -> None:
    """A portal accepts every connection and answers every request: that is not the endpoint."""
    scheme = "http://site.example/" if "scheme" in told_of else "tcp://site.example:443"
    judged = Scene().resolved(TRUE).flow(**told_of).judged(scheme, fitness=fitness)
    assert judged.verdict is Verdict.INSUFFICIENT


def test_a_control_that_reaches_nothing_itself_settles_nothing() -> None:
    """SCENARIOS 61."""
    judged = Scene().tried(3, tcp=K.TIMEOUT).control(tcp=K.PROXY_FAILED).judged()
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "control.unusable")
    judged = Scene().tried(3, tcp=K.TIMEOUT).control(tcp=K.TIMEOUT).judged(evidence=SICK)
    assert judged.verdict is Verdict.INSUFFICIENT


def test_a_site_on_ipv6_alone_at_a_vantage_without_it_is_insufficient() -> None:
    """SCENARIOS 26."""
    evidence = FitnessEvidence(foreign=(3, 3), ipv6="none")
    scene = Scene().tried(3, address=TRUE_SIX, tcp=K.NETWORK_UNREACHABLE).control()
    judged = scene.judged(evidence=evidence)
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "vantage.no_ipv6")


def test_a_measurement_cut_short_is_insufficient() -> None:
    judged = Scene().tried(1, tcp=K.INTERRUPTED).control().judged()
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "vantage.interrupted")


@pytest.mark.parametrize("status", [401, 403, 429, 451])
def test_a_server_that_turns_us_away_inside_proven_tls_is_the_servers_choice(status: int) -> None:
    """SCENARIOS 27, 82."""
    scene = Scene().resolved(TRUE).flow(status=status).control(status=200)
    assert scene.judged().verdict is Verdict.RESTRICTED
    expecting = Scene().resolved(TRUE).flow(status=status, page=expected(True)).control()
    assert expecting.judged().verdict is Verdict.OK  # the list says that this is how it answers


def test_an_answer_that_is_not_the_expected_one_is_the_servers_to_explain() -> None:
    """SCENARIOS 103: a page that is not the instance is not ok; whether for us alone, the control tells."""
    alone = Scene().resolved(TRUE).flow(page=expected(False)).control(page=expected(True)).judged()
    assert (alone.verdict, alone.rule) == (Verdict.RESTRICTED, "http.other_answer")
    everyone = Scene().resolved(TRUE).flow(page=expected(False)).control(page=expected(False)).judged()
    assert (everyone.verdict, everyone.rule) == (Verdict.DOWN, "http.wrong_answer")


def test_a_vantage_whose_resolvers_are_dead_for_every_name_cannot_tell() -> None:
    evidence = FitnessEvidence(foreign=(3, 3), dead_resolvers=(OWN.address, OTHER.address))
    scene = Scene().asked(OWN, failure=K.TIMEOUT).asked(OTHER, failure=K.TIMEOUT).asked(DOH, TRUE)
    judged = scene.flow(purpose=Purpose.TRUE_ADDRESS, tcp=K.TIMEOUT).judged(evidence=evidence)
    assert (judged.verdict, judged.rule) == (Verdict.INSUFFICIENT, "vantage.no_dns")
    assert judged.findings[-1].evidence == (0, 1, 2)


def test_what_fails_for_the_control_too_cites_both() -> None:
    judged = Scene().tried(2, tcp=K.REFUSED).control(tcp=K.HOST_UNREACHABLE).judged()
    assert (judged.verdict, judged.rule) == (Verdict.DOWN, "control.fails_too")
    assert judged.findings[-1].evidence == (5, 6)  # our last try, and the control's


@pytest.mark.parametrize("tries", [1, 2])
def test_chance_is_ruled_out_by_tries_or_by_what_chance_does_not_make(tries: int) -> None:
    def chance(scene: Scene) -> tuple[bool, str]:
        judged = scene.judged()
        [one] = [c for c in judged.considered if c.explanation == "a chance failure"]
        return one.ruled_out, one.because

    weak = Scene().tried(tries, tcp=K.TIMEOUT).control()
    assert chance(weak) == ((True, "2 spaced tries") if tries == 2 else (False, "tried once"))
    bogon = Scene().asked(OWN, "127.0.0.1").asked(OTHER, TRUE).flow("127.0.0.1", tcp=K.REFUSED).control()
    assert chance(bogon) == (True, "dns.bogon does not happen by chance")


def test_an_error_for_everyone_is_down() -> None:
    """SCENARIOS 29."""
    assert Scene().resolved(TRUE).flow(status=503).control(status=503).judged().verdict is Verdict.DOWN
    assert Scene().resolved(TRUE).flow(status=503).judged().verdict is Verdict.DOWN


def test_a_certificate_expired_for_everyone_is_the_sites_fault() -> None:
    """SCENARIOS 7."""
    scene = Scene().tried(3, tls=K.SSL_EXPIRED).control(tls=K.SSL_EXPIRED)
    assert scene.judged().verdict is Verdict.DOWN


def test_a_name_that_nobody_knows_is_down() -> None:
    """SCENARIOS 10."""
    scene = Scene().asked(OWN, failure=K.DNS_NXDOMAIN).asked(OTHER, failure=K.DNS_NXDOMAIN)
    judged = scene.control(tcp=K.HOST_UNREACHABLE).judged()
    assert (judged.verdict, judged.mechanism) == (Verdict.DOWN, None)


def test_a_reset_of_a_site_whose_certificate_is_also_expired_is_blocked() -> None:
    """SCENARIOS 70."""
    judged = Scene().tried(3, tls=K.RESET).control(tls=K.SSL_EXPIRED).judged()
    assert told(judged) == (Verdict.BLOCKED, Certainty.POSSIBLE, Mechanism.SNI_RESET)


def test_another_vantage_is_a_control_too() -> None:
    judged = Scene().tried(3, tcp=K.TIMEOUT).judged(records=(record(Verdict.OK),))
    assert (judged.verdict, judged.mechanism) == (Verdict.BLOCKED, Mechanism.IP_TIMEOUT)
    assert judged.certainty is not Certainty.CONFIRMED  # an hour and a country apart
    judged = Scene().tried(3, tcp=K.TIMEOUT).judged(records=(record(Verdict.DOWN),))
    assert judged.verdict is Verdict.DOWN


def test_the_earliest_hop_and_the_lowest_layer_decide() -> None:
    """SCENARIOS 87-95: the fault is at hop 1 and is named there."""
    scene = Scene().resolved(TRUE).flow(page={"location": "https://next.example/", "status": 302})
    for attempt in range(3):
        scene.asked(OWN, "104.17.9.9", name="next.example", hop=1, attempt=attempt)
        scene.flow("104.17.9.9", hop=1, tls=K.RESET, attempt=attempt, hello={"sni": "next.example"})
    scene.flow("next.example", purpose=Purpose.CONTROL, via="proxy-1", hop=1)
    judged = scene.judged()
    assert (judged.verdict, judged.hop, judged.mechanism) == (Verdict.BLOCKED, 1, Mechanism.SNI_RESET)


def test_what_was_considered_says_what_it_rests_on() -> None:
    judged = Scene().tried(1, tcp=K.TIMEOUT).control().judged(fitness=Fitness.UNKNOWN, evidence=FitnessEvidence())
    stands = {one.explanation for one in judged.considered if not one.ruled_out}
    assert stands == {
        "vantage offline or captive portal", "wrong clock", "a chance failure", "the server turns this client away",
    }  # fmt: skip
    assert all(one.because for one in judged.considered)
