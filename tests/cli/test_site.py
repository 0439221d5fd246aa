"""`probe report --site` as its users run it: a folder of pages, the first on stdout, mistakes before any reading."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app

pytestmark = pytest.mark.usefixtures("elsewhere")


def report(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)], input=stdin)


def test_the_first_page_is_on_stdout_and_all_pages_on_disk(told: Path) -> None:
    done = report(told, "--site", "web")
    assert (done.exit_code, done.stdout) == (0, "web/index.html\n")
    assert "16 files" in done.stderr
    assert Path("web/target/clubhouse.html").is_file()


def test_a_second_site_takes_the_place_of_the_first(told: Path) -> None:
    report(told, "--site", "web")
    done = report(told, "--site", "web", "--only", "clubhouse", "--lang", "zh")
    assert done.exit_code == 0
    assert "of an earlier site removed" in done.stderr
    assert not Path("web/target/m.cmx.im.html").exists()
    assert 'lang="zh-Hans"' in Path("web/index.html").read_text(encoding="utf-8")


def test_a_page_that_was_changed_by_hand_is_named_and_left(told: Path) -> None:
    report(told, "--site", "web")
    Path("web/target/m.cmx.im.html").write_text("mine")
    done = report(told, "--site", "web", "--only", "clubhouse")
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
def test_options_that_a_site_does_not_have_are_named(told: Path, option: str, value: str) -> None:
    done = report(told, "--site", "web", option, value)
    assert done.exit_code == 2
    assert f"goes without {option}" in done.stderr
    assert not Path("web").exists()


def test_an_unknown_language_is_named(told: Path) -> None:
    done = report(told, "--site", "web", "--lang", "xx")
    assert done.exit_code == 2
    assert "there are en, zh" in done.stderr


def test_a_pipe_cannot_be_read_twice() -> None:
    done = report("-", "--site", "web", stdin=b"")
    assert done.exit_code == 2
    assert "standard input can be read only once" in done.stderr


def test_a_folder_that_cannot_be_made_is_named(told: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = report(told, "--site", "file/web")
    assert done.exit_code == 2
    assert "file/web" in done.stderr or "file" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("given", ["https://example.org/blocks", "https://example.org/blocks/"])
def test_links_of_the_feed_begin_with_the_address_of_the_site(told: Path, given: str) -> None:
    assert report(told, "--site", "web", "--site-url", given).exit_code == 0
    text = Path("web/feed.xml").read_text(encoding="utf-8")
    assert 'rel="self" type="application/atom+xml" href="https://example.org/blocks/feed.xml"' in text
    assert 'href="https://example.org/blocks/target/' in text


@pytest.mark.parametrize(
    "given",
    ["example.org/blocks", "file:///srv/web", "https://", "https://a b/", "https://x/?q=1", "https://x/#y",
     "javascript:x", "https://u:p@x/", "https://x:0/", "https://[x/", 'https://x/"><script>'],
)  # fmt: skip
def test_an_address_that_links_cannot_begin_with_is_a_mistake(told: Path, given: str) -> None:
    done = report(told, "--site", "web", "--site-url", given)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is no address of a site; write one like https://example.org/blocks/" in done.stderr
    assert not Path("web").exists()


def test_an_address_without_a_site_is_a_mistake_on_the_command_line_and_not_in_settings(told: Path) -> None:
    done = report(told, "--site-url", "https://example.org/")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "goes with --site DIR" in done.stderr
    Path("probe.toml").write_text('site-url = "https://example.org/"\nlang = "zh"\n', encoding="utf-8")
    assert report(told).exit_code == 0
    assert report(told, "--site", "web").exit_code == 0
    assert "https://example.org/target/" in Path("web/feed.xml").read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in Path("web/index.html").read_text(encoding="utf-8")
