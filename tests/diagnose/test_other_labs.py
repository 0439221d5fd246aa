"""What other labs and real networks do that ours does not: each case told by hand, its verdict argued beforehand.

The verdict is what DESIGN section 2 asks for, not what the rules happen to say. Where nothing can be told apart the
right answer is `anomaly` or a certainty that says so; an innocent vantage or server is never `blocked`.
"""

from typing import Any

import pytest

from probe.model.diagnosis import Certainty, Diagnosis, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind as K
from probe.model.measurement import ControlHealth, FitnessEvidence
from probe.model.observation import DNSAnswer, DNSReply, ExtendedError, IOEvent, Purpose, Resolver, ResolverKind
from tests.diagnose.build import DOH, FORGED, HOST, OTHER, OWN, SYSTEM, TRUE, TRUE_SIX, Scene, expected, record, reply

CLEAR = f"http://{HOST}/"
OTHER_PLACE = "142.250.66.67"
M, C, V = Mechanism, Certainty, Verdict
NO_REFERENCES: dict[str, Any] = {"fitness": Fitness.UNKNOWN, "evidence": FitnessEvidence()}
BLOCKED_PAGE = {
    "title": "Access denied",
    "body_text": "This site has been blocked",
    "body_sha256": "bb",
    "body_bytes": 90,
}
DEFAULT_404 = {"title": "404 Not Found", "body_text": "nginx", "body_sha256": "cc", "body_bytes": 150, "status": 404}


def told(judged: Diagnosis) -> tuple[Verdict, Certainty | None, Mechanism | None]:
    return judged.verdict, judged.certainty, judged.mechanism


def there(scene: Scene, address: str = TRUE, **facts: Any) -> Scene:
    """The same address from the control."""
    return scene.flow(address, purpose=Purpose.CONTROL_ADDRESS, via="proxy-1", **{"until": "tls", **facts})


NOT_ITS_NAME = K.SSL_INVALID_HOSTNAME
"""How a handshake ends at a server that serves its own certificate to names it does not know."""


def sni_elsewhere(scene: Scene, tls: K | None = K.RESET, *, stranger: K | None = NOT_ITS_NAME, **hello: Any) -> Scene:
    """At an unrelated server its own name passes, a stranger's ends as told, and then this one does."""
    control: dict[str, Any] = {"purpose": Purpose.CONTROL_SNI, "until": "tls"}
    scene.flow(OTHER_PLACE, hello={"sni": "r.example"}, **control)
    scene.flow(OTHER_PLACE, tls=stranger, hello={"sni": "s.example", **hello}, **control)
    return scene.flow(OTHER_PLACE, purpose=Purpose.SNI_ELSEWHERE, until="tls", tls=tls, hello=hello)


def host_elsewhere(scene: Scene, page: dict[str, Any], stranger: dict[str, Any] | None = None) -> Scene:
    """The same cleartext request to an unrelated server, after a stranger's, which is answered there with a 404."""
    answer = {"title": "no such site", "body_sha256": "dd", "status": 404, **expected(False)} | (stranger or {})
    scene.flow(OTHER_PLACE, scheme="http", purpose=Purpose.CONTROL_SNI, page=answer)
    return scene.flow(OTHER_PLACE, scheme="http", purpose=Purpose.SNI_ELSEWHERE, page=page)


# Controls that are missing, sick, slow or behind the same censor


def test_a_control_that_is_blocked_too_does_not_make_it_an_outage_if_the_path_shows_itself() -> None:
    """The control sits in the same country: it fails as well, and the name fails at an unrelated server here."""
    judged = sni_elsewhere(Scene().tried(3, tls=K.RESET)).control(tls=K.EOF).judged()
    assert told(judged) == (V.BLOCKED, C.CONFIRMED, M.SNI_RESET)


def test_without_any_control_the_name_failing_at_an_unrelated_server_is_enough() -> None:
    assert told(sni_elsewhere(Scene().tried(3, tls=K.RESET)).judged()) == (V.BLOCKED, C.CONFIRMED, M.SNI_RESET)
    passes = sni_elsewhere(Scene().tried(3, tls=K.RESET), tls=K.SSL_INVALID_HOSTNAME)
    assert passes.judged().verdict is V.ANOMALY  # the name alone draws nothing: the server may refuse us


def test_two_controls_one_of_which_fails() -> None:
    scene = Scene().tried(3, tcp=K.TIMEOUT).control(tcp=K.TIMEOUT)
    scene.flow(HOST, purpose=Purpose.CONTROL, via="proxy-2")
    assert told(scene.judged())[::2] == (V.BLOCKED, M.IP_TIMEOUT)


def test_two_controls_one_of_which_is_sick_and_the_other_fails() -> None:
    evidence = FitnessEvidence(
        foreign=(3, 3), controls=(ControlHealth("proxy-1", 0, 3), ControlHealth("proxy-2", 3, 3))
    )
    scene = Scene().tried(3, tcp=K.TIMEOUT).control()
    scene.flow(HOST, purpose=Purpose.CONTROL, via="proxy-2", tcp=K.TIMEOUT)
    assert scene.judged(evidence=evidence).verdict is V.DOWN


def test_another_vantages_word_cannot_be_held_against_a_vantage_that_may_have_been_offline() -> None:
    """No reference, no live control, nothing answered: the line may have been down. A cached name is no answer."""
    scene = Scene()
    for attempt in range(3):
        scene.asked(SYSTEM, TRUE, attempt=attempt).asked(OTHER, failure=K.TIMEOUT, attempt=attempt)
        scene.flow(tcp=K.TIMEOUT, attempt=attempt)
    judged = scene.judged(records=(record(V.OK),), **NO_REFERENCES)
    assert (judged.verdict, judged.rule) == (V.INSUFFICIENT, "vantage.nothing_answers")
    dark = Scene().asked(SYSTEM, failure=K.DNS_TEMPORARY).asked(OTHER, failure=K.TIMEOUT)
    assert dark.judged(records=(record(V.OK),), **NO_REFERENCES).verdict is V.INSUFFICIENT


def test_names_answered_and_addresses_silent_without_references_is_no_block_by_hearsay() -> None:
    judged = Scene().tried(3, tcp=K.TIMEOUT).judged(records=(record(V.OK),), **NO_REFERENCES)
    assert judged.verdict is V.ANOMALY
    alive = Scene().tried(3, tls=K.RESET).judged(records=(record(V.OK, lag=900.0),), **NO_REFERENCES)
    assert told(alive) == (V.BLOCKED, C.POSSIBLE, M.SNI_RESET)  # it connected: the line was there


def test_a_clock_ten_minutes_off_is_named_and_settles_nothing() -> None:
    evidence = FitnessEvidence(foreign=(3, 3), clock_offset=600.0)
    judged = (
        sni_elsewhere(Scene().tried(3, tls=K.RESET)).control().judged(fitness=Fitness.CLOCK_WRONG, evidence=evidence)
    )
    assert (judged.verdict, judged.rule) == (V.INSUFFICIENT, "vantage.clock_wrong")
    assert "+600 s" in judged.findings[-1].note
    assert judged.findings[-1].evidence


# Names


def test_only_one_resolver_and_no_control_leaves_a_strange_answer_an_anomaly() -> None:
    scene = Scene().asked(OWN, "127.0.0.1").flow("127.0.0.1", tcp=K.REFUSED)
    assert scene.judged().verdict is V.ANOMALY
    scene = Scene().asked(OWN, FORGED).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME)
    assert scene.judged().verdict is V.ANOMALY


def test_only_one_resolver_and_a_control_that_meets_the_impostor_at_our_address_and_the_site_by_name() -> None:
    scene = Scene().asked(OWN, FORGED).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).control()
    there(scene, FORGED, tls=K.SSL_INVALID_HOSTNAME)
    judged = scene.judged()
    assert (judged.layer, *told(judged)) == (Layer.DNS, V.BLOCKED, C.LIKELY, M.DNS_IMPOSTOR)


def test_an_address_that_is_only_dead_for_everyone_is_no_forgery_without_another_resolver() -> None:
    scene = Scene().asked(OWN, FORGED).flow(FORGED, tcp=K.TIMEOUT).control()
    assert there(scene, FORGED, tcp=K.TIMEOUT).judged().verdict is V.ANOMALY


def hijacked(*, innocent_answered: bool) -> Scene:
    """Every plain resolver says the same wrong address; the control is led to the site by its own."""
    scene = Scene().resolved(FORGED).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).control()
    there(scene, FORGED, tls=K.SSL_INVALID_HOSTNAME)
    heard = (reply(TRUE),) if innocent_answered else ()
    scene.asked(OTHER, purpose=Purpose.CANARY, name="r.example", replies=heard)
    return scene.asked(OTHER, purpose=Purpose.CANARY, replies=(reply(FORGED),) if innocent_answered else ())


def test_a_network_that_answers_every_plain_question_itself_has_one_voice() -> None:
    """Port 53 is led to the ISP's resolver whomever one asks: the others are no independent word, the control is."""
    judged = hijacked(innocent_answered=True).judged()
    assert (judged.layer, *told(judged)) == (Layer.DNS, V.BLOCKED, C.LIKELY, M.DNS_IMPOSTOR)


def test_independent_resolvers_that_agree_make_it_the_sites_own_mistake() -> None:
    """The zone leads our region to a server with another name's certificate: nobody on the path did that."""
    assert hijacked(innocent_answered=False).judged().verdict is V.ANOMALY


def test_only_aaaa_forged_and_a_true() -> None:
    """Filters that know one family: the other is held against itself, not against the whole answer."""
    wrong = "2a03:2880:f10c::1"
    scene = Scene().asked(OWN, TRUE, wrong).asked(OTHER, TRUE, TRUE_SIX).flow()
    scene.flow(wrong, tls=K.SSL_INVALID_HOSTNAME).flow(TRUE_SIX, purpose=Purpose.TRUE_ADDRESS).control()
    there(scene, wrong, tls=K.SSL_INVALID_HOSTNAME)
    judged = scene.judged()
    assert (judged.layer, *told(judged)) == (Layer.DNS, V.INTERFERED, C.LIKELY, M.DNS_IMPOSTOR)


def test_addresses_of_another_node_for_one_family_are_a_cdns_business() -> None:
    scene = Scene().asked(OWN, TRUE, "2a03:2880:f10c::1").asked(OTHER, TRUE, TRUE_SIX)
    scene.flow().flow("2a03:2880:f10c::1").control()
    assert scene.judged().verdict is V.OK


def test_a_resolver_that_names_a_servers_failure_accuses_nobody() -> None:
    """SERVFAIL with extended errors about DNSSEC (6) and unreachable authorities (22)."""
    for code in (6, 22, 23):
        said = (reply(rcode="SERVFAIL"),)
        said = (type(said[0])(t=0.1, size=60, rcode="SERVFAIL", extended_errors=(ExtendedError(code, ""),)),)
        scene = Scene().asked(OWN, failure=K.DNS_SERVFAIL, replies=said).asked(OTHER, TRUE).control()
        assert scene.flow(purpose=Purpose.TRUE_ADDRESS).judged().verdict is V.ANOMALY


def test_a_servfail_that_says_censored_is_believed() -> None:
    said = reply(rcode="SERVFAIL")
    said = type(said)(t=0.1, size=60, rcode="SERVFAIL", extended_errors=(ExtendedError(16, "order 12"),))
    scene = Scene().asked(OWN, failure=K.DNS_SERVFAIL, replies=(said,)).asked(OTHER, TRUE).control()
    assert told(scene.judged()) == (V.BLOCKED, C.LIKELY, M.DNS_REFUSED)


def test_an_own_resolver_that_leads_to_a_page_of_the_block_over_http() -> None:
    """The commonest block of all: the ISP's resolver gives the address (or a CNAME to it) of its notice."""
    scene = Scene().asked(OWN, "61.145.10.9").asked(OTHER, TRUE)
    scene.flow("61.145.10.9", scheme="http", page=BLOCKED_PAGE).control(scheme="http")
    there(scene, "61.145.10.9", scheme="http", until="http", tcp=K.TIMEOUT)
    scene = host_elsewhere(scene, DEFAULT_404).flow(TRUE, scheme="http", purpose=Purpose.TRUE_ADDRESS)
    judged = scene.judged(CLEAR)
    assert (judged.layer, *told(judged)) == (Layer.DNS, V.BLOCKED, C.LIKELY, M.DNS_IMPOSTOR)
    assert {f.layer for f in judged.findings} == {Layer.DNS, Layer.HTTP}


def test_a_domestic_node_with_another_page_in_the_clear_is_no_block() -> None:
    """A CDN's node at home serves the page of the country: another title, other addresses, not a word of blocking."""
    page = {"title": "Welcome at home", "body_sha256": "dd", "body_bytes": 5000}
    scene = Scene().asked(OWN, "220.181.38.1").asked(OTHER, TRUE)
    scene.flow("220.181.38.1", scheme="http", page=page).control(scheme="http")
    assert host_elsewhere(scene, DEFAULT_404).judged(CLEAR).verdict in (V.ANOMALY, V.OK)


def test_a_tunnel_that_hands_out_fake_addresses_forges_nothing() -> None:
    """Clash and its kin answer every name from 198.18.0.0/15 and carry the connection to the true server."""
    through = Scene().asked(OWN, "198.18.0.7").asked(OTHER, TRUE).flow("198.18.0.7").control()
    assert through.judged().verdict is V.OK
    failing = Scene().asked(OWN, "198.18.0.7").asked(OTHER, TRUE).flow("198.18.0.7", tls=K.EOF).control()
    assert failing.judged().mechanism is not M.DNS_BOGON


def test_a_vantage_behind_nat64_has_no_ipv4_and_is_not_interfered_with() -> None:
    scene = Scene().resolved(TRUE, TRUE_SIX).flow(tcp=K.NETWORK_UNREACHABLE).flow(TRUE_SIX)
    for attempt in (1, 2):
        scene.flow(tcp=K.NETWORK_UNREACHABLE, purpose=Purpose.SECOND_TRY, attempt=attempt)
    assert there(scene).control().judged().verdict is V.OK


# Addresses


def test_two_of_three_addresses_fail_by_name_and_the_third_is_reached() -> None:
    """SNI filters on some paths only (anycast, load sharing): tampered, though reached."""
    three = ("104.16.1.1", "104.17.1.2", "104.18.1.3")
    scene = Scene().resolved(*three)
    for address in three[:2]:
        scene.flow(address, tls=K.RESET).flow(address, purpose=Purpose.SECOND_TRY, tls=K.RESET, attempt=1)
        there(scene, address)
    judged = scene.flow(three[2]).control().judged()
    assert told(judged) == (V.INTERFERED, C.POSSIBLE, M.SNI_RESET)


def test_a_name_filtered_over_ipv4_alone() -> None:
    scene = Scene().resolved(TRUE, TRUE_SIX).flow(tls=K.TIMEOUT).flow(TRUE_SIX)
    scene.flow(purpose=Purpose.SECOND_TRY, tls=K.TIMEOUT, attempt=1)
    scene.flow(purpose=Purpose.CONTROL_SNI, until="tls", hello={"sni": "r.example"})
    assert told(there(scene).control().judged()) == (V.INTERFERED, C.LIKELY, M.SNI_TIMEOUT)
    assert told(sni_elsewhere(scene, K.TIMEOUT).judged()) == (V.INTERFERED, C.CONFIRMED, M.SNI_TIMEOUT)


def test_one_server_of_several_that_is_broken_for_everyone_is_nobodys_tampering() -> None:
    scene = Scene().resolved(TRUE, "104.17.1.2").flow().flow("104.17.1.2", tls=K.RESET)
    scene.flow("104.17.1.2", purpose=Purpose.SECOND_TRY, tls=K.RESET, attempt=1)
    assert there(scene, "104.17.1.2", tls=K.EOF).control().judged().verdict is V.OK


def test_one_address_that_failed_once_is_a_chance() -> None:
    scene = Scene().resolved(TRUE, "104.17.1.2").flow().flow("104.17.1.2", tls=K.RESET)
    scene.flow("104.17.1.2", purpose=Purpose.SECOND_TRY, attempt=1)
    assert there(scene, "104.17.1.2").control().judged().verdict is V.OK


def test_what_a_name_leaves_behind_at_an_address_is_not_a_block_by_address() -> None:
    """Silence after the ClientHello, then silence at the SYN for minutes: the name is what is blocked."""
    scene = Scene().resolved(TRUE).flow(tls=K.TIMEOUT)
    for attempt in (1, 2):
        scene.resolved(TRUE, attempt=attempt).flow(tcp=K.TIMEOUT, attempt=attempt, purpose=Purpose.RETRY)
    judged = there(scene).control().judged()
    assert (judged.layer, *told(judged)) == (Layer.TLS, V.BLOCKED, C.POSSIBLE, M.SNI_TIMEOUT)


def test_a_port_closed_to_one_country_says_what_it_is_and_no_more() -> None:
    """A server that turns a country away by reset cannot be told from a path that does: never confirmed."""
    scene = Scene().tried(3, tls=K.RESET).flow(purpose=Purpose.CONTROL_SNI, until="tls", tls=K.RESET)
    judged = there(scene.flow(purpose=Purpose.NO_SNI, until="tls", tls=K.RESET)).control().judged()
    assert told(judged) == (V.BLOCKED, C.POSSIBLE, M.SNI_RESET)
    stands = [one.explanation for one in judged.considered if not one.ruled_out]
    assert stands == ["the server turns this client away"]


# Handshakes


@pytest.mark.parametrize("alert", [40, 47, 70, 80, 112, 221])
def test_an_alert_that_the_control_meets_too_is_the_servers(alert: int) -> None:
    facts = {"tls": K.TLS_ALERT, "hello": {"alert": alert}}
    assert Scene().tried(3, **facts).control(**facts).judged().verdict is V.DOWN


@pytest.mark.parametrize("alert", [40, 80, 112])
def test_an_alert_that_also_comes_at_an_unrelated_server_must_be_the_very_same(alert: int) -> None:
    scene = Scene().tried(3, tls=K.TLS_ALERT, hello={"alert": 40}).control()
    sure = sni_elsewhere(scene, K.TLS_ALERT, alert=alert).judged().certainty
    assert sure is (C.CONFIRMED if alert == 40 else C.POSSIBLE)  # strangers answer unknown names with 112


def test_an_interception_of_this_name_alone_and_a_site_with_a_private_authority() -> None:
    scene = Scene().tried(3, tls=K.SSL_UNKNOWN_AUTHORITY)
    assert scene.judged().verdict is V.ANOMALY  # the site's own authority, perhaps: nobody else was asked
    assert told(there(scene).control().judged()) == (V.BLOCKED, C.CONFIRMED, M.TLS_INTERCEPTION)


# Requests and pages


def test_http2_alone_failing_inside_proven_tls_is_no_paths_doing() -> None:
    scene = Scene().tried(3, http=K.HTTP_REQUEST_FAILED, page={"protocol": "h2"}).control()
    assert there(scene).judged().verdict is V.ANOMALY


@pytest.mark.parametrize("kind", [K.HTTP_BAD_ENCODING, K.HTTP_BAD_CHUNKING, K.HTTP_MALFORMED])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_cannot_be_read_is_not_cut(kind: K, scheme: str) -> None:
    scene = Scene().tried(3, http=kind, page={"status": 200}, scheme=scheme).control(scheme=scheme)
    assert scene.judged(f"{scheme}://{HOST}/").verdict is V.ANOMALY


def test_bytes_written_into_a_proven_session_in_every_try_are_a_possible_block() -> None:
    scene = Scene().tried(3, http=K.TLS_BAD_RECORD).control()
    assert told(scene.judged()) == (V.BLOCKED, C.POSSIBLE, M.CONNECTION_CUT)
    assert scene.judged().rule == "http.bad_record"
    assert Scene().tried(1, http=K.TLS_BAD_RECORD).control().judged().verdict is V.ANOMALY
    assert Scene().tried(3, http=K.TLS_BAD_RECORD).control(http=K.TLS_BAD_RECORD).judged().verdict is V.DOWN


def test_a_connection_reset_as_it_opens_has_its_own_word_everywhere_and_at_some_addresses() -> None:
    """No lab plays this: whether a RST behind the SYN-ACK meets connect or the first write is a race in the kernel."""
    judged = there(Scene().tried(3, tcp=K.RESET)).control().judged()
    assert (judged.rule, *told(judged)) == ("tcp.reset", V.BLOCKED, C.POSSIBLE, M.TCP_RESET)
    scene = Scene().resolved(TRUE, "104.17.1.2").flow().flow("104.17.1.2", tcp=K.RESET)
    scene.flow("104.17.1.2", purpose=Purpose.SECOND_TRY, tcp=K.RESET, attempt=1)
    judged = there(scene, "104.17.1.2").control().judged()
    assert (judged.rule, *told(judged)) == ("tcp.reset.partly", V.INTERFERED, C.POSSIBLE, M.TCP_RESET)


def blockpage(page: dict[str, Any] = BLOCKED_PAGE, status: int = 200) -> Scene:
    scene = Scene()
    for attempt in range(3):
        scene.resolved(TRUE, attempt=attempt).flow(scheme="http", attempt=attempt, status=status, page=page)
    return scene


def test_a_block_page_with_the_number_of_a_case_is_the_same_page() -> None:
    scene = host_elsewhere(blockpage().control(scheme="http"), {**BLOCKED_PAGE, "body_sha256": "ee"})
    assert told(scene.judged(CLEAR)) == (V.BLOCKED, C.LIKELY, M.BLOCKPAGE)
    same = host_elsewhere(blockpage().control(scheme="http"), BLOCKED_PAGE)
    assert told(same.judged(CLEAR)) == (V.BLOCKED, C.CONFIRMED, M.BLOCKPAGE)


def test_a_block_page_without_any_control_must_come_from_elsewhere_too_and_speak() -> None:
    assert blockpage().judged(CLEAR).verdict in (V.OK, V.ANOMALY)
    assert host_elsewhere(blockpage(), BLOCKED_PAGE).judged(CLEAR).mechanism is M.BLOCKPAGE


def test_the_default_page_of_a_common_server_is_the_same_everywhere() -> None:
    """The site and the unrelated server are both nginx without the asked page: the same bytes, and no censor."""
    scene = host_elsewhere(blockpage(DEFAULT_404), DEFAULT_404)
    assert not {f.mechanism for f in scene.judged(CLEAR).findings if f.mechanism}
    scene = host_elsewhere(blockpage(DEFAULT_404).control(scheme="http", page=DEFAULT_404), DEFAULT_404)
    assert not {f.mechanism for f in scene.judged(CLEAR).findings if f.mechanism}
    turned_away = host_elsewhere(blockpage(DEFAULT_404).control(scheme="http"), DEFAULT_404)
    assert turned_away.judged(CLEAR).verdict is not V.BLOCKED


def test_a_redirect_to_https_that_every_server_gives_is_no_block_page() -> None:
    page = {"status": 301, "location": f"https://{HOST}/", "title": "301 Moved Permanently", "body_sha256": "ff"}
    scene = host_elsewhere(Scene().tried(3, scheme="http", page=page, http=K.HTTP_REDIRECT_LOOP), page)
    assert scene.control(scheme="http", page=page, http=K.HTTP_REDIRECT_LOOP).judged(CLEAR).verdict is V.DOWN


def test_a_server_that_sends_a_country_elsewhere_is_not_the_path() -> None:
    """site.example sends us to site.cn, whose certificate is good; the unrelated server does not redirect."""
    onward = {"status": 302, "location": "https://www.site.cn/"}
    scene = (
        Scene().resolved(TRUE).flow(scheme="http", page=onward).asked(OWN, "220.181.38.9", name="www.site.cn", hop=1)
    )
    scene.flow("220.181.38.9", hop=1).control(scheme="http")
    assert scene.judged(CLEAR).verdict is V.OK  # nobody was asked elsewhere
    assert host_elsewhere(scene, DEFAULT_404).judged(CLEAR).verdict is V.OK


def test_a_redirect_to_a_notice_is_believed_for_what_the_notice_says() -> None:
    onward = {"status": 302, "location": "http://warn.isp.example/"}
    scene = Scene().resolved(TRUE).flow(scheme="http", page=onward)
    scene.asked(OWN, "61.145.10.9", name="warn.isp.example", hop=1)
    scene.flow("61.145.10.9", hop=1, scheme="http", page=BLOCKED_PAGE).control(scheme="http")
    judged = scene.judged(CLEAR)
    assert (judged.hop, *told(judged)) == (0, V.BLOCKED, C.POSSIBLE, M.BLOCKPAGE_REDIRECT)


def test_a_block_page_over_ipv4_alone_is_seen_though_ipv6_gives_the_page() -> None:
    scene = Scene().resolved(TRUE_SIX, TRUE).flow(TRUE_SIX, scheme="http").flow(scheme="http", page=BLOCKED_PAGE)
    judged = host_elsewhere(scene.control(scheme="http"), BLOCKED_PAGE).judged(CLEAR)
    assert told(judged) == (V.INTERFERED, C.CONFIRMED, M.BLOCKPAGE)


# Speed


def reads(*times: float, pieces: int = 500) -> tuple[IOEvent, ...]:
    return (IOEvent("write", 0.0, 200), *(IOEvent("read", t, pieces) for t in times))


def stalled(*times: float, until: float, pieces: int, **page: Any) -> Scene:
    """Three tries over cleartext that ran out of time, and a control that has all of it."""
    facts = {"events": reads(*times, pieces=pieces), "first_byte": times[0], **page}
    scene = Scene().tried(3, scheme="http", http=K.TIMEOUT, page=facts, t=until)
    whole = {"events": reads(0.1, 0.2, pieces=40_000), "first_byte": 0.1, "body_wire_bytes": 80_000}
    return scene.control(scheme="http", page=whole, t=0.3)


def test_a_trickle_that_runs_out_of_time_is_throttling_and_never_silence() -> None:
    judged = stalled(3.0, 3.1, 4.8, until=5.0, pieces=500).judged(CLEAR)
    assert (judged.layer, judged.mechanism, judged.certainty) == (Layer.SPEED, M.THROTTLING, C.POSSIBLE)


def test_an_answer_that_stops_after_sixteen_kilobytes_in_every_try_is_cut() -> None:
    judged = stalled(0.1, 0.2, 0.3, until=5.0, pieces=5_400, status=200).judged(CLEAR)
    assert told(judged) == (V.BLOCKED, C.LIKELY, M.BODY_CUT)


def test_a_path_that_loses_every_large_packet_is_no_censor() -> None:
    """A broken path MTU: the head comes, no full packet ever does."""
    judged = stalled(0.1, until=5.0, pieces=300, status=200).judged(CLEAR)
    assert judged.verdict is V.ANOMALY


def test_a_short_page_under_another_name_does_not_make_a_slow_server_throttled() -> None:
    """The site takes its time between pieces; the default page of the same server is short, and so it is quick."""
    slow = {"events": reads(1.0, 2.0, 3.0, 4.0, pieces=1000), "first_byte": 1.0, "body_wire_bytes": 4000}
    scene = Scene().resolved(TRUE).flow(page=slow, t=5.0)
    brief = {"events": reads(0.01, pieces=600), "first_byte": 0.01, "body_wire_bytes": 300, "status": 404}
    scene.flow(purpose=Purpose.CONTROL_SPEED, page=brief, t=0.02).control(page=slow, t=5.0)
    assert scene.judged().verdict is V.OK


# Portals and half-open vantages


def test_a_portal_that_fakes_the_checks_is_told_by_the_pages_of_proven_endpoints_only() -> None:
    """It answers 204 to the references: the vantage looks fit. A page that expects nothing is then never a block."""
    portal = {"title": "Hotel WiFi", "body_sha256": "99", "body_bytes": 400}
    scene = host_elsewhere(blockpage(portal), portal)
    assert scene.judged(CLEAR).verdict is not V.BLOCKED


def test_expected_answers_outweigh_every_strange_answer_of_dns() -> None:
    scene = Scene().asked(OWN, FORGED).asked(DOH, TRUE).flow(FORGED, scheme="http", page=expected(True))
    assert scene.judged(CLEAR).verdict is V.OK


# Found by a search for worlds that are judged wrong


ALIAS = DNSAnswer(HOST, "CNAME", "edges.example.", 60)


def aliased(address: str) -> DNSReply:
    return DNSReply(t=0.01, size=90, rcode="NOERROR", answers=(ALIAS, DNSAnswer("edges.example", "A", address, 60)))


def test_an_address_of_the_hosts_file_is_no_resolvers_lie() -> None:
    """getaddrinfo alone knows it; the nameserver that the system asks gave us the true one."""
    scene = Scene().asked(SYSTEM, FORGED).asked(OWN, TRUE).asked(OTHER, TRUE).asked(DOH, TRUE)
    scene.flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).flow(TRUE)
    assert there(scene.control(), FORGED, tls=K.SSL_INVALID_HOSTNAME).judged().verdict is V.OK
    lied = Scene().asked(SYSTEM, FORGED).asked(OWN, FORGED).asked(OTHER, TRUE).asked(DOH, TRUE)
    lied.flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).flow(TRUE, purpose=Purpose.TRUE_ADDRESS).control()
    assert there(lied, FORGED, tls=K.SSL_INVALID_HOSTNAME).judged().mechanism is M.DNS_IMPOSTOR


def test_a_canary_that_tells_the_truth_is_a_proxy_and_no_forger() -> None:
    """A network that answers plain questions itself, and honestly; the innocent question to the canary was lost."""
    scene = Scene().asked(OWN, TRUE).asked(OTHER, TRUE).asked(DOH, TRUE).flow(tls=K.RESET).control()
    scene.asked(OTHER, purpose=Purpose.CANARY, name="r.example", failure=K.TIMEOUT)
    scene.asked(OTHER, TRUE, purpose=Purpose.CANARY)
    assert not [f for f in scene.judged().findings if f.layer is Layer.DNS]


def test_an_ipv6_only_network_that_translates_is_well() -> None:
    """DNS64 and NAT64: the address of the own resolver alone holds the true one; there is no way over IPv4."""
    six = "64:ff9b::6810:101"
    scene = Scene().asked(OWN, TRUE).asked(OWN, six).asked(OTHER, TRUE).asked(DOH, TRUE)
    scene.flow(TRUE, tcp=K.NETWORK_UNREACHABLE).flow(six)
    assert scene.judged().verdict is V.OK


def test_one_canonical_name_makes_unlike_answers_one_operators() -> None:
    scene = Scene().asked(OWN, FORGED, replies=(aliased(FORGED),)).asked(DOH, TRUE, replies=(aliased(TRUE),))
    scene.flow(FORGED, tcp=K.TIMEOUT).flow(TRUE, purpose=Purpose.TRUE_ADDRESS).control()
    judged = there(scene, FORGED, tcp=K.TIMEOUT).judged()
    assert (judged.verdict, judged.rule) == (V.DOWN, "control.address_fails_too")


def test_an_edge_that_lost_a_name_is_not_blocked_where_the_control_asks_it_too() -> None:
    scene = Scene()
    for attempt in range(3):
        scene.asked(OWN, TRUE, attempt=attempt).asked(DOH, TRUE, attempt=attempt)
        scene.flow(tls=K.TLS_ALERT, hello={"alert": 112}, attempt=attempt)
    scene.flow(purpose=Purpose.CONTROL_SNI, until="tls", hello={"sni": "r.example"}).control()
    assert scene.judged().verdict is V.BLOCKED  # nobody asked it at our address: another edge may be well
    judged = there(scene, tls=K.TLS_ALERT).judged()
    assert (judged.verdict, judged.rule) == (V.DOWN, "control.address_fails_too")
    assert not judged.considered[0].ruled_out  # a server fault: the control was well elsewhere


def test_every_resolver_failing_on_the_name_is_no_anomaly_of_ours() -> None:
    scene = Scene().asked(OWN, failure=K.DNS_SERVFAIL).asked(OTHER, failure=K.DNS_SERVFAIL)
    assert scene.judged().verdict is V.ANOMALY  # both may be on one path
    assert scene.asked(DOH, failure=K.DNS_SERVFAIL).judged().rule == "dns.broken"


def test_a_cut_after_the_same_time_inside_proven_tls_may_be_the_servers_own_clock() -> None:
    def cut(scheme: str) -> Scene:
        return Scene().tried(3, scheme=scheme, http=K.RESET, page={"t": 5.0}).control(scheme=scheme)

    assert cut("https").judged().certainty is C.POSSIBLE
    assert cut("http").judged(CLEAR).certainty is C.LIKELY


def test_a_certificate_that_only_hearsay_does_not_know_is_possibly_a_forgotten_intermediate() -> None:
    """Another vantage met another edge; nobody asked at our address whether its chain is whole."""
    scene = Scene().tried(3, tls=K.SSL_UNKNOWN_AUTHORITY)
    assert told(scene.judged(records=(record(V.OK),))) == (V.BLOCKED, C.POSSIBLE, M.TLS_INTERCEPTION)


def test_a_name_that_fails_here_and_passes_by_hearsay_is_not_confirmed() -> None:
    scene = Scene().tried(3, tls=K.RESET)
    scene.flow(purpose=Purpose.CONTROL_SNI, until="tls", hello={"sni": "r.example"})
    assert told(scene.judged(records=(record(V.OK),)))[:1] == (V.BLOCKED,)
    assert scene.judged(records=(record(V.OK),)).certainty is not C.CONFIRMED
    assert told(sni_elsewhere(scene).judged(records=(record(V.OK),)))[:2] == (V.BLOCKED, C.CONFIRMED)


def test_a_site_whose_certificate_has_expired_is_not_down_where_the_path_does_not_let_us_see_it() -> None:
    """The control comes further at our very address, if not to the end."""
    silent = Scene().tried(3, tcp=K.TIMEOUT).control(tls=K.SSL_EXPIRED)
    assert told(there(silent, tls=K.SSL_EXPIRED).judged()) == (V.BLOCKED, C.POSSIBLE, M.IP_TIMEOUT)
    mute = Scene().tried(3, tls=K.TIMEOUT).control(tls=K.SSL_EXPIRED)
    assert there(mute, tls=K.SSL_EXPIRED).judged().verdict is V.BLOCKED


def test_an_old_address_that_is_dead_for_everyone_is_possible_at_most() -> None:
    """The site has moved, and our resolver has not heard of it yet."""
    scene = Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED, tcp=K.TIMEOUT)
    scene.flow(TRUE, purpose=Purpose.TRUE_ADDRESS).control()
    assert there(scene, FORGED, tcp=K.TIMEOUT).judged().certainty is C.POSSIBLE


@pytest.mark.parametrize(
    ("resolver", "sure"), [("192.168.1.2:53", C.POSSIBLE), ("1.1.1.3:53", C.POSSIBLE), ("202.96.209.133:53", C.LIKELY)]
)
def test_a_filter_against_advertisements_at_home_answers_with_no_address(resolver: str, sure: Certainty) -> None:
    own = Resolver(kind=ResolverKind.UDP, address=resolver, own=True)
    nowhere = "0.0.0.0"
    scene = Scene().asked(own, nowhere).asked(DOH, TRUE).flow(nowhere, tcp=K.REFUSED)
    assert told(scene.flow(TRUE, purpose=Purpose.TRUE_ADDRESS).control().judged()) == (V.BLOCKED, sure, M.DNS_BOGON)
    local = Scene().asked(own, "127.0.0.1").asked(DOH, TRUE).flow("127.0.0.1", tcp=K.REFUSED).control()
    assert local.judged().certainty is (C.POSSIBLE if resolver == "1.1.1.3:53" else C.CONFIRMED)


@pytest.mark.parametrize(
    ("ends", "expected_verdict", "sure"),
    [
        ((None, None), V.INTERFERED, C.LIKELY),  # whatever it is asked for: a relay
        ((None, NOT_ITS_NAME), V.OK, None),  # a name of the same operator, and one that is not
        ((None,), V.INTERFERED, C.POSSIBLE),  # who knows whose that one is
        ((NOT_ITS_NAME, NOT_ITS_NAME), V.OK, None),
    ],
)
def test_a_relay_speaks_for_every_name_and_a_large_operator_for_its_own(
    ends: tuple[K | None, ...], expected_verdict: Verdict, sure: Certainty | None
) -> None:
    scene = Scene().asked(OWN, FORGED).asked(DOH, TRUE).flow(FORGED)
    for number, end in enumerate(ends):
        scene.flow(FORGED, purpose=Purpose.CONTROL_SNI, until="tls", tls=end, hello={"sni": f"r{number}.example"})
    judged = scene.judged()
    assert (judged.verdict, judged.certainty) == (expected_verdict, sure)


# Names that nobody ever had, and endpoints that are a name alone


def gone(*invented: str) -> Scene:
    """Every independent resolver denies the name, ours has an address for it; for a made-up name it has these."""
    scene = Scene().asked(OWN, FORGED).asked(DOH, failure=K.DNS_NXDOMAIN).flow(FORGED, tcp=K.REFUSED)
    failure = None if invented else K.DNS_NXDOMAIN
    return scene.asked(OWN, *invented, failure=failure, name="nx-1.r.example", purpose=Purpose.RESOLVER_HEALTH)


def test_a_resolver_that_leads_every_missing_name_to_advertisements_invents_no_block() -> None:
    assert told(gone().judged()) == (V.BLOCKED, C.LIKELY, M.DNS_INJECTION)  # this name alone: a list that outlived it
    rewritten = gone("61.145.20.20").judged()
    assert (rewritten.verdict, rewritten.rule) == (V.DOWN, "dns.gone")
    assert len(rewritten.findings[-1].evidence) == 2  # who denies it, and what ours made of a name nobody ever had


def test_what_an_innocent_proves_under_its_own_name_is_no_proof_of_ours() -> None:
    """The forged answer leads to the reference's own address: its certificate shows whose that is, and not ours."""
    scene = Scene().asked(OWN, FORGED).asked(DOH, failure=K.DNS_NXDOMAIN).flow(FORGED, tls=NOT_ITS_NAME)
    scene.flow(FORGED, purpose=Purpose.CONTROL_SNI, until="tls", hello={"sni": "r.example"})
    assert scene.facts().last.proven == frozenset()
    assert told(scene.judged()) == (V.BLOCKED, C.LIKELY, M.DNS_INJECTION)


def test_a_name_alone_is_not_reached_by_an_answer_that_is_false_by_itself() -> None:
    """An endpoint `dns://name`: nothing can be asked at the address, so a forged answer must not pass for one."""
    only = f"dns://{HOST}"
    assert Scene().resolved(TRUE).judged(only).verdict is V.OK
    assert Scene().asked(OWN, TRUE).asked(DOH, "151.101.1.69").judged(only).verdict is V.OK  # a CDN answers so
    bogon = Scene().asked(OWN, "127.0.0.1").asked(DOH, TRUE).judged(only)
    assert told(bogon) == (V.BLOCKED, C.CONFIRMED, M.DNS_BOGON)
    forged = Scene().asked(OWN, FORGED, replies=(reply(FORGED), reply(TRUE, t=0.2))).asked(DOH, TRUE).judged(only)
    assert told(forged) == (V.BLOCKED, C.CONFIRMED, M.DNS_INJECTION)
    site = Scene().asked(OWN, "127.0.0.1").asked(DOH, "127.0.0.1").judged(only)
    assert site.verdict not in (V.BLOCKED, V.INTERFERED)  # the site's own zone says so


def test_a_certificate_of_nobody_for_another_name_is_what_a_server_shows_for_a_name_that_it_lost() -> None:
    """Many machines share an address (anycast): ours may have lost the site, and shows its default certificate."""
    scene = Scene().tried(3, tls=K.SSL_SELF_SIGNED, hello={"problems": (K.SSL_SELF_SIGNED, K.SSL_INVALID_HOSTNAME)})
    assert told(there(scene).control().judged()) == (V.BLOCKED, C.POSSIBLE, M.TLS_INTERCEPTION)


@pytest.mark.parametrize("kind", [K.TLS_ALERT, K.SSL_FAILED_HANDSHAKE])
def test_a_server_that_wants_what_we_have_not_wants_it_of_everybody(kind: K) -> None:
    """A certificate of the client's, TLS 1.0: the control ends in the same way."""
    assert Scene().tried(3, tls=kind).control(tls=kind).judged().verdict is V.DOWN
    assert Scene().tried(3, http=kind).control(http=kind).judged().verdict is V.DOWN
