"""Rows in columns are rows still, and tables of two readers become one."""

from hypothesis import given
from hypothesis import strategies as st

from probe.model.codec import encode_line
from probe.store import reader
from probe.store.columns import Tables, joined
from tests.store.coded import decoded, plain
from tests.store.records import T0, measurement

ROWS = [
    reader._row(
        encode_line(measurement(T0 + n / 8, endpoint=f"e{n % 3}", **({"id": f"own{n % 5}"} if n % 4 == 0 else {})))
    )
    for n in range(30)
]


@given(st.lists(st.sampled_from(ROWS)), st.lists(st.sampled_from(ROWS)))
def test_blocks_of_two_tables_merge(ours: list[reader.Row], theirs: list[reader.Row]) -> None:
    mine, other = Tables(), Tables()
    blocks = [mine.block(ours), other.block(theirs)]
    blocks[1] = mine.merged(other).block(blocks[1])
    assert decoded(blocks, mine) == decoded([joined(blocks)], mine) == sorted(map(plain, [*ours, *theirs]))
