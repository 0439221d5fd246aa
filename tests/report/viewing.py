"""The way from measurements to a view that `probe report` takes, without files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from probe.model.codec import encode_line
from probe.model.measurement import Measurement
from probe.report.dating import dater
from probe.report.gather import Gathered, gather
from probe.report.view import View, Window, build
from probe.store import reader
from probe.store.reader import Row


def rows(measurements: Iterable[Measurement]) -> Iterator[Row]:
    """The rows a reader would make of them."""
    for one in measurements:
        yield reader._row(encode_line(one))


def gathered(measurements: Iterable[Measurement]) -> Gathered:
    """What a report gathers of them."""
    return gather(rows(measurements))


def view(measurements: Iterable[Measurement], *, zone: str = "UTC", window: Window | None = None) -> View:
    """The view of them."""
    found = gathered(measurements)
    return build(found, dater(found.series, zone), zone=zone, window=window)


def write(path: Path, measurements: Iterable[Measurement]) -> Path:
    """A file of them."""
    path.write_bytes(b"".join(map(encode_line, measurements)))
    return path
