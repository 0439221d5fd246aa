"""Carries out what `units` says: writes the files, runs the commands, edits the crontab; and undoes it.

Overwrites and removes only what carries our mark. Says what it did; what to show a user before is for the command line.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from probe.schedule.units import MARKER, Orders, with_block

_PATIENCE = 60.0
_NO_BUS = (
    "; you have no session of systemd's here (su and sudo make none): log in as that user, or as root "
    "`loginctl enable-linger USER`, then as the user `export XDG_RUNTIME_DIR=/run/user/$(id -u)`"
)


class InstallError(Exception):
    """Something could not be carried out; the message names it, and what was done before stays done."""


def foreign(orders: Orders) -> tuple[Path, ...]:
    """Files in the way that are not ours."""
    return tuple(file.path for file in orders.files if file.path.exists() and not _ours(file.path))


def installed(orders: Orders) -> tuple[Path, ...]:
    """The files that are there and are ours."""
    return tuple(file.path for file in orders.files if _ours(file.path))


def install(orders: Orders, name: str) -> None:
    """Write and enable. Raises InstallError, the files then being as before; those not ours stay untouched."""
    if strangers := foreign(orders):
        raise InstallError(f"{strangers[0]} is there and is not ours; move it away, or choose another --name")
    if orders.crontab:
        write_crontab(with_block(read_crontab(), name, orders.crontab))
    before = {file.path: _text(file.path) for file in orders.files}
    try:
        for file in orders.files:
            _write(file.path, file.text)
        for command in orders.renew if any(before.values()) else ():
            _run(command, may_fail=True)  # it may have been taken out by hand
        for command in orders.install:
            _run(command)
    except InstallError:
        _put_back(before)
        for command in orders.after_removal:
            with suppress(InstallError):
                _run(command, may_fail=True)
        raise


def remove(orders: Orders, name: str) -> bool:
    """Disable and take away what is ours. False: there was nothing. Raises InstallError."""
    if orders.crontab:
        before = read_crontab()
        after = with_block(before, name, "")
        if after != before:
            write_crontab(after)
        return after != before
    files = installed(orders)
    if not files:
        return False
    for command in orders.before_removal:
        _run(command, may_fail=True)  # it may have been disabled by hand; the files go anyway
    for path in files:
        try:
            path.unlink()
        except OSError as error:
            raise InstallError(f"{path}: {error.strerror or error}") from error
    for command in orders.after_removal:
        _run(command, may_fail=True)
    return True


def read_crontab() -> str:
    """The user's crontab; empty if they have none."""
    done = _call(("crontab", "-l"))
    if done.returncode and "no crontab" not in done.stderr:
        raise InstallError(f"crontab -l: {done.stderr.strip() or f'ended with {done.returncode}'}")
    return done.stdout if not done.returncode else ""


def write_crontab(text: str) -> None:
    """Put `text` in place of the user's crontab; `crontab` itself checks it first."""
    done = _call(("crontab", "-"), text)
    if done.returncode:
        raise InstallError(f"crontab refused it: {done.stderr.strip() or f'ended with {done.returncode}'}")


def users_have_namespaces() -> bool:
    """Whether a user's processes may have name spaces of their own here, by the kernel's switches that forbid it."""
    forbidding = (
        ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
        ("/proc/sys/user/max_user_namespaces", "0"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
    )
    return not any(_text(Path(switch)).strip() == off for switch, off in forbidding)


def _ours(path: Path) -> bool:
    return MARKER in _text(path)[:4096]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise InstallError(f"{path}: {error.strerror or error}") from error


def _put_back(before: dict[Path, str]) -> None:
    """The files as they were; a half-installed schedule would be neither there nor not there."""
    for path, text in before.items():
        with suppress(OSError, InstallError):
            _write(path, text) if text else path.unlink(missing_ok=True)


def _run(command: tuple[str, ...], *, may_fail: bool = False) -> None:
    done = _call(tuple(word.replace("$UID", str(os.getuid())) for word in command))
    if done.returncode and not may_fail:
        said = done.stderr.strip() or f"ended with {done.returncode}"
        fix = _NO_BUS if "connect to" in said and "bus" in said and "--user" in command else ""
        raise InstallError(f"nothing was installed: `{' '.join(command)}` failed: {said}{fix}")


def _call(command: tuple[str, ...], text: str = "") -> "subprocess.CompletedProcess[str]":
    if shutil.which(command[0]) is None:
        raise InstallError(f"there is no `{command[0]}` here; --kind names another scheduler (systemd, cron, launchd)")
    try:
        return subprocess.run(  # noqa: S603 - our own commands, as shown to the user before
            command, input=text, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"`{' '.join(command)}`: {error}") from error
