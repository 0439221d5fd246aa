"""The posterior of one change point against odds worked out by hand."""

import math

import numpy as np
import pytest

from probe.model.episode import Interval
from probe.timeline.noise import Noise
from probe.timeline.posterior import (
    RATES,
    WEIGHTS,
    Change,
    Floats,
    Window,
    block_likelihood,
    date_end,
    date_onset,
    noise_likelihood,
    shortest,
)

NOISE = Noise(0.05, 0.05)


def window(picture: str, times: Floats | None = None, edge: float | None = -1.0) -> Window:
    bad = np.array([sign == "#" for sign in picture], dtype=np.bool_)
    if times is None:
        times = np.arange(bad.size, dtype=np.float64)
    return Window(times, bad, edge, before_bad=False, whole=True, since=edge)


def onset(picture: str, times: Floats | None = None, tail: int = 1000, edge: float | None = -1.0) -> Change:
    return date_onset(window(picture, times, edge), (tail, 0), NOISE, 1.0)


def test_weights_are_a_distribution_and_rates_ascend() -> None:
    assert WEIGHTS.sum() == pytest.approx(1.0)
    assert (np.diff(RATES) > 0).all()
    assert RATES[-1] < 1


def test_block_likelihood_sums_to_one_over_all_outcomes() -> None:
    n = 6
    bad = np.arange(n + 1, dtype=np.float64)
    ways = np.array([math.comb(n, k) for k in range(n + 1)])
    assert (ways * np.exp(block_likelihood(bad, n - bad))).sum() == pytest.approx(1.0)


def test_noise_is_a_chain() -> None:
    likely = noise_likelihood(np.array([True, True, False]), False, Noise(0.02, 0.3))
    assert np.exp(likely) == pytest.approx([0.02, 0.3, 0.7])


def test_certain_counts_the_noise_that_may_precede_a_block() -> None:
    # at 5 % noise the first failure may be noise (0.05), the second as well (0.0025), the third hardly (0.000125);
    # after a thousand failures a success within the block is out of the question
    change = onset("." * 10 + "#" * 10)
    assert change.observed == Interval(9.0, 10.0)
    assert change.certain == Interval(9.0, 12.0)


def test_a_young_block_may_leak_so_the_gap_before_counts_as_well() -> None:
    # ten failures cannot rule out a block that lets one in ten through (prior 0.1, likelihood 0.9^10 = 0.35): the last
    # success may have been such a leak with more than 0.1 x 0.35 x 0.1 / 0.95 = 0.4 %
    change = onset("." * 10 + "#" * 10, tail=0)
    assert change.observed == Interval(9.0, 10.0)
    assert change.certain.earliest is not None
    assert change.certain.earliest <= 8.0


def test_a_long_gap_weighs_as_long_as_it_lasts() -> None:
    # the second failure comes 1000 times the usual gap after the first: that the first was noise has 0.05 x 1000
    times = np.concatenate((np.arange(11.0), 1010.0 + np.arange(9)))
    change = onset("." * 10 + "#" * 10, times)
    assert change.observed == Interval(9.0, 10.0)
    assert change.certain.latest >= 1010.0


def test_blocked_from_the_start_is_before() -> None:
    change = onset("#" * 10, edge=None)
    assert change.at == 0
    assert change.observed.earliest is None
    assert change.certain.earliest is None


def test_a_lone_failure_shortly_before_is_noise() -> None:
    assert onset("....#....." + "#" * 10).observed == Interval(9.0, 10.0)


def test_the_end_mirrors_the_onset() -> None:
    ended = date_end(window("#" * 10 + "." * 10), (1000, 0), NOISE, 1.0)
    assert ended.observed == Interval(9.0, 10.0)
    # the mirror of 9..12: the last failures may be noise after the end
    assert ended.certain == Interval(7.0, 10.0)


def test_a_window_that_does_not_reach_back_says_since() -> None:
    cut = window("#.#.#.##.#.#.#.##")._replace(whole=False, edge=-1.0, since=-500.0)
    change = date_onset(cut, (0, 0), Noise(0.3, 0.4), 1.0)
    assert change.certain.earliest == -500.0


def test_measurements_of_one_instant_do_not_divide_by_zero() -> None:
    change = onset("." * 5 + "#" * 5, np.zeros(10))
    assert np.isfinite(change.certain.latest)


def test_shortest_prefers_time_to_count_and_mass_among_equals() -> None:
    left, right = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    assert shortest(np.array([0.0002, 0.9993, 0.0005]), left, right, 0.5) == (1, 1)
    assert shortest(np.array([0.3, 0.4, 0.3]), left, right, 0.5) == (0, 2)
    assert shortest(np.array([0.002, 0.997, 0.001]), left, right, 0.5) == (0, 1)


@pytest.mark.parametrize("rate", [1.0, 0.985, 0.6])
def test_certain_holds_the_truth_at_the_rate_it_claims(rate: float) -> None:
    # 400 dated onsets of known place: 99.9 % lets 0.4 fail on average; 4 or more would come once in 1,000 (Poisson)
    rng = np.random.default_rng(11)
    failed = 0
    for _ in range(400):
        truth = rng.uniform(60, 90)
        times = np.arange(150.0)
        bad = (rng.random(150) < 0.05) | ((times > truth) & (rng.random(150) < rate))
        tail = rng.binomial(50, rate)
        bad[-1] = True
        dated = date_onset(Window(times, bad, -1.0, False, True, -1.0), (tail, 50 - tail), NOISE, 1.0).certain
        failed += not ((dated.earliest or -1.0) < truth <= dated.latest)
    assert failed < 4
