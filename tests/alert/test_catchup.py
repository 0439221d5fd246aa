"""After a restart: what was measured and not told is told, what was told is not, and a first look is silent."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from probe.alert.alert import Message
from probe.alert.alerts import Alerts
from probe.alert.catchup import catch_up, latest, unread
from probe.alert.memory import LEDGER, ForgottenError, Memory, load, save
from probe.model.codec import encode_line
from probe.model.measurement import Measurement
from probe.store.layout import run_path
from tests.alert.story import TEN, fresh, kinds, played, runs_of
from tests.store.records import T0

API = "clubhouse/api"
STORY = {API: "." * 30 + "#" * 40 + "." * 30, "other/web": "." * 100}
NOW = T0 + 100 * TEN


def written(results: Path, runs: Iterable[list[Measurement]]) -> None:
    for run in runs:
        path = run_path(results, "sha-ct", run[0].run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(map(encode_line, run)))


def restarted(results: Path, now: float = NOW) -> tuple[Alerts, list[Message]]:
    """A new process: loads what was kept, catches up."""
    known = load(results / "sha-ct" / LEDGER)
    memory = known or Memory()
    files = unread(results, "sha-ct", memory, now)
    alerts = Alerts(memory, every=TEN)
    told, _ = catch_up(alerts, "sha-ct", files)
    return alerts, told if known is not None else []


def kept(results: Path, alerts: Alerts) -> None:
    save(results / "sha-ct" / LEDGER, alerts.remember())


def plain(messages: Iterable[Message]) -> list[tuple[str, list[str]]]:
    return [(str(one.kind), [alert.id for alert in one.alerts]) for one in messages]


@pytest.mark.parametrize("killed_after", [0, 29, 31, 36, 41, 45, 69, 73, 90])
@pytest.mark.parametrize("cut", [0, 1])
def test_a_kill_at_any_run_loses_no_alert_and_tells_none_twice(tmp_path: Path, killed_after: int, cut: int) -> None:
    """Killed after so many runs, with one more on disk of which `cut` lines are missing, before anything was kept."""
    runs = list(runs_of(STORY))
    whole = plain(played(fresh(), runs))
    assert [kind for kind, _ in whole] == ["suspected", "confirmed", "ended"]
    before = fresh()
    told = plain(played(before, runs[:killed_after]))
    kept(tmp_path, before)
    written(tmp_path, runs[: killed_after + 1])
    path = run_path(tmp_path, "sha-ct", runs[killed_after][0].run_id)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) - cut]))
    alerts, missed = restarted(tmp_path)
    told += plain(missed)
    told += plain(played(alerts, runs[killed_after + 1 :]))
    assert told == whole


def test_the_rest_of_a_run_that_was_cut_off_and_resumed_is_taken_in_once(tmp_path: Path) -> None:
    runs = list(runs_of(STORY))
    alerts = fresh()
    played(alerts, runs[:10])
    kept(tmp_path, alerts)
    written(tmp_path, [*runs[:10], runs[10][:1]])
    alerts, _ = restarted(tmp_path)
    kept(tmp_path, alerts)
    written(tmp_path, [runs[10][1:]])  # probe run --resume
    alerts, _ = restarted(tmp_path)
    assert [one.watched.state.seen for one in alerts.remember().series] == [11, 11]
    kept(tmp_path, alerts)
    alerts, _ = restarted(tmp_path)
    assert [one.watched.state.seen for one in alerts.remember().series] == [11, 11]


def test_runs_of_which_nothing_is_new_are_not_read_again(tmp_path: Path) -> None:
    runs = list(runs_of({API: "." * 10, "other/web": "." * 10}))
    alerts = fresh()
    played(alerts, runs)
    kept(tmp_path, alerts)
    written(tmp_path, runs)
    path = run_path(tmp_path, "sha-ct", runs[4][0].run_id)
    whole = path.read_bytes()
    memory = alerts.remember()

    def read_lines() -> int:
        return catch_up(Alerts(memory, every=TEN), "sha-ct", unread(tmp_path, "sha-ct", memory, NOW))[1].lines

    assert read_lines() == 0
    path.write_bytes(whole + encode_line(runs[5][0])[:-1])  # one more, of which only the newline is missing
    assert read_lines() == 3


def test_what_is_read_is_told_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, runs_of({API: "." * 3}))
    told: list[int] = []
    memory = Memory()
    catch_up(Alerts(memory, every=TEN), "sha-ct", unread(tmp_path, "sha-ct", memory, NOW), told.append)
    assert told == [1, 2, 3]


def test_the_latest_runs_are_those_of_three_intervals_and_of_no_clock_that_was_ahead(tmp_path: Path) -> None:
    runs = list(runs_of({API: "." * 10}))
    written(tmp_path, [*runs, *runs_of({API: "."}, start=T0 + 9 * 365 * 86400.0)])
    now = T0 + 9 * TEN + 1
    found = [source.path for source in latest(tmp_path, "sha-ct", TEN, now)]
    assert found == [run_path(tmp_path, "sha-ct", run[0].run_id) for run in runs[-3:]]


def test_the_first_look_is_silent_and_knows_what_stands(tmp_path: Path) -> None:
    written(tmp_path, runs_of({API: "." * 30 + "#" * 40}))
    alerts, told = restarted(tmp_path)
    assert told == []
    [standing] = alerts.standing().values()
    assert standing.blocked
    after = runs_of({API: "." * 20}, start=T0 + 70 * TEN)
    assert kinds(played(alerts, after)) == ["ended"]


def test_the_first_look_reads_five_weeks_and_no_more(tmp_path: Path) -> None:
    day = 86400.0
    for days in (36, 34, 1):
        written(tmp_path, runs_of({API: "."}, start=T0 - days * day))
    assert len(unread(tmp_path, "sha-ct", Memory(), T0)) == 2


def test_a_run_made_by_hand_beside_the_watch_does_not_turn_the_ledger_back(tmp_path: Path) -> None:
    runs = list(runs_of({API: "." * 60}))
    alerts = fresh()
    played(alerts, runs)
    kept(tmp_path, alerts)
    written(tmp_path, runs)
    written(tmp_path, runs_of({API: "#"}, start=T0 + 25.5 * TEN))
    alerts, told = restarted(tmp_path)
    assert told == []
    [one] = alerts.remember().series
    assert (one.watched.state.seen, one.watched.step) == (60, 0.0)


def test_torn_lines_and_strange_files_are_stepped_over(tmp_path: Path) -> None:
    written(tmp_path, runs_of({API: "." * 5}))
    folder = run_path(tmp_path, "sha-ct", next(iter(runs_of({API: "."})))[0].run_id).parent
    (folder / "20210208T235959Z-sha-ct-ffff.jsonl").write_bytes(b'{"schema":1,"id":"to')
    (folder / "zzz.jsonl").write_bytes(b"\x00\xff\n")
    (folder / "20210209T000000Z-sha-ct-fffe.jsonl").mkdir()
    alerts, _ = restarted(tmp_path)
    assert alerts.remember().series[0].watched.state.seen == 5


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"schema":"other/1"}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_memory_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / LEDGER).write_bytes(damage)
    with pytest.raises(ForgottenError, match=LEDGER):
        load(tmp_path / LEDGER)


def test_no_memory_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path / LEDGER) is None


def test_runs_of_a_clock_that_was_ahead_are_not_taken_in_again(tmp_path: Path) -> None:
    """They lie in the future for years, and were taken in when they were made."""
    ahead = list(runs_of({API: "." * 3}, start=T0 + 9 * 365 * 86400.0))
    runs = [*ahead, *runs_of({API: "." * 100})]
    alerts = fresh()
    played(alerts, runs)
    kept(tmp_path, alerts)
    written(tmp_path, runs)
    alerts, _ = restarted(tmp_path)
    [one] = alerts.remember().series
    assert (one.watched.state.seen, one.watched.last) == (103, T0 + 99 * TEN)


def test_one_unfit_run_is_not_counted_again_at_each_restart(tmp_path: Path) -> None:
    runs = list(runs_of({API: "x"}))
    alerts = fresh()
    assert played(alerts, runs) == []
    written(tmp_path, runs)
    for _ in range(3):
        kept(tmp_path, alerts)
        alerts, told = restarted(tmp_path)
        assert told == []


def test_what_the_last_run_before_the_kill_confirmed_is_told_at_the_start(tmp_path: Path) -> None:
    runs = list(runs_of(STORY))
    alerts, number = fresh(), 0
    while "confirmed" not in kinds(played(alerts, [runs[number]])):
        number += 1
    before = fresh()
    played(before, runs[:number])
    kept(tmp_path, before)
    written(tmp_path, runs[: number + 1])
    assert kinds(restarted(tmp_path)[1]) == ["confirmed"]
