"""Each fault of a server happens at one moment, and a body is cut exactly where it is told."""

from hypothesis import given
from hypothesis import strategies as st

from probe.lab.faults import AT_HELLO, AT_REQUEST, IN_BODY, up_to
from probe.lab.world import Fault

WRITTEN = {Fault.BAD_CHUNK, Fault.BAD_GZIP, Fault.BAD_HEAD}


def test_every_fault_has_exactly_one_moment() -> None:
    moments = [AT_HELLO, AT_REQUEST, IN_BODY, WRITTEN, {Fault.NONE}]
    assert sum(len(each) for each in moments) == len(Fault)
    assert set().union(*moments) == set(Fault)


@given(st.lists(st.binary(max_size=20)), st.integers(0, 100))
def test_pieces_are_cut_at_the_limit_and_never_before(pieces: list[bytes], limit: int) -> None:
    assert b"".join(up_to(iter(pieces), limit)) == b"".join(pieces)[:limit]
