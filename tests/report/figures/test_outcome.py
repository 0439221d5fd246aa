"""The palette is checked with the eyes of others: WCAG contrast, and colour-blind vision (Machado 2009, severity 1)."""

import itertools
import re

import pytest

from probe.report.block.view import Outcome
from probe.report.figures.outcome import FAINT, INK, LOOKS, PAPER, Cell, colours, figure_css

CELL = Cell(10, 10, 3, 8, 0.5)
SEEN = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
Linear = tuple[float, ...]


def linear(colour: str) -> Linear:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    lights = [sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(one), strict=True)) for one in (a, b)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def lab(rgb: Linear) -> Linear:
    xyz = [
        sum(weight * max(part, 0.0) for weight, part in zip(row, rgb, strict=True)) / white
        for row, white in (
            ((0.4124, 0.3576, 0.1805), 0.9505),
            ((0.2126, 0.7152, 0.0722), 1.0),
            ((0.0193, 0.1192, 0.9505), 1.089),
        )
    ]
    x, y, z = (one ** (1 / 3) if one > 0.008856 else 7.787 * one + 16 / 116 for one in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(a: str, b: str, sight: str) -> float:
    """CIE76 distance of two colours as somebody with that sight sees them."""
    matrix = SEEN[sight]
    labs = [lab(tuple(sum(w * c for w, c in zip(row, linear(one), strict=True)) for row in matrix)) for one in (a, b)]
    return float(sum((p - q) ** 2 for p, q in zip(*labs, strict=True)) ** 0.5)


def test_every_outcome_has_a_look() -> None:
    assert set(LOOKS) == set(Outcome)


def test_every_outcome_has_a_shape_of_its_own() -> None:
    shapes = {one: (look.shape(CELL._replace(share=1.0)), look.paint) for one, look in LOOKS.items()}
    del shapes[Outcome.MIXED]  # the same bar as `failed`, cut at the share
    assert len(set(shapes.values())) == len(shapes)


def test_a_mixed_bar_is_as_high_as_the_share() -> None:
    bar = LOOKS[Outcome.MIXED].shape
    heights = [float(re.findall(r"v([\d.]+)", bar(CELL._replace(share=share)))[0]) for share in (0.25, 0.5, 1.0)]
    assert heights == [4.0, 8.0, 16.0]


def test_a_share_of_nearly_nothing_can_still_be_seen() -> None:
    assert "v3" in LOOKS[Outcome.MIXED].shape(CELL._replace(share=0.001))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", Outcome)
def test_marks_stand_out_from_the_paper(outcome: Outcome, scheme: str) -> None:
    assert contrast(getattr(LOOKS[outcome], scheme), getattr(PAPER, scheme)) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str) -> None:
    assert contrast(getattr(INK, scheme), getattr(PAPER, scheme)) >= 7
    assert contrast(getattr(FAINT, scheme), getattr(PAPER, scheme)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", SEEN)
def test_colour_blind_eyes_tell_failed_from_everything_that_was_reached(sight: str, scheme: str) -> None:
    failed = getattr(LOOKS[Outcome.FAILED], scheme)
    for other in (Outcome.REACHED, Outcome.RESTRICTED):
        assert apart(failed, getattr(LOOKS[other], scheme), sight) >= 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_two_outcomes_share_a_colour(scheme: str) -> None:
    used = [getattr(look, scheme) for one, look in LOOKS.items() if one is not Outcome.MIXED]
    assert all(a != b for a, b in itertools.combinations(used, 2))


def test_every_colour_of_the_style_is_defined_in_both_schemes() -> None:
    used = set(re.findall(r"var\(--([a-z]+)\)", figure_css()))
    for dark in (False, True):
        assert used <= set(re.findall(r"--([a-z]+):", colours(dark=dark)))
