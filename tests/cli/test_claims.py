"""`probe claims` as its users run it, and claims beside the onsets of `probe report`."""

import json
from pathlib import Path

from tests.cli.command import probe
from tests.targets.test_claims import GOOD
from tests.timeline.recorded import drawn, write

BAD = GOOD.replace("began", "begun")


def test_check_counts_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(GOOD, encoding="utf-8")
    done = probe("claims", "check", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "ok: 1 claim, 1 source, 1 country\n", "")


def test_check_names_every_mistake_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(BAD, encoding="utf-8")
    done = probe("claims", "check", "c.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == 'c.yaml:5: claim "one": unknown says "begun"; did you mean "began"?\n1 mistake.\n'


def test_list_as_columns_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(GOOD, encoding="utf-8")
    (line,) = probe("claims", "list", cwd=tmp_path).out.splitlines()
    assert line.split("\t")[:5] == ["one", "clubhouse/api", "CN", "AS4134 AS4837", "began"]
    listed = json.loads(probe("claims", "list", "--json", cwd=tmp_path).out)
    assert listed["claims"][0]["when"]["zone"] == "Asia/Shanghai"


def test_report_takes_the_claims_of_the_folder_and_refuses_wrong_ones(tmp_path: Path) -> None:
    write(tmp_path / "results", drawn({"clubhouse/api": "." * 19 + "d" * 24}, start=1_612_713_600.0))
    (tmp_path / "claims.yaml").write_text(GOOD, encoding="utf-8")
    done = probe("report", cwd=tmp_path)
    assert done.code == 0
    assert "agrees: inside our observed onset 8 Feb 10:00–11:00 UTC" in done.out
    (tmp_path / "wrong.yaml").write_text(BAD, encoding="utf-8")
    done = probe("report", "--claims", "wrong.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("1 mistake; nothing was reported.\n")
