"""What commands that judge anew are given: `--fingerprints FILE`, `--control-vantage DIR`; read or refused whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from probe.cli.console import clean, fail

if TYPE_CHECKING:
    from probe.diagnose.fingerprints import Fingerprint
    from probe.diagnose.rejudge import Judge, Records


def judge_or_none(rejudge: bool, file: Path | None, beside: list[str] | None = None) -> "Judge | None":
    """What judges anew with the user's own block pages and the results of other vantage points in these folders.

    None if nothing is to be judged anew.
    """
    from functools import partial

    marks = marks_or_fail(file, rejudging=rejudge)
    if beside and not rejudge:
        fail("--control-vantage is for judging anew: give --rejudge as well")
    if not rejudge:
        return None
    from probe.diagnose.rejudge import rejudge as judged_anew  # every rule there is

    return partial(judged_anew, marks=marks, records=_beside(beside))


def _beside(folders: list[str] | None) -> "Records | None":
    from probe.store.neighbours import Neighbours

    if not folders:
        return None
    found = Neighbours(folders)
    if found.problems:
        fail([f"--control-vantage: {clean(problem)}" for problem in found.problems])
    return found.near


def marks_or_fail(file: Path | None, *, rejudging: bool = True) -> "tuple[Fingerprint, ...]":
    """The fingerprints in a file of ooni/blocking-fingerprints, or the mistake; none if no file is given.

    They count only where something is judged: without `rejudging` the option would silently do nothing.
    """
    if file is None:
        return ()
    if not rejudging:
        fail("--fingerprints is for judging anew: give --rejudge as well")
    try:
        return read_marks(file)
    except MarksError as error:
        fail(str(error))


class MarksError(Exception):
    """What is wrong with a file of fingerprints, to be shown as it is."""


def read_marks(file: Path) -> "tuple[Fingerprint, ...]":
    """The fingerprints in a file of ooni/blocking-fingerprints. Raises MarksError."""
    from probe.diagnose.fingerprints import parse_csv

    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return parse_csv(lines)
    except OSError as error:
        raise MarksError(clean(f"--fingerprints {file}: {error.strerror or error}")) from error
    except UnicodeDecodeError as error:
        raise MarksError(clean(f"--fingerprints {file}: not UTF-8")) from error
    except ValueError as error:
        raise MarksError(clean(f"{file}:{error}")) from error
