"""From measurements to messages: what is told, when, in which words; and what never is."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from probe.alert.alert import Kind, Message
from probe.alert.alerts import Alerts
from probe.alert.memory import Memory
from probe.model.clock import rfc3339
from probe.model.codec import encode_line
from probe.model.target import Role
from probe.store.layout import run_path
from tests.alert.story import TEN, fresh, kinds, played, run_of, runs_of
from tests.store.records import T0

API = "clubhouse/api"


def test_a_block_is_suspected_then_confirmed_then_over_each_said_once() -> None:
    told = played(fresh(), runs_of({API: "." * 30 + "#" * 40 + "." * 20}))
    assert kinds(told) == ["suspected", "confirmed", "ended"]


def test_the_line_says_what_where_since_when_how_and_how_sure() -> None:
    told = played(fresh(), runs_of({API: "." * 30 + "#" * 40}))
    confirmed = told[-1]
    # the first failure is run 30 (14:00), the last success run 29 (13:50); T0 is 09:00 UTC
    [alert] = confirmed.alerts
    assert alert.onset is not None
    assert (alert.onset.earliest, alert.onset.latest) == ("2021-02-08T13:50:00.000Z", "2021-02-08T14:00:00.000Z")
    assert confirmed.text == alert.text
    assert confirmed.title == (
        "clubhouse/api on AS4134 (sha-ct): likely blocked since 8 Feb 13:50–14:00 UTC, reset after this name in TLS, "
        f"beyond chance after {alert.runs} runs"
    )
    assert confirmed.text == f"{confirmed.title}; probe explain {alert.proof and alert.proof.measurement}"
    first_failure = T0 + 30 * TEN
    assert alert.time == rfc3339(first_failure + (alert.runs - 1) * TEN)


def test_failures_of_which_nothing_settles_why_are_told_as_unreachable_and_never_as_blocked() -> None:
    alerts = fresh()
    told = played(alerts, runs_of({API: "." * 30 + "a" * 40}))
    assert kinds(told) == ["suspected", "confirmed"]
    assert all("blocked" not in one.title for one in told)
    assert "unreachable since 8 Feb 13:50–14:00 UTC, reached from elsewhere; why is not settled" in told[-1].title
    assert (told[-1].alerts[0].rung, told[-1].alerts[0].certainty) == ("unreachable", "")
    [standing] = alerts.standing().values()
    assert (standing.blocked, standing.unreachable) == (False, True)


def test_what_turns_out_a_block_is_told_once_more_on_each_rung_and_never_taken_back() -> None:
    alerts = fresh()
    told = played(alerts, runs_of({API: "." * 30 + "a" * 20 + "#" * 10 + "!" * 12 + "a" * 90}))
    assert [(str(one.kind), one.alerts[0].rung, one.alerts[0].raised) for one in told] == [
        ("suspected", "unreachable", False),
        ("confirmed", "unreachable", False),
        ("confirmed", "likely", True),
        ("confirmed", "confirmed", True),
    ]
    assert len({one.id for one in told}) == 4
    [standing] = alerts.standing().values()
    assert (standing.blocked, standing.unreachable) == (True, False)


def test_one_artefact_among_many_failures_that_nothing_explains_is_not_told() -> None:
    told = played(fresh(), runs_of({API: "." * 30 + "a" * 30 + "!" + "a" * 30}))
    assert [one.alerts[0].rung for one in told] == ["unreachable", "unreachable"]


def test_what_is_unreachable_stands_in_a_message_of_its_own_beside_what_is_blocked() -> None:
    told = played(fresh(), runs_of({API: "." * 30 + "#" * 40, "clubhouse/web": "." * 30 + "a" * 40}))
    confirmed = {
        one.alerts[0].rung: [alert.endpoint for alert in one.alerts] for one in told if one.kind == "confirmed"
    }
    assert confirmed == {"likely": ["api"], "unreachable": ["web"]}


def test_what_an_older_version_told_as_blocked_is_not_told_again_after_an_upgrade() -> None:
    alerts = fresh()
    played(alerts, runs_of({API: "." * 30 + "#" * 40}))
    kept = msgspec.json.decode(msgspec.json.encode(alerts.remember()))
    for one in kept["series"]:
        del one[1]["sure"], one[1]["rung"]
    upgraded = Alerts(msgspec.convert(kept, type=Memory), every=TEN)
    assert played(upgraded, runs_of({API: "#" * 20}, start=T0 + 70 * TEN)) == []
    [standing] = upgraded.standing().values()
    assert standing.blocked


def test_the_proof_is_a_measurement_that_failed_and_points_at_its_line(tmp_path: Path) -> None:
    runs = list(runs_of({"other/web": "." * 70, API: "." * 30 + "#" * 40}))
    for run in runs:
        path = run_path(tmp_path, "sha-ct", run[0].run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(map(encode_line, run)))
    told = played(fresh(results=tmp_path), runs)
    for message in told:
        proof = message.alerts[0].proof
        assert proof is not None
        lines = (tmp_path / proof.file).read_bytes().splitlines()
        record = msgspec.json.decode(lines[proof.line - 1])
        assert record["id"] == proof.measurement
        assert record["verdict"] == "blocked"
        assert proof.line == 2


def test_no_message_holds_a_path_above_the_results(tmp_path: Path) -> None:
    runs = list(runs_of({API: "." * 30 + "#" * 40}))
    told = played(fresh(results=tmp_path), runs)
    assert all(str(tmp_path) not in msgspec.json.encode(message).decode() for message in told)


def test_a_confirmed_artefact_is_suspected_sooner_for_noise_forges_nothing() -> None:
    def runs_until_suspected(sign: str) -> int:
        told = played(fresh(), runs_of({API: "." * 30 + sign * 10}))
        return told[0].alerts[0].runs

    assert runs_until_suspected("!") < runs_until_suspected("#")


def test_a_suspicion_that_passes_is_withdrawn() -> None:
    told = played(fresh(), runs_of({API: "." * 30 + "#" * 10 + "." * 30}))
    assert kinds(told) == ["suspected", "withdrawn"]
    assert told[1].title == "clubhouse/api on AS4134 (sha-ct): reached again: the suspicion is withdrawn"


@pytest.mark.parametrize("sign", ["o", "x", "a"])
def test_an_outage_is_no_block(sign: str) -> None:
    """The server down; the vantage offline; and failures of a vantage that is not fit."""
    pictures = {f"t{i}/api": "." * 50 + sign * 100 + "." * 50 for i in range(5)}
    runs = runs_of(pictures)
    if sign == "a":
        runs = [
            [msgspec.structs.replace(one, fitness="offline") if one.verdict == "anomaly" else one for one in run]
            for run in runs
        ]
    told = played(fresh(), runs)
    assert not {"suspected", "confirmed"} & set(kinds(told))


def noisy(seed: int, runs: int, series: int, start: float, follow: float) -> dict[str, str]:
    """Failures that come and go as a chain: `start` after a success, `follow` after a failure."""
    rng = np.random.default_rng(seed)
    draws = rng.random((series, runs))
    pictures = {}
    for i, row in enumerate(draws.tolist()):
        signs, bad = [], False
        for draw in row:
            bad = draw < (follow if bad else start)
            signs.append("#" if bad else ".")
        pictures[f"t{i}/api"] = "".join(signs)
    return pictures


@pytest.mark.parametrize(("start", "follow"), [(0.05, 0.05), (0.03, 0.43)], ids=["lone", "in bursts"])
def test_months_of_noise_and_outages_page_nobody(start: float, follow: float) -> None:
    """Eight series, two months of ten minutes (16 series-months), 5 % of failures, outages of servers and vantage."""
    runs = 2 * 30 * 144
    pictures = noisy(1, runs, 8, start, follow)
    rng = np.random.default_rng(101)
    for at in rng.integers(0, runs - 200, 12).tolist():
        name = f"t{int(rng.integers(8))}/api"
        pictures[name] = pictures[name][:at] + "o" * 40 + pictures[name][at + 40 :]
    for at in rng.integers(0, runs - 200, 6).tolist():
        pictures = {name: signs[:at] + "x" * 30 + signs[at + 30 :] for name, signs in pictures.items()}
    told = played(fresh(), runs_of(pictures))
    assert {"unfit", "fit"} >= set(kinds(told))


def test_a_wave_is_one_message() -> None:
    pictures = {f"t{i:02}/web": "." * 40 + "#" * 16 for i in range(30)}
    told = played(fresh(), runs_of(pictures))
    assert kinds(told) == ["suspected", "confirmed"]
    confirmed = told[1]
    assert len(confirmed.alerts) == 30
    assert confirmed.title == (
        "30 endpoints of 30 targets on AS4134 (sha-ct): likely blocked, beyond chance, all since 8 Feb 15:30–15:40 UTC"
    )
    lines = confirmed.text.splitlines()
    assert len(lines) == 1 + 12 + 1
    assert lines[1].startswith("t00/web: likely blocked since 8 Feb 15:30–15:40 UTC, reset after this name")
    assert lines[-1] == "and 18 more: see probe report"


def test_a_wave_too_large_for_one_message_is_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.alert.alerts.MESSAGE_ALERTS", 20)
    told = played(fresh(), runs_of({f"t{i:02}/web": "." * 40 + "#" * 16 for i in range(30)}))
    assert [(one.kind, len(one.alerts)) for one in told] == [
        (kind, count) for kind in ("suspected", "confirmed") for count in (20, 10)
    ]
    assert len({one.id for one in told}) == 4


def test_a_block_from_the_first_measurement_has_no_onset() -> None:
    told = played(fresh(), runs_of({API: "#" * 20}))
    assert "blocked since before 8 Feb 09:00 UTC" in told[-1].title


def test_a_block_that_comes_and_goes_is_told_three_times_and_then_left_alone() -> None:
    day = "#" * 60 + "." * 84
    told = played(fresh(), runs_of({API: "." * 144 + day * 10}))
    # the third says that changes are not told from here on, its own end included
    assert [kind for kind in kinds(told) if kind != "suspected"] == ["confirmed", "ended"] * 2 + ["confirmed"]
    assert told[-1].alerts[0].repeating
    assert "comes and goes" in told[-1].title


def test_a_block_that_came_and_went_and_then_stays_is_told() -> None:
    day = "#" * 60 + "." * 84
    told = played(fresh(), runs_of({API: "." * 144 + day * 5 + "#" * 144 * 9}))
    assert kinds(told)[-1] == "confirmed"
    assert not told[-1].alerts[0].repeating
    assert told[-1].alerts[0].runs > 7 * 144


def test_after_a_week_of_rest_a_block_is_a_new_story() -> None:
    block = "#" * 60 + "." * 144 * 9
    told = played(fresh(), runs_of({API: "." * 144 + block * 5}))
    assert [kind for kind in kinds(told) if kind != "suspected"] == ["confirmed", "ended"] * 5


def test_references_and_telemetry_page_nobody() -> None:
    for role in (Role.REFERENCE, Role.TELEMETRY):
        runs = [run_of({API: sign}, T0 + i * TEN, role=role) for i, sign in enumerate("." * 30 + "#" * 30)]
        assert played(fresh(), runs) == []


def test_hostile_names_cannot_write_lines_of_their_own() -> None:
    name = "evil\n\x1b[2J\u202e/api"
    runs = [run_of({name: sign}, T0 + i * TEN) for i, sign in enumerate("." * 30 + "#" * 30)]
    told = played(fresh(), runs)
    assert kinds(told) == ["suspected", "confirmed"]
    for message in told:
        assert message.text.isprintable()
        assert "evil\\u000a\\u001b[2J\\u202e/api on AS4134" in message.title


def test_nothing_depends_on_where_the_watch_was_restarted() -> None:
    pictures = noisy(7, 600, 6, 0.03, 0.3)
    pictures["t1/api"] = pictures["t1/api"][:300] + "#" * 150 + pictures["t1/api"][450:]
    pictures["t2/api"] = pictures["t2/api"][:305] + "!" * 50 + pictures["t2/api"][355:]
    runs = list(runs_of(pictures))
    whole = played(fresh(), runs)
    assert {"confirmed", "ended"} <= set(kinds(whole))
    alerts, pieces = fresh(), []
    for run in runs:
        pieces += played(alerts, [run])
        kept = msgspec.json.encode(alerts.remember())
        alerts = Alerts(msgspec.json.decode(kept, type=Memory), every=TEN)
    assert pieces == whole


def test_a_run_that_was_never_finished_is_told_with_the_next() -> None:
    alerts = fresh()
    told: list[Message] = []
    for run in runs_of({API: "." * 30 + "#" * 40}):
        for one in run:
            told += alerts.measured(one)
    assert kinds(told) == ["suspected", "confirmed"]


def test_the_clock_set_back_hides_no_block_and_widens_its_onset() -> None:
    """An hour back between the last success and the first failure: the onset may lie anywhere in that hour and more."""
    before = list(runs_of({API: "." * 40}))
    after = list(runs_of({API: "#" * 20}, start=T0 + 40 * TEN - 3600))
    told = played(fresh(), [*before, *after])
    confirmed = next(one for one in told if one.kind == Kind.CONFIRMED).alerts[0]
    assert confirmed.onset is not None
    assert confirmed.onset.earliest is not None
    true_first_failure = T0 + 40 * TEN - 3600
    assert confirmed.onset.earliest <= rfc3339(true_first_failure - TEN - 1)
    assert confirmed.onset.latest >= rfc3339(true_first_failure)


def test_a_clock_that_was_years_ahead_is_forgiven_at_once() -> None:
    calm = list(runs_of({API: "." * 40}))
    wrong = list(runs_of({API: "." * 3}, start=T0 + 9 * 365 * 86400.0))
    right = list(runs_of({API: "." * 40 + "#" * 20}, start=T0 + 43 * TEN))
    told = played(fresh(), [*calm, *wrong, *right])
    confirmed = next(one for one in told if one.kind == Kind.CONFIRMED)
    assert "blocked since 8 Feb 22:40–22:50 UTC" in confirmed.title  # 83 and 82 runs after 09:00


def test_more_series_than_can_be_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.alert.alerts.MOST_SERIES", 3)
    alerts = fresh()
    played(alerts, runs_of({f"t{i}/api": "." for i in range(5)}))
    assert alerts.left_out == 2
    assert len(alerts.standing()) == 3


def test_a_series_that_is_measured_no_more_is_let_go() -> None:
    alerts = fresh()
    played(alerts, runs_of({"gone/api": "...", API: "..."}))
    played(alerts, runs_of({API: "..."}, start=T0 + 91 * 86400.0))
    assert [one.key.target for one in alerts.remember().series] == ["clubhouse"]


def test_memory_does_not_grow_with_time() -> None:
    alerts, sizes = fresh(), []
    pictures = noisy(3, 3000, 2, 0.05, 0.3)
    for number, run in enumerate(runs_of(pictures)):
        played(alerts, [run])
        if number in (1000, 2999):
            sizes.append(len(msgspec.json.encode(alerts.remember())))
    assert sizes[1] < 1.5 * sizes[0]
