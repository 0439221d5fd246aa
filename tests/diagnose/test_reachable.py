"""Every rule is fired by at least one scenario that was really played.

docs/scenarios.md is written by `probe lab run --page docs/scenarios.md`, which plays every scenario and notes which
rules fired in it; a rule that is not there is a rule that no path we can build makes true. After a change of rules or
scenarios play them again. What no lab can play is told by hand below, each with its reason and the test that tells it.
"""

import re
from pathlib import Path

import pytest

from probe.diagnose.rule import Rule
from probe.diagnose.rules import TABLES
from probe.lab.scenarios.catalogue import catalogue
from tests.diagnose import test_engine, test_other_labs, test_told
from tests.diagnose.test_rules import outcomes

PAGE = Path(__file__).parent.parent.parent / "docs" / "scenarios.md"
RULES = tuple(rule for table in TABLES for rule in table)
TOLD = {
    # Whether a RST behind the SYN-ACK meets connect() or the first write is a race in the client's kernel.
    "tcp.reset": test_other_labs.test_a_connection_reset_as_it_opens_has_its_own_word_everywhere_and_at_some_addresses,
    "tcp.reset.partly": (
        test_other_labs.test_a_connection_reset_as_it_opens_has_its_own_word_everywhere_and_at_some_addresses
    ),
    # The lab's censor does not keep the keys of a session, so it cannot write into one in the right place.
    "http.bad_record": test_other_labs.test_bytes_written_into_a_proven_session_in_every_try_are_a_possible_block,
    # Scenarios have no expected answer, no budget that runs out, and references in each.
    "http.other_answer": test_engine.test_an_answer_that_is_not_the_expected_one_is_the_servers_to_explain,
    "http.wrong_answer": test_engine.test_an_answer_that_is_not_the_expected_one_is_the_servers_to_explain,
    "vantage.interrupted": test_engine.test_a_measurement_cut_short_is_insufficient,
    "vantage.nothing_answers": (
        test_other_labs.test_another_vantages_word_cannot_be_held_against_a_vantage_that_may_have_been_offline
    ),
    "vantage.nothing_abroad": (
        test_told.test_silence_where_every_reference_is_domestic_may_be_an_outage_of_the_line_abroad
    ),
    # Where no plain DNS answers at all, the references fail as well, and the vantage is offline before it has no DNS.
    "vantage.no_dns": test_engine.test_a_vantage_whose_resolvers_are_dead_for_every_name_cannot_tell,
}
"""Rules, and verdicts without a mechanism, that no scenario can play; and the case that tells each by hand."""


def played() -> set[str]:
    return set(re.findall(r"`([a-z0-9_.]+)`", PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_scenario_fires_it(rule: Rule) -> None:
    assert rule.id in played() | set(TOLD), "play a scenario that makes it true, and write docs/scenarios.md again"


def test_so_does_every_verdict_without_a_mechanism() -> None:
    assert outcomes() - played() - set(TOLD) == set()


def test_what_is_told_by_hand_is_a_rule_and_is_not_played() -> None:
    known = {rule.id for rule in RULES} | outcomes()
    assert set(TOLD) <= known
    assert set(TOLD) & played() == set()


def test_the_page_has_every_scenario_and_none_that_is_gone() -> None:
    titles = {row.split(" | ")[1] for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| ")}
    assert titles - {"scenario"} == {each.title.replace("|", "/") for each in catalogue()}
