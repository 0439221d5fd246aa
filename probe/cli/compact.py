"""`probe compact`: finished runs become Parquet. Reads the options, says what was made; `store.compact` makes it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from probe.cli.amounts import many, weighed
from probe.cli.console import Exit, clean, fail, write
from probe.cli.reading import bar, found_or_fail


def compact(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RESULTS", help="Files, folders or globs of .jsonl. Default: ./results", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the Parquet files go.", show_default=False)
    ] = None,
    partition: Annotated[
        bool, typer.Option("--partition", help="Name folders vantage=.../date=..., as other tools expect them.")
    ] = False,
) -> None:
    """Turn finished runs into Parquet, which reports read many times faster.

    Every line is kept as it is, byte for byte, and the runs are left alone. Runs that may still be going on are left
    out, and those that are there already are not made again: call it as often as you like.
    """
    from probe.store.carried import carry
    from probe.store.compact import CompactError, make, plan
    from probe.store.layout import RESULTS

    if out is None:
        fail("say where the Parquet files shall go: --out DIR")
    sources = [source for source in found_or_fail(results).sources if not source.name.endswith(".parquet")]
    _outside_or_fail(out, results or [str(RESULTS)], [source.path for source in sources if source.path is not None])
    try:
        planned = plan(sources, out, partition=partition, now=time.time())
        for line in planned.left_out:
            typer.echo(clean(f"left out: {line}"), err=True)
        size = 0
        with bar("Writing Parquet", sum(run.bytes for file in planned.files for run in file.runs)) as heard:
            for file in planned.files:
                size += make(file, heard)
                carry(file.sources, file.folder)
    except CompactError as error:
        fail(clean(str(error)), Exit.USAGE)
    runs = [run for file in planned.files for run in file.runs]
    there = planned.present
    if not runs:
        already = f": {many(there, 'run')} {'was' if there == 1 else 'were'} there already" if there else ""
        write(clean(f"nothing new below {out}{already}") + "\n")
        return
    said = f"{many(len(runs), 'run')} in {many(len(planned.files), 'file')} below {out}: "
    said += f"{weighed(sum(run.bytes for run in runs))} became {weighed(size)}"
    write(clean(said + (f"; {many(there, 'run')} more already there" if there else "")) + "\n")


def _outside_or_fail(out: Path, names: list[str], files: list[Path]) -> None:
    """A report that reads a folder would read every record in it twice."""
    if out.exists() and not out.is_dir():
        fail(clean(f"--out {out} is a file; name a folder"))
    place = out.resolve()
    beside = [name for name in names if Path(name).is_dir() and place.is_relative_to(Path(name).resolve())]
    beside += [str(file) for file in files if file.resolve().is_relative_to(place)]
    if beside:
        fail(clean(f"--out {out} and {beside[0]} overlap: name another folder, so that no report reads records twice"))
