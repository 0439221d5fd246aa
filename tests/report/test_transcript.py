"""The transcript of a measurement and its text: every step, every conflict, no line that a stranger wrote."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probe import diagnose
from probe.cli.console import clean
from probe.diagnose.rejudge import rejudge
from probe.diagnose.vantage import UNFIT
from probe.model.diagnosis import Certainty, ControlState, Layer, Verdict
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.measurement import EgressCheck, EgressOutcome, EgressWay, Measurement
from probe.model.observation import (
    DNSAnswer,
    DNSLookup,
    DNSReply,
    ExtendedError,
    HTTPRoundTrip,
    Observation,
    Purpose,
    Resolver,
    ResolverKind,
    TLSHandshake,
)
from probe.report.paper import Page
from probe.report.transcript import Fact, Transcript, transcript
from probe.report.transcript_steps import Step
from probe.report.transcript_steps import steps_of as steps_in
from probe.report.transcript_text import render
from probe.report.transcript_words import words_of
from tests.worlds_told import HOSTILE, IMPOSTOR, SITE, STORY, TOLD, told

PAGE = Page(80, clean)
WORDS = words_of("en")
OTHER = Resolver(kind=ResolverKind.UDP, address="9.9.9.9:53")
OWN = Resolver(kind=ResolverKind.UDP, address="202.96.209.133:53", own=True)


WORD_GROUPS: dict[str, Iterable[str]] = {
    "verdict": Verdict, "happened": Verdict, "certainty": Certainty, "certain": Certainty, "control": ControlState,
    "control_state": ControlState, "layer": Layer, "purpose": set(Purpose) - {Purpose.MAIN, Purpose.RETRY},
    "egress": EgressOutcome,
}  # fmt: skip
"""Groups of the catalogue and the words of the record that they name."""


def text(line: Measurement, zone: str = "UTC") -> str:
    return render(transcript(line, zone), PAGE)


def steps_of(observations: tuple[Observation, ...]) -> tuple[Step, ...]:
    return steps_in(observations, WORDS)


def lookup(resolver: Resolver, *addresses: str, **facts: Any) -> DNSLookup:
    replies = (DNSReply(t=0.009, size=60, rcode="NOERROR"),)
    plain: dict[str, Any] = {"transaction_id": 1, "name": "a.example", "qtype": "A", "t": 0.01, "replies": replies}
    return DNSLookup(resolver=resolver, addresses=addresses, **{**plain, **facts})


def named(facts: tuple[Fact, ...]) -> dict[str, str]:
    """The facts by name, the first of each."""
    return {fact.name: fact.value for fact in reversed(facts)}


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
    assert len(shown.findings) == max(1, len(line.diagnosis.findings))
    for finding, cited in zip(line.diagnosis.findings, shown.findings, strict=False):
        held = {at for step in shown.steps if step.number in cited.steps for at in step.observations}
        assert set(finding.evidence) <= held


@pytest.mark.parametrize("name", TOLD)
def test_eighty_columns_hold_every_line(name: str) -> None:
    assert max(map(len, text(told(name).line).splitlines())) <= 80


def test_an_sni_reset_says_what_where_when_how_sure_and_by_what() -> None:
    line = msgspec.structs.replace(told("sni reset").line, time="2021-02-08T11:00:03.000Z")
    shown = transcript(line, "Asia/Shanghai")
    assert shown.headline == "site/main: blocked (likely)"
    told_first = named(shown.summary)
    assert told_first["asked for"] == "https://a.example/"
    assert told_first["measured"] == "8 Feb 2021 19:00:03 (11:00:03 UTC), from lab CN AS4134"
    assert told_first["what happened"].startswith("blocked: not reached")
    assert told_first["what happened"].endswith("(reset after this name in TLS, seen at TLS)")
    assert told_first["how sure"].startswith("likely, the second of three degrees")
    assert "this SNI fails in 3 tries, another SNI passes on the same address (steps " in told_first["evidence"]
    assert told_first["evidence"].endswith("rule tls.reset.other_sni_passes)")
    assert told_first["control"].startswith("the control reached the endpoint (step ")
    assert told_first["does not say"] == WORDS.say("not_said")
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
    assert first.lines[0] == "the resolvers do not say the same:" or "a late further answer" in all_lines((first,))
    assert IMPOSTOR in all_lines((first,))
    assert "names b.example; valid 20" in all_lines((second,))
    assert "wrong with the certificate: ssl_invalid_hostname" in all_lines((second,))
    assert any(step.purpose is Purpose.TRUE_ADDRESS and SITE in step.title for step in shown.steps)


def test_an_outage_is_down_and_accuses_nobody() -> None:
    shown = transcript(told("outage").line)
    assert shown.headline == "site/main: down"
    told_first = named(shown.summary)
    assert "nothing seen here shows a block" in told_first["what happened"]
    assert "how sure" not in told_first
    assert told_first["control"].startswith("the control did not reach the endpoint either (step ")
    assert told_first["not ruled out"] == "server fault or outage (control: failed)"
    assert "control proxy-1" in {fact.name for fact in shown.fitness}
    assert [one.ruled_out for one in shown.considered if one.explanation == "server fault or outage"] == [False]


def test_all_well_is_one_lookup_step_and_one_flow() -> None:
    shown = transcript(told("ok").line)
    assert [step.title for step in shown.steps] == ["DNS a.example", f"https://a.example/ at {SITE}:443"]
    assert shown.headline == "site/main: ok"
    [finding] = shown.findings
    assert (finding.rule, finding.steps, finding.comment) == ("ok", (2,), WORDS.comment("ok"))
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


def test_no_text_of_a_transcript_wherever_it_stands_writes_a_line_of_its_own() -> None:
    kept = {"verdict", "certainty", "purpose"}

    def spoilt(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: spoilt(one, key) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [spoilt(one, name) for one in value]
        return HOSTILE if isinstance(value, str) and name not in kept else value

    plain = transcript(told("forged dns").line)
    shown = render(msgspec.convert(spoilt(msgspec.to_builtins(plain)), Transcript), PAGE)
    assert not set("\r\u2028\x1b\u202e") & set(shown)
    assert shown.count("\\u001b[2J") > 100
    forged = {len(one) - len(one.lstrip()) for one in shown.splitlines() if one.strip().startswith("decided")}
    assert forged
    assert not forged & {0, 2, 5, 7, 9, 11}, "only where a line goes on, and never where one of ours begins"


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
    [step] = steps_of((lookup(OWN, "31.1.1.1", replies=(first, second)),))
    assert step.lines[1:] == (
        "  udp 202.96.209.133:53 (own):",
        "    reply 1 after 9 ms, 60 bytes, IP TTL 57, NOERROR, A 31.1.1.1 (TTL 44)",
        "    reply 2 after 142 ms, 76 bytes, IP TTL 44, NOERROR, A 1.1.1.1 (TTL 300), extended error 15 no "
        "(a late further answer to one question)",
    )


def test_two_answers_to_a_question_sent_twice_are_not_called_late() -> None:
    replies = tuple(DNSReply(t=at, size=60, rcode="NOERROR") for at in (0.5, 0.6))
    [step] = steps_of((lookup(OWN, "1.1.1.1", replies=replies, sent=2),))
    assert step.lines[1] == "  udp 202.96.209.133:53 (own), the question sent 2 times:"
    assert step.lines[3] == "    reply 2 after 600 ms, 60 bytes, NOERROR (the question had been sent again)"


def test_a_try_that_was_answered_alike_names_the_step_and_one_that_was_not_stands_whole() -> None:
    again = {"purpose": Purpose.RETRY, "t0": 1.0}
    same = lookup(OWN, "1.1.1.1", attempt=1, transaction_id=2, t=1.02, **again)
    other = lookup(OWN, "9.9.9.9", attempt=2, transaction_id=3, t=1.02, **again)
    steps = steps_of((lookup(OWN, "1.1.1.1"), same, other))
    assert steps[1].lines == ("the same answers as in step 1 (20 ms)",)
    assert steps[2].lines == ("A from udp 202.96.209.133:53 (own): 9.9.9.9 (20 ms)",)


def test_a_failure_that_repeats_is_told_each_time() -> None:
    gone = Failure(kind=FailureKind.DNS_NXDOMAIN, operation=Operation.RESOLVE)
    steps = steps_of(
        (lookup(OWN, failure=gone), lookup(OWN, failure=gone, attempt=1, purpose=Purpose.RETRY, transaction_id=2))
    )
    assert steps[0].lines == steps[1].lines
    assert "failed: dns_nxdomain_error" in steps[1].lines[0]
    assert all(step.failed for step in steps)


def test_a_reply_whose_ip_ttl_differs_is_not_the_same_answer() -> None:
    near, far = (
        lookup(OWN, "1.1.1.1", transaction_id=at, attempt=at, replies=(DNSReply(t=0.009, size=60, ip_ttl=ttl),))
        for at, ttl in ((0, 57), (1, 44))
    )
    assert "the same" not in all_lines(steps_of((near, far)))


def test_bytes_that_are_no_tls_are_shown_as_they_came_and_as_text() -> None:
    wrong = Failure(kind=FailureKind.TLS_NOT_TLS, operation=Operation.TLS_HANDSHAKE)
    garbage = TLSHandshake(transaction_id=1, address="1.1.1.1", port=443, sni="a.example", failure=wrong,
                           server_bytes=8, server_hex=b"HTTP/1\r\n".hex(), alert=40)  # fmt: skip
    [step] = steps_of((garbage,))
    assert step.lines[-2:] == ("  what came is no TLS: 485454502f310d0a", '  as text: "HTTP/1.."')
    assert "  0 bytes sent, 8 came back" in step.lines


def test_an_alert_has_its_number_and_name_and_its_bytes_are_not_called_no_tls() -> None:
    wrong = Failure(kind=FailureKind.TLS_ALERT, operation=Operation.TLS_HANDSHAKE)
    shook = TLSHandshake(transaction_id=1, address="1.1.1.1", port=443, sni="a.example", failure=wrong,
                         server_bytes=7, server_hex="15030300020228", alert=40)  # fmt: skip
    odd = msgspec.structs.replace(shook, transaction_id=2, alert=7)
    first, second = steps_of((shook, odd))
    assert "  fatal alert 40 (handshake_failure)" in first.lines
    assert "  what came: 15030300020228" in first.lines
    assert "  fatal alert 7 (no alert that TLS defines)" in second.lines
    assert "  what came: the same bytes as in step 1" in second.lines


def test_every_redirect_hop_is_shown_and_the_verdict_says_at_which() -> None:
    line = told("redirects").line
    shown = transcript(line)
    assert line.diagnosis.hop == 1
    assert named(shown.summary)["what happened"].endswith(
        "(reset after this name in TLS, seen at TLS, after redirect 1)"
    )
    hops = [step for step in shown.steps if step.purpose is Purpose.MAIN]
    assert [(step.hop, step.title, step.failed) for step in hops] == [
        (0, "DNS a.example", False),
        (0, f"https://a.example/ at {SITE}:443", False),
        (1, "DNS story.example", False),
        (1, f"TCP, TLS to {STORY}:443", True),
    ]
    assert "  redirects to https://story.example/one" in hops[1].lines
    assert any("connection_reset (ECONNRESET)" in said for said in hops[3].lines)


def test_a_certificate_is_shown_whole_once_and_named_after_that() -> None:
    shown = transcript(told("forged dns").line)
    whole = [step.number for step in shown.steps for said in step.lines if said.startswith("  names b.example;")]
    again = [said for step in shown.steps for said in step.lines if said.endswith("the same as in step 2")]
    assert whole[0] == 2
    assert again
    wrong = [step for step in shown.steps if "  wrong with the certificate: ssl_invalid_hostname" in step.lines]
    assert len(wrong) >= len(whole) + len(again)


def test_a_page_that_nothing_proves_is_quoted_and_a_proven_one_is_not() -> None:
    page = HTTPRoundTrip(transaction_id=1, address="1.1.1.1", port=80, method="GET", url="http://a.example/",
                         status=200, body_bytes=9, body_text="go \n away" + "x" * 300)  # fmt: skip
    shown, proven = (steps_of((one,))[0] for one in (page, msgspec.structs.replace(page, authenticated=True)))
    assert f'  text "go away{"x" * 233}" and so on' in shown.lines
    assert not [said for said in proven.lines if "go away" in said]
    refused = msgspec.structs.replace(page, authenticated=True, status=451, body_text="by law")
    assert '  text "by law"' in steps_of((refused,))[0].lines


def test_a_line_judged_anew_says_what_it_said_before_and_its_hash() -> None:
    fresh = told("sni reset").line
    wrong = msgspec.structs.replace(fresh.diagnosis, ruleset_version="0")
    old = msgspec.structs.replace(fresh, verdict=Verdict.DOWN, certainty=None, mechanism=None, diagnosis=wrong)
    today = fresh.diagnosis.ruleset_version
    differs = transcript(rejudge(old), where="a.jsonl:3", sha256="ab" * 32, recorded=old)
    assert named(differs.summary)["judged anew"] == (
        f"the line itself says down · tls, by rules 0; today's rules {today} say blocked (likely) · tls · sni_reset"
    )
    same = transcript(rejudge(fresh), recorded=fresh)
    assert named(same.summary)["judged anew"] == f"the line itself says the same, by rules {today}; today's are {today}"
    origin = named(differs.origin)
    assert (origin["line"], origin["line sha256"], origin["time UTC"]) == ("a.jsonl:3", "ab" * 32, old.time)
    assert "judged anew" not in named(transcript(fresh).summary)


@pytest.mark.parametrize(
    ("check", "english", "chinese"),
    [
        (EgressCheck(outcome=EgressOutcome.AGREED, ways=(EgressWay.ASN_TABLE,), table="ip2asn.tsv", found=(4134,)),
         "AS4134 and no other, as declared, by the table ip2asn.tsv",
         "AS4134，没有其他网络，与所声明的一致，依据网络表 ip2asn.tsv"),
        (EgressCheck(outcome=EgressOutcome.MIXED, ways=tuple(EgressWay), table="t", page="p.example", found=(9, 4134)),
         "AS9, AS4134: the declared network and others, by the table t, by the page at p.example",
         "AS9、AS4134：所声明的网络以及其他网络，依据网络表 t，依据 p.example 的页面"),
        (EgressCheck(outcome=EgressOutcome.DISAGREED, ways=(EgressWay.EGRESS_URL,), page="p.example", found=(9,)),
         "AS9, not the declared AS4134, by the page at p.example", "AS9，不是所声明的 AS4134，依据 p.example 的页面"),
        (EgressCheck(outcome=EgressOutcome.UNKNOWN, ways=(EgressWay.EGRESS_URL,), page="p.example"),
         "asked, and no network was found, by the page at p.example",
         "查询过，但没有得到任何网络，依据 p.example 的页面"),
        (EgressCheck(outcome=EgressOutcome.UNKNOWN, ways=(EgressWay.ASN_TABLE,), table="t", found=(9,)),
         "AS9; no network is declared to compare with, by the table t", "AS9；没有声明网络，无从比较，依据网络表 t"),
        (EgressCheck(outcome=EgressOutcome.NOT_ASKED),
         "not checked: neither --asn-table nor --egress-url was given",
         "未核对：没有给出 --asn-table 或 --egress-url"),
    ],
)  # fmt: skip
def test_by_which_network_the_run_left_is_one_line(check: EgressCheck, english: str, chinese: str) -> None:
    line = told("ok").line
    seen = msgspec.structs.replace(line.fitness_evidence, egress=check)
    line = msgspec.structs.replace(line, fitness_evidence=seen)
    assert named(transcript(line).fitness)["leaves by"] == english
    assert named(transcript(line, lang="zh").fitness)["出口网络"] == chinese


def test_a_record_that_does_not_say_whether_the_network_was_checked_is_not_spoken_for() -> None:
    line = told("ok").line
    seen = msgspec.structs.replace(line.fitness_evidence, egress=None)
    assert "leaves by" not in named(transcript(msgspec.structs.replace(line, fitness_evidence=seen)).fitness)


def test_a_time_that_is_none_is_shown_as_it_stands() -> None:
    line = msgspec.structs.replace(told("ok").line, time="yesterday")
    assert named(transcript(line).summary)["measured"].startswith("yesterday, from lab")


def test_a_transcript_is_data() -> None:
    shown = transcript(told("sni reset").line)
    assert msgspec.json.decode(msgspec.json.encode(shown), type=Transcript) == shown


def test_there_is_a_word_for_every_verdict_and_purpose() -> None:
    named = {group: set(WORDS.catalogue.under(f"transcript.{group}")) for group in WORD_GROUPS}
    assert named == {group: set(map(str, words)) for group, words in WORD_GROUPS.items()}


def test_every_verdict_that_rests_on_no_rule_of_the_tables_says_why_it_holds() -> None:
    texts = [file.read_text(encoding="utf-8") for file in Path(diagnose.__file__).parent.glob("*.py")]
    calls = [
        node.args[0].value
        for node in ast.walk(ast.parse("\n".join(text.partition('"""\n\n')[2] for text in texts)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Outcome"
        and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip
    assert len(calls) > 10
    assert set(calls) == set(WORDS.catalogue.under("transcript.outcome")) - {"unfit"}
    assert all(WORDS.comment(f"vantage.{fitness}") for fitness in UNFIT)
    assert WORDS.comment("a.rule.of.tomorrow") == ""


def test_colours_are_only_added_and_change_no_word() -> None:
    shown = transcript(told("sni reset").line)
    painted = render(shown, PAGE, lambda style, line: f"<{style}>{line}</{style}>")
    assert painted.startswith("<red>site/main: blocked (likely)</red>\n")
    assert "\n<bold>Steps</bold>\n" in painted
    assert re.sub(r"</?(bold|red|yellow|green)>", "", painted) == render(shown, PAGE)
