"""What a rule looks for: every field of a Match narrows it, and an empty Match takes everything of its stage."""

import msgspec
import pytest

from probe.lab.rule import Drop, ForgeDNS, Match, Reset, Rule, Seen, Stage, fired, matches
from probe.lab.world import Answer

HELLO = Seen(Stage.TLS, "104.16.1.1", 443, "www.site.test", tls_maximum="1.3")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Match(stage=Stage.TLS), True),
        (Match(stage=Stage.HTTP), False),
        (Match(stage=Stage.TLS, names=("*.site.test",)), True),
        (Match(stage=Stage.TLS, names=("site.test", "*.other.test")), False),
        (Match(stage=Stage.TLS, addresses=("104.16.*",)), True),
        (Match(stage=Stage.TLS, addresses=("104.17.*",)), False),
        (Match(stage=Stage.TLS, ports=(443, 8443)), True),
        (Match(stage=Stage.TLS, ports=(80,)), False),
        (Match(stage=Stage.TLS, family=4), True),
        (Match(stage=Stage.TLS, family=6), False),
        (Match(stage=Stage.TLS, tls_maximum="1.2"), False),
        (Match(stage=Stage.TLS, nth=(0,)), True),
        (Match(stage=Stage.TLS, nth=(1, 2)), False),
    ],
)
def test_each_field_of_a_match_narrows_it(match: Match, expected: bool) -> None:
    assert matches(match, HELLO) is expected


def test_rule_for_names_leaves_flows_without_a_name_alone() -> None:
    nameless = HELLO._replace(name=None)
    assert not matches(Match(stage=Stage.TLS, names=("*",)), nameless)
    assert matches(Match(stage=Stage.TLS), nameless)


def test_ip_rule_takes_syns_and_datagrams_but_not_payloads() -> None:
    rule = Match(stage=Stage.IP, addresses=("104.16.1.1",))
    caught = {stage for stage in Stage if matches(rule, HELLO._replace(stage=stage))}
    assert caught == {Stage.IP, Stage.TCP, Stage.UDP, Stage.DNS, Stage.QUIC}


def test_split_hello_passes_a_censor_that_reads_one_segment() -> None:
    naive = Match(stage=Stage.TLS, first_segment=True)
    assert matches(naive, HELLO)
    assert not matches(naive, HELLO._replace(first_segment=False))


def test_url_and_keyword_are_searched_for() -> None:
    seen = Seen(Stage.HTTP, "104.16.1.1", 80, "site.test", url="site.test/a/forbidden/page")
    assert matches(Match(stage=Stage.HTTP, url="forbidden"), seen)
    assert not matches(Match(stage=Stage.HTTP, url="harmless"), seen)
    assert matches(Match(stage=Stage.BODY, keyword=b"tank"), seen._replace(stage=Stage.BODY, body=b"a tank man"))


def test_rules_fire_in_the_order_given_and_survive_json() -> None:
    forge = ForgeDNS(answers=(Answer(addresses=("127.0.0.1",)),))
    rules = [
        Rule(id="a", match=Match(stage=Stage.TLS), effect=Drop()),
        Rule(id="b", match=Match(stage=Stage.DNS), effect=forge),
        Rule(id="c", match=Match(stage=Stage.TLS), effect=Reset(), residual=90.0),
    ]
    again = msgspec.json.decode(msgspec.json.encode(rules), type=list[Rule])
    assert again == rules
    assert [rule.id for rule in fired(again, HELLO)] == ["a", "c"]
