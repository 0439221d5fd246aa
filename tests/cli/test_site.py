"""`probe report --site` as its users run it: a folder of pages, the first on stdout, mistakes before any reading."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from tests.report.block.making import stored
from tests.report.story import story


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    stored(folder, story())
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder of its own: nothing of ours (results, claims, targets) is picked up by default."""
    monkeypatch.chdir(tmp_path)


def report(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)], input=stdin)


def test_the_first_page_is_on_stdout_and_all_pages_on_disk(results: Path) -> None:
    done = report(results, "--site", "web")
    assert (done.exit_code, done.stdout) == (0, "web/index.html\n")
    assert "16 files" in done.stderr
    assert Path("web/target/clubhouse.html").is_file()


def test_a_second_site_takes_the_place_of_the_first(results: Path) -> None:
    report(results, "--site", "web")
    done = report(results, "--site", "web", "--only", "clubhouse", "--lang", "zh")
    assert done.exit_code == 0
    assert "of an earlier site removed" in done.stderr
    assert not Path("web/target/m.cmx.im.html").exists()
    assert 'lang="zh-Hans"' in Path("web/index.html").read_text(encoding="utf-8")


def test_a_page_that_was_changed_by_hand_is_named_and_left(results: Path) -> None:
    report(results, "--site", "web")
    Path("web/target/m.cmx.im.html").write_text("mine")
    done = report(results, "--site", "web", "--only", "clubhouse")
    assert "web/target/m.cmx.im.html was changed" in done.stderr
    assert Path("web/target/m.cmx.im.html").read_text() == "mine"


def test_a_folder_of_somebody_else_is_refused_before_reading(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text("mine")
    done = report("results-that-are-not-there", "--site", "web")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "web/index.html was not written by probe" in done.stderr
    assert [one.name for one in (tmp_path / "web").iterdir()] == ["index.html"]


@pytest.mark.parametrize(
    ("option", "value"), [("--target", "x"), ("--event", "x"), ("--format", "md"), ("--output", "x"), ("--by", "app")]
)
def test_options_that_a_site_does_not_have_are_named(results: Path, option: str, value: str) -> None:
    done = report(results, "--site", "web", option, value)
    assert done.exit_code == 2
    assert f"goes without {option}" in done.stderr
    assert not Path("web").exists()


def test_an_unknown_language_is_named(results: Path) -> None:
    done = report(results, "--site", "web", "--lang", "xx")
    assert done.exit_code == 2
    assert "there are en, zh" in done.stderr


def test_a_pipe_cannot_be_read_twice() -> None:
    done = report("-", "--site", "web", stdin=b"")
    assert done.exit_code == 2
    assert "standard input can be read only once" in done.stderr


def test_a_folder_that_cannot_be_made_is_named(results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = report(results, "--site", "file/web")
    assert done.exit_code == 2
    assert "file/web" in done.stderr or "file" in done.stderr
    assert "Traceback" not in done.output
