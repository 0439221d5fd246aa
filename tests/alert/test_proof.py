"""Where a measurement lies: file and line."""

import gzip
from pathlib import Path

from probe.alert.proof import lines_of
from probe.model.codec import encode_line
from probe.store.layout import run_path
from tests.store.records import T0, measurement

ONES = [measurement(T0, target=f"t{i}") for i in range(3)]


def written(results: Path, data: bytes) -> Path:
    path = run_path(results, "sha-ct", ONES[0].run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_each_by_its_line_below_the_results(tmp_path: Path) -> None:
    path = written(tmp_path, b"".join(map(encode_line, ONES[:2])) + b"\n{torn\n" + encode_line(ONES[2]))
    file = path.relative_to(tmp_path).as_posix()
    wanted = [ONES[0].id, ONES[2].id, "no/such/one"]
    assert lines_of(tmp_path, "sha-ct", wanted) == {ONES[0].id: (file, 1), ONES[2].id: (file, 5)}


def test_an_id_in_the_middle_of_another_line_is_not_taken_for_one(tmp_path: Path) -> None:
    liar = measurement(T0, target="liar", input='https://x/?"id":"' + ONES[0].id + '"')
    written(tmp_path, encode_line(liar) + encode_line(ONES[0]))
    assert lines_of(tmp_path, "sha-ct", [ONES[0].id])[ONES[0].id][1] == 2


def test_a_file_that_is_gone_or_packed_wrongly_points_nowhere(tmp_path: Path) -> None:
    assert lines_of(tmp_path, "sha-ct", [ONES[0].id]) == {}
    written(tmp_path, gzip.compress(encode_line(ONES[0]))[:20])
    assert lines_of(tmp_path, "sha-ct", [ONES[0].id]) == {}
