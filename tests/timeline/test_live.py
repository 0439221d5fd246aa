"""The live form: replay equals batch, through restarts, in bounded memory."""

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.timeline import live
from probe.timeline.ledger import DATING, Limits, Readings, Span, scan
from probe.timeline.noise import Noise
from tests.timeline.test_ledger import readings

LIMITS = Limits(confirmed=18.0)


def restarted(state: live.State) -> live.State:
    return msgspec.json.decode(msgspec.json.encode(state), type=live.State)


def replay(given_readings: Readings, restart_every: int) -> list[Span]:
    times, bad, noise, limits, schedule = given_readings
    state, spans = live.begin(noise, limits, schedule), []
    for i, (time, failed) in enumerate(zip(times.tolist(), bad.tolist(), strict=True)):
        if i % restart_every == 0:
            state = restarted(state)
        _, span = live.feed(state, time, failed)
        spans += [span] if span else []
    last = live.present(state)
    return spans + ([last] if last else [])


@settings(max_examples=80, deadline=None)
@given(readings(), st.integers(1, 50))
def test_replay_with_restarts_equals_batch(given_readings: Readings, restart_every: int) -> None:
    assert replay(given_readings, restart_every) == scan(given_readings)


@settings(max_examples=60, deadline=None)
@given(readings())
def test_news_come_at_the_measurement_where_the_batch_sees_them(given_readings: Readings) -> None:
    """The report's `suspected`, `confirmed` and `ended` are the indexes at which the watch told so."""
    times, bad, noise, limits, schedule = given_readings
    state = live.begin(noise, limits, schedule)
    told = [live.feed(state, time, failed)[0] for time, failed in zip(times.tolist(), bad.tolist(), strict=True)]
    spans = scan(given_readings)
    confirmed = [span.confirmed for span in spans if span.confirmed is not None]
    assert [i for i, news in enumerate(told) if news == live.News.CONFIRMED] == confirmed
    over = [span.ended for span in spans if span.confirmed is not None and span.ended is not None]
    assert [i for i, news in enumerate(told) if news == live.News.OVER] == over
    for span in spans:
        assert told[span.suspected] in (live.News.SUSPECTED, live.News.CONFIRMED)


@settings(max_examples=30, deadline=None)
@given(readings())
def test_what_stands_now_is_what_the_batch_would_say_of_the_rows_so_far(given_readings: Readings) -> None:
    times, bad, noise, limits, schedule = given_readings
    state = live.begin(noise, limits, schedule)
    for i in range(min(bad.size, 60)):
        live.feed(state, float(times[i]), bool(bad[i]))
        spans = scan(Readings(times[: i + 1], bad[: i + 1], noise, limits, schedule))
        last = spans[-1] if spans and (spans[-1].ended is None or spans[-1].ended == i) else None
        standing = live.present(state)
        if standing is not None:
            assert standing == last
        elif last is not None:
            assert last.ended is not None  # it passed or ended with this very measurement, and `feed` told so


def test_other_noise_is_taken_only_at_rest() -> None:
    noise = Noise(0.01, 0.2)
    state, _ = fed("." * 20)
    assert live.retune(state, noise, Limits(), 3600.0)
    assert (state.noise, state.limits, state.schedule) == (noise, Limits(), 3600.0)
    for picture in ("." * 20 + "#", "." * 20 + "#" * 20):
        state, _ = fed(picture)
        assert not live.retune(state, noise, Limits(), 3600.0)
        assert state.noise == Noise(0.05, 0.05)


def test_a_clock_set_back_leaves_nothing_in_the_future_and_the_order_as_it_was() -> None:
    state, _ = fed("." * 20 + "#" * 3)
    live.set_back(state, 600.0 * 10)
    assert max(state.ring.times) == state.last == 6000.0
    assert state.ring.times == sorted(state.ring.times)
    for i in range(1, 9):
        assert live.feed(state, 6000.0 + i, True)[0] != live.News.LATE
    assert state.blocked


def fed(picture: str) -> tuple[live.State, list[live.News]]:
    state = live.begin(Noise(0.05, 0.05), LIMITS, 600.0)
    return state, [live.feed(state, 600.0 * i, sign == "#")[0] for i, sign in enumerate(picture)]


def test_news_come_when_the_limits_are_passed() -> None:
    _, news = fed("." * 20 + "#" * 30 + "." * 5)
    told = {i: kind for i, kind in enumerate(news) if kind}
    # for the end, after 30 failures: 5.5 (the most one may say), 3.3, 2.5 make 11.3; the fourth passes 12
    assert told == {22: live.News.SUSPECTED, 26: live.News.CONFIRMED, 53: live.News.OVER}


def test_a_strong_suspicion_that_passes_is_told() -> None:
    _, news = fed("." * 20 + "#" * 4 + "." * 40)
    assert [kind for kind in news if kind] == [live.News.SUSPECTED, live.News.PASSED]


def test_state_does_not_grow_with_the_series() -> None:
    rng = np.random.default_rng(5)
    state = live.begin(Noise(0.05, 0.05), LIMITS, 600.0)
    sizes = []
    for i, draw in enumerate(rng.random(6000).tolist()):
        live.feed(state, 600.0 * i, draw < (0.6 if 2000 < i < 4000 else 0.05))
        sizes.append(len(state.ring.times) + len(state.later.times) + (len(state.top.times) if state.top else 0))
    assert max(sizes) <= 3 * DATING


def test_a_late_row_is_refused_and_changes_nothing() -> None:
    state, _ = fed("....###")
    before = msgspec.json.encode(state)
    assert live.feed(state, 0.0, True) == (live.News.LATE, None)
    assert msgspec.json.encode(state) == before


def test_nothing_yet() -> None:
    assert live.present(live.begin(Noise(), LIMITS, 600.0)) is None
