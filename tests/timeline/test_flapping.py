"""Blocks that come and go: grouping, and the hours of the week."""

import numpy as np

from probe.model.episode import Interval
from probe.timeline.flapping import DAY, chains, comes_and_goes, profile, still_flapping
from probe.timeline.ledger import Span
from tests.timeline.rows import HOUR, START


def span(begin: float, end: float | None, first: int, confirmed: bool = True) -> Span:
    onset = Interval(begin - HOUR, begin)
    over = None if end is None else Interval(end - HOUR, end)
    after = None if end is None else first + 5
    return Span(first, first, first + 3 if confirmed else None, after, after, onset, onset, over, over)


def daily(count: int, pause: float = 0.5 * DAY) -> list[Span]:
    length = 0.5 * DAY
    return [span(i * (length + pause), i * (length + pause) + length, i * 10) for i in range(count)]


def test_three_cycles_are_one_flapping_group() -> None:
    assert [len(group) for group in chains(daily(3), HOUR)] == [3]


def test_block_unblock_block_again_is_two() -> None:
    assert [len(group) for group in chains(daily(2), HOUR)] == [1, 1]


def test_blocks_months_apart_do_not_flap() -> None:
    assert [len(group) for group in chains(daily(5, pause=40 * DAY), HOUR)] == [1] * 5


def test_a_suspicion_within_a_flapping_stretch_belongs_to_it() -> None:
    spans = sorted([*daily(3), span(0.7 * DAY, 0.8 * DAY, 7, confirmed=False)], key=lambda one: one.first)
    assert [len(group) for group in chains(spans, HOUR)] == [3]


def test_suspicions_alone_never_flap() -> None:
    spans = [span(i * DAY, i * DAY + HOUR, i * 10, confirmed=False) for i in range(5)]
    assert [len(group) for group in chains(spans, HOUR)] == [1] * 5


def test_flapping_goes_on_for_as_long_as_its_pauses_were() -> None:
    chain = daily(3)
    last = chain[-1].end
    assert last is not None
    assert still_flapping(chain, last.latest + 0.5 * DAY)
    assert not still_flapping(chain, last.latest + 0.6 * DAY)


def test_one_of_two_runs_comes_and_goes_and_a_leak_does_not() -> None:
    assert comes_and_goes([True, False] * 10)
    assert not comes_and_goes([True] * 10 + [False] + [True] * 10)
    assert not comes_and_goes(([True] * 9 + [False]) * 5)


def test_profile_is_in_local_time() -> None:
    # Monday 8 February 2021, 20:00 UTC is Tuesday 04:00 in Shanghai
    times = np.array([START + 20 * HOUR, START + 20.5 * HOUR, START + 21 * HOUR])
    assert profile(times, [True, False, True], "Asia/Shanghai") == ((1, 4, 50), (1, 5, 100))
    assert profile(times, [True, False, True], "UTC") == ((0, 20, 50), (0, 21, 100))


def test_profile_follows_summer_time() -> None:
    march = 1_616_889_600.0  # Sunday 28 March 2021, 00:00 UTC; at 01:00 UTC Berlin springs from 02:00 to 03:00
    times = np.array([march, march + HOUR])
    assert [cell[1] for cell in profile(times, [True, True], "Europe/Berlin")] == [1, 3]
