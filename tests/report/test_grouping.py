"""Groups hold what was put into them, in memory and on the disk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.report.grouping import RECORD, Disk, Grouping

BATCHES = st.lists(st.lists(st.integers(0, 5), max_size=20), max_size=8)


@given(BATCHES, st.sampled_from([1, 7, 1000]))
def test_every_record_is_in_its_group_however_often_they_go_to_the_disk(batches: list[list[int]], held: int) -> None:
    grouping, expected, number = Grouping(held), {group: set() for group in range(7)}, 0  # type: ignore[var-annotated]
    for batch in batches:
        records = np.zeros(len(batch), dtype=RECORD)
        for place, group in enumerate(batch):
            records[place] = (number, number + 1, number + 2)
            expected[group].add((number, number + 1, number + 2))
            number += 1
        grouping.add(np.array(batch, dtype=np.int32), records)
    grouping.finish()
    for group, members in expected.items():
        found = grouping.take(group)
        assert {tuple(one) for one in found.tolist()} == members
        assert found.size == len(members)
    assert grouping.spilt == (number >= held)


def test_disk_gives_back_what_it_was_given_in_any_order() -> None:
    disk = Disk()
    parts = [np.array([(n, n, n)] * n, dtype=RECORD) for n in (3, 0, 2)]
    begins = [disk.put(part) for part in parts]
    assert begins == [0, 3, 3]
    for begin, part in reversed(list(zip(begins, parts, strict=True))):
        assert (disk.get(begin, part.size) == part).all()


def test_full_disk_is_an_error_of_the_system() -> None:
    disk = Disk()
    disk.put(np.zeros(1, dtype=RECORD))
    assert disk._file is not None
    disk._file.close()
    disk._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    with pytest.raises(OSError, match="No space left"):
        disk.put(np.zeros(10, dtype=RECORD))
    disk._file.close()
