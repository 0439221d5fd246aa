"""The tables of rules as tables: ids that are unique, well-formed and kept for ever, each row with its reason."""

import inspect
import re
from pathlib import Path

import pytest

from probe.diagnose import engine, vantage
from probe.diagnose import outcomes as outcome_rows
from probe.diagnose.rule import Rule
from probe.diagnose.rules import TABLES
from probe.model.diagnosis import Certainty, Layer, Verdict

RULES = tuple(rule for table in TABLES for rule in table)
LEDGER = Path(__file__).parent / "rule_ids.txt"
PATTERN = re.compile(r"(dns|tcp|tls|http|quic|speed)(\.[a-z][a-z0-9_]*){1,2}", re.ASCII)
OUTCOME = re.compile(r'Outcome\(\s*f?"([a-z][a-z0-9_.{}]*)"')


def kept() -> list[str]:
    lines = LEDGER.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def outcomes() -> set[str]:
    """The ids of verdicts without a mechanism, read from the source."""
    source = "".join(map(inspect.getsource, (engine, outcome_rows, vantage)))
    return {found for found in OUTCOME.findall(source) if "{" not in found}


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert sorted(ids) == sorted(set(ids))
    assert not set(ids) & outcomes()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_row_is_whole(rule: Rule) -> None:
    assert PATTERN.fullmatch(rule.id)
    assert rule.id.partition(".")[0] == rule.layer or rule.layer is Layer.SPEED
    assert len(rule.comment) > 20
    assert rule.comment.endswith((".", "?"))
    assert rule.source
    assert rule.mechanism is not None
    assert rule.verdict in (Verdict.BLOCKED, Verdict.INTERFERED)
    assert isinstance(rule.certainty, Certainty)


def test_every_id_is_in_the_ledger_and_none_that_was_is_gone() -> None:
    """An id is in records that people have published: it is never renamed and never silently taken out of use.

    A new rule is a new line at the end of rule_ids.txt; a retired one keeps its line, with `retired` behind it.
    """
    known = {line.split()[0]: line.split()[1:] for line in kept()}
    assert len(known) == len(kept())
    alive = {rule.id for rule in RULES} | outcomes()
    assert alive - set(known) == set(), "add these to tests/diagnose/rule_ids.txt"
    gone = {name for name, words in known.items() if name not in alive and words != ["retired"]}
    assert gone == set(), "a rule was renamed or dropped: records name it, so keep it or mark it `retired`"
    assert not {name for name in alive if known[name] == ["retired"]}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0].layer)
def test_a_table_is_of_one_layer_and_not_empty(table: tuple[Rule, ...]) -> None:
    assert {rule.id.partition(".")[0] for rule in table} == {table[0].id.partition(".")[0]}


def test_the_version_of_the_rules_is_a_date_and_a_number() -> None:
    assert re.fullmatch(r"20\d\d\.(0[1-9]|1[0-2])\.[1-9]\d*", engine.RULESET_VERSION)


def test_no_rule_fires_on_nothing_and_none_on_a_healthy_measurement() -> None:
    from tests.diagnose.build import TRUE, Scene

    for scene in (Scene(), Scene().resolved(TRUE).flow(), Scene().resolved(TRUE).flow().control()):
        facts = scene.facts()
        assert [rule.id for rule in RULES for hop in facts.hops if rule.when(facts, hop) is not None] == []
