"""Series in, episodes out: the scenarios that a report must get right."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.episode import Episode, EpisodeState, Interval
from probe.timeline.cadence import unknown
from probe.timeline.ledger import Readings, limits_for, scan
from probe.timeline.noise import LONE, Noise, learn, refine, refine_quietest
from probe.timeline.onset import detect, episodes, noise_of, noise_outside_blocks, telling_of
from probe.timeline.series import series_from
from tests.timeline.rows import HOUR, START, row, rows, series


def at(place: int) -> float:
    return START + place * HOUR


def only(picture: str, **options: float) -> Episode:
    (episode,) = episodes(series(picture), **options)  # type: ignore[arg-type]
    return episode


WEEK = "." * 168


def test_a_block_with_its_end_intervals_counts_and_witnesses() -> None:
    episode = only(WEEK + "#" * 50 + WEEK)
    assert episode.state == EpisodeState.CONFIRMED
    assert episode.onset == Interval(at(167), at(168))
    assert episode.end == Interval(at(217), at(218))
    assert (episode.counts.bad, episode.counts.good, episode.counts.void) == (50, 0, 0)
    assert episode.witnesses[:2] == ("m167", "m168")
    assert episode.witnesses[3] == "m218"
    assert episode.mechanisms == ("sni_reset",)
    assert episode.certainty == "likely"
    assert not episode.flapping
    assert episode.profile == ()


def test_still_blocked_has_no_end() -> None:
    episode = only(WEEK + "#" * 50)
    assert episode.end is None
    assert episode.certain_end is None
    assert len(episode.witnesses) == 3


def test_blocked_since_before_the_first_measurement_is_no_onset() -> None:
    episode = only("#" * 50 + WEEK)
    assert episode.onset == Interval(None, at(0))
    assert episode.certain_onset is not None
    assert episode.certain_onset.earliest is None
    assert episode.witnesses[0] == "m0"


def test_lone_failures_are_never_an_episode() -> None:
    assert episodes(series(("." * 30 + "#") * 20)) == ()


def test_five_percent_noise_makes_no_block() -> None:
    # 60 months at 10 min; a false confirmation is expected once in some 50,000 such months
    rng = np.random.default_rng(1)
    months = [rng.random(4320) < 0.05 for _ in range(60)]
    noise = learn(months)
    times = np.arange(4320, dtype=np.float64) * 600
    assert [span for bad in months for span in detect(times, bad, 600.0, noise) if span.confirmed is not None] == []


def test_server_outage_of_six_hours_inside_a_week() -> None:
    assert episodes(series("." * 80 + "o" * 6 + "." * 82)) == ()


def test_vantage_outage_of_a_day_is_a_gap_and_no_onset() -> None:
    drawn = series("." * 80 + "x" * 24 + "." * 64)
    assert episodes(drawn) == ()
    assert unknown(telling_of(drawn.points).times.tolist(), HOUR) == (Interval(at(79), at(104)),)


def test_void_before_the_block_widens_the_onset() -> None:
    episode = only(WEEK + "ooo" + "#" * 50)
    assert episode.onset == Interval(at(167), at(171))


def test_a_block_that_began_in_a_gap_began_somewhere_in_it() -> None:
    episode = only(WEEK + " " * 500 + "#" * 50)
    assert episode.onset == Interval(at(167), at(668))
    assert episode.certain_onset is not None
    assert episode.certain_onset.earliest is not None
    assert episode.certain_onset.earliest <= at(167)


def test_block_unblock_block_again() -> None:
    first, second = episodes(series(WEEK + "#" * 40 + WEEK + "#" * 40 + WEEK))
    assert first.onset.latest == at(168)
    assert second.onset == Interval(at(168 + 40 + 168 - 1), at(168 + 40 + 168))


def test_office_hours_are_one_flapping_episode_with_its_hours() -> None:
    office = "." * 9 + "#" * 9 + "." * 6  # local days in UTC: 09:00 to 18:00
    free = "." * 24
    picture = free * 7 + (office * 5 + free * 2) * 3 + free * 14
    (episode,) = episodes(series(picture), tz="UTC", vantage_noise=Noise(follow=LONE))
    assert episode.flapping
    assert episode.onset == Interval(at(7 * 24 + 8), at(7 * 24 + 9))
    assert episode.end is not None
    hours = {(day, hour): share for day, hour, share in episode.profile}
    assert all(hours[day, hour] == 100 for day in range(5) for hour in range(9, 18))
    assert all(hours[day, hour] == 0 for day in range(5) for hour in (0, 8, 18, 23) if (day, hour) in hours)
    assert all(share == 0 for (day, _), share in hours.items() if day >= 5)


def test_flapping_one_of_two_runs() -> None:
    episode = only(WEEK + "#." * 40)
    assert episode.flapping
    assert episode.state == EpisodeState.CONFIRMED
    assert abs(episode.counts.bad - episode.counts.good) <= 2


def test_a_partial_block_of_three_in_five_is_found() -> None:
    episode = only(WEEK + "##.#." * 20)
    assert episode.onset == Interval(at(167), at(168))


def test_a_new_method_is_a_new_phase() -> None:
    dns = [row("#", 168 + i, HOUR, START, "dns_injection") for i in range(20)]
    sni = [row("#", 188 + i, HOUR, START, "sni_reset") for i in range(20)]
    (found,) = series_from(rows(WEEK) + dns + sni).values()
    (episode,) = episodes(found)
    told = [(phase.mechanism, phase.first, phase.last, phase.count) for phase in episode.phases]
    assert told == [("dns_injection", at(168), at(187), 20), ("sni_reset", at(188), at(207), 20)]


def test_clock_skew_widens_certain_by_just_that_and_observed_not() -> None:
    picture = WEEK + "#" * 50 + WEEK
    plain, skewed = only(picture), only(picture, clock_skew=120.0)
    assert plain.onset == skewed.onset
    for before, after in ((plain.certain_onset, skewed.certain_onset), (plain.certain_end, skewed.certain_end)):
        assert before is not None
        assert after is not None
        assert before.earliest is not None
        assert after == Interval(before.earliest - 120.0, before.latest + 120.0)


def test_an_extra_run_a_minute_later_makes_no_minute_of_an_onset() -> None:
    extra = rows("#", start=at(167) + 60)[0]._replace(id="extra")
    (found,) = series_from([*rows(WEEK), extra, *rows(" " * 168 + "#" * 50)]).values()
    (episode,) = episodes(found)
    assert episode.onset == Interval(at(167) + 60 - HOUR, at(167) + 60)


def test_a_suspicion_at_the_end_is_told_as_one() -> None:
    episode = only(WEEK + "##")
    assert episode.state == EpisodeState.SUSPECTED
    assert episode.confirmed_at is None
    assert episode.suspected_at == at(169)


def test_a_block_of_five_hours_leaves_a_suspicion() -> None:
    episode = only(WEEK + "#####" + WEEK)
    assert episode.state == EpisodeState.SUSPECTED
    assert episode.end == Interval(at(172), at(173))


def test_seven_failures_confirm_where_bursts_are_ruled_out_and_not_at_a_new_place() -> None:
    new, known = Noise(), Noise(follow=LONE)  # 5.8 + 6 x 1.4 < 17 < 5.8 + 6 x 2.3
    drawn = series(WEEK * 4 + "#" * 7)
    assert [episodes(drawn, vantage_noise=noise)[0].confirmed_at is not None for noise in (new, known)] == [False, True]


def test_the_noise_of_the_vantage_protects_a_quiet_looking_series() -> None:
    draws = [np.random.default_rng(i).random(700) < 0.2 for i in range(5)]
    flaky = [series("".join("#" if failed else "." for failed in drawn.tolist())) for drawn in draws]
    calm = [series("." * 700) for _ in range(5)]
    assert noise_of(flaky).start > 0.1 > noise_of(calm).start
    short = series("." * 30 + "#" * 9)  # 5.8 + 8 x 1.5 > 17 where failures are rare, 9 x 1.6 < 17 where they are not
    assert episodes(short, vantage_noise=noise_of(calm))[0].confirmed_at is not None
    assert episodes(short, vantage_noise=noise_of(flaky))[0].confirmed_at is None


def test_an_empty_series_has_no_episode() -> None:
    assert episodes(series(".")._replace(points=())) == ()


def test_an_unknown_zone_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        episodes(series(WEEK + "#." * 40), tz="Mars/Olympus")


pictures = st.text(".....####ox ", min_size=5, max_size=120).filter(lambda text: text.strip() != "")


@settings(max_examples=60, deadline=None)
@given(pictures, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(picture: str, random: Random) -> None:
    shuffled = rows(picture) * 2
    random.shuffle(shuffled)
    (found,) = series_from(shuffled).values()
    assert episodes(found) == episodes(series(picture))


@settings(max_examples=100, deadline=None)
@given(pictures)
def test_intervals_keep_their_promises(picture: str) -> None:
    for episode in episodes(series(picture), schedule=HOUR):
        for observed, certain in ((episode.onset, episode.certain_onset), (episode.end, episode.certain_end)):
            if observed is None or certain is None:
                assert observed is certain is None
                continue
            assert certain.latest >= observed.latest
            if certain.earliest is not None:
                assert observed.earliest is not None
                assert certain.earliest <= observed.earliest
                assert certain.latest - certain.earliest >= HOUR
                assert observed.latest - observed.earliest >= HOUR
        assert episode.counts.bad >= 2


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 80)), min_size=1, max_size=20), st.sampled_from([600.0, 86400.0])
)
def test_noise_is_that_outside_every_block_a_first_look_confirms(
    stretches: list[tuple[bool, int]], schedule: float
) -> None:
    bad = np.array([sign for sign, length in stretches for _ in range(length)], dtype=np.bool_)
    times, prior, limits = np.arange(bad.size, dtype=np.float64) * schedule, Noise(0.05, 0.2), limits_for(schedule)
    free = np.ones(bad.size, dtype=np.bool_)
    for span in scan(Readings(times, bad, refine_quietest(bad, prior), limits, schedule)):
        if span.confirmed is not None:
            free[span.first : span.after] = False
    assert noise_outside_blocks(times, bad, schedule, prior, limits) == refine(bad, prior, free)
