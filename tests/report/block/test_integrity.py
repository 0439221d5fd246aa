"""The footer: what anyone with the files can check, with the very commands it names."""

import re
import shlex
import subprocess
from pathlib import Path

from probe.report.block.integrity import LISTED
from tests.report.block.making import page, series, stored
from tests.report.story import BLOCKED_API, story


def test_each_hash_is_what_sha256sum_says(tmp_path: Path) -> None:
    proof = page(tmp_path, story()).integrity
    for file in proof.listed:
        done = subprocess.run(["sha256sum", file.name], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == f"{file.sha256}  {file.name}\n"
    assert len(proof.files) == 73
    assert len(proof.listed) == LISTED


def test_the_digest_is_that_of_sha256sums_own_list(tmp_path: Path) -> None:
    proof = page(tmp_path, story()).integrity
    names = " ".join(shlex.quote(file.name) for file in proof.files)
    command = f"sha256sum {names} | LC_ALL=C sort | sha256sum"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == proof.digest
    assert proof.digest in proof.digest_text


def test_the_commands_run_as_they_stand(tmp_path: Path) -> None:
    proof = page(tmp_path, story()).integrity
    first, *rest = proof.commands
    done = subprocess.run(["sh", "-c", first], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(proof.listed[0].sha256)
    assert rest == ["probe verify"]


def test_cited_files_come_first(tmp_path: Path) -> None:
    proof = page(tmp_path, story()).integrity
    cited = [file.name for file in proof.listed if file.cited]
    assert cited == [file.name for file in proof.listed[: len(cited)]]
    assert {re.sub(r".*(2021\d{4}T\d{4}).*", r"\1", name) for name in cited} == {
        "20210208T1050", "20210208T1100", "20210208T1250",
    }  # fmt: skip
    assert "12 are listed" in proof.text


def test_files_without_a_measurement_of_the_page_are_left_out(tmp_path: Path) -> None:
    stored(tmp_path, series((3, {}), target="other.example", vantage="de-1", country="DE", asn=3320))
    proof = page(tmp_path, series((20, {}), (20, BLOCKED_API))).integrity
    assert len(proof.files) == 40
    assert all(file.measurements == 1 for file in proof.files)
