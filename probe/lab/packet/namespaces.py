"""Linux namespaces without root: make them, enter them, and give a client its own resolv.conf.

Calls libc by ctypes (os.unshare and os.setns are Python 3.12). Everything here changes the calling process: callers
fork first. What is made lives as long as a process or a descriptor refers to it, and the host's own network is never
touched. Sources: namespaces(7), user_namespaces(7), unshare(2), setns(2), mount(2).
"""

import ctypes
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

ETCETERA = {"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nservices: files\n"}
"""Files of /etc that every client gets: names are resolved by files and DNS only, never by a daemon of the host."""

HOST_DAEMONS = ("/run/systemd/resolve/io.systemd.Resolve", "/run/nscd/socket", "/run/systemd/userdb")
"""Sockets through which a C library may ask the host's resolver: paths are not the network's, so they are covered."""


class Namespaces(NamedTuple):
    """Descriptors of a user, a network and a mount namespace."""

    user: int
    net: int
    mount: int

    def enter(self) -> None:
        """Move the calling process (one thread only) into all three. Raises OSError."""
        enter(self.user, NEWUSER)
        enter(self.net, NEWNET)
        enter(self.mount, NEWNS)

    def close(self) -> None:
        """Close the descriptors; the namespaces go when nothing else refers to them."""
        for descriptor in self:
            with suppress(OSError):
                os.close(descriptor)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Leave the shared namespaces of these kinds for new ones. Raises OSError."""
    _check(_libc.unshare(flags), "unshare")


def enter(descriptor: int, kind: int) -> None:
    """Enter the namespace open as `descriptor`. Raises OSError."""
    _check(_libc.setns(descriptor, kind), "setns")


def current(kind: str) -> int:
    """A descriptor of the caller's own namespace; `kind` is `user`, `net` or `mnt`."""
    return os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal to us when the thread that forked us ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def become_root() -> None:
    """New user, network and mount namespaces in which we are root, our user being the only one. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    unshare(NEWUSER | NEWNET | NEWNS)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _mount(source: str, target: str, flags: int) -> None:
    _check(_libc.mount(source.encode(), target.encode(), None, flags, None), f"mount on {target}")


def cover_etc(files: dict[str, str]) -> None:
    """Lay our texts over files of /etc, for this mount namespace only; files that the host lacks are left out.

    Nothing stays on disk: the texts live in unlinked temporary files.
    """
    for name, content in files.items():
        target = Path("/etc", name)
        if target.exists():
            _cover(str(target.resolve()), content)
    for path in HOST_DAEMONS:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            _cover(path, "")


def _cover(target: str, content: str) -> None:
    descriptor, path = tempfile.mkstemp(prefix="probe-lab-")
    try:
        os.write(descriptor, content.encode())
        os.fchmod(descriptor, 0o644)
        _mount(path, target, _MS_BIND)
    finally:
        os.close(descriptor)
        os.unlink(path)
