"""What `probe push` and `probe pull` share: which place is meant, how moving is shown, how it ends."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from probe.cli.console import Exit, clean, fail, stderr, write

if TYPE_CHECKING:
    from probe.store.fleet import Heard, Moved, Place

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_REMOTE = re.compile(r"[^/:\s-][^/:\s]*:(?!//).*")
"""`host:path`, by rsync's own rule: a colon before any slash."""


def place_or_fail(where: str, endpoint: str | None, results: Path) -> "Place":
    """The place that is meant: a bucket, something behind rsync, or a folder other than `results`."""
    from probe.store.fleet import PlaceError
    from probe.store.fleet_folder import Folder
    from probe.store.fleet_rsync import Rsync

    scheme = _SCHEME.match(where)
    if scheme is not None and scheme[0] not in ("s3://", "rsync://"):
        known = "a folder, USER@HOST:PATH, rsync://… or s3://BUCKET/PREFIX"
        fail(f"{clean(where)}: {scheme[0]} is not known; write {known}")
    if scheme is not None and scheme[0] == "s3://":
        from probe.store.fleet_s3 import Bucket

        try:
            return Bucket(where, endpoint)
        except PlaceError as error:
            fail(clean(str(error)))
    if scheme is not None or _REMOTE.fullmatch(where):
        try:
            return Rsync(where)
        except PlaceError as error:
            fail(clean(str(error)))
    if not where or Path(where).resolve() == results.resolve():
        fail(f"{clean(where) or 'the empty name'} is the results folder itself; name another place")
    if not Path(where).is_dir():
        fail(f"{clean(where)}: no such folder; make it first (is the share mounted?)")
    return Folder(Path(where))


def move(work: "Callable[[Moved, Heard], None]", place: "Place", verb: str, *, json: bool) -> None:
    """Do the work, tell how far it came, and end with 0, with 3 if anything was refused, with 1 if it was cut."""
    from probe.store.fleet import Moved, PlaceError

    moved = Moved()
    try:
        with _Shown(verb) as shown:
            work(moved, shown.heard)
    except PlaceError as error:
        _cut(moved, place, verb, clean(str(error)), Exit.INTERNAL, json=json)
    except KeyboardInterrupt:
        _cut(moved, place, verb, "interrupted", Exit.INTERRUPTED, json=json)
    if verb == "fetched" and moved == Moved():
        told = f"note: nothing is at {clean(place.name)}; is that the place?"
        print(told, file=sys.stderr)  # noqa: T201 - this is the room that prints
    _tell(moved, place, verb, json=json)
    if moved.faults:
        raise typer.Exit(Exit.FINDING)


def _cut(moved: "Moved", place: "Place", verb: str, why: str, code: Exit, *, json: bool) -> NoReturn:
    """Tell how far it came, and why no further."""
    if moved.runs or moved.notes or moved.faults or json:
        _tell(moved, place, verb, json=json)
    fail([why, "nothing half-moved counts; the same command again goes on from here"], code)


def _tell(moved: "Moved", place: "Place", verb: str, *, json: bool) -> None:
    for fault in moved.faults:
        print(clean(f"refused: {fault}"), file=sys.stderr)  # noqa: T201 - this is the room that prints
    if moved.unsealed:
        told = f"note: {_runs(moved.unsealed)} without a seal (going on, or killed); the vantage's next run seals it"
        print(told, file=sys.stderr)  # noqa: T201 - this is the room that prints
    if json:
        _json(moved, place)
        return
    notes = f" and {moved.notes} note{'s' if moved.notes > 1 else ''}" if moved.notes else ""
    size = _size(moved.bytes)
    towards = "to" if verb == "sent" else "from"
    write(
        f"{verb} {_runs(moved.runs)} ({moved.records} records, {size}){notes} {towards} {clean(place.name)}; "
        f"{moved.before} {'was' if moved.before == 1 else 'were'} there before\n"
    )


def _json(moved: "Moved", place: "Place") -> None:
    import msgspec

    data = {
        "place": place.name,
        "runs": moved.runs,
        "records": moved.records,
        "bytes": moved.bytes,
        "before": moved.before,
        "unsealed": moved.unsealed,
        "notes": moved.notes,
        "refused": [fault._asdict() for fault in moved.faults],
    }
    sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''}"


def _size(count: int) -> str:
    for power, unit in ((9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10**power:
            return f"{count / 10**power:.1f} {unit}"
    return f"{count} bytes"


class _Shown:
    """A bar on a terminal's stderr, nothing elsewhere."""

    def __init__(self, verb: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
        self._progress = Progress(*columns, console=stderr(), transient=True, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task(f"runs {verb}", total=None)

    def __enter__(self) -> "_Shown":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def heard(self, _run: str, total: int) -> None:
        """One run has been moved, of `total`."""
        self._progress.update(self._task, advance=1, total=total)
