"""Seals go with the runs that `compact` packs: what lies in an archive can then be verified there, without its source.

Knows that a run's seals lie beside it; what they say is `seal`'s and `verify`'s to know.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from probe.store.compact import CompactError
from probe.store.durable import reason, write_whole
from probe.store.layout import SEAL, Source
from probe.store.seal import named


def carry(sources: Iterable[Source], folder: Path) -> int:
    """Copy the seals of these runs into `folder`, those that are not there yet; how many that were.

    A seal's name holds its hash, so one that is there is the same. Raises CompactError.
    """
    copied = 0
    for source in sources:
        for seal in _beside(source):
            place = folder / seal.name
            if not place.exists():
                try:
                    write_whole(place, seal.read_bytes())
                except OSError as error:
                    raise CompactError(f"{place}: {reason(error)}") from error
                copied += 1
    return copied


def _beside(source: Source) -> Iterator[Path]:
    if source.path is not None:
        run = source.path.name.partition(".jsonl")[0]
        for path in sorted(source.path.parent.glob(f"{run}.*{SEAL}")):
            if (name := named(path.name)) is not None and name.run_id == run:
                yield path
