"""Whether results are still what was sealed: each file against its seals, line by line, and each vantage's chain.

Reads files and judges their bytes, never what they say. Needs nothing but the folder: no clock, no network, no key. It
finds what was changed, cut, lost or put in; it cannot know of the newest seals if they were taken away together with
their files, so a chain's head is told, to be kept elsewhere.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from probe.store.layout import PARQUET, SEAL, SUFFIXES, Source, find
from probe.store.lines import UNREADABLE, UnreadableError, opened
from probe.store.seal import Digest, Kept, SealError, line_hash, named, raw_lines, read_seal


class Fault(NamedTuple):
    """Something that is not as it was sealed. `where` is `file:line`, or a file or folder."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Chain(NamedTuple):
    """The seals of one vantage: how many, from which number to which, the runs and records they cover, times of the
    first and last record, and the SHA-256 of the last seal, which stands for all before it."""

    vantage: str
    seals: int
    low: int
    high: int
    runs: int
    records: int
    first: str | None
    last: str | None
    head: str


@dataclass
class Verified:
    """What was found. Valid: no faults. `unsealed` names what no seal covers, `notes` what else is worth saying."""

    chains: list[Chain] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unsealed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)

    def has(self, digits: str) -> bool:
        """Whether a seal whose SHA-256 begins so is among those read."""
        return any(sha256.startswith(digits) for sha256 in self.hashes)


def verify(names: Sequence[str], heard: Callable[[Path], None] = lambda _path: None) -> Verified:
    """Check the seals in these folders, and of these files. `heard` hears of each file before it is read.

    Raises ValueError, one line each, for a name that leads nowhere.
    """
    seals, files = _all_of(names)
    told = Verified()
    kept = list(_readable(seals, told.faults))
    told.hashes = {one.sha256 for one in kept}
    _check_files(seals, kept, files, told, heard)
    for vantage in sorted({one.seal.vantage for one in kept}):
        own = list({one.sha256: one for one in kept if one.seal.vantage == vantage}.values())
        _check_chain(sorted(own, key=_number), _whole(own, names), told)
    return told


def check_file(path: Path, seals: Sequence[Kept]) -> tuple[list[Fault], str | None]:
    """One file against all seals of its run. The faults, and what of it no seal covers.

    The newest seal must cover the beginning of the file, every older one a beginning of that.
    """
    number = 0

    def lines() -> Iterator[bytes]:
        nonlocal number
        with opened(Source(str(path), path)) as stream:
            for number, line in enumerate(raw_lines(stream), start=1):  # noqa: B007 - told when it breaks off
                yield line

    try:
        return check_lines(str(path), lines, seals)
    except (UnreadableError, *UNREADABLE) as error:
        return [Fault(f"{path}:{number + 1}", f"the file breaks off here: {error}")], None


Lines = Callable[[], Iterable[bytes]]
"""The lines of a run, newlines included, from the first one each time it is called."""


def check_lines(where: str, lines: Lines, seals: Sequence[Kept]) -> tuple[list[Fault], str | None]:
    """The lines of one run against its seals, as `check_file`; `where` is what faults call their file."""
    last = max(seals, key=_number)
    sealed, ends = last.seal.lines, {len(one.seal.lines): one for one in sorted(seals, key=_number)}
    faults = [_differs(where, one) for one in seals if not _fits(one, last, ends)]
    running, count = hashlib.sha256(), 0
    for count, line in enumerate(lines(), start=1):
        if count > len(sealed):
            continue
        if line_hash(line) != sealed[count - 1]:
            what = _lost_before(line, count, sealed) or _changed(line) + _counted(lines, last)
            return [*faults, Fault(f"{where}:{count}", what)], None
        running.update(line)
        if count in ends and running.hexdigest() != ends[count].seal.sha256:
            faults.append(_differs(where, ends[count]))
    if count < len(sealed):
        what = f"the file ends here; {len(sealed) - count} of {len(sealed)} sealed lines are missing"
        return [*faults, Fault(f"{where}:{count + 1}", what)], None
    more = count - len(sealed)
    said = f"{more} line{'s' if more > 1 else ''}"
    return faults, f"{where}:{len(sealed) + 1}: {said} after the sealed ones" if more else None


def _fits(one: Kept, last: Kept, ends: Mapping[int, Kept]) -> bool:
    """Whether a seal covers no more than the newest one, and not as many lines as another seal but other ones."""
    lines = len(one.seal.lines)
    return lines <= len(last.seal.lines) and ends[lines].seal.sha256 == one.seal.sha256


def _number(one: Kept) -> int:
    return one.seal.number


def _differs(where: str, one: Kept) -> Fault:
    return Fault(where, f"its first {len(one.seal.lines)} lines are not those of seal {one.seal.number}")


class _Line(msgspec.Struct):
    id: str
    verdict: str


_line_decoder = msgspec.json.Decoder(_Line)


def _lost_before(line: bytes, number: int, sealed: Sequence[str]) -> str:
    """That sealed lines are missing before this one; empty if it is none of those to come."""
    if line_hash(line) not in sealed[number:]:
        return ""
    gone = sealed.index(line_hash(line), number) - number + 1
    return f"{gone} sealed line{'s' if gone > 1 else ''} before this one {'are' if gone > 1 else 'is'} missing"


def _changed(line: bytes) -> str:
    """What a line says that is not the sealed one."""
    try:
        said = _line_decoder.decode(line)
        now = f"it says {said.id} is {said.verdict}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        now = "it is no record"
    return f"not the line that was sealed ({now})"


def _counted(lines: Lines, last: Kept) -> str:
    """How the verdicts differ from the sealed ones; empty if they do not, or cannot be read."""
    digest = Digest()
    try:
        for line in lines():
            digest.add(line)
    except (UnreadableError, *UNREADABLE):
        return ""
    was, now = last.seal.verdicts, digest.verdicts
    changed = [f"{v} {was.get(v, 0)} → {now[v]}" for v in sorted({*was, *now}) if was.get(v, 0) != now[v]]
    return f"; verdicts when sealed → now: {', '.join(changed)}" if changed else ""


def _all_of(names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """The seals and the result files that the names stand for."""
    found = find(list(names))
    paths = [Path(name) for name in names]
    folders = [path for path in paths if path.is_dir()]
    alone = [path for path in paths if path.is_file() and path.name.endswith(SEAL)]
    files = [one.path for one in found.sources if one.path is not None]
    beside = [path for folder in {file.parent for file in files} for path in folder.glob(f"*{SEAL}")]
    runs = {_run(file) for file in files}
    seals = [path for folder in folders for path in folder.rglob(f"*{SEAL}") if _visible(path, folder)]
    seals += alone + [path for path in beside if (name := named(path.name)) is not None and name.run_id in runs]
    problems = [one for one in found.problems if not (seals and "no results in this folder" in one)]
    if problems:
        raise ValueError("\n".join(problems))
    return sorted({path.resolve(): path for path in seals}.values()), files


def _visible(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _run(file: Path) -> str:
    """The run a result file is named after."""
    return next(file.name.removesuffix(suffix) for suffix in (*SUFFIXES, "") if file.name.endswith(suffix))


def _readable(seals: Iterable[Path], faults: list[Fault]) -> Iterator[Kept]:
    for path in seals:
        try:
            yield read_seal(path)
        except SealError as error:
            faults.append(Fault(str(path), error.reason))


def _check_files(
    seals: list[Path], kept: list[Kept], files: list[Path], told: Verified, heard: Callable[[Path], None]
) -> None:
    """Every run's file against its seals; files without a seal are named."""
    packed = {run for file in files if file.name.endswith(PARQUET) for run in _check_packed(file, kept, told, heard)}
    by_run: dict[tuple[Path, str], list[Kept]] = {}
    for one in kept:
        by_run.setdefault((one.path.parent, one.seal.run_id), []).append(one)
    for (folder, run), own in sorted(by_run.items(), key=lambda item: _number(item[1][0])):
        present = [path for suffix in SUFFIXES if (path := folder / f"{run}{suffix}").is_file()]
        for path in present:
            heard(path)
            faults, uncovered = check_file(path, own)
            told.faults += faults
            told.unsealed += [uncovered] if uncovered else []
        if not present and run not in packed:
            last = max(own, key=_number)
            what = f"missing; seal {_number(last)} says it had {last.seal.records} records"
            told.faults.append(Fault(str(folder / f"{run}.jsonl"), what))
    named_runs = {(path.parent.resolve(), name.run_id) for path in seals if (name := named(path.name)) is not None}
    plain = [file for file in files if not file.name.endswith(PARQUET)]
    told.unsealed += [f"{file}: no seal" for file in plain if (file.parent.resolve(), _run(file)) not in named_runs]


def _check_packed(file: Path, kept: list[Kept], told: Verified, heard: Callable[[Path], None]) -> Iterator[str]:
    """The runs in a Parquet file against their seals, wherever those lie; yields those it holds as sealed last."""
    from probe.store.packed import runs_in

    heard(file)
    try:
        for run, lines in runs_in(Source(str(file), file)):
            own = list({one.sha256: one for one in kept if one.seal.run_id == run}.values())
            if not own:
                told.unsealed.append(f"{file}: {run}: no seal here")
                continue
            digest = hashlib.sha256(b"".join(lines)).hexdigest()
            states = {one.seal.sha256: one for one in own}
            if digest not in states:
                faults, uncovered = check_lines(f"{file}: {run}.jsonl", lines.copy, own)
                told.faults += faults
                told.unsealed += [uncovered] if uncovered else []
            elif digest == max(own, key=_number).seal.sha256:
                yield run
            else:
                told.notes.append(f"{file}: {run} as it was at seal {_number(states[digest])}; it went on since")
    except (UnreadableError, *UNREADABLE) as error:
        told.faults.append(Fault(str(file), str(error).removeprefix(f"{file}: ")))


def _whole(own: list[Kept], names: Sequence[str]) -> bool:
    """Whether the whole folder of the vantage was named, so that the chain must be here from its beginning."""
    roots = {Path(name).resolve() for name in names}
    homes = {one.path.resolve().parent.parent for one in own}
    return any(home == root or root in home.parents for home in homes for root in roots)


def _check_chain(own: list[Kept], whole: bool, told: Verified) -> None:
    """The links from seal to seal, in order of number. `own` is not empty."""
    low, high = own[0], own[-1]
    if _number(low) > 1 and whole:
        gone = "seal 1 is" if _number(low) == 2 else f"seals 1 to {_number(low) - 1} are"
        told.faults.append(Fault(str(low.path), f"{gone} missing: the chain of {low.seal.vantage} has no beginning"))
    elif _number(low) > 1:
        told.notes.append(
            f"{low.seal.vantage}: the chain begins here at seal {_number(low)}; what was before is not here"
        )
    if _number(low) == 1 and low.seal.previous is not None:
        told.faults.append(Fault(str(low.path), "the first seal names one before it"))
    told.faults += [fault for one, other in pairwise(own) if (fault := _link(one, other, whole)) is not None]
    current = {one.seal.run_id: one for one in own}.values()
    times = [t for one in current for t in (one.seal.first, one.seal.last) if t is not None]
    told.chains.append(
        Chain(
            vantage=low.seal.vantage,
            seals=len(own),
            low=_number(low),
            high=_number(high),
            runs=len(current),
            records=sum(one.seal.records for one in current),
            first=min(times, default=None),
            last=max(times, default=None),
            head=high.sha256,
        )
    )


def _link(one: Kept, other: Kept, whole: bool) -> Fault | None:
    """What is wrong between a seal and the next one that is here.

    In a part of a vantage's folder seals may be elsewhere: a run that is resumed lies where it began.
    """
    where, gap = str(other.path), _number(other) - _number(one)
    if gap == 0:
        return Fault(where, f"there is another seal {_number(one)} of {one.seal.vantage}, {one.path.name}: two chains")
    if gap > 1 and not whole:
        return None
    if gap > 1:
        gone = f"seal {_number(one) + 1} is" if gap == 2 else f"seals {_number(one) + 1} to {_number(other) - 1} are"
        return Fault(where, f"{gone} missing before this one: the chain is broken")
    if other.seal.previous != one.sha256:
        return Fault(where, f"does not follow seal {_number(one)}, {one.path.name}: the chain is broken")
    return None
