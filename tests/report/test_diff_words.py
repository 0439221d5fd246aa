"""The words of a comparison: every kind and standing has its own, and a stranger's text is cut."""

import pytest

from probe.report.diff_words import (
    FIELDS,
    FOOTER,
    KINDS,
    addresses,
    certificates,
    how,
    short,
    stood,
    told,
    was,
    why_not,
)
from probe.timeline.diff import CONCERNS, About, Change, Facts, Key, Kind, Leaf
from probe.timeline.history import Said
from probe.timeline.standing import Standing, State

KEY = Key("v", "t", "e")


def state(standing: Standing, **words: str) -> State:
    said = Said(**{"verdict": "", "certainty": "", "mechanism": "", "control": "reached", "fitness": "fit", **words})
    return State(standing, said, 0.0, "id")


RESET = state(Standing.BLOCKED, mechanism="sni_reset", certainty="likely")
OPEN = state(Standing.OPEN, verdict="ok")


def test_every_kind_field_and_surrounding_has_its_words() -> None:
    assert set(KINDS) == set(Kind)
    assert tuple(FIELDS) == tuple(CONCERNS)
    assert set(FOOTER) == {About.TARGETS, About.SOFTWARE, About.RULES}
    assert {word.colour for word in KINDS.values()} <= {"red", "green", "yellow", "bold"}


def test_how_and_how_it_was() -> None:
    assert how(RESET) == "reset after this name in TLS (likely)"
    assert was(RESET) == "(was blocked: reset after this name in TLS, likely)"
    assert stood(state(Standing.BLOCKED)) == "unreachable"  # nothing that failed shows a block
    assert how(state(Standing.BLOCKED)) == "how is not settled"
    assert was(OPEN) == "(was open)"
    assert how(state(Standing.DOWN, control="failed")) == "the control failed as well"
    assert how(state(Standing.DOWN, control="none")) == "the server says so itself"
    assert all(how(state(standing)) for standing in Standing)


def test_what_happened_in_cells() -> None:
    silence = state(Standing.BLOCKED, mechanism="word_of_tomorrow")
    assert told(Change(Kind.BLOCKED, KEY, Facts(OPEN), Facts(RESET)), listed=True) == (how(RESET), "(was open)")
    assert told(Change(Kind.METHOD, KEY, Facts(RESET), Facts(silence)), listed=True) == (
        "reset after this name in TLS (likely) → word_of_tomorrow",
    )
    assert told(Change(Kind.NEW, KEY, None, Facts(RESET)), listed=False) == (stood(RESET), "")
    gone = told(Change(Kind.GONE, KEY, Facts(OPEN), None), listed=True)
    assert gone == ("(was open)", "though the target list is the same: not measured in all runs")


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (state(Standing.SUSPECTED), "suspected, not yet enough evidence to tell it from chance"),
        (state(Standing.FAILED), "failed, too little to count as a change"),
        (state(Standing.UNKNOWN, verdict="insufficient", fitness="offline"), "offline"),
        (state(Standing.UNKNOWN, verdict="blocked"), "failed, but no control or reference backs it"),
        (
            state(Standing.UNKNOWN, verdict="insufficient", fitness="unknown"),
            "fitness unknown (no reference measured)",
        ),
        (state(Standing.UNKNOWN, verdict="insufficient"), "nothing was learnt"),
        (state(Standing.UNKNOWN, verdict="tomorrow"), "verdict tomorrow"),
    ],
)
def test_why_a_side_proves_nothing(one: State, why: str) -> None:
    assert why_not(Facts(one)) == why


def test_certificates_say_what_is_another() -> None:
    before = Leaf("a" * 64, "CN=R3", "2021-05-03T00:00:00Z", ())
    renewed = before._replace(sha256="b" * 64, not_after="2021-08-01T00:00:00Z")
    assert certificates(frozenset({before}), frozenset({renewed})) == (
        "issuer CN=R3",
        "expires 2021-05-03 → 2021-08-01",
        "SHA-256 aaaaaaaaaaaa → bbbbbbbbbbbb",
        "genuine",
    )
    false = before._replace(sha256="c" * 64, issuer="CN=" + "x" * 200, problems=("ssl_self_signed",))
    cells = certificates(frozenset({before}), frozenset({before, false}))
    assert cells[-2:] == ("genuine → ssl_self_signed", "1 more beside it")
    assert max(map(len, certificates(frozenset({before}), frozenset({false})))) < 100


def test_long_texts_and_many_addresses_are_cut() -> None:
    assert short("x" * 60) == "x" * 60
    assert short("x" * 61) == "x" * 59 + "…"
    assert addresses(frozenset({"3", "1", "2"})) == "1, 2 +1"
    assert addresses(frozenset({"1"})) == "1"
