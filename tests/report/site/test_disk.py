import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from probe.report.site.disk import MANIFEST, Manifest, SiteError, manifest_of, put


def made(folder: Path, **pages: str) -> tuple[int, int, tuple[str, ...]]:
    named = {name.replace("__", "/").replace("_html", ".html"): text for name, text in pages.items()}
    written = put(folder, named, named.items(), "urn:x")
    return written.pages, written.removed, written.kept


def files(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()} - {MANIFEST}


def test_pages_are_written_and_listed(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "site"
    assert made(folder, index_html="a", target__x_html="b") == (2, 0, ())
    assert files(folder) == {"index.html", "target/x.html"}
    assert manifest_of(folder).files["index.html"] == hashlib.sha256(b"a").hexdigest()
    assert manifest_of(folder).feed == "urn:x"


def test_a_second_build_replaces_and_takes_away_its_own(tmp_path: Path) -> None:
    made(tmp_path, index_html="a", target__x_html="b", event__y_html="c")
    assert made(tmp_path, index_html="A", target__x_html="b") == (2, 1, ())
    assert files(tmp_path) == {"index.html", "target/x.html"}
    assert (tmp_path / "index.html").read_text() == "A"
    assert not (tmp_path / "event").exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    made(tmp_path, index_html="a", target__x_html="b")
    (tmp_path / "target" / "mine.html").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    made(tmp_path, index_html="a")
    assert files(tmp_path) == {"index.html", "target/mine.html", "notes.txt"}


def test_a_page_changed_by_hand_is_kept_and_told(tmp_path: Path) -> None:
    made(tmp_path, index_html="a", target__x_html="b")
    (tmp_path / "target" / "x.html").write_text("changed")
    assert made(tmp_path, index_html="a") == (1, 0, ("target/x.html",))
    assert (tmp_path / "target" / "x.html").read_text() == "changed"


def test_a_folder_with_a_page_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(SiteError, match=r"index\.html was not written by probe"):
        made(tmp_path, index_html="a", target__x_html="b")
    assert files(tmp_path) == {"index.html"}
    assert (tmp_path / "index.html").read_text() == "mine"


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "site"
    file.write_text("x")
    with pytest.raises(SiteError, match="is no folder"):
        made(file, index_html="a")


def test_a_manifest_cannot_point_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    names = ["../outside.html", "/etc/passwd", "target/../../outside.html", "target/.hidden.html", "index.html\n"]
    (folder / MANIFEST).write_bytes(msgspec.json.encode(Manifest("urn:x", dict.fromkeys(names, digest))))
    made(folder, index_html="a")
    assert outside.read_text() == "mine"
    assert manifest_of(folder).files.keys() == {"index.html"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": 3}', b"\xff\xfe"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(SiteError, match="cannot be read"):
        made(tmp_path, index_html="a")


def test_a_build_that_was_cut_short_is_cleared_by_the_next(tmp_path: Path) -> None:
    def breaking() -> object:
        yield "target/a.html", "a"
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        put(tmp_path, ["target/a.html", "target/b.html", "index.html"], breaking(), "urn:x")  # type: ignore[arg-type]
    assert files(tmp_path) == {"target/a.html"}
    assert made(tmp_path, index_html="x") == (1, 1, ())
    assert files(tmp_path) == {"index.html"}


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    made(tmp_path, index_html="a")
    assert not [one for one in tmp_path.rglob("*") if one.name.endswith(".part")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SiteError, match="Permission denied"):
        made(tmp_path / "site", index_html="a")


def test_a_stale_page_that_is_a_link_now_is_left_alone(tmp_path: Path) -> None:
    folder, other = tmp_path / "site", tmp_path / "other.html"
    made(folder, index_html="a", target__x_html="b")
    other.write_text("b")
    (folder / "target" / "x.html").unlink()
    (folder / "target" / "x.html").symlink_to(other)
    assert made(folder, index_html="a") == (1, 0, ("target/x.html",))
    assert other.read_text() == "b"
