"""`--control-vantage` in `probe run`, run after run: when another vantage's line tells a block from an outage."""

from pathlib import Path

import msgspec
import pytest

from probe.model.clock import parse_rfc3339, rfc3339
from probe.model.codec import decode_line, encode_line
from probe.model.diagnosis import ControlState, Verdict
from probe.model.measurement import FitnessEvidence, Measurement
from tests.cli.command import probe, served, write_list

SHUT = 9
"""A port of this machine at which nobody listens."""


def newest(folder: Path) -> Measurement:
    """Our last line of the endpoint that is shut."""
    found = [decode_line(line) for path in folder.rglob("*.jsonl") for line in path.read_bytes().splitlines()]
    return max((one for one in found if one.endpoint == "quiet"), key=lambda one: one.time)


def earlier(folder: Path, seconds: float) -> None:
    """Make all that we measured so far so much older."""
    for path in folder.rglob("*.jsonl"):
        lines = [decode_line(line) for line in path.read_bytes().splitlines()]
        old = [msgspec.structs.replace(one, time=rfc3339(parse_rfc3339(one.time) - seconds)) for one in lines]
        path.write_bytes(b"".join(encode_line(one) for one in old))


@pytest.mark.parametrize(
    ("after", "control"),
    [
        (600.0, ControlState.REACHED),  # between the two failures: its server was well
        (-600.0, ControlState.NONE),  # before both: it may have gone dark for everybody since
    ],
)
def test_another_vantage_counts_from_our_second_failure_on(
    tmp_path: Path, hello: int, after: float, control: ControlState
) -> None:
    write_list(tmp_path, served(hello, silent=SHUT))
    ours, there = tmp_path / "results" / "sha-ct", tmp_path / "there"
    there.mkdir()
    command = ("run", "--vantage", "sha-ct", "--timeout", "2")
    probe(*command, cwd=tmp_path)
    first = newest(ours)
    assert first.control == ControlState.NONE
    earlier(ours, 1200.0)
    well = msgspec.structs.replace(
        first, id="r/app/quiet", vantage="berlin", country="DE", verdict=Verdict.OK,
        time=rfc3339(parse_rfc3339(first.time) - 1200.0 + after), fitness_evidence=FitnessEvidence(clock_offset=0.0),
    )  # fmt: skip
    (there / "20210208T104000Z-berlin-91f3.jsonl").write_bytes(encode_line(well))
    probe(*command, "--control-vantage", str(there), cwd=tmp_path)
    assert newest(ours).control == control
