"""Names of runs and vantage points, and what names on a command line stand for."""

import errno
import os
from pathlib import Path

import pytest

from probe.model.clock import parse_rfc3339
from probe.store import layout


def test_run_id_holds_utc_second_vantage_and_token() -> None:
    now = parse_rfc3339("2021-02-08T19:00:00.900+08:00")
    assert layout.run_id(now, "sha-ct", "91f3") == "20210208T110000Z-sha-ct-91f3"


@pytest.mark.parametrize("token", ["91F3", "91f", "91f30", "../a", ""])
def test_run_id_refuses_a_token_that_is_not_four_hex_digits(token: str) -> None:
    with pytest.raises(ValueError, match="four hexadecimal digits"):
        layout.run_id(0.0, "sha-ct", token)


def test_run_id_refuses_a_vantage_that_leaves_its_folder() -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        layout.run_id(0.0, "../etc", "91f3")


def test_run_path_uses_the_utc_day_of_the_run() -> None:
    path = layout.run_path(Path("results"), "sha-ct", "20210208T235959Z-sha-ct-91f3")
    assert path == Path("results/sha-ct/2021-02-08/20210208T235959Z-sha-ct-91f3.jsonl")


@pytest.mark.parametrize("name", ["a", "sha-ct", "AS4134.cn_1", "x" * 64])
def test_vantage_names_that_are_safe_in_a_path(name: str) -> None:
    assert layout.vantage_error(name) is None


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "-a", "a-", ".hidden", "a b", "a\n", "a\0", "上海", "é", "x" * 65]
)
def test_vantage_names_that_are_not(name: str) -> None:
    error = layout.vantage_error(name)
    assert error is not None
    assert "\n" not in error


def _tree(root: Path) -> None:
    for name in ("sha-ct/2021-02-08/b.jsonl", "sha-ct/2021-02-08/a.jsonl.gz", "x/c.jsonl.zst", "x/notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def _names(found: layout.Found) -> list[str]:
    return [Path(source.name).name for source in found.sources]


def test_folder_is_searched_to_the_bottom_for_result_suffixes_only(tmp_path: Path) -> None:
    _tree(tmp_path)
    found = layout.find([str(tmp_path)])
    assert _names(found) == ["a.jsonl.gz", "b.jsonl", "c.jsonl.zst"]
    assert found.problems == ()


def test_file_named_twice_and_inside_a_named_folder_is_one_source(tmp_path: Path) -> None:
    _tree(tmp_path)
    file = tmp_path / "sha-ct/2021-02-08/b.jsonl"
    found = layout.find([str(file), str(file.parent), os.path.relpath(file)])
    assert _names(found) == ["b.jsonl", "a.jsonl.gz"]


def test_globs_of_files_and_of_folders(tmp_path: Path) -> None:
    _tree(tmp_path)
    assert _names(layout.find([f"{tmp_path}/**/*.jsonl"])) == ["b.jsonl"]
    assert _names(layout.find([f"{tmp_path}/s*"])) == ["a.jsonl.gz", "b.jsonl"]


def test_existing_file_with_glob_signs_in_its_name_is_that_file(tmp_path: Path) -> None:
    odd = tmp_path / "run[1].jsonl"
    odd.write_bytes(b"")
    assert layout.find([str(odd)]).sources[0].path == odd


def _shut(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Folders of these names cannot be read, by root either."""
    really = os.scandir

    def scandir(path: str) -> object:
        if os.path.basename(path) in names:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_cannot_be_read_is_named_and_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tree(tmp_path)
    _shut(monkeypatch, "2021-02-08")
    for name in (str(tmp_path), f"{tmp_path}/s*"):
        found = layout.find([name])
        assert found == ((), (f"{tmp_path}/sha-ct/2021-02-08: Permission denied",), ())


def test_what_is_hidden_or_the_file_systems_own_need_not_be_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tree(tmp_path)
    for name in ("lost+found", "x/.incoming"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "d.jsonl").write_bytes(b"")
    _shut(monkeypatch, "lost+found", ".incoming")
    assert _names(layout.find([str(tmp_path)])) == ["a.jsonl.gz", "b.jsonl", "c.jsonl.zst"]


def test_dash_is_standard_input() -> None:
    assert layout.find(["-", "-"]).sources == (layout.Source("<stdin>", None),)


def test_every_wrong_name_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    names = [f"{tmp_path}/gone", f"{tmp_path}/empty", f"{tmp_path}/*.jsonl", "a\0/*"]
    found = layout.find(names)
    assert found.sources == ()
    assert [problem.rsplit(": ", 1)[1].split(" (")[0] for problem in found.problems] == [
        "no such file or folder",
        "no results in this folder",
        "no file matches this pattern",
        "not a path",
    ]
