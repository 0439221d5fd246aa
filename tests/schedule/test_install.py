"""Carrying out an installation: all of it or none, ours alone, and anew where it was there before."""

import stat
from pathlib import Path

import pytest

from probe.schedule import install
from probe.schedule.install import InstallError, users_have_namespaces
from probe.schedule.units import MARKER, File, Orders

SCRIPT = """#!/bin/sh
echo "$@" >> {log}
case "$1" in {refused}) echo "{words}" >&2; exit 5;; esac
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the scheduler `sched` was asked; it refuses what begins with `no`."""
    scheduler(tmp_path, "no*", "not today")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "asked"


def scheduler(folder: Path, refused: str, words: str) -> None:
    script = folder / "sched"
    script.write_text(SCRIPT.format(log=folder / "asked", refused=refused, words=words))
    script.chmod(script.stat().st_mode | stat.S_IEXEC)


def orders(folder: Path, *commands: str, text: str = "new") -> Orders:
    files = tuple(File(folder / "units" / name, f"# {MARKER}\n{text}\n") for name in ("a.service", "a.timer"))
    return Orders(
        files,
        renew=(("sched", "out"),),
        install=tuple(("sched", command) for command in commands),
        after_removal=(("sched", "reload"),),
    )


def texts(folder: Path) -> list[str]:
    return [path.read_text().splitlines()[-1] for path in sorted((folder / "units").iterdir())]


def test_what_a_scheduler_refuses_is_as_if_it_had_never_been_asked(tmp_path: Path, log: Path) -> None:
    with pytest.raises(InstallError, match=r"^nothing was installed: `sched no` failed: not today$"):
        install.install(orders(tmp_path, "yes", "no"), "a")
    assert texts(tmp_path) == []
    assert log.read_text().split() == ["yes", "no", "reload"]


def test_what_was_there_before_stays_where_the_new_one_is_refused(tmp_path: Path, log: Path) -> None:
    install.install(orders(tmp_path, "yes", text="old"), "a")
    with pytest.raises(InstallError, match="nothing was installed"):
        install.install(orders(tmp_path, "no"), "a")
    assert texts(tmp_path) == ["old", "old"]
    assert log.read_text().split() == ["yes", "out", "no", "reload"]


def test_a_scheduler_that_holds_the_old_one_lets_go_of_it_first(tmp_path: Path, log: Path) -> None:
    install.install(orders(tmp_path, "yes"), "a")
    install.install(orders(tmp_path, "yes"), "a")
    assert log.read_text().split() == ["yes", "out", "yes"]


def test_somebody_elses_file_stops_everything(tmp_path: Path, log: Path) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "a.timer").write_text("theirs")
    with pytest.raises(InstallError, match="is there and is not ours"):
        install.install(orders(tmp_path, "yes"), "a")
    assert (texts(tmp_path), log.exists()) == (["theirs"], False)


def test_a_session_without_a_bus_is_told_with_the_way_to_one(tmp_path: Path, log: Path) -> None:
    scheduler(tmp_path, "--user", "Failed to connect to bus: No medium found")
    told = orders(tmp_path)._replace(install=(("sched", "--user", "enable"),))
    with pytest.raises(InstallError, match=r"No medium found; you have no session of systemd's here .*enable-linger"):
        install.install(told, "a")
    assert log.exists()


@pytest.mark.parametrize(
    ("switches", "have"),
    [
        ({}, True),
        ({"unprivileged_userns_clone": "1\n", "max_user_namespaces": "96365\n"}, True),
        ({"unprivileged_userns_clone": "0\n"}, False),
        ({"max_user_namespaces": "0\n"}, False),
        ({"apparmor_restrict_unprivileged_userns": "1\n"}, False),
        ({"apparmor_restrict_unprivileged_userns": "0\n"}, True),
    ],
)
def test_whether_users_have_namespaces_is_told_by_the_kernels_switches(
    monkeypatch: pytest.MonkeyPatch, switches: dict[str, str], have: bool
) -> None:
    monkeypatch.setattr(install, "_text", lambda path: switches.get(path.name, ""))
    assert users_have_namespaces() is have
