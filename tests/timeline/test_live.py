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
