"""What rules write into records, said in another language: every sentence is known, and only sentences of ours are."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe import diagnose
from probe.diagnose import fingerprints, rollup
from probe.diagnose.rules import TABLES
from probe.report.language.catalogue import catalogue, languages
from probe.report.transcript_recorded import GROUP, LONGEST, translated

ENGLISH, CHINESE = catalogue("en"), catalogue("zh")
SENTENCES = ENGLISH.under(GROUP)
ASIDE = {Path(fingerprints.__file__), Path(rollup.__file__)}
"""Their strings are marks to look for, and states that no record holds."""
WRITERS = sorted(set(Path(diagnose.__file__).parent.rglob("*.py")) - ASIDE)
"""The files whose strings may come to stand in records."""
FILLED = "\x00"
EXAMPLE = {"note": "the measurement was cut short", "fitness": "offline", "control": "failed"}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def filled(text: str) -> dict[str, str]:
    return {name: EXAMPLE.get(name, "7") for name in places(text)}


def written(file: Path) -> Iterator[str]:
    """Each text with a space in it that the file's code makes, `FILLED` in place of what is filled in; no docstring."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    aside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            aside |= {id(part) for part in node.values}
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside:
            text = node.value
        else:
            continue
        if " " in text.strip() and re.search(r"[a-z]{3}", text):
            yield text


def part_of(text: str) -> "re.Pattern[str]":
    """The pattern of a sentence that holds the text, with anything where something is filled in."""
    return re.compile(".*".join(map(re.escape, text.split(FILLED))))


def test_every_sentence_that_a_rule_can_write_is_in_the_catalogue() -> None:
    """A sentence may be put together from parts; each part is then part of one in the catalogue."""
    reasons = [text for table in TABLES for rule in table for text in (rule.comment, rule.source)]
    asked = {text for file in WRITERS for text in written(file)}
    assert len(asked) > 100
    new = sorted(
        text for text in asked if not any(part_of(text).search(one) for one in (*SENTENCES.values(), *reasons))
    )
    assert new == [], "add them to [transcript.recorded] of en.toml, and to the other languages"


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_is_known_again_and_said_with_the_same_things(key: str) -> None:
    text = SENTENCES[key]
    recorded = text.format(**filled(text))
    said = translated(recorded, CHINESE)
    inner = {
        "note": CHINESE.say(f"{GROUP}.interrupted"),
        "fitness": CHINESE.say("fitness.offline"),
        "control": CHINESE.say("transcript.control_state.failed"),
    }
    assert said == CHINESE.say(f"{GROUP}.{key}", **{**filled(text), **{k: v for k, v in inner.items() if k in text}})
    assert re.search(r"[\u4e00-\u9fff]", said)
    assert translated(recorded, ENGLISH) == recorded


@pytest.mark.parametrize("lang", languages())
def test_what_is_no_sentence_of_ours_stands_as_it_was_recorded(lang: str) -> None:
    for text in ("", "an operator's own words", "tried once more", "the server answers soon", "x" * (LONGEST + 1)):
        assert translated(text, catalogue(lang)) == text


def test_what_strangers_wrote_is_placed_and_never_read() -> None:
    title = "a {note} (b), which the control does not see; it says: extended error 15"
    said = translated(f"a page that speaks of blocking ({title!r}), which the control does not see", CHINESE)
    assert said == f"页面提到封锁（{title!r}），对照没有遇到"


def test_a_sentence_inside_a_sentence_is_said_too() -> None:
    denied = "the vantage's resolver refuses to answer for this name, and the name exists"
    assert translated(f"{denied}; it says: extended error 15 no", CHINESE) == (
        "观测点的解析器拒绝解析该域名，而该域名存在；其应答称：扩展 DNS 错误 15 no"
    )
    assert translated("the vantage is unfit: offline (declared AS1, seen from AS2)", CHINESE) == (
        "观测点不适合测量：断网（声明为 AS1，实际见于 AS2）"
    )
