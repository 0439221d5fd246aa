"""Which runs can be completed, and what is said of those that cannot."""

from pathlib import Path

import msgspec
import pytest

from probe.model.codec import encode_line
from probe.model.vantage import Vantage
from probe.schedule.resume import ResumeError, find_run
from probe.store.layout import run_path
from tests.store.records import T0, measurement

RUN = "20210208T090000Z-sha-ct-91f3"
SAME = Vantage(name="sha-ct", country="CN", asn=4134, network="China Telecom")
LIST = "0" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a run of two lines."""
    path = run_path(tmp_path, "sha-ct", RUN)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(encode_line(measurement(T0 + n, run_id=RUN, endpoint=f"e{n}")) for n in range(2)))
    return path


def test_a_run_says_what_it_has(tmp_path: Path, path: Path) -> None:
    found = find_run(tmp_path, RUN, SAME, LIST)
    assert (found.run_id, found.path, found.names) == (RUN, path, frozenset({"clubhouse/e0", "clubhouse/e1"}))
    assert (found.last, found.torn) == (T0 + 1, 0)


def test_an_empty_file_is_a_run_of_which_everything_is_missing(tmp_path: Path, path: Path) -> None:
    path.write_bytes(b"")
    assert find_run(tmp_path, RUN, SAME, LIST).names == frozenset()


def test_torn_and_damaged_lines_are_missing(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b"garbage\n" + whole[:50])
    found = find_run(tmp_path, RUN, SAME, LIST)
    assert (len(found.names), found.torn) == (2, 2)


@pytest.mark.usefixtures("path")
def test_another_list_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match=r"the target list has changed since .*add --other-list"):
        find_run(tmp_path, RUN, SAME, "1" * 64)
    assert len(find_run(tmp_path, RUN, SAME, "1" * 64, other_list=True).names) == 2


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("changes", [{"country": "US"}, {"asn": 4837}, {"network": ""}])
def test_another_vantage_is_refused_with_the_options_that_would_do(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(
        ResumeError, match=r"made with --country CN --asn 4134 --network 'China Telecom'; write the same"
    ):
        find_run(tmp_path, RUN, msgspec.structs.replace(SAME, **changes), LIST)


WRONG = {
    "latest": "'latest' is no run id; write one such as 20210208T110000Z-sha-ct-91f3",
    "../../etc/passwd": "is no run id",
    "20210208T090000Z-ber-91f3": "made from ber, this would be sha-ct; add --vantage ber",
    "20210208T090000Z-sha-ct-0000": "there is no .*-0000.jsonl; --out names the results folder",
}


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("run", WRONG)
def test_a_run_that_is_none_of_ours(tmp_path: Path, run: str) -> None:
    with pytest.raises(ResumeError, match=WRONG[run]):
        find_run(tmp_path, run, SAME, LIST)


def test_a_packed_run_is_not_added_to(tmp_path: Path, path: Path) -> None:
    path.rename(path.with_name(path.name + ".gz"))
    with pytest.raises(ResumeError, match="is packed away"):
        find_run(tmp_path, RUN, SAME, LIST)
