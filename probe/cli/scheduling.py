"""What a host's scheduler is to start, understood from the command line and from settings; or every mistake at once.

A run that is started in this folder reads `probe.toml` itself, each time. What is for the whole machine runs elsewhere,
as somebody else, and reads none: there everything is said in its command. Nothing is written here.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from probe.cli.amounts import seconds_of
from probe.cli.console import clean, fail

if TYPE_CHECKING:
    from probe.schedule.units import Kind, Orders, Spec

STATE = Path("/var/lib/probe")
"""Where systemd keeps what is for the whole machine (`StateDirectory`)."""
_ONCE = ("dry_run", "resume", "other_list")
_PATHS = ("targets", "ca_file", "asn_table", "fingerprints", "control_vantage")
"""Parameters of `probe run` that name what is to be read."""
_GIVEN = ("COMMANDLINE", "DEFAULT_MAP")


class Asked(NamedTuple):
    """What was asked for, understood. `notes`: what the user should know, a line each."""

    kind: "Kind"
    spec: "Spec"
    orders: "Orders"
    notes: tuple[str, ...] = ()


class _Run(NamedTuple):
    """A `probe run` as it would understand these words and settings: its values by parameter, and words that say again
    what is no default, for a run that starts elsewhere: each path in full, the list always."""

    values: dict[str, Any]
    words: tuple[str, ...]


def asked_or_fail(
    context: typer.Context, words: list[str], every: str, kind: str | None, name: str | None, *, system: bool,
    runs: bool = True,
) -> Asked:  # fmt: skip
    """The schedule, or every mistake (exit 2), also those for which each run would fail; `runs` False: none is to be
    made."""
    from probe.schedule.units import Kind, ScheduleError, orders

    seconds, chosen = seconds_of(every), kind or own_kind()
    run = _run_or_fail(context, words)
    called = name or str(run.values["vantage"])
    mistakes = [
        *([f"--every {clean(every)!r} is no time; write one such as 10m"] if seconds is None else []),
        *_mistakes(run, chosen, called, system=system),
        *(_of_runs(run, system=system) if runs else ()),
    ]
    if mistakes or seconds is None:
        fail(dict.fromkeys(mistakes))
    spec = _spec(called, round(seconds), words, run, kind=chosen, system=system)
    try:
        return Asked(Kind(chosen), spec, orders(Kind(chosen), spec), tuple(_notes(run, spec, chosen)))
    except ScheduleError as error:
        fail(clean(str(error)))


def own_kind() -> str:
    """The scheduler that this machine has."""
    if sys.platform == "darwin":
        return "launchd"
    return "systemd" if Path("/run/systemd/system").is_dir() else "cron"  # sd_booted(3)


def _mistakes(run: _Run, kind: str, name: str, *, system: bool) -> Iterator[str]:
    from probe.schedule.units import Kind
    from probe.store.layout import vantage_error

    if kind not in tuple(Kind):
        yield f"--kind {clean(kind)!r} is none we know; use {', '.join(Kind)}"
    if name != run.values["vantage"] and (error := vantage_error(name)):
        yield f"--name: {clean(error)}"
    for once in _ONCE:
        if run.values[once]:
            yield f"--{once.replace('_', '-')} is for one occasion, not for a schedule"
    if system and kind == Kind.SYSTEMD and _absolute(run) and not Path(str(run.values["out"])).is_relative_to(STATE):
        yield f"--out: a system service keeps its results in {STATE}; leave --out away, or name a folder in there"


def _of_runs(run: _Run, *, system: bool) -> Iterator[str]:
    """What `probe run` would refuse each time."""
    from probe.cli.asking import folder_mistake, mistakes_of
    from probe.cli.options import NAMES, Options

    options = Options(**{name: run.values[name] for name in NAMES})
    yield from mistakes_of(options)
    if not system and (mistake := folder_mistake(options.out)):
        yield mistake


def _absolute(run: _Run) -> bool:
    return Path(str(run.values["out"])).is_absolute()


def _spec(name: str, every: int, words: list[str], run: _Run, *, kind: str, system: bool) -> "Spec":
    from probe.schedule.install import users_have_namespaces
    from probe.schedule.units import Kind, Spec

    folder, out = Path.cwd(), Path(str(run.values["out"]))
    if not system or kind != Kind.SYSTEMD:
        user = _owner(folder) if system else ""
        command = (*_probe(), "run", *words)
        return Spec(name, every, command, folder, folder / out, Path.home(), system, users_have_namespaces(), user)
    return Spec(name, every, (*_probe(), "run", *run.words), STATE, STATE / out, Path.home(), system)


def _owner(folder: Path) -> str:
    """Whose folder this is: the one to measure there for the whole machine."""
    import pwd

    return pwd.getpwuid(folder.stat().st_uid).pw_name


def _notes(run: _Run, spec: "Spec", kind: str) -> Iterator[str]:
    """What would keep the started runs from what they need, and what they will read."""
    from probe.config.settle import variable

    here = [name for key in sorted(run.values) if os.environ.get(name := variable(key.replace("_", "-")))]
    if here:
        fix = "write them into probe.toml, or after --" if len(here) > 1 else "write it into probe.toml, or after --"
        yield f"{', '.join(here)}: set here, but not where the scheduler starts runs; {fix}"
    needed = [path.resolve() for path in _needed(run)]
    yield from (f"{path}: not there; until it is, each run fails" for path in needed if not path.exists())
    if spec.system and kind == "systemd":
        everything = [Path(spec.command[0]), *needed]
        closed = dict.fromkeys(shut for path in everything if (shut := _closed(path)) is not None)
        yield from (f"{path}: closed to other users, and the service is one; each run fails until it is open or what "
                    "it needs lies elsewhere" for path in closed)  # fmt: skip


def _needed(run: _Run) -> Iterator[Path]:
    for key in _PATHS:
        value = run.values[key]
        yield from map(Path, value if isinstance(value, list | tuple) else [value] if value else [])


def _closed(path: Path) -> Path | None:
    """The first folder or file on the way that others may not pass or read."""
    for one in (*reversed(path.parents), path):
        try:
            mode = one.stat().st_mode
        except OSError:
            return None
        if not mode & (stat.S_IXOTH if one.is_dir() else stat.S_IROTH):
            return one
    return None


def _run_or_fail(context: typer.Context, words: list[str]) -> _Run:
    """What `probe run` would understand, here, of these words and of the settings files; fails with its own errors."""
    root = context.find_root()
    command: Any = root.command.commands["run"]  # type: ignore[attr-defined]
    defaults = {name.replace("-", "_"): value for name, value in _settings_or_fail(root).items()}
    made = command.make_context("run", list(words), parent=root, default_map=defaults)
    given = [p for p in command.params if p.name == "targets" or made.get_parameter_source(p.name).name in _GIVEN]
    given.sort(key=lambda parameter: parameter.name == "targets")  # arguments stand last
    said = (word for parameter in given for word in _said(parameter, made.params[parameter.name]))
    return _Run(dict(made.params), tuple(said))


def _settings_or_fail(root: Any) -> dict[str, Any]:
    """What files of settings say of `run`. Not the environment: it will be another one."""
    from probe.cli.configured import known
    from probe.config.files import places, read
    from probe.config.settle import settle

    documents = [document for path in places() if (document := read(path)) is not None]
    found = settle(known(root), {}, documents)
    if mistakes := [one.text for one in found.mistakes if one.command in ("", "run")]:
        count = len(mistakes)
        fail([*map(clean, mistakes), f"{count} mistake{'s' if count > 1 else ''} in settings; nothing was done."])
    return {name: value.value for name, value in found.values.get("run", {}).items()}


def _said(parameter: Any, value: Any) -> Iterator[str]:
    """The words that give this value to this parameter."""
    if getattr(parameter, "is_flag", False):
        yield (parameter.opts if value else parameter.secondary_opts or parameter.opts)[0]
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        text = str(Path(one).absolute()) if parameter.name in _PATHS else str(getattr(one, "value", one))
        yield from (parameter.opts[0], text) if parameter.param_type_name == "option" else (text,)


def _probe() -> tuple[str, ...]:
    """How this probe is started, in full: a scheduler knows no PATH of ours."""
    script = Path(sys.executable).with_name("probe")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "probe")
