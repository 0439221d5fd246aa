"""What a run remembers of QUIC: places that spoke, places that did not, and which may be used for a strange name."""

from probe.measure.innocent import RESIDUAL_SECONDS
from probe.measure.quicmemory import HOPELESS, Place, QuicMemory

HERE, THERE, SIX = Place("104.16.1.1", 443), Place("142.250.66.99", 443), Place("2606:4700::1", 443)
MANY = [Place(f"104.16.2.{number}", 443) for number in range(HOPELESS)]


def test_one_answer_settles_that_the_vantage_has_quic() -> None:
    memory = QuicMemory()
    assert (memory.state, memory.hopeless) == ("", False)
    for place in MANY:
        memory.mute(place)
    assert (memory.state, memory.hopeless) == ("silent", True)
    memory.spoke(HERE)
    assert (memory.state, memory.hopeless) == ("ok", False)


def test_the_same_silent_place_counts_once_and_a_closed_port_is_no_silence() -> None:
    memory = QuicMemory()
    for place in (HERE, HERE, HERE):
        memory.mute(place)
    memory.closed(THERE)
    assert not memory.hopeless


def test_a_place_that_spoke_is_not_called_silent_later() -> None:
    memory = QuicMemory()
    memory.spoke(HERE, "site.example")
    memory.mute(HERE)
    assert memory.state == "ok"
    assert memory.take([THERE], [], 0.0) == HERE


def test_a_strange_place_is_proven_of_the_same_family_and_not_one_s_own() -> None:
    memory = QuicMemory()
    memory.spoke(SIX, "six.example")
    memory.spoke(THERE)  # an answer, to no name of its own: whose place it is nobody knows
    assert memory.take([HERE], [], 0.0) is None
    memory.spoke(THERE, "there.example")
    assert memory.take([THERE], [], 0.0) is None
    assert memory.take([HERE], [], 0.0) == THERE


def test_a_place_rests_after_it_was_taken() -> None:
    memory = QuicMemory()
    memory.spoke(THERE, "there.example")
    assert memory.take([HERE], [], 10.0) == THERE
    assert memory.take([HERE], [], 10.0 + RESIDUAL_SECONDS / 2) is None
    assert memory.take([HERE], [], 10.0 + RESIDUAL_SECONDS) == THERE


def test_others_serve_where_none_has_spoken_unless_they_are_known_to_be_silent_or_closed() -> None:
    memory = QuicMemory()
    memory.mute(MANY[0])
    memory.closed(MANY[1])
    assert memory.take([HERE], MANY[:2], 0.0) is None
    assert memory.take([HERE], MANY, 0.0) == MANY[2]
    assert memory.take([HERE], MANY, 0.0) is None


def test_a_place_has_one_lock() -> None:
    memory = QuicMemory()
    assert memory.lock(HERE) is memory.lock(Place(*HERE))
    assert memory.lock(HERE) is not memory.lock(THERE)
