"""Rows and series for the tests of this room, drawn: `.` GOOD, `#` BAD, `o` server down, `x` vantage offline."""

from probe.timeline.series import Row, Series, series_from

HOUR = 3600.0
START = 1_612_742_400.0
"""Monday 8 February 2021, 00:00 UTC."""

KINDS = {
    ".": ("ok", "reached", "fit"),
    "#": ("blocked", "reached", "fit"),
    "o": ("down", "failed", "fit"),
    "x": ("insufficient", "unusable", "offline"),
}


def rows(picture: str, every: float = HOUR, start: float = START, mechanism: str = "sni_reset") -> list[Row]:
    """One row a sign; a space is a measurement that was not made."""
    return [row(sign, i, every, start, mechanism) for i, sign in enumerate(picture) if sign != " "]


def row(sign: str, i: int, every: float, start: float, mechanism: str) -> Row:
    """The row of one sign at place `i`."""
    verdict, control, fitness = KINDS[sign]
    found = mechanism if sign == "#" else ""
    certainty = "likely" if sign == "#" else ""
    time = start + i * every
    return Row(
        f"m{i}", time, "bj", "CN", 4134, "clubhouse", "api", "api", verdict, certainty, "", found, "", control, fitness
    )


def series(picture: str, every: float = HOUR, start: float = START) -> Series:
    """The one series that a picture draws."""
    (only,) = series_from(rows(picture, every, start)).values()
    return only
