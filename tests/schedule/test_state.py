"""What a watch remembers: written whole, read back, rebuilt from results when it is lost, never believed over them."""

import os
from pathlib import Path

import pytest

from probe.model.codec import encode_line
from probe.model.measurement import Measurement
from probe.schedule.pace import Known, Pace
from probe.schedule.state import REPLAYED, Jump, State, forget_future, load, remembered, save, state_path, take
from probe.store.layout import run_id, run_path
from tests.schedule.watching import BLOCKED
from tests.store.records import T0, measurement

TEN = Pace(600.0, 60.0)


def keep(out: Path, *series: Measurement) -> None:
    """Each measurement in the file of its own run."""
    for one in series:
        path = run_path(out, one.vantage, one.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(encode_line(one))


def test_a_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    state = State(every=600.0, slot_at=T0, run_id="r", cycles=3, jumps=[Jump(T0, -3.5)])
    state.endpoints["a/b"] = Known(last=T0, state="ok", good=True, since=T0 - 5, looks=2, changes=(T0,))
    path = state_path(tmp_path, "sha-ct")
    save(path, state)
    assert load(path) == state
    assert os.listdir(path.parent) == ["watch.json"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"schema":"watch/9"}', b"[1]", b"\xff", b"[" * 100_000, b'{"every":"x"}']
)
def test_a_file_that_is_no_state_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "watch.json").write_bytes(content)
    assert load(tmp_path / "watch.json") is None
    assert load(tmp_path / "nothing.json") is None


def test_a_save_that_fails_leaves_the_old_state_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "watch.json"
    save(path, State(cycles=1))

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(path, State(cycles=2))
    known = load(path)
    assert known is not None
    assert known.cycles == 1
    assert os.listdir(tmp_path) == ["watch.json"]


def series() -> list[Measurement]:
    """Fine, fine, and then blocked."""
    return [measurement(T0 + 600.0 * n, **(BLOCKED if n >= 3 else {})) for n in range(5)]


def test_a_lost_state_is_rebuilt_from_the_results_by_replay(tmp_path: Path) -> None:
    kept = State(every=600.0)
    for one in series():
        take(kept, one, TEN)
    keep(tmp_path, *series())
    rebuilt = remembered(tmp_path, "sha-ct", TEN, T0 + 3000.0)
    assert rebuilt.endpoints == kept.endpoints
    assert rebuilt.slot_at == T0 + 2400.0


def test_results_that_are_newer_than_the_state_win(tmp_path: Path) -> None:
    state = State(every=600.0, slot_at=T0 + 600.0)
    for one in series()[:2]:
        take(state, one, TEN)
    save(state_path(tmp_path, "sha-ct"), state)
    keep(tmp_path, *series())
    known = remembered(tmp_path, "sha-ct", TEN, T0 + 3000.0)
    assert known.endpoints["clubhouse/api"].good is False
    assert known.slot_at == T0 + 600.0  # a run by hand is no run of the watch


def test_a_torn_line_and_strange_files_do_not_keep_a_watch_from_starting(tmp_path: Path) -> None:
    keep(tmp_path, *series()[:1])
    path = run_path(tmp_path, "sha-ct", series()[0].run_id)
    path.write_bytes(path.read_bytes() + b'{"schema":1,"id":"to')
    (path.parent / "x.jsonl").write_bytes(b"\x00\xff\n")
    assert list(remembered(tmp_path, "sha-ct", TEN, T0 + 60.0).endpoints) == ["clubhouse/api"]


def test_without_state_and_results_nothing_is_known(tmp_path: Path) -> None:
    fresh = remembered(tmp_path / "none", "sha-ct", TEN, T0)
    assert (fresh.slot_at, fresh.endpoints, fresh.every) == (None, {}, 600.0)


def test_only_the_newest_files_are_replayed(tmp_path: Path) -> None:
    many = [measurement(T0 + 600.0 * n, endpoint=f"e{n}", run_id=run_id(T0 + 600.0 * n, "sha-ct", "0000"))
            for n in range(REPLAYED + 4)]  # fmt: skip
    keep(tmp_path, *many)
    found = remembered(tmp_path, "sha-ct", TEN, T0 + 1e5).endpoints
    assert sorted(found) == sorted(f"clubhouse/e{n}" for n in range(4, REPLAYED + 4))


def test_what_a_wrong_clock_measured_in_the_future_does_not_count(tmp_path: Path) -> None:
    keep(tmp_path, measurement(T0 + 1e6))
    assert remembered(tmp_path, "sha-ct", TEN, T0).endpoints == {}
    state = State(endpoints={"a/b": Known(last=T0 + 1e6, since=T0 + 1e5), "c/d": Known(last=T0 - 5)})
    forget_future(state, T0)
    assert (state.endpoints["a/b"].last, state.endpoints["a/b"].since, state.endpoints["c/d"].last) == (T0, T0, T0 - 5)
