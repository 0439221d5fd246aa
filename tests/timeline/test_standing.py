"""How an endpoint stands at the end: one measurement that must carry itself, or many, judged by the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Verdict
from probe.timeline.history import History, Said
from probe.timeline.standing import ALONE, Effort, Standing, State, carries, last_line, standing

HOUR = 3600.0
TRIED, ONCE = Effort(3, False), Effort(1, False)
OK = Said("ok", "", "", "reached", "fit")
SAID = {
    ".": OK,
    "#": Said("blocked", "likely", "sni_reset", "reached", "fit"),
    "!": Said("blocked", "confirmed", "dns_injection", "none", "fit"),
    "?": Said("anomaly", "", "", "reached", "fit"),
    "u": Said("blocked", "likely", "sni_reset", "none", "fit"),
    "o": Said("down", "", "", "failed", "fit"),
    "x": Said("insufficient", "", "", "unusable", "offline"),
    "r": Said("restricted", "", "", "reached", "fit"),
    "i": Said("interfered", "likely", "throttling", "reached", "fit"),
    "p": Said("interfered", "possible", "throttling", "reached", "fit"),
}
"""A measurement by its sign. How often it was tried is told beside."""


def drawn(picture: str) -> History:
    """One measurement an hour."""
    made = History()
    for i, sign in enumerate(picture):
        made.add(i * HOUR, SAID[sign], f"m{i}")
    return made


def stands(picture: str, effort: Effort = TRIED) -> State:
    return standing(drawn(picture), {f"m{i}": effort for i in range(len(picture))})


def test_every_verdict_has_a_rule_with_its_reason() -> None:
    assert set(ALONE) == set(Verdict)
    assert all(rule.because for rule in ALONE.values())


@pytest.mark.parametrize(
    ("sign", "effort", "counts"),
    [
        (".", ONCE, True),
        ("r", ONCE, True),
        ("i", ONCE, True),
        ("p", TRIED, False),
        ("o", TRIED, True),
        ("o", ONCE, False),
        ("o", Effort(1, answered=True), True),
        ("#", TRIED, True),
        ("#", ONCE, False),
        ("u", TRIED, False),
        ("!", ONCE, True),
        ("?", TRIED, False),
        ("x", TRIED, False),
    ],
)
def test_what_one_measurement_carries_by_itself(sign: str, effort: Effort, counts: bool) -> None:
    assert carries(SAID[sign], effort) is counts


def test_a_possible_block_and_one_from_a_vantage_that_is_not_known_to_be_fit_do_not_carry() -> None:
    reset = SAID["#"]
    assert not carries(reset._replace(certainty="possible"), TRIED)
    assert not carries(reset._replace(fitness="unknown"), TRIED)
    assert not carries(reset, None)
    assert not carries(reset._replace(verdict="a word of tomorrow"), TRIED)


@pytest.mark.parametrize(
    ("picture", "effort", "found"),
    [
        (".", ONCE, Standing.OPEN),
        ("r", ONCE, Standing.RESTRICTED),
        ("i", ONCE, Standing.INTERFERED),
        ("p", ONCE, Standing.OPEN),
        ("o", TRIED, Standing.DOWN),
        ("o", ONCE, Standing.FAILED),
        ("#", TRIED, Standing.BLOCKED),
        ("#", ONCE, Standing.FAILED),
        ("!", ONCE, Standing.BLOCKED),
        ("?", TRIED, Standing.FAILED),
        ("u", TRIED, Standing.UNKNOWN),
        ("x", TRIED, Standing.UNKNOWN),
    ],
)
def test_a_single_measurement(picture: str, effort: Effort, found: Standing) -> None:
    assert stands(picture, effort).standing == found


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (".......#", Standing.OPEN),  # a lone failed try
        (".#", Standing.OPEN),
        ("." * 50 + "!", Standing.OPEN),  # however sure it is of itself
        ("." * 200 + "##", Standing.SUSPECTED),
        ("." * 50 + "###", Standing.BLOCKED),
        ("." * 50 + "???", Standing.SUSPECTED),  # nothing says how
        ("." * 50 + "?" * 20, Standing.BLOCKED),  # the ledger confirms
        ("#" * 20 + ".", Standing.BLOCKED),  # one success is no end
        ("#" * 20 + "." * 10, Standing.OPEN),
        ("##", Standing.BLOCKED),  # never reached here, and the last carries
        ("." * 20 + "#" * 20 + "xx", Standing.BLOCKED),  # short silence
        ("." * 20 + "#" * 20 + "x" * 4, Standing.UNKNOWN),  # longer than three gaps
        ("." * 20 + "x" * 4, Standing.UNKNOWN),
        ("." * 20 + "#" * 20 + "o" * 4, Standing.DOWN),
        ("." * 20 + "o", Standing.OPEN),
        ("." * 20 + "ooo", Standing.DOWN),
        (".o", Standing.DOWN),
        ("." * 20 + "r", Standing.OPEN),
        ("." * 20 + "rr", Standing.RESTRICTED),
        ("." * 20 + "iii", Standing.INTERFERED),
        ("?o", Standing.DOWN),
    ],
)
def test_many_measurements(picture: str, found: Standing) -> None:
    assert stands(picture).standing == found


def test_a_server_down_once_without_a_second_try_is_passed_over() -> None:
    assert stands(".o", ONCE).standing == Standing.OPEN
    assert stands("?o", ONCE).standing == Standing.FAILED


def test_failures_that_do_not_count_are_counted_as_such() -> None:
    state = stands("." * 20 + "#")
    assert (state.standing, state.uncounted, state.as_of, state.id) == (Standing.OPEN, 1, 19 * HOUR, "m19")
    assert stands("." * 20 + "#.").uncounted == 0


def test_one_odd_mechanism_is_no_change_of_method_and_a_settled_one_is() -> None:
    assert stands("." * 20 + "#" * 20 + "!").said.mechanism == "sni_reset"
    assert stands("." * 20 + "#" * 20 + "!!!").said.mechanism == "dns_injection"


def test_raw_takes_the_last_line_as_it_stands_and_never_what_proves_nothing() -> None:
    assert [last_line(drawn("." * 9 + sign)).standing for sign in ".#u?orip"] == [
        Standing.OPEN, Standing.BLOCKED, Standing.BLOCKED, Standing.FAILED, Standing.DOWN, Standing.RESTRICTED,
        Standing.INTERFERED, Standing.INTERFERED,
    ]  # fmt: skip
    assert last_line(drawn(".x")).standing == Standing.UNKNOWN
    offline = History()
    offline.add(0.0, SAID["!"]._replace(fitness="offline"), "m0")
    assert last_line(offline).standing == Standing.UNKNOWN


@given(st.text(alphabet="".join(SAID), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(picture: str, random: "object") -> None:
    places = list(range(len(picture)))
    random.shuffle(places)  # type: ignore[attr-defined]
    shuffled = History()
    for i in places:
        shuffled.add(i * HOUR, SAID[picture[i]], f"m{i}")
    efforts = {f"m{i}": TRIED for i in places}
    assert standing(shuffled, efforts) == standing(drawn(picture), efforts)
    assert last_line(shuffled) == last_line(drawn(picture))


@given(st.text(alphabet=".#!?uoxrip", min_size=1, max_size=40))
def test_only_failures_that_are_evidence_make_a_block(picture: str) -> None:
    state = stands(picture)
    assert (state.standing == Standing.BLOCKED) <= bool(set(picture) & set("#!?"))
    assert (state.standing == Standing.UNKNOWN) <= bool(set(picture) & set("ux"))
