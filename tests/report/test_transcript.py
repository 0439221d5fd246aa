"""The transcript of a measurement and its text: every step, every conflict, no line that a stranger wrote."""

from typing import Any

import msgspec
import pytest

from probe.cli.console import clean
from probe.diagnose.rejudge import rejudge
from probe.model.diagnosis import Verdict
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.measurement import Measurement
from probe.model.observation import (
    DNSAnswer,
    DNSLookup,
    DNSReply,
    ExtendedError,
    HTTPRoundTrip,
    Purpose,
    Resolver,
    ResolverKind,
    TLSHandshake,
)
from probe.report.terminal import Page
from probe.report.transcript import RESPONSIBLE, Transcript, transcript
from probe.report.transcript_steps import Step, steps_of
from probe.report.transcript_text import render
from probe.report.transcript_words import PURPOSES, VERDICTS
from tests.worlds_told import HOSTILE, IMPOSTOR, SITE, TOLD, told

PAGE = Page(80, clean)
OTHER = Resolver(kind=ResolverKind.UDP, address="9.9.9.9:53")
OWN = Resolver(kind=ResolverKind.UDP, address="202.96.209.133:53", own=True)


def text(line: Measurement, zone: str = "UTC") -> str:
    return render(transcript(line, zone), PAGE)


def lookup(resolver: Resolver, *addresses: str, **facts: Any) -> DNSLookup:
    replies = (DNSReply(t=0.009, size=60, rcode="NOERROR"),)
    plain: dict[str, Any] = {"transaction_id": 1, "name": "a.example", "qtype": "A", "t": 0.01, "replies": replies}
    return DNSLookup(resolver=resolver, addresses=addresses, **{**plain, **facts})


def all_lines(steps: tuple[Step, ...]) -> str:
    return "\n".join(line for step in steps for line in step.lines)


@pytest.mark.parametrize("name", TOLD)
def test_every_observation_is_in_exactly_one_step_and_every_finding_cites_steps_that_hold_its_evidence(
    name: str,
) -> None:
    line = told(name).line
    shown = transcript(line)
    assert sorted(at for step in shown.steps for at in step.observations) == list(range(len(line.observations)))
    assert [step.number for step in shown.steps] == list(range(1, len(shown.steps) + 1))
    for finding, cited in zip(line.diagnosis.findings, shown.findings, strict=True):
        held = {at for step in shown.steps if step.number in cited.steps for at in step.observations}
        assert set(finding.evidence) <= held


@pytest.mark.parametrize("name", TOLD)
def test_eighty_columns_hold_every_line(name: str) -> None:
    assert max(map(len, text(told(name).line).splitlines())) <= 80


def test_an_sni_reset_says_what_where_when_how_sure_and_by_what() -> None:
    line = msgspec.structs.replace(told("sni reset").line, time="2021-02-08T11:00:03.000Z")
    shown = transcript(line, "Asia/Shanghai")
    assert shown.headline == (
        "site/main (https://a.example/), measured from lab CN AS4134 on 8 Feb 2021 19:00:03 (11:00:03 UTC): blocked: "
        "reset after this name in TLS (seen at TLS); this is confirmed. By rule tls.reset.other_sni_passes: this SNI "
        f"fails in 3 tries, another SNI passes on the same address. {RESPONSIBLE}"
    )
    [decided] = [finding for finding in shown.findings if finding.decided]
    assert decided.rule == "tls.reset.other_sni_passes"
    assert decided.comment
    assert "RFC 9505" in decided.source
    assert [step.attempt for step in shown.steps if step.purpose in (Purpose.MAIN, Purpose.RETRY)] == [0, 0, 1, 1, 2, 2]
    why = {step.purpose: step for step in shown.steps}
    assert why[Purpose.CONTROL].via == "proxy-1"
    assert why[Purpose.NO_SNI].why == "no name in the ClientHello"
    assert "HTTP  GET: 200 came" in all_lines((why[Purpose.CONTROL],))


def test_a_forged_answer_stands_beside_the_true_one_and_the_wrong_certificate_is_shown() -> None:
    shown = transcript(told("forged dns").line)
    first, second = shown.steps[:2]
    assert first.lines[0] == "the resolvers do not say the same:" or "a late second answer" in all_lines((first,))
    assert IMPOSTOR in all_lines((first,))
    assert "names b.example; valid 20" in all_lines((second,))
    assert "wrong with the certificate: ssl_invalid_hostname" in all_lines((second,))
    assert any(step.purpose is Purpose.TRUE_ADDRESS and SITE in step.title for step in shown.steps)


def test_an_outage_is_down_and_accuses_nobody() -> None:
    shown = transcript(told("outage").line)
    assert ": down, not blocked" in shown.headline
    assert shown.headline.endswith(RESPONSIBLE)
    assert "control proxy-1" in {fact.name for fact in shown.fitness}
    assert [one.ruled_out for one in shown.considered if one.explanation == "server fault or outage"] == [False]


def test_all_well_is_one_lookup_step_and_one_flow() -> None:
    shown = transcript(told("ok").line)
    assert [step.title for step in shown.steps] == ["DNS a.example", f"https://a.example/ at {SITE}:443"]
    assert ": ok, reached as itself. By rule ok" in shown.headline
    assert "title Hello" in all_lines(shown.steps)
    assert "not proven by TLS" not in all_lines(shown.steps)


def test_a_hostile_title_writes_no_line_of_its_own() -> None:
    line = told("ok").line
    changed = tuple(
        msgspec.structs.replace(one, title=HOSTILE) if isinstance(one, HTTPRoundTrip) else one
        for one in line.observations
    )
    shown = text(msgspec.structs.replace(line, observations=changed))
    # the longer title may wrap, so only what it says is asked for, not the number of lines
    assert not set("\r\u2028\x1b\u202e") & set(shown)
    assert not [one for one in shown.splitlines() if one.strip().startswith("decided")]
    assert "title ok\\u000a" in shown
    assert "\\u2028\\u001b[2J\\u202egnp" in shown


def test_a_hostile_page_fetched_for_real_writes_none_either() -> None:
    shown = text(told("ok", HOSTILE).line)
    assert not set("\r\u2028\x1b\u202e") & set(shown)
    assert "[2J" in shown


def test_wide_characters_count_twice() -> None:
    line = told("ok").line
    changed = tuple(
        msgspec.structs.replace(one, title="访" * 90) if isinstance(one, HTTPRoundTrip) else one
        for one in line.observations
    )
    shown = text(msgspec.structs.replace(line, observations=changed)).splitlines()
    wide = [one for one in shown if "访" in one]
    assert sum(one.count("访") for one in wide) == 90
    assert max(len(one) + one.count("访") for one in wide) <= 80


def test_lookups_that_agree_share_a_line_that_names_them_all() -> None:
    [step] = steps_of((lookup(OWN, "1.1.1.1", "1.0.0.1"), lookup(OTHER, "1.0.0.1", "1.1.1.1", t=0.03)))
    assert step.lines == ("A from udp 202.96.209.133:53 (own), udp 9.9.9.9:53: 1.0.0.1, 1.1.1.1 (10 ms to 30 ms)",)


def test_a_failure_among_answers_is_a_conflict_of_its_own_line() -> None:
    gone = Failure(kind=FailureKind.DNS_NXDOMAIN, operation=Operation.RESOLVE)
    [step] = steps_of((lookup(OWN, failure=gone), lookup(OTHER, "1.1.1.1")))
    assert step.lines == (
        "the resolvers do not say the same:",
        "A from udp 202.96.209.133:53 (own): failed: dns_nxdomain_error (10 ms)",
        "A from udp 9.9.9.9:53: 1.1.1.1 (10 ms)",
    )


def test_a_late_second_reply_is_shown_with_both_kinds_of_ttl() -> None:
    first = DNSReply(
        t=0.009, size=60, ip_ttl=57, rcode="NOERROR", answers=(DNSAnswer("a.example", "A", "31.1.1.1", 44),)
    )
    second = DNSReply(t=0.142, size=76, ip_ttl=44, rcode="NOERROR", extended_errors=(ExtendedError(15, "no"),),
                      answers=(DNSAnswer("a.example", "A", "1.1.1.1", 300),))  # fmt: skip
    [step] = steps_of((lookup(OWN, "31.1.1.1", replies=(first, second), sent=2),))
    who = "  udp 202.96.209.133:53 (own): "
    assert step.lines[1:] == (
        f"{who}the question was sent 2 times",
        f"{who}reply 1 after 9 ms, IP TTL 57, NOERROR, A 31.1.1.1 (TTL 44)",
        f"{who}reply 2 after 142 ms, IP TTL 44, NOERROR, A 1.1.1.1 (TTL 300), extended error 15 no "
        "(a late second answer)",
    )


def test_bytes_that_are_no_tls_are_shown_as_they_came_and_as_text() -> None:
    wrong = Failure(kind=FailureKind.TLS_NOT_TLS, operation=Operation.TLS_HANDSHAKE)
    garbage = TLSHandshake(transaction_id=1, address="1.1.1.1", port=443, sni="a.example", failure=wrong,
                           server_bytes=8, server_hex=b"HTTP/1\r\n".hex(), alert=40)  # fmt: skip
    [step] = steps_of((garbage,))
    assert '  what came is no TLS: 485454502f310d0a = "HTTP/1.."' in step.lines
    assert "  fatal alert 40" in step.lines


def test_a_line_judged_anew_says_what_it_said_before_and_its_hash() -> None:
    shown = transcript(rejudge(told("ok").line), sha256="ab" * 32, recorded="down by rules 0")
    origin = {fact.name: fact.value for fact in shown.origin}
    assert origin["on the line"] == "down by rules 0; judged anew here"
    assert origin["line sha256"] == "ab" * 32


def test_a_time_that_is_none_is_shown_as_it_stands() -> None:
    line = msgspec.structs.replace(told("ok").line, time="yesterday")
    assert " on yesterday: ok" in transcript(line).headline


def test_a_transcript_is_data() -> None:
    shown = transcript(told("sni reset").line)
    assert msgspec.json.decode(msgspec.json.encode(shown), type=Transcript) == shown


def test_there_is_a_word_for_every_verdict_and_purpose() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(PURPOSES) == set(Purpose)
