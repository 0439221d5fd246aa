"""Results of many vantage points meet in one place: what is not there yet is sent, what is not here yet is fetched.

Knows seals and the layout; how bytes get from here to there is the `Place`'s business (`fleet_folder`, `fleet_rsync`,
`fleet_s3`). A run counts as delivered when its seal is there. The seal goes last, so a transfer that is cut leaves
nothing that anybody takes for a run, and the next one goes on where it was. Nothing is sent, and nothing kept, that is
not what was sealed. Notes of people go with the runs (`fleet_notes`), what is only in Parquet too (`fleet_packed`).
"""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from probe.store import fleet_notes
from probe.store.durable import reason, sync_folder
from probe.store.layout import SEAL, SUFFIXES
from probe.store.seal import SEAL_LIMIT, Kept, SealError, SealName, named, read_seal
from probe.store.verify import Fault, check_file

INCOMING = ".incoming"
"""Where fetched files wait, below the results folder, until they are whole and checked: no reader looks there."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SPARE = 64 * 1024 * 1024
"""Bytes that a file may be longer than its seal says: a run that is being resumed goes on growing."""


class PlaceError(Exception):
    """A place that cannot be reached, read or written; the message says which and what to do."""


class Place(Protocol):
    """Somewhere that holds results by their paths below a results folder, written with `/`.

    Every method raises PlaceError. A name that is there stands for a whole file. `batch`: runs that are best moved in
    one go. `name`: what messages call it.
    """

    name: str
    batch: int

    def names(self) -> Mapping[str, int]:
        """The files that are there, and their sizes in bytes."""

    def put(self, root: Path, names: Sequence[str], *, ordered: bool = False) -> None:
        """Send these files below `root`; `ordered`: one after another, so that a cut leaves the first ones."""

    def get(self, names: Sequence[str], root: Path) -> None:
        """Fetch these files to below `root`; one that lies there already in its full size may be taken as fetched."""


class Run(NamedTuple):
    """One run to be moved: its folder (`vantage/day`), its id, and the names of its seals in order of number."""

    folder: str
    run_id: str
    seals: tuple[str, ...]

    def files(self) -> tuple[str, ...]:
        """Where its file may be, plain or packed."""
        return tuple(f"{self.folder}/{self.run_id}{suffix}" for suffix in SUFFIXES)

    def paths(self) -> tuple[str, ...]:
        """Its seals."""
        return tuple(f"{self.folder}/{seal}" for seal in self.seals)


@dataclass
class Moved:
    """What a push or a pull did: runs, records, bytes and notes moved, runs that were there before (`before`), and what
    was refused (`faults`). `unsealed`: runs that stayed because they have no seal yet."""

    runs: int = 0
    records: int = 0
    bytes: int = 0
    before: int = 0
    faults: list[Fault] = field(default_factory=list)
    unsealed: int = 0
    notes: int = 0


Heard = Callable[[str, int], None]
"""Hears of each run that has been moved, and how many there are in all."""


def push(
    results: Path, place: Place, moved: Moved, heard: Heard = lambda _run, _all: None, *, notes: bool = True
) -> None:
    """Send every run whose seals are not all there, and the notes. `moved` is right at every moment, also when this
    raises."""
    here = _local(results)
    moved.unsealed = _unsealed(results, here)
    there = place.names()
    waiting = _missing(here, there)
    moved.before = len(_runs(here)) - len(waiting)
    tell: Callable[[str], None] = lambda run: heard(run, len(waiting))  # noqa: E731 - half of `heard`
    bare = {run.run_id: run for run in waiting if _file_of(results, run) is None}
    _send_unpacked(results, bare, place, moved, tell)
    _send(results, results, [run for run in waiting if run.run_id not in bare], place, moved, tell)
    if notes:
        fleet_notes.push(results, place, there, moved)


def _send_unpacked(
    results: Path, bare: Mapping[str, Run], place: Place, moved: Moved, tell: Callable[[str], None]
) -> None:
    """Send runs that have no file here, out of Parquet that was made of them. They are the oldest, and go first."""
    from probe.store.fleet_packed import unpacked

    sent = set()
    for folder, found in unpacked(results, {run_id: run.files()[0] for run_id, run in bare.items()}):
        _send(results, folder, [run for run_id, run in bare.items() if run_id in found], place, moved, tell)
        sent |= set(found)
    gone = (run for run_id, run in bare.items() if run_id not in sent)
    what = "missing; its seal is here and was not sent"
    moved.faults += [Fault(str(results / run.files()[0]), what) for run in gone]


def _send(
    results: Path, folder: Path, runs: Sequence[Run], place: Place, moved: Moved, tell: Callable[[str], None]
) -> None:
    """Send runs whose files lie in `folder`, and whose seals in `results`."""
    for batch in _batches(runs, place.batch):
        good = [one for run in batch if (one := _sound(results, folder, run, moved)) is not None]
        place.put(folder, [file for _, file, _ in good])
        place.put(results, [path for run, _, _ in good for path in run.paths()], ordered=True)
        for run, file, last in good:
            _count(moved, last, (folder / file).stat().st_size)
            tell(run.run_id)


def pull(place: Place, results: Path, moved: Moved, heard: Heard = lambda _run, _all: None) -> None:
    """Fetch every run whose seals are not all here, and the notes. `moved` is right at every moment, as in `push`."""
    there = place.names()
    sealed = [path for path, size in there.items() if size <= SEAL_LIMIT and _seal_path(path) is not None]
    here = {path for path in sealed if (results / path).is_file()}
    waiting = _missing(sealed, here)
    moved.before = len(_runs(sealed)) - len(waiting)
    staged = results / INCOMING
    for batch in _batches(waiting, place.batch):
        place.get([path for run in batch for path in run.paths()], staged)
        wanted = [one for run in batch if (one := _wanted(results, staged, run, there, moved)) is not None]
        place.get([file for _, file, fetch in wanted if fetch], staged)
        for run, file, fetch in wanted:
            if _keep(results, staged, run, file if fetch else "", moved):
                heard(run.run_id, len(waiting))
    fleet_notes.pull(place, results, staged, there, moved)
    shutil.rmtree(staged, ignore_errors=True)


def _local(results: Path) -> list[str]:
    """The seals below a results folder that lie where results lie."""
    found = (path.relative_to(results).as_posix() for path in results.glob(f"*/*/*{SEAL}"))
    return sorted(path for path in found if _seal_path(path) is not None)


def _seal_path(path: str) -> SealName | None:
    """The name of the seal at `vantage/day/name`; None if it lies anywhere else: names come from strangers too."""
    parts = PurePosixPath(path).parts
    if len(parts) != 3 or path != "/".join(parts):
        return None
    name = named(parts[2])
    if name is None or name.vantage != parts[0] or not _DAY.fullmatch(parts[1]):
        return None
    return name if parts[1].replace("-", "") == name.run_id[:8] else None


def _runs(seals: Iterable[str]) -> dict[str, list[str]]:
    """The seals of each run, `vantage/day/run_id`."""
    runs: dict[str, list[str]] = {}
    for path in seals:
        name = _seal_path(path)
        if name is not None:
            runs.setdefault(f"{path.rpartition('/')[0]}/{name.run_id}", []).append(path)
    return runs


def _missing(have: Iterable[str], other: Iterable[str]) -> list[Run]:
    """The runs of which a seal is not in `other`, each with all its seals, in the order of the chains."""
    known = set(other)
    runs = []
    for key, paths in _runs(have).items():
        ordered = sorted(paths, key=_number)
        if not known.issuperset(paths):
            folder, _, run = key.rpartition("/")
            runs.append((_number(ordered[-1]), Run(folder, run, tuple(path.rpartition("/")[2] for path in ordered))))
    return [run for _, run in sorted(runs, key=lambda item: (item[1].folder.partition("/")[0], item[0]))]


def _number(path: str) -> int:
    name = _seal_path(path)
    return 0 if name is None else name.number


def _batches(runs: Sequence[Run], size: int) -> Iterator[list[Run]]:
    rest = iter(runs)
    while batch := list(islice(rest, size)):
        yield batch


def _sound(results: Path, folder: Path, run: Run, moved: Moved) -> tuple[Run, str, Kept] | None:
    """A run that may be sent, with its file below `folder` and its newest seal; None, and a fault, if it may not."""
    file = _file_of(folder, run)
    kept = _read([results / path for path in run.paths()], moved)
    if kept is None or file is None:
        return None
    faults, _ = check_file(folder / file, kept)
    moved.faults += faults
    return None if faults else (run, file, kept[-1])


def _file_of(folder: Path, run: Run) -> str | None:
    """The file of a run below `folder`, plain or packed."""
    return next((name for name in run.files() if (folder / name).is_file()), None)


def _wanted(
    results: Path, staged: Path, run: Run, there: Mapping[str, int], moved: Moved
) -> tuple[Run, str, bool] | None:
    """A run whose seals have come, its file, and whether that must be fetched; None, and a fault, if it is refused."""
    kept = _read([staged / path for path in run.paths()], moved)
    if kept is None:
        return None
    here = _file_of(results, run)
    if here is not None and not check_file(results / here, kept)[0]:
        return run, here, False
    file = next((name for name in run.files() if name in there), None)
    if file is None:
        what = "its seal is there, the file is not (a place keeps its .jsonl files; compact what was pulled)"
        moved.faults.append(Fault(f"{run.folder}/{run.run_id}.jsonl", what))
        return None
    if there[file] > kept[-1].seal.bytes + _SPARE:
        moved.faults.append(Fault(file, f"{there[file]} bytes, where its seal says {kept[-1].seal.bytes}"))
        return None
    return run, file, True


def _read(paths: Sequence[Path], moved: Moved) -> list[Kept] | None:
    """The seals, in order; None, and a fault, if one is damaged."""
    try:
        return [read_seal(path) for path in paths]
    except SealError as error:
        moved.faults.append(Fault(str(error.path), error.reason))
        return None


def _keep(results: Path, staged: Path, run: Run, file: str, moved: Moved) -> bool:
    """Check a fetched file against every seal of its run, here and there, and put both in their place, seals last."""
    own = [path for path in _local_of(results, run) if path not in run.paths()]
    kept = _read([staged / path for path in run.paths()] + [results / path for path in own], moved)
    if kept is None:
        return False
    faults, _ = check_file(staged / file, kept) if file else ([], None)
    if faults:
        (staged / file).unlink()  # so that the next pull fetches it anew
        moved.faults += faults
        return False
    size = (staged / file).stat().st_size if file else 0
    try:
        for path in ([file] if file else []) + list(run.paths()):
            (results / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).replace(results / path)
            sync_folder((results / path).parent)
    except OSError as error:
        raise PlaceError(f"{results / run.folder}: {reason(error)}") from error
    _count(moved, max(kept, key=lambda one: one.seal.number), size)
    return True


def _local_of(results: Path, run: Run) -> list[str]:
    """The seals of a run that are here already."""
    found = (results / run.folder).glob(f"{run.run_id}.*{SEAL}")
    return [path.relative_to(results).as_posix() for path in found if named(path.name) is not None]


def _count(moved: Moved, last: Kept, size: int) -> None:
    moved.runs += 1
    moved.records += last.seal.records
    moved.bytes += size


def _unsealed(results: Path, seals: Iterable[str]) -> int:
    """How many files of runs have no seal: still being written, or killed and not yet sealed by the next run."""
    sealed = set(_runs(seals))
    files = (path.relative_to(results).as_posix() for suffix in SUFFIXES for path in results.glob(f"*/*/*{suffix}"))
    return sum(path.partition(".jsonl")[0] not in sealed for path in files)
