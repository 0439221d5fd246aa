"""The report as a person reads it: 80 columns, every fact in its section, no stranger's text that acts."""

from collections.abc import Iterator
from typing import Any

import pytest

from probe.cli.console import clean
from probe.model.diagnosis import Certainty, ControlState, Verdict
from probe.model.measurement import Measurement
from probe.model.target import Role
from probe.report.paper import Page
from probe.report.terminal import OPEN_LISTED, render
from probe.report.view import Window
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, START, STEP, clock, story
from tests.report.viewing import view
from tests.store.records import measurement

PAGE = Page(80, clean)


def _sections(text: str) -> dict[str, str]:
    """The lines of each section under its title, their parts joined by single spaces."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    return {title: " ".join(" ".join(rest).split()) for title, *rest in blocks}


def _told(*, width: int = 80, zone: str = "Asia/Shanghai", window: Window | None = None) -> dict[str, str]:
    return _sections(render(view(story(), zone=zone, window=window), Page(width, clean)))


def _series(*said: tuple[int, dict[str, Any]], **changes: Any) -> Iterator[Measurement]:
    kinds = [kind for count, kind in said for _ in range(count)]
    return (measurement(START + n * STEP, **{**changes, **kind}) for n, kind in enumerate(kinds))


def _report(*said: tuple[int, dict[str, Any]], **changes: Any) -> dict[str, str]:
    return _sections(render(view(_series(*said, **changes)), PAGE))


def test_blocked_now_has_onset_in_both_zones_mechanism_certainty_and_counts() -> None:
    said = _told()["Blocked now"]
    assert said.startswith(
        "clubhouse/api sha-ct CN AS4134 since 8 Feb 18:50–19:00 (10:50–11:00 UTC) forged DNS answer "
        "confirmed, failed 55 of 55 since, 6 more said nothing"
    )
    assert "web" not in said


UNSETTLED: dict[str, Any] = {"verdict": Verdict.ANOMALY}
POSSIBLE: dict[str, Any] = {**RESET, "certainty": Certainty.POSSIBLE}
UNREACHABLE_TITLE = "Unreachable from here, reached from elsewhere: why is not settled"


def test_failures_of_which_nothing_settles_why_are_nowhere_called_blocked() -> None:
    """An origin's own HTTP 451 in the clear, say: beyond chance, and the evidence does not settle why."""
    text = render(view(_series((20, {}), (20, UNSETTLED), required=True, rollup="all")), PAGE)
    told = _sections(text)
    assert told[UNREACHABLE_TITLE].startswith("clubhouse/api sha-ct CN AS4134 since 8 Feb 12:10–12:20 UTC")
    assert "how is not settled unreachable, failed 20 of 20 since" in told[UNREACHABLE_TITLE]
    assert "Now: 1 unreachable" in text
    assert "unreachable (api), why is not settled" in told["Targets as a whole, by the rule of their list"]
    assert "blocked" not in text.lower()


def test_unreachable_and_blocked_are_counted_apart() -> None:
    both = [*_series((20, {}), (20, UNSETTLED)), *_series((20, {}), (20, RESET), endpoint="web")]
    assert "Now: 1 blocked, 1 unreachable" in render(view(both), PAGE)


def test_a_block_that_something_innocent_explains_as_well_is_not_listed_as_blocked() -> None:
    text = render(view(_series((20, {}), (20, POSSIBLE), rollup="all")), PAGE)
    told = _sections(text)
    assert (
        "consistent with blocking, failed 20 of 20 since"
        in told["Consistent with blocking, and with something innocent as well"]
    )
    assert "Now: 1 consistent with blocking" in text
    assert "Blocked now" not in told
    assert told["Targets as a whole, by the rule of their list"].startswith(
        "clubhouse sha-ct CN AS4134 consistent with blocking (api)"
    )


def test_a_few_artefacts_among_many_failures_are_counted_beside_the_word() -> None:
    said = _report((20, {}), (3, BLOCKED_API), (40, UNSETTLED))["Blocked now"]
    assert "confirmed, failed 43 of 43 since an artefact in 3 of the failures" in said
    lone = _report((20, {}), (20, UNSETTLED), (1, BLOCKED_API), (20, UNSETTLED))[UNREACHABLE_TITLE]
    assert "how is not settled (some failures: forged DNS answer)" in lone


def test_what_ended_without_a_settled_cause_was_unreachable() -> None:
    said = _report((20, {}), (20, UNSETTLED), (20, {}))["Ended"]
    assert "unreachable at least 3 h 10 min how is not settled unreachable, failed 20 of 20" in said


def test_silences_that_one_run_divides_are_told_as_one() -> None:
    minutes = [*range(60), 100, 140, *range(141, 160)]
    runs = (measurement(START + 60.0 * at) for at in minutes)
    told = _sections(render(view(runs), PAGE))
    assert told["Nothing concluded"] == "sha-ct did not measure 8 Feb 09:59–11:20 UTC but for a run here and there"


def test_ended_block_has_both_ends_and_claims_no_more_than_was_measured() -> None:
    said = _told()["Ended"]
    assert "began 8 Feb 17:50–18:00 (09:50–10:00 UTC) ended 8 Feb 20:50–21:00 (12:50–13:00 UTC)" in said
    assert "blocked at least 2 h 50 min reset after this name in TLS likely blocked, failed 18 of 18" in said


def _ruled(**changes: Any) -> Iterator[Measurement]:
    """An API that is blocked from the 21st of 40 cycles on, beside a website and an instance that are open."""
    changes = {"rollup": "api:all web:any", **changes}
    yield from _series((20, {}), (20, RESET), required=True, **changes)
    yield from _series((40, {}), endpoint="web", role=Role.WEB, **changes)
    yield from _series((40, {}), target="moon.example", **{**changes, "rollup": "all"})


def test_targets_as_a_whole_by_the_rule_that_their_records_hold() -> None:
    told = _sections(render(view(_ruled()), PAGE))
    assert told["Targets as a whole, by the rule of their list"] == (
        "clubhouse sha-ct CN AS4134 partly blocked (api) what is left does not count as reached "
        "since 8 Feb 12:10–12:20 UTC asked for: api:all web:any required: api 1 target reachable"
    )
    assert "Partly blocked" not in told


def test_targets_whose_records_hold_no_rule_are_told_as_ever() -> None:
    told = _told()
    assert told["Partly blocked"].startswith("clubhouse sha-ct CN AS4134 blocked: api open: web")
    assert not any("as a whole" in title for title in told)


def test_outage_geoblock_and_offline_vantage_are_told_apart_from_a_block() -> None:
    told = _told()
    assert "down for everyone 8 Feb 20:00–22:50 (12:00–14:50 UTC) 18 measurements" in told["Not blocked"]
    assert "counter.social/web sha-ct CN AS4134 restricted: the server itself" in told["Not blocked"]
    assert told["Nothing concluded"] == "sha-ct offline 9 Feb 00:00–00:50 (8 Feb 16:00–16:50 UTC) 6 runs"


def test_target_with_one_endpoint_blocked_is_partly_blocked() -> None:
    assert _told()["Partly blocked"] == "clubhouse sha-ct CN AS4134 blocked: api open: web"


def test_stripes_stand_under_each_other_and_show_block_outage_and_gap() -> None:
    text = render(view(story()), PAGE)
    drawn = dict(line.strip().split(" ▏") for line in text.splitlines() if "▏" in line)
    stripes = {name.strip(): stripe for name, stripe in drawn.items()}
    assert len({len(stripe) for stripe in stripes.values()}) == 1
    assert stripes["clubhouse/api"].index("█") == stripes["clubhouse/api"].rindex("·") + 1
    assert "x" in stripes["douchi.space/web"]
    assert all("????" in stripe for stripe in stripes.values())
    assert set(stripes["clubhouse/web"]) == {"·", "?"}


@pytest.mark.parametrize("width", [40, 60, 80, 120, 4096])
def test_nothing_is_cut_at_any_width_and_80_columns_suffice(width: int) -> None:
    text = render(view(story(), zone="Asia/Shanghai"), Page(width, clean))
    if width >= 100:
        assert max(map(len, text.splitlines())) <= width
    assert _sections(text)["Blocked now"] == _told()["Blocked now"]
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_block_from_the_first_measurement_on_has_no_onset() -> None:
    said = _report((20, BLOCKED_API))["Blocked now"]
    assert "since before 8 Feb 09:00 UTC" in said
    assert "already so at the first measurement: onset unknown" in said


def test_block_that_was_last_seen_long_ago_says_so() -> None:
    said = _report((20, {}), (20, BLOCKED_API), (12, OFFLINE))["Blocked now"]
    assert "as of 8 Feb 15:30 UTC: nothing learnt since" in said


def test_lone_failure_is_not_blocked_and_says_why() -> None:
    told = _report((20, {}), (1, RESET))
    assert "Blocked now" not in told
    assert "last 1 measurement failed: too few to call it blocked" in told["Not blocked"]


def test_server_down_now_is_not_blocked() -> None:
    told = _report((20, {}), (20, DOWN))
    assert "Blocked now" not in told
    assert "down for everyone now: the control failed as well" in told["Not blocked"]


def test_block_without_control_is_nothing_concluded() -> None:
    unbacked = {**RESET, "control": ControlState.NONE}
    told = _report((20, {}), (20, unbacked))
    assert "Blocked now" not in told
    assert "failed, but no control or reference backs it: not counted as blocked" in told["Nothing concluded"]


def test_reached_though_tampered_with_is_not_blocked() -> None:
    told = _report((20, {"verdict": Verdict.INTERFERED}))
    assert "reached, but tampered with on the path 20 times" in told["Not blocked"]
    assert "~ reached, tampered with" in next(said for title, said in told.items() if title.startswith("Timeline"))


def test_many_open_endpoints_are_counted_and_the_eventful_one_is_listed() -> None:
    several = [one for n in range(OPEN_LISTED + 1) for one in _series((20, {}), endpoint=f"web{n}")]
    told = _sections(render(view([*several, *_series((20, {}), (20, BLOCKED_API))]), PAGE))
    assert told["Not blocked"].startswith(f"{OPEN_LISTED + 1} more endpoints reached whenever")
    assert "clubhouse/api" in told["Blocked now"]


def test_references_are_one_line_and_no_endpoints() -> None:
    said = _report((20, {}), (1, OFFLINE), role=Role.REFERENCE)
    assert said["Not blocked"] == "1 reference reached 20 of 20 times"


def test_text_from_a_record_cannot_write_a_line_of_its_own() -> None:
    evil = "x\nBlocked now\n  y\x1b[31m\u202e"
    text = render(view(_series((20, {}), (20, BLOCKED_API), target=evil, endpoint=evil)), PAGE)
    assert text.count("\nBlocked now\n") == 1
    assert not {"\x1b", "\u202e", "\r"} & set(text)
    assert r"x\u000aBlocked now\u000a  y\u001b[31m\u202e" in text


def test_report_never_says_who() -> None:
    text = render(view(story()), PAGE).lower()
    assert "government" not in text
    assert "censor" not in text


def test_window_says_only_what_it_holds() -> None:
    told = _told(window=Window(since=clock("18:00"), only=frozenset({"clubhouse"})))
    assert "Ended" not in told
    assert "since 8 Feb 18:50–19:00" in told["Blocked now"]
    assert "counter.social" not in " ".join(told.values())
