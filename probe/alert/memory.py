"""What a watch must still know after a restart: the ledgers, the places, and how much of which run it has taken in.

One JSON file beside the vantage point's results, replaced as a whole: a kill leaves the old one or the new one. It is a
cache of the results: without it they are read again, and then nothing is told that was so before.
"""

from pathlib import Path

import msgspec

from probe.alert.places import Place
from probe.alert.watched import Watched
from probe.model.episode import SeriesKey
from probe.store.durable import reason, write_whole

MEMORY_SCHEMA = "probe-alert-memory/1"
LEDGER = "alerts-ledger.json"
RUNS_KEPT = 64
FORGOTTEN_AFTER = 90 * 86400.0
"""A series not measured for so long is no longer in the target list, and is let go."""


class Kept(msgspec.Struct, array_like=True):
    """One series and its state."""

    key: SeriesKey
    watched: Watched


class Memory(msgspec.Struct):
    """`runs`: how many measurements of each of the latest runs were taken in, in order of arrival."""

    schema: str = MEMORY_SCHEMA
    series: list[Kept] = []
    places: dict[str, Place] = {}
    runs: dict[str, int] = {}


class ForgottenError(Exception):
    """The file is there and cannot be used; the message says why."""


def load(path: Path) -> Memory | None:
    """What was kept; None if there is no file. Raises ForgottenError if there is one that cannot be used."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ForgottenError(f"{path}: {reason(error)}") from error
    try:
        memory = msgspec.json.decode(data, type=Memory)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForgottenError(f"{path}: damaged: {error}") from error
    if memory.schema != MEMORY_SCHEMA:
        raise ForgottenError(f"{path}: {memory.schema!r} is not {MEMORY_SCHEMA!r}, which this probe reads")
    return memory


def save(path: Path, memory: Memory) -> None:
    """Put it in the place of what was kept before, whole and durable. Raises OSError."""
    write_whole(path, msgspec.json.encode(memory) + b"\n")
