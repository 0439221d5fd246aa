"""Bytes become numbered, bounded lines, whatever they are packed in."""

import gzip
import io
from pathlib import Path

import pytest

from probe.store import lines as lines_module
from probe.store.layout import Source
from probe.store.lines import UnreadableError, lines, opened


def _lines(data: bytes) -> list[tuple[int, bytes, bool, bool]]:
    return [(*line,) for line in lines(io.BytesIO(data))]


def test_lines_are_numbered_as_an_editor_does_and_blank_ones_left_out() -> None:
    assert [(number, data) for number, data, *_ in _lines(b"a\n\n \t\r\nb\r\n")] == [(1, b"a\n"), (4, b"b\r\n")]


def test_last_line_without_newline_is_not_whole() -> None:
    assert [whole for _, _, whole, _ in _lines(b"a\nb")] == [True, False]


@pytest.mark.parametrize("length", [9, 10, 11, 19, 20, 21, 35])
def test_line_is_cut_at_the_limit_and_the_next_one_is_intact(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LINE_LIMIT", 10)
    first, second = _lines(b"x" * (length - 1) + b"\nb\n")
    assert first == (1, (b"x" * (length - 1) + b"\n")[:10], True, length > 10)
    assert second == (2, b"b\n", True, False)


def test_overlong_last_line_without_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LINE_LIMIT", 10)
    assert _lines(b"x" * 25) == [(1, b"x" * 10, False, True)]


def test_empty_and_missing_sources(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with opened(Source("empty", tmp_path / "empty")) as stream:
        assert list(lines(stream)) == []
    with pytest.raises(UnreadableError, match="gone: No such file"), opened(Source("gone", tmp_path / "gone")):
        pass
    with pytest.raises(UnreadableError, match="folder: Is a directory"), opened(Source("folder", tmp_path)):
        pass


def test_empty_gzip(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b""))
    with opened(Source("a.gz", tmp_path / "a.gz")) as stream:
        assert list(lines(stream)) == []
