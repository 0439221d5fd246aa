"""How fast bytes came, whether they were still coming: a slow line, a slow server and a stop are three things."""

from typing import Any

import pytest

from probe.diagnose.facts import Flow
from probe.diagnose.speed import arrived, fast, speed, still_coming
from probe.model.failure import FailureKind as K
from probe.model.observation import IOEvent
from tests.diagnose.build import Scene


def body(*reads: float, until: float, pieces: int = 1000, asked: float | None = None, **facts: Any) -> dict[str, Any]:
    """The facts of an answer whose bytes came at these times, `pieces` each time."""
    events = tuple(IOEvent("read", t, pieces) for t in reads)
    if asked is not None:
        events = (IOEvent("write", asked, 200), *events)
    wire = len(reads) * pieces
    return {"page": {"first_byte": reads[0], "body_wire_bytes": wire, "events": events}, "t": until, **facts}


def test_speed_is_counted_while_bytes_come_and_a_server_that_thinks_is_not_slow() -> None:
    [slow] = Scene().flow(**body(1.0, 2.0, 3.0, 4.0, until=5.0)).facts().last.flows
    assert speed(slow) == pytest.approx(4000 / 3)
    [thinks] = Scene().flow(**body(1.0, 9.0, 9.1, until=9.2)).facts().last.flows
    assert speed(thinks) is None
    [stalls] = Scene().flow(**body(1.0, until=11.0)).facts().last.flows
    assert speed(stalls) is None
    [never] = Scene().flow(http=K.TIMEOUT).facts().last.flows
    assert (speed(never), fast(never)) == (None, None)


def test_even_a_short_transfer_tells_how_fast_it_was_at_least() -> None:
    [short] = Scene().flow(**body(1.0, 1.25, until=1.5)).facts().last.flows
    assert speed(short) is None
    assert fast(short) == pytest.approx(4000.0)


def told(*reads: float, until: float, **facts: Any) -> Flow:
    """A flow that ran out of time, asked at 0."""
    [flow] = Scene().flow(http=K.TIMEOUT, **body(*reads, until=until, asked=0.0, **facts)).facts().last.flows
    return flow


def test_what_trickles_from_the_request_on_is_slow_however_few_the_packets() -> None:
    """At a kilobyte a second a packet comes every second and a half: the pause that is left out is one of many."""
    trickle = told(3.15, 3.27, 4.77, until=5.0)
    assert speed(trickle) == pytest.approx(3000 / 1.85)
    assert arrived(trickle) == 3000


@pytest.mark.parametrize(
    ("reads", "until", "coming"),
    [
        ((3.15, 3.27, 4.77), 5.0, True),
        ((1.0, 2.0, 3.0, 4.0), 5.0, True),
        ((0.02,), 5.0, False),  # session tickets, then silence
        ((0.02, 0.03, 0.04), 5.0, False),  # a body that stops
        ((), 5.0, False),
    ],
)
def test_whether_bytes_were_still_coming_when_the_time_was_up(
    reads: tuple[float, ...], until: float, coming: bool
) -> None:
    assert still_coming(told(*reads, until=until) if reads else told(0.0, until=until, pieces=0)) is coming


def test_only_a_timeout_can_cut_off_what_was_coming() -> None:
    [whole] = Scene().flow(**body(1.0, 2.0, 3.0, until=3.5, asked=0.0)).facts().last.flows
    assert not still_coming(whole)
