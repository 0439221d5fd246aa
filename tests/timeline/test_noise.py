"""The two numbers of ordinary flakiness, from pictures with known shares."""

import numpy as np
import pytest

from probe.timeline.noise import (
    BURSTS,
    DEFAULT,
    FOLLOW_RANGE,
    LONE,
    QUIET_SPELL,
    START_RANGE,
    Bools,
    Noise,
    Quiet,
    count,
    learn,
    pooled,
    refine,
    refine_quietest,
)


def drawn(picture: str) -> Bools:
    return np.array([sign == "#" for sign in picture], dtype=np.bool_)


def test_runs_of_one_and_two_teach_and_longer_ones_do_not() -> None:
    # after a success: 3 failures start (one of them a long run, which is no chance either) and 9 successes follow
    picture = "..#..##..###...."
    after_success = sum(a == "." for a in picture[:-1])
    assert count(drawn(picture)) == Quiet(after_success - 1, 1, 1)


@pytest.mark.parametrize("picture", ["#....", "##...", "...##", "....#"])
def test_runs_at_the_edges_do_not_teach(picture: str) -> None:
    quiet = count(drawn(picture))
    assert (quiet.ones, quiet.twos) == (0, 0)


@pytest.mark.parametrize("picture", ["", "#", ".", "##", ".#", "#."])
def test_tiny_series_teach_nothing_and_break_nothing(picture: str) -> None:
    assert refine(drawn(picture), DEFAULT).start == pytest.approx(DEFAULT.start, rel=0.1)


def test_only_open_time_teaches() -> None:
    bad = drawn(".#.." * 50 + "#.##" * 50)
    assert count(bad, np.arange(bad.size) < 200).ones == 50
    assert count(bad, np.arange(bad.size) < 200).twos == 0


def chain(start: float, follow: float, n: int, seed: int) -> Bools:
    rng = np.random.default_rng(seed)
    states, now = [], False
    for draw in rng.random(n).tolist():
        now = draw < (follow if now else start)
        states.append(now)
    return np.array(states)


@pytest.mark.parametrize(("start", "follow"), [(0.05, 0.05), (0.026, 0.5), (0.01, 0.2)])
def test_cut_runs_do_not_bias_the_estimates(start: float, follow: float) -> None:
    learnt = refine(chain(start, follow, 200_000, 1), Noise(0.02, 0.1, runs=50))
    assert learnt.start == pytest.approx(start, rel=0.05)
    assert learnt.follow == pytest.approx(follow, rel=0.1)


def test_quietest_quarter_is_put_right() -> None:
    guesses = [refine_quietest(chain(0.05, 0.05, 4320, seed), DEFAULT).start for seed in range(30)]
    assert np.mean(guesses) == pytest.approx(0.05, rel=0.15)


def test_a_partial_block_over_half_of_the_series_does_not_spoil_the_first_guess() -> None:
    rng = np.random.default_rng(3)
    bad = np.concatenate((rng.random(2000) < 0.01, rng.random(2300) < 0.6))
    assert refine_quietest(bad, DEFAULT).start < 0.03


def test_one_partly_blocked_endpoint_does_not_teach_the_vantage() -> None:
    quiet = [chain(0.01, 0.01, 2000, seed) for seed in range(4)]
    partly = np.random.default_rng(9).random(2000) < 0.6
    assert learn([*quiet, partly]).start == pytest.approx(learn(quiet).start, abs=0.005)


def test_a_calm_vantage_does_not_vouch_for_a_flaky_endpoint() -> None:
    calm = learn([drawn("." * 700) for _ in range(9)])
    flaky = refine(chain(0.026, 0.5, 700, 4), calm)
    assert flaky.follow > 0.3


def test_the_prior_of_a_vantage_is_worth_what_it_has_seen() -> None:
    calm, busy = learn([drawn("." * 700)] * 3), learn([chain(0.05, 0.05, 2000, seed) for seed in range(3)])
    assert calm.runs == DEFAULT.runs
    assert busy.runs == 50


def test_nothing_known_means_bursts_may_come() -> None:
    assert pooled([]).follow == BURSTS
    assert pooled([Quiet(QUIET_SPELL, 0.0, 0.0)]).follow == pytest.approx((BURSTS + LONE) / 2)
    assert pooled([Quiet(1000 * QUIET_SPELL, 0.0, 0.0)]).follow == pytest.approx(LONE, rel=0.01)


def test_lone_failures_show_that_there_are_no_bursts() -> None:
    assert pooled([Quiet(200.0, 10.0, 0.0)] * 10).follow < LONE


def test_the_few_series_that_had_a_failure_by_chance_teach_how_failures_follow() -> None:
    """A day of 20 series: most had no failure at all, eight had one run, four of those of two failures."""
    day = [Quiet(144.0, 0.0, 0.0)] * 12 + [Quiet(142.0, 1.0, 0.0)] * 4 + [Quiet(142.0, 0.0, 1.0)] * 4
    assert pooled(day).follow > 0.5
    assert pooled(day).runs == DEFAULT.runs + 4


def test_endpoints_much_noisier_than_most_do_not_teach_how_failures_follow() -> None:
    """A fortnight at 1 h: one lone failure each, but for three of ten that are partly blocked."""
    lone = [Quiet(334.0, 1.0, 0.0)] * 7
    partly = [Quiet(250.0, 12.0, 7.0)] * 3
    assert pooled([*lone, *partly]).follow < 0.3 < pooled(partly).follow


def test_a_vantage_without_measurements_keeps_the_prior() -> None:
    assert learn([]) == DEFAULT
    assert learn([drawn("")]) == DEFAULT


def test_constant_failure_is_no_flakiness() -> None:
    assert refine(drawn(".#" * 100), DEFAULT) == DEFAULT


def test_bounds_hold() -> None:
    never, often = refine(drawn("." * 5000), DEFAULT), refine(drawn("..#" * 500), DEFAULT)
    assert never.start == START_RANGE[0]
    assert often.start <= START_RANGE[1]
    assert FOLLOW_RANGE[0] <= often.start <= often.follow <= FOLLOW_RANGE[1]


def test_share_of_an_iid_noise_is_its_rate() -> None:
    assert Noise(0.05, 0.05).share == pytest.approx(0.05)
    assert Noise(0.0, 0.5).share == 0.0
