"""`probe demo`: the evening of 8 February 2021 in small, through the code of `probe run`; its report tells it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probe.model.clock import parse_rfc3339
from probe.model.codec import decode_line
from probe.model.measurement import Measurement
from tests.cli.command import Done, environment, probe

ROUNDS = 8
TRUTH = re.compile(r"The truth: at (\S+) the API's name was forged away")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """A short demo, its results in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    return probe("demo", "--rounds", str(ROUNDS), "--out", "out", "--tz", "UTC", cwd=folder), folder


def measurements(folder: Path) -> list[Measurement]:
    paths = sorted(folder.rglob("*.jsonl"))
    return [decode_line(line) for path in paths for line in path.read_bytes().splitlines()]


def switched(done: Done) -> float:
    found = TRUTH.search(done.err)
    assert found is not None
    return parse_rfc3339(found[1])


def of(folder: Path, name: str) -> list[tuple[float, str]]:
    """When each measurement of `target/endpoint` was made, and its verdict."""
    seen = [m for m in measurements(folder) if f"{m.target}/{m.endpoint}" == name]
    return [(parse_rfc3339(m.time), m.verdict) for m in seen]


def test_it_ends_well_with_data_on_stdout_and_talk_on_stderr(played: tuple[Done, Path]) -> None:
    done, _ = played
    assert done.code == 0
    assert "Traceback" not in done.err
    assert "\x1b" not in done.out + done.err
    assert "clubhouse/api" in done.out
    assert "The truth" not in done.out


def test_the_api_is_blocked_since_an_interval_that_holds_the_truth(played: tuple[Done, Path]) -> None:
    done, folder = played
    api = of(folder, "clubhouse/api")
    assert len(api) == ROUNDS
    last_good = max(at for at, verdict in api if verdict == "ok")
    first_bad = min(at for at, verdict in api if verdict == "blocked")
    assert last_good < switched(done) <= first_bad
    assert {verdict for at, verdict in api if at >= first_bad} == {"blocked"}
    [made] = (folder / "out").iterdir()
    told = json.loads(probe("report", str(made), "--json", cwd=folder).out)
    [series] = [one for one in told["series"] if (one["target"], one["endpoint"]) == ("clubhouse", "api")]
    [episode] = series["episodes"]
    observed, certain = episode["onset"], episode["certain_onset"]
    assert observed["earliest"]["epoch"] < switched(done) <= observed["latest"]["epoch"]
    began = certain["earliest"]  # None: on a busy machine some of the few runs before say nothing, and it stays open
    assert began is None or began["epoch"] < switched(done)
    assert switched(done) <= certain["latest"]["epoch"]
    assert re.search(r"clubhouse/api .*since .*–", done.out)


def test_the_website_is_open(played: tuple[Done, Path]) -> None:
    done, folder = played
    assert {verdict for _, verdict in of(folder, "clubhouse/web")} == {"ok"}
    assert re.search(rf"clubhouse/web .*open, reached {ROUNDS} of {ROUNDS}", done.out)


def test_the_outage_is_told_apart_from_the_reset(played: tuple[Done, Path]) -> None:
    done, folder = played
    assert {verdict for at, verdict in of(folder, "harbour.example/api") if at > switched(done)} == {"down"}
    assert {verdict for at, verdict in of(folder, "lantern.example/api") if at > switched(done)} == {"blocked"}
    assert re.search(r"harbour\.example/api .*down for everyone", done.out)
    assert re.search(r"lantern\.example/api .*since", done.out)
    mechanisms = {(m.target, m.mechanism) for m in measurements(folder) if m.verdict == "blocked"}
    assert ("lantern.example", "sni_reset") in mechanisms
    assert {target for target, _ in mechanisms} == {"clubhouse", "lantern.example"}


def test_its_jsonl_lies_in_a_new_folder_of_out_and_can_be_reported_again(played: tuple[Done, Path]) -> None:
    done, folder = played
    [made] = (folder / "out").iterdir()
    assert len(list(made.rglob("*.jsonl"))) == ROUNDS
    again = probe("report", str(made), "--json", cwd=folder)
    assert again.code == 0
    assert f"probe report {made.relative_to(folder)} --json" in done.err
    assert sorted(path.name for path in folder.iterdir()) == ["out"]


def test_a_wrong_zone_or_number_is_told_before_anything_begins(tmp_path: Path) -> None:
    for wrong in (("--tz", "Nowhere"), ("--rounds", "3"), ("--rounds", "x")):
        assert probe("demo", *wrong, cwd=tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_demo_ends_at_once_and_keeps_what_it_has(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "probe", "demo", "--out", "out"], cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        give_up = time.monotonic() + 20
        while not list(tmp_path.rglob("*.jsonl")) and time.monotonic() < give_up:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert (out, "Traceback" in err) == ("", False)
    assert "interrupted; what was measured is in out/" in err


def test_a_place_that_is_no_folder_is_told_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = probe("demo", "--out", "file", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"--out file: {tmp_path / 'file'} is a file; name a folder\n"
