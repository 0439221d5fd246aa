"""The first sentence: true of every series it speaks of, no sharper than the schedule, and never about who."""

from pathlib import Path

import pytest

from probe.model.diagnosis import ControlState, Verdict
from probe.model.target import Role
from probe.report.block.view import Rung
from tests.report.block.making import page, series, wave
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, story


def test_the_sentence_of_the_issue_comes_out_of_the_story(tmp_path: Path) -> None:
    told = page(tmp_path, story()).headline
    assert told.text == (
        "Clubhouse's API became unreachable on AS4134 between 10:50 and 11:00 UTC (18:50–19:00 Beijing) on 8 February "
        "2021; its website stayed reachable."
    )
    assert told.rung is Rung.CONFIRMED
    assert told.title == "How sure: confirmed."


UNSETTLED = {"verdict": Verdict.ANOMALY}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_failures_beyond_chance_of_which_nothing_settles_why_claim_no_block(tmp_path: Path, lang: str) -> None:
    told = page(tmp_path, series((20, {}), (40, UNSETTLED)), lang=lang)
    assert told.headline.rung is Rung.UNREACHABLE
    assert told.headline.certainty.endswith({"en": "so no block is claimed.", "zh": "因此不认定封锁。"}[lang])
    assert [(one.rung, one.state) for one in told.onsets.rows] == [(Rung.UNREACHABLE, "confirmed")]
    assert told.grid.rows[0].cells[0] is not None
    assert told.grid.rows[0].cells[0].state == "unreachable"


def test_a_lone_artefact_is_counted_and_not_believed_for_the_rest(tmp_path: Path) -> None:
    told = page(tmp_path, series((20, {}), (20, UNSETTLED), (1, BLOCKED_API), (20, UNSETTLED)))
    assert told.headline.certainty.endswith("An artefact was met in 1 of them: too seldom to speak for the rest.")
    assert told.onsets.rows[0].method == "how is not settled (some failures: forged DNS answer)"


def test_a_wave_of_which_some_is_not_settled_says_in_how_many_cases_a_block_is_seen(tmp_path: Path) -> None:
    three = [one for name, kind in (("a.example", RESET), ("b.example", RESET), ("c.example", UNSETTLED))
             for one in series((20, {}), (40, kind), target=name)]  # fmt: skip
    told = page(tmp_path, three, event="wave-cn-20210208").headline
    assert told.rung is Rung.UNREACHABLE
    assert "A block is seen in 2 of 3 cases" in told.certainty


def test_in_chinese_with_the_local_time_first(tmp_path: Path) -> None:
    told = page(tmp_path, story(), lang="zh").headline
    assert told.text.startswith(
        "Clubhouse 的API在2021年2月8日 18:50–19:00 北京时间（10:50–11:00 UTC）之间开始在 AS4134"
    )
    assert "其网站一直可以连通" in told.text


def test_utc_alone_is_said_once(tmp_path: Path) -> None:
    told = page(tmp_path, story(), zone="UTC").headline
    assert "between 10:50 and 11:00 UTC on 8 February 2021;" in told.text


def test_block_that_ended_has_both_ends(tmp_path: Path) -> None:
    told = page(tmp_path, story(), "m.cmx.im", zone="UTC").headline
    assert told.text == (
        "m.cmx.im's website became unreachable on AS4134 between 09:50 and 10:00 UTC on 8 February 2021, and could be "
        "reached again between 12:50 and 13:00 UTC on 8 February 2021."
    )
    assert told.rung is Rung.LIKELY


def test_block_from_the_first_measurement_on_has_no_onset(tmp_path: Path) -> None:
    told = page(tmp_path, series((30, BLOCKED_API)), zone="UTC").headline
    assert "became" not in told.text
    assert "from the first measurement on, 8 February 2021 09:00 UTC; since when is unknown" in told.text
    assert told.intervals == ""


def test_down_for_everyone_is_no_block(tmp_path: Path) -> None:
    told = page(tmp_path, series((20, {}), (20, DOWN))).headline
    assert told.rung is Rung.NONE
    assert "down, not blocked" in told.text


def test_nothing_learnt_is_neither_an_all_clear_nor_a_block(tmp_path: Path) -> None:
    told = page(tmp_path, series((20, OFFLINE))).headline
    assert told.rung is Rung.NONE
    assert told.text.startswith("Nothing can be said of Clubhouse's API on AS4134")
    assert "neither an all-clear nor a block" in told.certainty


def test_unbacked_failures_prove_nothing(tmp_path: Path) -> None:
    told = page(tmp_path, series((20, {}), (20, {**RESET, "control": ControlState.NONE}))).headline
    assert told.rung is Rung.NONE
    assert told.text.startswith("Nothing can be said")


def test_few_failures_are_unreachable_and_no_more(tmp_path: Path) -> None:
    told = page(tmp_path, series((60, {}), (1, RESET))).headline
    assert told.rung is Rung.UNREACHABLE
    assert "(9 February 2021 03:00:00 Beijing) (1 failed in a row)." in told.text
    assert "too few" in told.certainty


def test_server_that_turns_clients_away_was_reached(tmp_path: Path) -> None:
    told = page(tmp_path, story(), "counter.social").headline
    assert told.rung is Rung.NONE
    assert "the server itself turned the client away" in told.text


def test_a_network_seen_from_two_places_is_not_named_for_one_of_them(tmp_path: Path) -> None:
    both = [*series((20, {}), (20, BLOCKED_API)), *series((40, {}), vantage="sha-two")]
    told = page(tmp_path, both, zone="UTC").headline
    assert "on AS4134 (seen from sha-ct) between" in told.text


def test_less_sure_networks_stand_in_a_clause_of_their_own(tmp_path: Path) -> None:
    told = page(tmp_path, wave(), zone="UTC").headline
    assert told.text.startswith("Clubhouse's API became unreachable on AS4134 between 10:40 and 10:51 UTC")
    assert "; its API on AS4837: likely blocked; its website stayed reachable." in told.text


def test_a_wave_names_its_targets_and_its_first_and_last_beginning(tmp_path: Path) -> None:
    told = page(tmp_path, wave(), event="wave-cn-20210208", zone="UTC").headline
    assert told.text.startswith(
        "Clubhouse's API, douchi.space and m.cmx.im became unreachable on AS4134 and AS4837 one after another, the "
        "first between 10:40 and 10:51 UTC on 8 February 2021, the last between 12:00 and 12:11 UTC"
    )
    assert told.rung is Rung.LIKELY  # what is said of all of them stands on the lowest rung among them


def test_not_every_target_on_every_network_is_said(tmp_path: Path) -> None:
    several = [
        *series((20, {}), (20, RESET), target="a.example"),
        *series((20, {}), (20, RESET), target="b.example"),
        *series((20, {}), (20, RESET), target="c.example", vantage="sha-cu", asn=4837),
        *series((40, {}), target="a.example", vantage="sha-cu", asn=4837),
    ]
    told = page(tmp_path, several, event="wave-cn-20210208").headline
    assert "on one or more of AS4134 and AS4837" in told.text


def test_a_website_that_failed_once_did_not_stay_reachable(tmp_path: Path) -> None:
    web = series((60, {}), (1, RESET), (5, {}), endpoint="web", role=Role.WEB)
    told = page(tmp_path, [*series((30, {}), (36, BLOCKED_API)), *web]).headline
    assert "stayed reachable" not in told.text


def test_target_of_which_everything_fails_is_named_alone(tmp_path: Path) -> None:
    both = [
        *series((20, {}), (20, BLOCKED_API)),
        *series((20, {}), (20, BLOCKED_API), endpoint="web", role=Role.WEB),
    ]
    assert page(tmp_path, both).headline.text.startswith("Clubhouse became unreachable")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_page_says_who(tmp_path: Path, lang: str) -> None:
    told = page(tmp_path, story(), lang=lang)
    said = f"{told.headline} {told.limits} {told.alternatives}".lower()
    assert not any(word in said for word in ("government", "censor", "gfw", "政府", "当局", "审查"))


def test_open_target_says_how_often_it_was_reached(tmp_path: Path) -> None:
    told = page(tmp_path, series((30, {"verdict": Verdict.OK})), zone="UTC").headline
    assert (
        told.text
        == "Clubhouse's API could be reached on AS4134 in 30 of 30 measurements, 8 February 2021 09:00–13:50 UTC."
    )
