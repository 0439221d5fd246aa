"""The catalogues: the same keys and places in every language, every key that is asked for, nobody accused."""

import ast
import re
import string
from pathlib import Path

import pytest

from probe.diagnose.rules import TABLES
from probe.model.claim import Relation, Says
from probe.model.diagnosis import Fitness, Mechanism
from probe.model.failure import FAILURES
from probe.model.target import Role
from probe.report import words
from probe.report.block.alternatives import RULES
from probe.report.block.tables import COLUMNS
from probe.report.block.view import Outcome, Rung, Standing
from probe.report.language.catalogue import Catalogue, catalogue, languages
from probe.report.state import State

REPORT = Path(words.__file__).parent
TRANSCRIPTS = sorted(REPORT.glob("transcript*.py"))
ENGLISH = catalogue("en")
CHOOSES = {"time.both"}
"""Here a language takes of the places those it needs: which date is said once depends on which time comes first."""
MOST_WORDS = 100
IN_TABLES = {
    *(f"transcript.rule.{rule.id}" for table in TABLES for rule in table),
    *(f"transcript.failure.{kind}" for kind in FAILURES),
}
"""Sentences whose English stands in tables of their own: rules, and failures with their causes."""
NAMES_NOBODY = {"transcript.rule.dns.says_so"}
"""The names that RFC 8914 gives its errors: what a resolver says of itself."""


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_are_english_and_chinese() -> None:
    assert languages() == ("en", "zh")


@pytest.mark.parametrize("lang", languages())
def test_a_language_has_every_key_and_every_place(lang: str) -> None:
    other = catalogue(lang)
    assert set(other.texts) == set(ENGLISH.texts) | (IN_TABLES if lang != "en" else set())
    for key, text in ENGLISH.texts.items():
        if key not in CHOOSES:
            assert _places(other.texts[key]) == _places(text), key
        assert other.texts[key].strip() or key.endswith("_gap"), key


@pytest.mark.parametrize("lang", languages())
def test_every_word_of_the_record_has_a_name(lang: str) -> None:
    texts = catalogue(lang).texts
    groups = {
        "mechanism": Mechanism, "role": Role, "state": State, "rung": Rung, "outcome": Outcome, "standing": Standing,
        "says": Says, "column": COLUMNS, "fitness": [word for word in Fitness if word is not Fitness.FIT],
        "claim": [word for word in Relation if word is not Relation.NONE],
        "month": range(1, 13), "quiet": State, "quiet_why": State,
        "cut_off": [rung for rung in Rung if rung is not Rung.NONE],
    }  # fmt: skip
    for group, names in groups.items():
        assert {f"{group}.{name}" for name in names} <= set(texts), group
    for rule in RULES:
        assert {f"alternative.{rule.key}.{part}" for part in ("question", "out", "open")} <= set(texts)


def _asked() -> set[str]:
    """Every whole key that the source asks a catalogue for."""
    keys: set[str] = set()
    for file in [*(REPORT / "block").glob("*.py"), *(REPORT / "language").glob("*.py"), *TRANSCRIPTS]:
        below = "transcript." if file in TRANSCRIPTS else ""
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            first = node.args[0]
            if node.func.attr not in ("say", "counted") or not isinstance(first, ast.Constant):
                continue
            if isinstance(first.value, str):
                key = below + first.value
                keys |= {key} if node.func.attr == "say" else {f"{key}.one", f"{key}.other"}
    return keys


def test_every_key_that_is_asked_for_is_there() -> None:
    asked = _asked()
    assert len(asked) > 50
    assert asked <= set(ENGLISH.texts)


def test_english_names_are_those_of_the_terminal() -> None:
    assert ENGLISH.under("mechanism") == {str(name): said for name, said in words.MECHANISMS.items()}
    assert ENGLISH.under("fitness") == {str(name): said for name, said in words.FITNESS.items()}


def _words(text: str) -> float:
    """Words as they are counted in each script: a thousand characters of Chinese are some 600 words of English."""
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))
    return chinese * 0.6 + len(re.findall(r"[A-Za-z0-9’'-]+", text))


@pytest.mark.parametrize("lang", languages())
def test_limits_and_method_take_fewer_than_100_words(lang: str) -> None:
    limits = catalogue(lang).say("limits")
    assert 40 < _words(limits) < MOST_WORDS


@pytest.mark.parametrize("lang", languages())
def test_no_sentence_names_who(lang: str) -> None:
    for key, text in catalogue(lang).texts.items():
        if key in NAMES_NOBODY:
            continue
        assert not re.search(r"government|authorit|censor|great firewall|政府|当局|防火长城|审查", text.lower()), key


def test_what_is_filled_in_is_no_template() -> None:
    assert catalogue("en").say("subject.of", name="{endpoints}", endpoints="{name.__class__}") == (
        "{endpoints}'s {name.__class__}"
    )


def test_lists_read_as_a_language_has_them() -> None:
    assert [ENGLISH.listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
    assert ENGLISH.listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert catalogue("zh").listed(["a", "b", "c"]) == "a、b和c"


def test_counts_choose_the_form_and_unknown_words_stand() -> None:
    assert ENGLISH.counted("time.hours", 1) == "1 hour"
    assert ENGLISH.counted("time.hours", 2) == "2 hours"
    assert ENGLISH.name("mechanism", "of_a_newer_version") == "of_a_newer_version"


def test_an_unknown_key_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Catalogue("en", {}).say("nothing")
