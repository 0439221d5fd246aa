"""Four detectors to stand beside the ledger: what people use, on the same evidence. They know arrays, and no truth.

Each takes times (epoch s) and failures of the telling measurements and returns what it would call blocks. None but
`three_in_a_row` prints an interval of its own; theirs is the step between the two measurements they split at.
"""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.episode import Interval

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Found(NamedTuple):
    """One block as a detector reports it; `at`: when it would first have said so (None: only in hindsight)."""

    onset: Interval
    end: Interval | None
    at: float | None
    certain_onset: Interval | None = None
    certain_end: Interval | None = None


def three_in_a_row(times: Floats, bad: Bools) -> list[Found]:
    """Blocked from the first of three failures in a row to the first of three successes in a row."""
    found, at = [], 0
    while (first := _run(bad, at)) is not None:
        after = _run(~bad, first + 3)
        found.append(_found(times, first, after, float(times[first + 2])))
        if after is None:
            break
        at = after + 3
    return found


def _run(wanted: Bools, start: int) -> int | None:
    three = wanted[start:-2] & wanted[start + 1 : -1] & wanted[start + 2 :]
    hits = np.flatnonzero(three)
    return start + int(hits[0]) if hits.size else None


def _found(times: Floats, first: int, after: int | None, at: float | None) -> Found:
    onset = Interval(float(times[first - 1]) if first else None, float(times[first]))
    end = None if after is None or after >= times.size else Interval(float(times[after - 1]), float(times[after]))
    return Found(onset, end, at)


def hourly_cusum(times: Floats, bad: Bools, drift: float = 0.25, limit: float = 5.0) -> list[Found]:
    """Two-sided CUSUM over hourly medians, dated at the alarm, restarted there: the field's running detector.

    A block must hold for limit / (1 - drift), about seven hours; an hour without measurements is left out.
    """
    hours = (times // 3600).astype(np.int64)
    starts = np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1))
    median = np.array([np.median(part) for part in np.split(bad.astype(float), starts[1:])])
    found: list[Found] = []
    score, onset, blocked = 0.0, None, False
    for place, value in zip(starts.tolist(), median.tolist(), strict=True):
        score = max(0.0, score + ((1 - value) if blocked else value) - drift)
        if score <= limit:
            continue
        if blocked and onset is not None:
            found[-1] = _found(times, onset, place, found[-1].at)
        else:
            onset = place
            found.append(_found(times, place, None, float(times[place])))
        blocked, score = not blocked, 0.0
    return found


def pelt(times: Floats, bad: Bools) -> list[Found]:
    """PELT (ruptures' C implementation, squared error, penalty 3 log n var); pieces failing by half are blocks."""
    import ruptures

    if bad.size < 8 or not bad.any():
        return []
    signal = bad.astype(float).reshape(-1, 1)
    model = ruptures.KernelCPD(kernel="linear", min_size=3).fit(signal)
    cuts = [0, *model.predict(pen=3 * float(np.log(bad.size)) * max(float(signal.var()), 0.02))]
    pieces = [(a, b, bool(bad[a:b].mean() >= 0.5)) for a, b in itertools.pairwise(cuts)]
    return _from_states(times, pieces)


def viterbi(times: Floats, bad: Bools, noise: float = 0.05, rate: float = 0.9, switch: float = 1e-4) -> list[Found]:
    """The likeliest path of a two-state hidden Markov model with fixed rates."""
    stay, move = float(np.log1p(-switch)), float(np.log(switch))
    table = [(float(np.log1p(-noise)), float(np.log1p(-rate))), (float(np.log(noise)), float(np.log(rate)))]
    free, held = 0.0, move
    back: list[tuple[bool, bool]] = []
    for failure in bad.tolist():
        from_held, into_held = held + move > free + stay, free + move > held + stay
        free, held = max(free + stay, held + move), max(held + stay, free + move)
        free, held = free + table[failure][0], held + table[failure][1]
        back.append((from_held, into_held))
    state, states = held > free, []
    for from_held, into_held in reversed(back):
        states.append(state)
        state = (not into_held) if state else from_held
    path = np.array(states[::-1])
    cuts = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), path.size]
    return _from_states(times, [(a, b, bool(path[a])) for a, b in itertools.pairwise(cuts) if b > a])


def _from_states(times: Floats, pieces: list[tuple[int, int, bool]]) -> list[Found]:
    merged: list[tuple[int, int]] = []
    for begin, stop, blocked in pieces:
        if blocked and merged and merged[-1][1] == begin:
            merged[-1] = (merged[-1][0], stop)
        elif blocked:
            merged.append((begin, stop))
    return [_found(times, begin, stop, None) for begin, stop in merged]
