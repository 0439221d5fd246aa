"""The array kernel against sums done by hand, and against the plain reference on random series."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.timeline import reference
from probe.timeline.ledger import (
    QUANTUM,
    Limits,
    Readings,
    Span,
    heights,
    highest,
    limits_for,
    onset_increments,
    onset_steps,
    run,
    scan,
)
from probe.timeline.noise import Noise

NOISE = Noise(0.05, 0.05)
DENSE = Limits(confirmed=18.0)


def scanned(picture: str, noise: Noise = NOISE, limits: Limits = DENSE, every: float = 600.0) -> list[Span]:
    bad = np.array([sign == "#" for sign in picture], dtype=np.bool_)
    return scan(Readings(np.arange(bad.size, dtype=np.float64) * every, bad, noise, limits, every))


def test_limits_follow_the_schedule() -> None:
    assert [limits_for(seconds).confirmed for seconds in (60, 600, 3600, 86400)] == [18.5, 18.5, 17.0, 14.0]
    assert {limits_for(seconds).suspected for seconds in (600, 3600, 86400)} == {6.0}


def test_increments_are_those_of_the_design() -> None:
    noise = Noise(0.02, 0.3)
    for row, p1 in zip(onset_steps(noise).tolist(), (0.6, 0.985), strict=True):
        by_hand = [math.log(p1 / 0.02), math.log(p1 / 0.3), -math.log((1 - 0.02) / (1 - p1))]
        assert row == pytest.approx(by_hand, abs=QUANTUM)


def test_seven_failures_confirm_at_five_percent_noise() -> None:
    # log(0.985 / 0.05) = 2.98 each: three make 8.9 > 6, seven make 20.9 > 18, six only 17.9
    (span,) = scanned("." * 20 + "#" * 10)
    assert (span.first, span.suspected, span.confirmed, span.after) == (20, 22, 26, None)
    assert not [s for s in scanned("." * 20 + "#" * 6) if s.confirmed is not None]


def test_five_failures_confirm_on_a_daily_schedule() -> None:
    (span,) = scanned("." * 20 + "#" * 10, limits=Limits(), every=86400.0)
    assert span.confirmed == 24  # 5 x 2.98 = 14.9 > 14


def test_failures_in_bursts_count_less() -> None:
    # log(0.985 / 0.05) + n log(0.985 / 0.5) = 2.98 + 0.678 n > 18 needs n = 23
    (span,) = scanned("." * 20 + "#" * 40, noise=Noise(0.05, 0.5))
    assert span.confirmed == 20 + 23


def test_a_lone_failure_is_nothing() -> None:
    assert scanned("." * 30 + "#" + "." * 30) == []


def test_a_short_strong_suspicion_is_kept_with_both_its_ends() -> None:
    # four failures: 11.9 nats, more than 10 and less than 18
    (span,) = scanned("." * 30 + "#" * 4 + "." * 40)
    assert (span.first, span.confirmed, span.after) == (30, None, 34)


def test_a_weak_suspicion_that_passed_is_forgotten_but_told_while_it_stands() -> None:
    assert scanned("." * 30 + "#" * 3 + "." * 40) == []
    (standing,) = scanned("." * 30 + "#" * 3)
    assert (standing.first, standing.suspected, standing.confirmed, standing.ended) == (30, 32, None, None)


def test_an_end_takes_three_measurements_at_least() -> None:
    noise = Noise(0.003, 0.01)
    (span,) = scanned("." * 20 + "#" * 500 + ".." + "#" * 5, noise=noise)
    assert span.after is None
    (span,) = scanned("." * 20 + "#" * 500 + "...", noise=noise)
    assert (span.after, span.ended) == (520, 522)


def test_blocked_from_the_first_measurement() -> None:
    (span,) = scanned("#" * 20)
    assert span.first == 0
    assert span.onset.earliest is None
    assert span.certain_onset.earliest is None


def test_nothing_at_all() -> None:
    assert scanned("") == []
    assert scanned(".") == []
    assert scanned("#") == []


def test_spans_do_not_overlap_and_ascend() -> None:
    spans = scanned(("." * 40 + "#" * 30) * 8 + "." * 40)
    assert len(spans) == 8
    edges = [edge for span in spans for edge in (span.first, span.after or 0)]
    assert edges == sorted(edges)
    assert edges == [place for cycle in range(8) for place in (70 * cycle + 40, 70 * cycle + 70)]


@st.composite
def readings(draw: st.DrawFn) -> Readings:
    """Series of noise with a few blocks, full or partial, of any length."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 420))
    noise = Noise(draw(st.floats(0.003, 0.3)), draw(st.floats(0.05, 0.55)))
    bad = rng.random(n) < noise.start
    for _ in range(draw(st.integers(0, 4))):
        begin, length = int(rng.integers(0, n + 1)), int(rng.geometric(1 / 25))
        part = bad[begin : begin + length]
        part |= rng.random(part.size) < draw(st.sampled_from([0.6, 0.9, 1.0]))
    gaps = rng.uniform(0.5, 1.5, n) if draw(st.booleans()) else np.ones(n)
    limits = Limits(confirmed=draw(st.sampled_from([14.0, 17.0, 18.0])))
    return Readings((np.cumsum(gaps) * 3600).astype(np.float64), bad, noise, limits, 3600.0)


@settings(max_examples=120, deadline=None)
@given(readings())
def test_array_form_equals_the_plain_reference(given_readings: Readings) -> None:
    times, bad, noise, limits, schedule = given_readings
    plain = reference.Series(times.tolist(), bad.tolist(), noise, limits, schedule)
    assert scan(given_readings) == reference.scan(plain)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=30),
    st.floats(0.003, 0.3),
    st.floats(0.01, 0.55),
)
def test_heights_are_those_of_the_ledger_run_over_every_measurement(
    stretches: list[tuple[bool, int]], start: float, follow: float
) -> None:
    bad = np.array([sign for sign, length in stretches for _ in range(length)], dtype=np.bool_)
    noise = Noise(start, max(start, follow))
    whole = highest(run(onset_increments(bad, noise), np.zeros(2)))
    found = heights(Readings(np.arange(bad.size, dtype=np.float64), bad, noise, DENSE, 600.0))
    assert (found.top, found.last) == (whole.max(), whole[-1])  # to the bit
