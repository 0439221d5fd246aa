"""One page of a report, made and written: of which target or event, in which format and language, to which file.

Reads no results itself (`reading`) and words nothing (`report.block`); nothing is half-written.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from probe.cli.console import clean, fail, write, write_json

if TYPE_CHECKING:
    import typer

    from probe.diagnose.rejudge import Judge
    from probe.report.block.choose import Chosen
    from probe.report.view import View
    from probe.store.layout import Source

SUFFIXES = {".txt": "text", ".json": "json", ".md": "md", ".html": "html", ".htm": "html", ".csv": "csv",
            ".svg": "svg"}  # fmt: skip
STDOUT = Path("-")


class Wanted(NamedTuple):
    """What to make: of a `target` or an `event` (both empty: the overview), in a format and a language, to a file."""

    target: str
    event: str
    format: str
    lang: str
    output: Path | None

    @property
    def one_page(self) -> bool:
        """Whether one page is asked for, and not the overview."""
        return bool(self.target or self.event)


def wanted_or_fail(
    targets: Sequence[str], event: str | None, form: str | None, lang: str, output: Path | None, *, json: bool
) -> Wanted:
    """The options about pages, or all their mistakes in one go."""
    from probe.report.registry import FORMATS, PAGES

    said = form or ("json" if json else SUFFIXES.get(output.suffix.lower(), "") if output else "") or "text"
    wanted = Wanted(targets[0] if targets else "", event or "", said, lang, None if output == STDOUT else output)
    known = PAGES if wanted.one_page else FORMATS
    mistakes = [
        *(["--target names one page; --only takes several"] if len(targets) > 1 else []),
        *(["--target and --event are two pages: ask for one of them"] if targets and event else []),
        *([f"--json and --format {clean(form or '')}: choose one"] if json and form not in (None, "json") else []),
        *unspoken(lang),
        *(_unknown_format(said, known, PAGES) if said not in known else []),
    ]
    if lang != "en" and not unspoken(lang) and not wanted.one_page:
        mistakes.append("--lang is for a page: name it with --target ID or --event ID")
    if mistakes:
        fail(mistakes)
    _writable_or_fail(wanted.output)
    return wanted


def flagged(context: "typer.Context | None", name: str) -> bool:
    """Whether an option was given on the command line, and not by settings, which are for every occasion."""
    return context is not None and getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"


def unspoken(lang: str) -> list[str]:
    """The mistake of a language that is not here."""
    from probe.report.language.catalogue import languages

    spoken = languages()
    return [] if lang in spoken else [f"--lang {clean(lang)!r} is not here; there are {', '.join(spoken)}"]


def lang_or_fail(lang: str) -> None:
    """Fail for a language that is not here."""
    if mistakes := unspoken(lang):
        fail(mistakes)


def _unknown_format(said: str, known: Mapping[str, object], pages: Mapping[str, object]) -> list[str]:
    if said in pages:
        return [f"--format {clean(said)} is for one page: name it with --target ID or --event ID"]
    return [f"--format {clean(said)!r} is not here; there are {', '.join(known)}"]


def _writable_or_fail(output: Path | None) -> None:
    """Tell now, and not after all the reading, that a file cannot be written."""
    if output is None:
        return
    if output.is_dir():
        fail(f"--output {clean(str(output))} is a folder; name a file in it")
    if not output.absolute().parent.is_dir():
        fail(f"--output {clean(str(output))}: there is no folder {clean(str(output.absolute().parent))}")


def rereadable_or_fail(sources: "tuple[Source, ...]") -> None:
    """A page reads its evidence from the results a second time, which a pipe does not allow."""
    if any(source.path is None for source in sources):
        fail("a page is made from files: its evidence is read a second time, and standard input can be read only once")


def chosen_or_fail(view: "View", wanted: Wanted, names: Mapping[str, str]) -> "Chosen":
    """The subject of the page, or what there is instead."""
    from probe.cli.reading import did_you_mean
    from probe.report.block.choose import UnknownScopeError, scope_event, scope_target

    try:
        return scope_event(view, wanted.event, names) if wanted.event else scope_target(view, wanted.target, names)
    except UnknownScopeError as error:
        option = "--event" if wanted.event else "--target"
        hint = did_you_mean(error.name, list(error.known)) or "; no blocks began together here"
        fail(f"{option} {clean(error.name)}: no record of it here{hint}")


def page(view: "View", sources: "tuple[Source, ...]", wanted: Wanted, width: int, judge: "Judge | None" = None) -> str:
    """The page in its format, its evidence judged as the view was."""
    from probe.cli.output import paint
    from probe.report.block.build import build
    from probe.report.block.collect import collect
    from probe.report.paper import Page, plain
    from probe.report.registry import PAGES

    chosen = chosen_or_fail(view, wanted, names())
    block = build(view, collect(sources, view, [chosen], judge), chosen, lang=wanted.lang)
    return PAGES[wanted.format](block, Page(width, clean, plain if wanted.output else paint()))


def names() -> dict[str, str]:
    """Display names by target id, from the target list of the current directory if there is a good one."""
    from probe.targets.load import DEFAULT_PATH, TargetListError, load_targets

    try:
        return {one.id: one.name for one in load_targets().targets} if DEFAULT_PATH.is_file() else {}
    except TargetListError:
        return {}  # a report does not fail for want of a pretty name


def deliver(text: str, output: Path | None, format: str) -> None:  # noqa: A002 - as the option is called
    """To stdout, or whole into a file: what was there before stays until all of it is written."""
    if output is None:
        (write_json if format == "json" else write)(text)
        return
    try:
        _replace(output, text)
    except OSError as error:
        fail(f"--output {clean(str(output))}: {error.strerror or error}")
    print(f"written to {clean(str(output))}", file=sys.stderr)  # noqa: T201 - this is the room that prints


def _replace(output: Path, text: str) -> None:
    """Write beside the file and put it in its place, readable as any new file is."""
    mask = os.umask(0)
    os.umask(mask)
    descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
