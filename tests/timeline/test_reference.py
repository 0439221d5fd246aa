"""The plain reference stands on its own: the same sums by hand. Its equality with the arrays is in test_ledger."""

from probe.model.episode import Interval
from probe.timeline.ledger import Limits
from probe.timeline.noise import Noise
from probe.timeline.reference import Series, block, quiet, scan


def drawn(picture: str) -> Series:
    bad = [sign == "#" for sign in picture]
    return Series([600.0 * i for i in range(len(bad))], bad, Noise(0.05, 0.2), Limits(confirmed=18.0), 600.0)


def test_a_block_is_found_between_its_neighbours() -> None:
    (span,) = scan(drawn("." * 20 + "#" * 30 + "." * 20))
    assert (span.first, span.after) == (20, 50)
    assert span.onset == Interval(19 * 600.0, 20 * 600.0)
    assert span.end == Interval(49 * 600.0, 50 * 600.0)


def test_noise_is_a_chain_and_sums_to_one() -> None:
    import math

    for before in ".#":
        both = [math.exp(quiet(drawn(before + now), 1)) for now in ".#"]
        assert abs(sum(both) - 1) < 1e-12
    assert abs(math.exp(quiet(drawn("##"), 1)) - 0.2) < 1e-12


def test_nothing_measured_is_certain() -> None:
    assert abs(block(drawn("."), 0, 0)) < 1e-12
