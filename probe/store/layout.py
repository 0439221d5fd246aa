"""Where results lie and how they are found. Knows paths and names; opens nothing.

`results/<vantage>/<YYYY-MM-DD>/<run_id>.jsonl`, the date being the UTC date on which the run began. What people name
on a command line (files, folders, globs, `-`) becomes a list of sources here; reading them is `reader`'s work.
"""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from probe.model.clock import compact

RESULTS = Path("results")
STDIN = "-"
SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
PARQUET = ".parquet"
"""What `probe compact` makes of finished runs; read like the others, though not line by line."""
NOTES = "notes.jsonl"
"""What people noted (`notes`), in the folder of their vantage point: never read as measurements."""
NOTE = ".note"
"""How the names of single notes end that came from elsewhere (`fleet_notes`)."""
SEAL = ".seal"
"""How the names of seals end (`seal`): never read as measurements, however they are named."""
VANTAGE_LENGTH = 64

_VANTAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_TOKEN = re.compile(r"[0-9a-f]{4}", re.ASCII)


def vantage_error(name: str) -> str | None:
    """What keeps `name` from naming a vantage point, with the fix; None if nothing does.

    The name becomes a folder and part of a run id, so it must be safe in a path on every system.
    """
    if not name:
        return "the vantage name is empty; give it one such as sha-ct"
    if len(name) > VANTAGE_LENGTH:
        return f"the vantage name is {len(name)} characters long; use at most {VANTAGE_LENGTH}"
    if not _VANTAGE.fullmatch(name):
        return (
            f"vantage name {name!r} cannot name a folder; use letters, digits, '.', '_' and '-', "
            "beginning and ending with a letter or digit"
        )
    return None


def run_id(now: float, vantage: str, token_hex: str) -> str:
    """The id of a run that begins at `now` (epoch seconds): `20210208T110000Z-sha-ct-91f3`.

    `token_hex` is four random lower-case hexadecimal digits (`secrets.token_hex(2)`), which tell runs of one second
    apart. Raises ValueError for a token or vantage name that is not safe in a path: callers check before.
    """
    if not _TOKEN.fullmatch(token_hex):
        raise ValueError(f"run token {token_hex!r} is not four hexadecimal digits")
    if error := vantage_error(vantage):
        raise ValueError(error)
    return f"{compact(now)}-{vantage}-{token_hex}"


def run_path(results: Path, vantage: str, run: str) -> Path:
    """The file of a run below the folder `results`. The date is that in the run id."""
    day = f"{run[0:4]}-{run[4:6]}-{run[6:8]}"
    return results / vantage / day / f"{run}.jsonl"


class Source(NamedTuple):
    """One thing to read: a file, or standard input (`path` None). `name` is what messages call it."""

    name: str
    path: Path | None


class Found(NamedTuple):
    """The sources behind some names, each file once, and what is wrong with the names, one line each.

    `notes` are the files of notes among them, which hold no measurements.
    """

    sources: tuple[Source, ...]
    problems: tuple[str, ...]
    notes: tuple[Source, ...] = ()


def find(names: Sequence[str]) -> Found:
    """The sources that `names` (files, folders, globs, `-`) stand for, in the order named, folders sorted by path.

    A file that is named twice, or lies in a folder named beside it, is one source. A file named outright is taken
    whatever its suffix, but for seals; in folders only `SUFFIXES` count, and nothing below a hidden folder.
    """
    sources: dict[str, Source] = {}
    problems: list[str] = []
    for name in names:
        if name == STDIN:
            sources[STDIN] = Source("<stdin>", None)
            continue
        paths, problem = _expand(name)
        problems += [problem] if problem else []
        for path in (path for path in paths if not path.name.endswith(SEAL)):
            sources.setdefault(str(path.resolve()), Source(str(path), path))
    notes = tuple(one for one in sources.values() if one.path is not None and _is_note(one.path.name))
    return Found(tuple(one for one in sources.values() if one not in notes), tuple(problems), notes)


def _is_note(name: str) -> bool:
    return name == NOTES or name.endswith(NOTE)


def _expand(name: str) -> tuple[tuple[Path, ...], str | None]:
    """The files behind one name, or what is wrong with it."""
    try:
        return _files(name)
    except OSError as error:
        return (), f"{error.filename or name}: {error.strerror or error}"
    except ValueError:  # pathlib's word on a name with a NUL in it
        return (), f"{name!r}: not a path"


def _files(name: str) -> tuple[tuple[Path, ...], str | None]:
    path = Path(name)
    if path.is_dir():
        inside = tuple(_inside(path))
        looked_for = ", ".join((*SUFFIXES, PARQUET))
        return inside, None if inside else f"{name}: no results in this folder (looked for {looked_for})"
    if path.exists():
        return (path,), None
    if not glob.has_magic(name):
        return (), f"{name}: no such file or folder"
    matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]
    files = tuple(_flatten(matches))
    return files, None if files else f"{name}: no file matches this pattern"


def _flatten(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _inside(path)
        else:
            yield path


def _inside(folder: Path) -> Iterator[Path]:
    """The result files below a folder, sorted. What is on its way here (`fleet`) waits in hidden folders.

    Raises OSError for a folder that cannot be read: what is in it would be missing, and nobody would know.
    """
    ends = (*SUFFIXES, PARQUET, NOTE)
    found: list[Path] = []
    for here, folders, files in os.walk(folder, onerror=_unless_gone):
        folders[:] = [name for name in folders if not name.startswith(".") and name != _LOST]
        named = (Path(here, name) for name in files if name.endswith(ends) and not name.startswith("."))
        found += (path for path in named if path.is_file())
    yield from sorted(found)


_LOST = "lost+found"
"""At the top of a file system of its own, closed to all but root, and never ours (e2fsck(8))."""


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # else it was taken away while we looked
        raise error
