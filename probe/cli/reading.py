"""From what a user named on a command line to a view: reads, tells on stderr what was skipped, fails where a report
would rest on nothing. Shared by the commands that report on results.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from probe.cli.amounts import many
from probe.cli.console import clean, fail, stderr
from probe.model.clock import rfc3339

if TYPE_CHECKING:
    from probe.diagnose.rejudge import Judge
    from probe.model.episode import Episode
    from probe.report.gather import Gathered
    from probe.report.joined import Outside
    from probe.report.view import View
    from probe.store.layout import Found, Source
    from probe.store.reader import Row, Tally
    from probe.timeline.series import Series


class Asked(NamedTuple):
    """The options, understood."""

    tz: str
    since: float | None
    until: float | None
    only: frozenset[str]
    strict: bool
    judge: "Judge | None" = None
    """What judges anew; None: as it was judged at the time."""


def asked_for(tz: str, since: str | None, until: str | None, only: list[str], *, strict: bool) -> Asked:
    """The options, or all their mistakes in one go."""
    zone = zone_or_fail(tz)
    first, last = _time(since, zone), _time(until, zone)
    mistakes = [
        f"{name} {clean(text)!r} is no time; write 2021-02-08, 2021-02-08T19:00 or 2021-02-08T11:00:00Z"
        for name, text, value in (("--since", since, first), ("--until", until, last))
        if text is not None and value is None
    ]
    if first is not None and last is not None and first >= last:
        mistakes.append(f"--since {since} is not before --until {until}: nothing lies between")
    if mistakes:
        fail(mistakes)
    return Asked(tz, first, last, frozenset(only), strict)


def zone_or_fail(tz: str) -> ZoneInfo:
    """The time zone of that name, or the mistake."""
    zone = _zone(tz)
    if zone is None:
        fail(f"--tz {clean(tz)!r} is no time zone; use an IANA name such as Asia/Shanghai, Europe/Berlin or UTC")
    return zone


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown name, a path, a folder of the zone database
        return None


def _time(text: str | None, zone: ZoneInfo) -> float | None:
    """Epoch seconds of an option, in `zone` if it names none; None if it is no time, or not given."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def outside_or_fail(claims: Path | None, notes: "Iterable[Source]") -> "Outside":
    """What others say: the claims, if there is a file of them, and the notes beside the results."""
    from probe.cli.claims import DEFAULT, load_or_fail
    from probe.report.joined import Outside
    from probe.store.notes import read

    told = read(notes)
    for problem in told.problems:
        _say(f"note: {problem}")
    asked = claims if claims is not None or not DEFAULT.is_file() else DEFAULT
    said = load_or_fail(asked, consequence="nothing was reported").claims if asked is not None else ()
    return Outside(said, told.notes)


def found_or_fail(names: list[str] | None) -> "Found":
    from probe.store.layout import RESULTS, find

    found = find(names or [str(RESULTS)])
    if found.problems:
        hint = "`probe run` writes results to ./results; name files, folders or globs of .jsonl to read others"
        fail([*map(clean, found.problems), hint])
    if not found.sources:
        fail("what is named holds seals or notes alone, and no results; name the .jsonl files, or their folder")
    return found


def view_or_fail(sources: "tuple[Source, ...]", asked: Asked, outside: "Outside") -> "View":
    """Read and build, with notes on stderr; fails where a report would rest on nothing."""
    from probe.report.dating import dater
    from probe.report.view import Reading, Window, build
    from probe.store.reader import MalformedError, Tally

    tally = Tally(strict=asked.strict)
    try:
        gathered = _gathered(sources, tally, asked)
    except MalformedError as error:
        fail([clean(str(error)), "without --strict such lines are skipped and counted"])
    except OSError as error:  # files that cannot be read are in the tally: this is our own
        fail(f"no room for what is read ({error.strerror or error}); set TMPDIR to a folder with room")
    skipped(tally)
    if tally.duplicates:
        was, count = ("was", "counts") if tally.duplicates == 1 else ("were", "count")
        _say(f"note: {many(tally.duplicates, 'record')} {was} there more than once and {count} once")
    if mistakes := _nothing_known(gathered, tally, asked):
        fail(mistakes)
    reading = Reading(tally.files, tally.records, tally.malformed + tally.newer + tally.torn, tally.duplicates)
    window = Window(asked.since, asked.only)
    with bar("Dating blocks", len(gathered.series)) as step:
        found = dater(gathered.series, asked.tz)

        def find(one: "Series") -> "Sequence[Episode]":
            step(1)
            return found(one)

        view = build(gathered, find, zone=asked.tz, window=window, reading=reading, outside=outside)
    if not view.series:
        fail(f"nothing of this was measured after --since; the last measurement is of {rfc3339(_last(gathered))}")
    return view


def _gathered(sources: "Sequence[Source]", tally: "Tally", asked: Asked) -> "Gathered":
    """Everything read. In columns, unless every record must be built whole: to be judged anew, or under --strict."""
    from probe.report.gather import gather, gather_blocks
    from probe.store.columns import Tables
    from probe.store.query import read, total_size

    if asked.judge or asked.strict:
        return gather(_rows(sources, tally, asked))
    tables = Tables()
    with bar("Reading results", total_size(sources)) as heard:
        gathered = gather_blocks(read(sources, tables, tally, heard), tables, until=asked.until)
    tally.records -= gathered.duplicates
    tally.duplicates += gathered.duplicates
    return gathered


def _rows(sources: "Sequence[Source]", tally: "Tally", asked: Asked) -> "Iterator[Row]":
    """The rows to report on: as they were judged, or judged anew, and then a word on stderr of what that changed."""
    from probe.store.reader import Selection, measurements, rows

    wanted = Selection(until=asked.until)
    if asked.judge is None:
        yield from rows(progress(sources), tally, wanted)
        return
    from probe.diagnose.engine import RULESET_VERSION
    from probe.report.rejudged import Changes, rejudged

    changes = Changes()
    yield from rejudged(measurements(progress(sources), tally), tally, wanted, changes, asked.judge)
    told = f"note: {changes.judged} measurements judged anew by rules {RULESET_VERSION}"
    told += f": {changes.verdicts} verdicts changed"
    more = f", {changes.others} more in certainty, layer or mechanism" if changes.others else ""
    _say(told + more)


def _last(gathered: "Gathered") -> float:
    return max(run.last for run in gathered.runs)


def progress(sources: "Sequence[Source]") -> "Iterator[Source]":
    """The sources, with a bar."""
    with bar("Reading results", len(sources)) as step:
        for source in sources:
            yield source
            step(1)


@contextmanager
def bar(what: str, total: int) -> "Iterator[Callable[[int], None]]":
    """A bar on a terminal's stderr and nothing elsewhere; what it gives is told how much was done."""
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.percentage:>3.0f}%")
    with Progress(*text, TimeRemainingColumn(), console=stderr(), transient=True) as progress:
        task = progress.add_task(what, total=total or None)
        yield lambda more: progress.advance(task, more)


def skipped(tally: "Tally") -> None:
    """What could not be read, on stderr: whatever rests on the rest is not whole."""
    counts = (
        (tally.malformed, "line is no record and was skipped", "lines are no records and were skipped"),
        (tally.newer, "line is of a newer version of probe and was skipped: update to read it",
         "lines are of a newer version of probe and were skipped: update to read them"),
        (tally.torn, "last line is torn and was skipped", "last lines are torn and were skipped"),
        (tally.unreadable, "file could not be read to its end", "files could not be read to their end"),
    )  # fmt: skip
    told = [f"note: {count} {one if count == 1 else more}" for count, one, more in counts if count]
    for message in told + [f"  {problem}" for problem in tally.problems]:
        _say(message)


def _say(text: str) -> None:
    print(clean(text), file=sys.stderr)  # noqa: T201 - this is the room that prints


def _nothing_known(gathered: "Gathered", tally: "Tally", asked: Asked) -> list[str]:
    """Why nothing can be said of what was asked for. An empty report would read as an all-clear, so it is a mistake."""
    if not gathered.series:
        before = " before --until" if asked.until is not None and tally.records else ""
        read = f"{many(tally.files, 'file')} ({many(tally.lines, 'line')})"
        return [f"no records{before} in {read}: nothing to report"]
    known = sorted({key.target for key in gathered.series} | {f"{k.target}/{k.endpoint}" for k in gathered.series})
    unknown = sorted(asked.only.difference(known))
    return [f"--only {clean(name)}: no record of it here{did_you_mean(name, known)}" for name in unknown]


def did_you_mean(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1) or known[:5]
    return "; did you mean " + clean(", ".join(near)) + "?" if near else ""
