"""What a host's own scheduler is to be told: for systemd, cron and launchd, the files and the commands with them.

Pure: texts and commands out, nothing written and nothing run. Everything we write carries `MARKER`, so that what others
wrote is never overwritten and never removed.
"""

import plistlib
import shlex
import zlib
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

MARKER = "Written by `probe schedule`"
MINUTE, HOUR, DAY = 60, 3600, 86400
_NOT_FAILURES = "4 75 130"
"""Exit codes of `probe run` that are no failure of the service: vantage unfit, folder locked, stopped."""


class Kind(StrEnum):
    """Who starts the runs."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"


class Spec(NamedTuple):
    """What is to be run: `command` every `every` seconds in `folder`, writing below `out`; `name` tells it from others.

    `system`: for the whole machine; else for whoever asks. `home` is where their units live. `namespaces`: whether
    users may have name spaces of their own here, without which nothing can be hidden from a user's service. `user`: as
    whom launchd starts what is for the whole machine.
    """

    name: str
    every: int
    command: tuple[str, ...]
    folder: Path
    out: Path
    home: Path
    system: bool = False
    namespaces: bool = True
    user: str = ""


class File(NamedTuple):
    """One file to be written, whole."""

    path: Path
    text: str


class Orders(NamedTuple):
    """What installing takes: files, then commands; and what removing takes: commands, the files gone, commands.

    `renew`: commands before those of installing where ours was installed already. `crontab`: the lines that stand in
    the user's crontab between the two marks of this name; empty: not cron.
    """

    files: tuple[File, ...]
    renew: tuple[tuple[str, ...], ...] = ()
    install: tuple[tuple[str, ...], ...] = ()
    before_removal: tuple[tuple[str, ...], ...] = ()
    after_removal: tuple[tuple[str, ...], ...] = ()
    crontab: str = ""


class ScheduleError(ValueError):
    """A schedule that this scheduler cannot keep; the message says what to write instead."""


def orders(kind: Kind, spec: Spec) -> Orders:
    """What `kind` is to be told. Raises ScheduleError."""
    for word in (*spec.command, str(spec.folder), str(spec.out)):
        if any(ord(c) < 32 or ord(c) == 127 for c in word):
            raise ScheduleError(f"{word!r} holds a control character, which no schedule can hold")
    return {Kind.SYSTEMD: systemd, Kind.CRON: cron, Kind.LAUNCHD: launchd}[kind](spec)


def systemd(spec: Spec) -> Orders:
    """A oneshot service and its timer (systemd.exec(5), systemd.timer(5)).

    `Persistent` makes up for one run after the machine was off; `RandomizedDelaySec` spreads the vantage points.
    """
    folder = Path("/etc/systemd/system") if spec.system else spec.home / ".config" / "systemd" / "user"
    unit = f"probe-{spec.name}"
    systemctl = ("systemctl",) if spec.system else ("systemctl", "--user")
    return Orders(
        files=(File(folder / f"{unit}.service", _service(spec)), File(folder / f"{unit}.timer", _timer(spec))),
        install=((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", f"{unit}.timer")),
        before_removal=(
            (*systemctl, "disable", "--now", f"{unit}.timer"),
            (*systemctl, "clean", "--what=state", f"{unit}.timer"),  # when it last fired, for `Persistent`
        ),
        after_removal=((*systemctl, "daemon-reload"),),
    )


_HARDENING = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0022
"""
"""What every manager can do."""
_HIDING = """\
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
"""
"""What takes name spaces. `ProtectSystem=strict` leaves /home alone, and a user's manager ignores all of it, silently,
where `PrivateUsers` is not set (systemd 252) or cannot be had."""
_SYSTEM_HARDENING = """\
DynamicUser=yes
StateDirectory=probe
CapabilityBoundingSet=
AmbientCapabilities=
PrivateDevices=yes
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
"""
"""What only the system's manager can do: it alone may take capabilities away."""
_NO_NAMESPACES = "# Users have no name spaces of their own on this machine: what it may write to cannot be bounded.\n"


def _service(spec: Spec) -> str:
    network = "After=network-online.target\nWants=network-online.target\n" if spec.system else ""
    folder = "/var/lib/probe" if spec.system else _systemd_path(spec.folder)
    return (
        f"# {MARKER}; `probe schedule remove --name {spec.name}` takes it away.\n"
        f"[Unit]\nDescription=probe: one run ({spec.name})\n{network}\n"
        f"[Service]\nType=oneshot\n"
        f"ExecStart={' '.join(map(_systemd_quoted, spec.command))}\n"
        f"WorkingDirectory={folder}\n"
        f"TimeoutStartSec={max(3 * spec.every, 900)}\n"
        f"# 4: the vantage was unfit, 75: another run held the folder, 130: stopped. All are told, none is a failure.\n"
        f"SuccessExitStatus={_NOT_FAILURES}\n"
        f"StandardOutput=null\n"
        f"{_hardening(spec)}"
    )


def _hardening(spec: Spec) -> str:
    """What keeps the service from everything but its results."""
    if spec.system:
        return _SYSTEM_HARDENING + _HIDING + _private_tmp(spec) + _HARDENING
    if not spec.namespaces:
        return _NO_NAMESPACES + _HARDENING
    return f"ReadWritePaths={_systemd_quoted(str(spec.out))}\n" + _HIDING + _private_tmp(spec) + _HARDENING


def _private_tmp(spec: Spec) -> str:
    """A /tmp of its own, unless what it needs lies in everybody's."""
    needed = (str(spec.folder), str(spec.out), *spec.command)
    return "" if any(word.startswith(("/tmp/", "/var/tmp/")) for word in needed) else "PrivateTmp=yes\n"  # noqa: S108


def _timer(spec: Spec) -> str:
    return (
        f"# {MARKER}; `probe schedule remove --name {spec.name}` takes it away.\n"
        f"[Unit]\nDescription=probe: a run every {_words(spec.every)} ({spec.name})\n\n"
        f"[Timer]\nOnCalendar={_calendar(spec.every)}\n"
        f"RandomizedDelaySec={min(spec.every // 10, 60)}\nAccuracySec=1s\nPersistent=true\n\n"
        f"[Install]\nWantedBy=timers.target\n"
    )


def _systemd_quoted(text: str) -> str:
    """One word of a unit file (systemd.syntax(7)): quoted, `%` and `$` doubled, so that nothing in it acts."""
    plain = text.replace("%", "%%").replace("$", "$$")
    if plain and all(c.isalnum() or c in "%$/:=@._+,-" for c in plain):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _systemd_path(path: Path) -> str:
    """A path in WorkingDirectory, which is no list of words: only `%` acts there."""
    return str(path).replace("%", "%%")


def _calendar(every: int) -> str:
    minutes, hours = _divided(every)
    if minutes is not None:
        return f"*:0/{minutes}" if minutes < 60 else "hourly"
    return f"0/{hours}:00" if hours is not None and hours < 24 else "daily"


def cron(spec: Spec) -> Orders:
    """Lines for the user's crontab (crontab(5)). The minute is another for each name: not everybody at :00."""
    if spec.system:
        raise ScheduleError("--system is for systemd and launchd; a crontab is always somebody's own")
    minutes, hours = _divided(spec.every)
    offset = zlib.crc32(spec.name.encode()) % (minutes or 60)
    if minutes is not None:
        when = f"{offset}-59/{minutes} * * * *" if minutes < 60 else f"{offset} * * * *"
    else:
        when = f"{offset} */{hours} * * *" if hours is not None and hours < 24 else f"{offset} 0 * * *"
    line = f"cd {shlex.quote(str(spec.folder))} && {shlex.join(spec.command)} 2>&1 >/dev/null | logger -t probe"
    # An unescaped % ends the command, and what follows is its input; quotes do not help.
    text = line.replace("%", "\\%")
    begin, end = crontab_marks(spec.name)
    return Orders(files=(), crontab=f"{begin}\n{when} {text}\n{end}\n")


def crontab_marks(name: str) -> tuple[str, str]:
    """The lines between which ours stand."""
    return f"# {MARKER}: begin probe-{name}", f"# {MARKER}: end probe-{name}"


def with_block(crontab: str, name: str, block: str) -> str:
    """`crontab` with our lines for `name` replaced by `block` (empty: taken out). All other lines stay as they are.

    Raises ScheduleError if only one of our marks is there: somebody edited it, and nobody can say what is ours.
    """
    begin, end = crontab_marks(name)
    lines = crontab.splitlines(keepends=True)
    marks = [line.rstrip() for line in lines]
    if (begin in marks) != (end in marks) or marks.count(begin) > 1 or marks.count(end) > 1:
        raise ScheduleError(f"the crontab holds only part of {begin!r} … {end!r}; put it right with crontab -e")
    if begin in marks:
        first, last = marks.index(begin), marks.index(end)
        lines[first : last + 1] = []
    rest = "".join(lines)
    joint = "\n" if block and rest and not rest.endswith("\n") else ""
    return rest + joint + block


def launchd(spec: Spec) -> Orders:
    """A property list for launchd (launchd.plist(5)). Runs that a sleeping machine missed become one when it wakes."""
    folder = Path("/Library/LaunchDaemons") if spec.system else spec.home / "Library" / "LaunchAgents"
    label = f"probe.{spec.name}"
    job = {  # no ProcessType: what is `Background` is slowed down, and times are what we measure
        "Label": label,
        "ProgramArguments": list(spec.command),
        "WorkingDirectory": str(spec.folder),
        "StartInterval": spec.every,
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": str((spec.folder if spec.system else spec.out) / f"probe-{spec.name}.log"),
    }
    if spec.user:
        job["UserName"] = spec.user
    head, doctype, body = plistlib.dumps(job, sort_keys=False).decode().partition("<plist ")
    text = f"{head}<!-- {MARKER}; `probe schedule remove` takes it away. -->\n{doctype}{body}"
    path = folder / f"{label}.plist"
    domain = "system" if spec.system else "gui/$UID"
    return Orders(
        files=(File(path, text),),
        renew=(("launchctl", "bootout", f"{domain}/{label}"),),
        install=(("launchctl", "bootstrap", domain, str(path)),),
        before_removal=(("launchctl", "bootout", f"{domain}/{label}"),),
    )


def _divided(every: int) -> tuple[int | None, int | None]:
    """`every` as minutes that divide an hour, or hours that divide a day: a calendar knows no others."""
    if every % MINUTE == 0 and every <= HOUR and 60 % (every // MINUTE) == 0:
        return every // MINUTE, None
    if every % HOUR == 0 and every <= DAY and 24 % (every // HOUR) == 0:
        return None, every // HOUR
    raise ScheduleError(
        f"a calendar cannot keep every {_words(every)}; use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes, 1, 2, 3, "
        "4, 6, 8 or 12 hours, or 1d; `probe watch` keeps any"
    )


def _words(seconds: int) -> str:
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
