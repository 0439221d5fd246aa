"""`probe verify`: are results still what was sealed? Reads options, prints what was found; `store.verify` checks."""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.amounts import many
from probe.cli.console import Exit, clean, fail, write, write_json

if TYPE_CHECKING:
    from probe.store.verify import Chain, Verified

_HASH = re.compile(r"[0-9a-f]{16,64}", re.ASCII)


def verify(
    results: Annotated[
        list[str] | None,
        typer.Argument(metavar="RESULTS", help="Folders, files or globs. Default: ./results", show_default=False),
    ] = None,
    has: Annotated[
        list[str] | None,
        typer.Option(
            "--has",
            metavar="HASH",
            help="Also fail if this seal, noted or published earlier, is not among them: its SHA-256, or the first 16 "
            "digits or more. Repeatable.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Also fail on records that no seal covers.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
) -> None:
    """Check results against their seals, offline, and name the first bad line of each file.

    Exit code 0: everything sealed is as it was. 3: something was changed, cut, lost or put in.
    """
    from probe.store.layout import RESULTS
    from probe.store.verify import verify as check

    wanted = [digits.lower() for digits in has or []]
    if wrong := [digits for digits in wanted if not _HASH.fullmatch(digits)]:
        fail([f"--has {clean(each)!r} is no hash; write 16 to 64 hexadecimal digits" for each in wrong])
    try:
        found = check(results or [str(RESULTS)])
    except ValueError as error:
        fail(clean(line) for line in str(error).splitlines())
    missing = [digits for digits in wanted if not found.has(digits)]
    valid = not found.faults and not missing and not (strict and found.unsealed)
    (_json if json else _text)(found, missing, valid)
    if not valid:
        raise typer.Exit(Exit.FINDING)


def _text(found: "Verified", missing: list[str], valid: bool) -> None:
    """A line for each fault and each chain, and the sum; what is worth saying besides goes to stderr."""
    for fault in found.faults:
        _line(f"BAD  {fault}")
    for digits in missing:
        _line(f"BAD  no seal here has the hash {digits}")
    for chain in found.chains:
        _line(_chain(chain))
    for unsealed in found.unsealed:
        _note(f"not sealed: {unsealed}")
    for note in found.notes:
        _note(f"note: {note}")
    bad = len(found.faults) + len(missing)
    if not found.chains and not bad:
        _line(f"nothing is sealed here; {many(len(found.unsealed), 'file')} without a seal")
    elif valid:
        _line("valid: everything sealed is as it was sealed")
    elif bad:
        _line(f"NOT VALID: {many(bad, 'fault')}")
    else:
        _line("NOT VALID: there are records that no seal covers (--strict)")


def _chain(chain: "Chain") -> str:
    """`sha-ct  412 runs, 22248 records, 2021-02-08 to 2021-03-11; seals 1 to 413, head 9f3a1c0b2d4e5f60`."""
    days = sorted({time[:10] for time in (chain.first, chain.last) if time})
    spelt = [many(chain.runs, "run"), many(chain.records, "record"), " to ".join(days)]
    return (
        f"{chain.vantage}  {', '.join(filter(None, spelt))}; seals {chain.low} to {chain.high}, head {chain.head[:16]}"
    )


def _json(found: "Verified", missing: list[str], valid: bool) -> None:
    from probe.report.escape import json_text

    data = {
        "valid": valid,
        "chains": [chain._asdict() for chain in found.chains],
        "faults": [fault._asdict() for fault in found.faults],
        "missing": missing,
        "unsealed": found.unsealed,
        "notes": found.notes,
    }
    write_json(json_text(data))


def _line(text: str) -> None:
    write(clean(text) + "\n")


def _note(text: str) -> None:
    print(clean(text), file=sys.stderr)  # noqa: T201 - this is the room that prints
