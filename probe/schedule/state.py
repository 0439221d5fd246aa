"""What a watch remembers: which slot it measured last, what it knows of each endpoint, what befell it. One small file.

Written whole or not at all (a new file is renamed over the old). It is a cache, never the truth: what the results say
is newer wins, and a file that is lost or damaged is rebuilt by replaying the newest results.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from probe.model.clock import parse_rfc3339
from probe.model.measurement import Measurement
from probe.schedule.pace import Change, Known, Pace, fold
from probe.store.layout import SUFFIXES, Source
from probe.store.reader import Tally, measurements

STATE = "watch.json"
"""In the folder of its vantage point."""
SCHEMA = "watch/1"
MOST_JUMPS = 20
REPLAYED = 6
"""Result files, the newest, that are replayed at the start."""
_LIMIT = 64 * 1024 * 1024


class Jump(msgspec.Struct, frozen=True):
    """The wall clock jumped: when it was noticed (epoch seconds, by the new clock), by how many seconds."""

    at: float
    seconds: float


class State(msgspec.Struct, kw_only=True):
    """All that a watch remembers. Times are epoch seconds.

    `slot_at`: a moment in the slot that was measured last; `run_id`, `ended`, `measured`, `planned`, `fitness` of the
    last run; `cycles` and `missed` count slots; `jumps` the last clock jumps.
    """

    schema: str = SCHEMA
    every: float = 0.0
    slot_at: float | None = None
    run_id: str = ""
    ended: float = 0.0
    measured: int = 0
    planned: int = 0
    fitness: str = ""
    cycles: int = 0
    missed: int = 0
    jumps: list[Jump] = []
    endpoints: dict[str, Known] = {}


def state_path(out: Path, vantage: str) -> Path:
    """Where the state of a vantage point's watch lies below the results folder."""
    return out / vantage / STATE


def load(path: Path) -> State | None:
    """The state; None if there is none that can be read."""
    try:
        if path.stat().st_size > _LIMIT:
            return None
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return state if state.schema == SCHEMA else None


def save(path: Path, state: State) -> None:
    """Put the state where the old one was, all at once. Raises OSError; the old one is whole then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(msgspec.json.encode(state) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def remembered(out: Path, vantage: str, pace: Pace, now: float) -> State:
    """The state to start from: what was saved, brought up to date from the newest results.

    Without a saved state the slot of the newest run counts as measured. What lies after `now` is of a clock that was
    wrong, and is left out.
    """
    state = load(state_path(out, vantage))
    lost = state is None
    state = state or State()
    forget_future(state, now)
    last = 0.0
    for one in _newest(out / vantage):
        at = parse_rfc3339(one.time)
        if at <= now:
            last = max(last, at)
            take(state, one, pace)
    if lost and last:
        state.slot_at = last
    state.every = pace.every
    return state


def take(state: State, one: Measurement, pace: Pace) -> Change | None:
    """Fold one measurement into what is known of its endpoint; the change that it shows."""
    name = f"{one.target}/{one.endpoint}"
    state.endpoints[name], change = fold(state.endpoints.get(name), one, pace)
    return change


def forget_future(state: State, now: float) -> None:
    """What was measured "after now" was measured by a clock that was wrong: it was at most now."""
    for name, known in state.endpoints.items():
        if known.last > now:
            state.endpoints[name] = msgspec.structs.replace(known, last=now, since=min(known.since, now))


def _newest(folder: Path) -> Iterable[Measurement]:
    """The measurements of the newest result files below a vantage's folder, oldest first."""
    try:
        files = [path for path in folder.rglob("*Z-*") if path.name.endswith(SUFFIXES) and path.is_file()]
    except OSError:
        return
    newest = sorted(files, key=lambda path: path.name)[-REPLAYED:]
    yield from sorted(
        measurements([Source(str(path), path) for path in newest], Tally()), key=lambda one: (one.time, one.id)
    )
