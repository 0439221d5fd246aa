"""Each effect, caused by one rule, seen by a plain client; and that other names, flows and hosts are left alone."""

import socket
import ssl
import time
from contextlib import closing

import dns.message
import dns.query
import dns.rcode
import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Cut,
    CutHow,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Inject,
    Intercept,
    Lose,
    Match,
    Reroute,
    Reset,
    Rule,
    Stage,
    Throttle,
)
from probe.lab.world import Answer, CertificateSpec, Issuer, Response, redirect
from tests.lab.client import (
    ADDRESS,
    CANARY_ADDRESS,
    IMPOSTOR_ADDRESS,
    INNOCENT,
    OTHER_ADDRESS,
    PATIENCE,
    RESOLVER,
    SITE,
    Ended,
    ask,
    connect,
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
    told,
    trusting,
    values,
)

FORGED = Answer(addresses=(IMPOSTOR_ADDRESS,))
BLOCKPAGE = Response(status=200, body=b"<title>Blocked</title>")


def censored(effect: Effect, match: Match, residual: float = 0.0) -> LoopbackLab:
    rule = Rule(id="test", match=match, effect=effect, residual=residual)
    return LoopbackLab(small_world(), [rule])


def at(stage: Stage, *names: str) -> Match:
    return Match(stage=stage, names=names or (SITE,))


def test_forged_answer_comes_first_and_the_truth_after_it_on_the_same_socket() -> None:
    with censored(ForgeDNS(answers=(FORGED,)), at(Stage.DNS)) as lab:
        assert [values(each) for each in ask(lab, SITE)] == [[IMPOSTOR_ADDRESS], [ADDRESS, OTHER_ADDRESS]]
        assert [values(each) for each in ask(lab, INNOCENT)] == [[ADDRESS]]


def test_forged_answer_comes_even_from_an_address_that_runs_no_resolver() -> None:
    with censored(ForgeDNS(answers=(FORGED,)), at(Stage.DNS)) as lab:
        assert [values(each) for each in ask(lab, SITE, resolver=CANARY_ADDRESS)] == [[IMPOSTOR_ADDRESS]]
        assert ask(lab, INNOCENT, resolver=CANARY_ADDRESS) == []


def test_forger_can_keep_the_truth_back_repeat_itself_and_take_one_family_only() -> None:
    match = Match(stage=Stage.DNS, names=(SITE,), qtypes=("A",))
    forge = ForgeDNS(answers=(Answer(rcode="NXDOMAIN"),), drop_truth=True, repeat=3)
    with censored(forge, match) as lab:
        assert [each.rcode() for each in ask(lab, SITE)] == [dns.rcode.NXDOMAIN] * 3
        assert [values(each) for each in ask(lab, SITE, "AAAA")] == [["2606:4700::1"]]


def test_forged_addresses_change_from_query_to_query() -> None:
    many = tuple(Answer(addresses=(f"31.13.94.{last}",)) for last in range(16))
    with censored(ForgeDNS(answers=many, drop_truth=True), at(Stage.DNS)) as lab:
        seen = {values(told(lab, SITE))[0] for _ in range(20)}
        assert len(seen) > 1


def test_plain_dns_can_be_dropped_over_udp_and_tcp() -> None:
    with censored(Drop(), at(Stage.DNS)) as lab:
        assert ask(lab, SITE) == []
        assert values(told(lab, INNOCENT)) == [ADDRESS]
        with closing(socket.create_connection(lab.client_table[RESOLVER, 53, "tcp"], timeout=PATIENCE)) as sock:
            sock.settimeout(0.15)
            dns.query.send_tcp(sock, dns.message.make_query(SITE, "A"))
            assert read_to_end(sock) == Ended(b"", "silence")


def test_lost_and_delayed_datagrams() -> None:
    with censored(Lose(probability=1.0), at(Stage.DNS)) as lab:
        assert ask(lab, SITE) == []
    with censored(Delay(seconds=0.4), at(Stage.DNS)) as lab:
        assert ask(lab, SITE, patience=0.1) == []
        assert values(told(lab, SITE)) == [ADDRESS, OTHER_ADDRESS]


def test_dropped_syn_times_out_and_refused_syn_is_refused_for_one_address_only() -> None:
    with censored(Drop(), Match(stage=Stage.TCP, addresses=(ADDRESS,))) as lab:
        with pytest.raises(TimeoutError):
            connect(lab, timeout=0.15)
        assert get_tls(lab, SITE, address=OTHER_ADDRESS)
    with censored(Reset(), Match(stage=Stage.IP, addresses=(ADDRESS,))) as lab:
        assert exchange(lab, hello(SITE)).how == "refused"


ALERT_112 = b"\x15\x03\x03\x00\x02\x02\x70"


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Reset(), Ended(b"", "reset")),
        (Close(), Ended(b"", "fin")),
        (Drop(), Ended(b"", "silence")),
        (Drop(to_client_only=True), Ended(b"", "silence")),
        (Alert(number=112), Ended(ALERT_112, "fin")),
        (Inject(payload=b"\x80garbage"), Ended(b"\x80garbage", "fin")),
    ],
)
def test_hello_with_this_sni_meets_the_effect_and_another_sni_on_the_same_address_passes(
    effect: Effect, expected: Ended
) -> None:
    with censored(effect, at(Stage.TLS)) as lab:
        assert exchange(lab, hello(SITE)) == expected
        assert get_tls(lab, INNOCENT).endswith(b"this is innocent.test")
        assert get(lab, SITE).data.endswith(b"this is site.test")


def test_plaintext_blockpage_on_443() -> None:
    with censored(Blockpage(response=BLOCKPAGE), at(Stage.TLS)) as lab:
        ended = exchange(lab, hello(SITE))
        assert ended.data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert ended.how == "fin"


def test_reset_only_for_hellos_that_offer_no_more_than_tls_12() -> None:
    with censored(Reset(), Match(stage=Stage.TLS, names=(SITE,), tls_maximum="1.2")) as lab:
        older = trusting(lab)
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ConnectionResetError):
            get_tls(lab, SITE, context=older)
        assert get_tls(lab, SITE)


def test_split_hello_passes_a_censor_of_single_segments_and_not_one_that_reassembles() -> None:
    for first_segment, how in ((True, b"\x16"), (False, b"")):
        match = Match(stage=Stage.TLS, names=(SITE,), first_segment=first_segment)
        with censored(Reset(), match) as lab, closing(connect(lab)) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            whole = hello(SITE)
            sock.sendall(whole[:20])
            time.sleep(0.05)  # without packets, two segments are two only if the first was read before the second came
            sock.sendall(whole[20:])
            sock.settimeout(0.15)
            assert read_to_end(sock).data[:1] == how


@pytest.mark.parametrize(
    ("effect", "expected"),
    [(Reset(), Ended(b"", "reset")), (Close(), Ended(b"", "fin")), (Drop(), Ended(b"", "silence"))],
)
def test_request_for_this_host_meets_the_effect_and_another_host_passes(effect: Effect, expected: Ended) -> None:
    with censored(effect, at(Stage.HTTP)) as lab:
        assert exchange(lab, request(SITE), 80) == expected
        assert get(lab, INNOCENT).data.endswith(b"this is innocent.test")


def test_second_request_of_a_connection_is_read_as_well() -> None:
    with censored(Reset(), at(Stage.HTTP)) as lab, closing(connect(lab, port=80)) as sock:
        sock.sendall(request(INNOCENT))
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 OK")
        sock.sendall(request(SITE))
        assert read_to_end(sock).how == "reset"


def test_blockpage_and_redirect_in_the_place_of_the_answer() -> None:
    with censored(Blockpage(response=BLOCKPAGE), Match(stage=Stage.HTTP, url="site.test/forbidden")) as lab:
        assert get(lab, SITE, "/forbidden").data.endswith(b"<title>Blocked</title>")
        assert get(lab, SITE, "/").data.endswith(b"this is site.test")
    with censored(Blockpage(response=redirect("http://blockpage.test/")), at(Stage.HTTP)) as lab:
        assert b"\r\nLocation: http://blockpage.test/\r\n" in get(lab, SITE).data


def test_keyword_in_the_body_resets_in_the_middle_of_it() -> None:
    body = b"a" * 3000 + b"forbidden word" + b"b" * 3000
    rule = Rule(id="keyword", match=Match(stage=Stage.BODY, keyword=b"forbidden word"), effect=Reset())
    worlds = small_world(http(site(SITE, Response(body=body)), site(INNOCENT)), https(site(SITE, Response(body=body))))
    with LoopbackLab(worlds, [rule]) as lab:
        ended = get(lab, SITE)
        assert ended.how == "reset"
        assert ended.data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert get(lab, INNOCENT).how == "fin"
        assert get_tls(lab, SITE).endswith(b"b" * 3000)


def test_interception_shows_a_certificate_of_an_authority_nobody_trusts_and_the_true_page() -> None:
    with censored(Intercept(), at(Stage.TLS)) as lab:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            get_tls(lab, SITE)
        assert caught.value.verify_code in (19, 20)
        careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        assert get_tls(lab, SITE, context=careless).endswith(b"this is site.test")
        assert get_tls(lab, INNOCENT)


def test_interception_can_answer_by_itself_and_be_self_signed() -> None:
    effect = Intercept(certificate=CertificateSpec(issuer=Issuer.SELF), response=BLOCKPAGE)
    with censored(effect, at(Stage.TLS)) as lab:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            get_tls(lab, SITE)
        assert caught.value.verify_code == 18


def test_rerouted_flow_ends_at_an_impostor() -> None:
    for stage in (Stage.TCP, Stage.TLS):
        match = Match(stage=stage, addresses=(ADDRESS,), names=() if stage is Stage.TCP else (SITE,))
        with censored(Reroute(host="impostor"), match) as lab, pytest.raises(ssl.SSLCertVerificationError) as caught:
            get_tls(lab, SITE)
        assert caught.value.verify_code == 62
    with censored(Reroute(host="impostor"), at(Stage.HTTP)) as lab:
        assert get(lab, SITE).data.endswith(b"this is impostor.test")


def test_throttled_sni_gets_few_bytes_while_another_gets_all() -> None:
    both = https(site(SITE, Response(generated=100_000)), site(INNOCENT, Response(generated=100_000)))
    rule = Rule(id="slow", match=at(Stage.TLS), effect=Throttle(bytes_per_second=20_000))
    with LoopbackLab(small_world(both), [rule]) as lab:
        assert len(get_tls(lab, INNOCENT)) > 100_000
        with closing(connect(lab)) as raw, trusting(lab).wrap_socket(raw, server_hostname=SITE) as secure:
            secure.sendall(request(SITE))
            end, got = time.monotonic() + 0.5, 0
            while time.monotonic() < end:
                got += len(secure.recv(4096))
        assert 0 < got < 50_000


@pytest.mark.parametrize(("how", "ending"), [(CutHow.RESET, "reset"), (CutHow.CLOSE, "fin"), (CutHow.DROP, "silence")])
def test_connection_is_cut_some_time_after_the_trigger(how: CutHow, ending: str) -> None:
    with censored(Cut(seconds=0.15, how=how), at(Stage.HTTP)) as lab, closing(connect(lab, port=80)) as sock:
        sock.sendall(request(SITE))
        sock.settimeout(0.5)
        ended = read_to_end(sock)
        assert ended.how == ending
        assert ended.data.endswith(b"this is site.test")


def test_connection_that_opens_and_then_stalls() -> None:
    with censored(Drop(), Match(stage=Stage.DATA, family=6)) as lab:
        assert exchange(lab, hello(INNOCENT), address="2606:4700::1").how == "silence"
        assert get_tls(lab, INNOCENT)


def test_lone_failure_is_of_the_first_flow_only() -> None:
    with censored(Drop(), Match(stage=Stage.TLS, nth=(0,))) as lab:
        assert exchange(lab, hello(SITE)).how == "silence"
        assert get_tls(lab, SITE)


def test_residual_block_drops_every_new_flow_to_the_same_address_and_port_and_no_other() -> None:
    with censored(Drop(), at(Stage.TLS), residual=1.0) as lab:
        assert get_tls(lab, INNOCENT)
        end = time.monotonic() + 1.0
        assert exchange(lab, hello(SITE), patience=0.05).how == "silence"
        with pytest.raises(TimeoutError):
            connect(lab, timeout=0.05)
        assert get_tls(lab, INNOCENT, address=OTHER_ADDRESS)
        assert get(lab, SITE).how == "fin"
        time.sleep(max(0.0, end - time.monotonic()) + 0.1)
        assert get_tls(lab, INNOCENT)


def test_state_is_of_the_flow_an_open_innocent_connection_survives_its_neighbours_reset() -> None:
    with censored(Reset(), at(Stage.TLS)) as lab:
        neighbour = trusting(lab).wrap_socket(connect(lab), server_hostname=INNOCENT)
        with neighbour:
            assert exchange(lab, hello(SITE)).how == "reset"
            neighbour.sendall(request(INNOCENT, "/", "Connection: close\r\n"))
            assert read_to_end(neighbour).data.endswith(b"this is innocent.test")
