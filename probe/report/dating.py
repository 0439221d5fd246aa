"""Asks `timeline` for the episodes of a series, with what its vantage's other series teach about ordinary noise."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from probe.model.episode import Episode, SeriesKey
from probe.timeline.events import standing
from probe.timeline.noise import Noise
from probe.timeline.onset import episodes, noise_of
from probe.timeline.series import Series


def dater(series: Mapping[SeriesKey, Series], tz: str) -> Callable[[Series], Sequence[Episode]]:
    """The function that finds the episodes of one of these series. Pure: a series has the same ones in any report.

    The noise of a place is learnt when the first of its series is asked for.
    """
    noise = _noises(series)

    def find(one: Series) -> Sequence[Episode]:
        return episodes(one, tz=tz, vantage_noise=noise(one.key))

    return find


def weigher(series: Mapping[SeriesKey, Series]) -> Callable[[Series], float]:
    """The function that says how much evidence stands against one of these series, in nats."""
    noise = _noises(series)
    return lambda one: standing(one, noise(one.key))


def _noises(series: Mapping[SeriesKey, Series]) -> Callable[[SeriesKey], Noise]:
    places: dict[tuple[str, str, int], list[Series]] = {}
    for key, one in series.items():
        places.setdefault(_place(key), []).append(one)

    @cache
    def learnt(place: tuple[str, str, int]) -> Noise:
        return noise_of(places.get(place, []))

    return lambda key: learnt(_place(key))


def _place(key: SeriesKey) -> tuple[str, str, int]:
    return key.vantage, key.country, key.asn
