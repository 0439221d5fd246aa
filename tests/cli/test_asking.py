"""What the options mean, where the command line itself does not say no: countries, folders, numbers."""

from pathlib import Path

import pytest

from probe.cli.asking import folder_mistake, understood
from probe.cli.options import Options


@pytest.mark.parametrize(("text", "country"), [("cn", "CN"), ("ZZ", "ZZ"), ("zz", "ZZ"), ("XK", "XK")])
def test_a_country_is_one_of_the_standard_or_not_told(text: str, country: str) -> None:
    mistakes: list[str] = []
    vantage, _, _ = understood(Options(country=text), mistakes)
    assert (vantage.country, mistakes) == (country, [])


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("UK", "did you mean GB?"),
        ("China", "did you mean CN?"),
        ("XX", "write two letters of ISO 3166-1, such as CN, or ZZ: not told"),
        ("", "write two letters of ISO 3166-1, such as CN, or ZZ: not told"),
        ("中国", "write two letters of ISO 3166-1, such as CN, or ZZ: not told"),
    ],
)
def test_a_country_that_is_none_would_stand_in_every_record(text: str, fix: str) -> None:
    mistakes: list[str] = []
    understood(Options(country=text), mistakes)
    assert mistakes == [f"--country {text!r} is no country code; {fix}"]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_deadline_is_a_number(seconds: float) -> None:
    mistakes: list[str] = []
    understood(Options(timeout=seconds), mistakes)
    assert mistakes == [f"--timeout {seconds} is no number of seconds; write one such as 10"]


def test_a_results_folder_need_not_be_there(tmp_path: Path) -> None:
    assert folder_mistake(tmp_path) is None
    assert folder_mistake(tmp_path / "a" / "b") is None
    assert list(tmp_path.iterdir()) == []


def test_a_results_folder_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        assert folder_mistake(path) == f"--out {path}: {tmp_path / 'file'} is a file; name a folder"
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # the one who runs tests may be root
    assert (
        folder_mistake(tmp_path / "x")
        == f"--out {tmp_path / 'x'}: {tmp_path} is closed to your writing; choose another folder"
    )
