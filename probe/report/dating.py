"""Asks `timeline` for the episodes of a series, with what its vantage's other series teach about ordinary noise."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from probe.model.episode import Episode, SeriesKey
from probe.timeline.events import standing
from probe.timeline.noise import DEFAULT, Noise
from probe.timeline.onset import episodes, noise_of
from probe.timeline.series import Series


def dater(series: Mapping[SeriesKey, Series], tz: str) -> Callable[[Series], Sequence[Episode]]:
    """The function that finds the episodes of one of these series. Pure: a series has the same ones in any report."""
    noises: dict[tuple[str, str, int], Noise] = {
        place: noise_of(list(group)) for place, group in groupby(series.values(), key=lambda one: _place(one.key))
    }

    def find(one: Series) -> Sequence[Episode]:
        return episodes(one, tz=tz, vantage_noise=noises.get(_place(one.key), DEFAULT))

    return find


def weigher(series: Mapping[SeriesKey, Series]) -> Callable[[Series], float]:
    """The function that says how much evidence stands against one of these series, in nats. Learns the noise of a
    place when it is asked, which is seldom."""

    def weigh(one: Series) -> float:
        return standing(one, noise_of([other for key, other in series.items() if _place(key) == _place(one.key)]))

    return weigh


def _place(key: SeriesKey) -> tuple[str, str, int]:
    return key.vantage, key.country, key.asn
