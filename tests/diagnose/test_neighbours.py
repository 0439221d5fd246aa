"""Which answers have nothing in common."""

import pytest

from probe.diagnose.neighbours import apart


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        (["104.16.1.1"], ["31.13.94.37"], True),
        (["104.16.1.1"], ["104.16.200.9"], False),
        (["104.16.1.1", "31.13.94.37"], ["31.13.1.1"], False),
        (["2606:4700::1"], ["2606:4700:ffff::2"], False),
        (["2606:4700::1"], ["2a03:2880:f10c::1"], True),
        (["104.16.1.1"], ["2606:4700::1"], True),
        ([], ["104.16.1.1"], False),
        (["104.16.1.1"], [], False),
    ],
)
def test_apart(some: list[str], others: list[str], expected: bool) -> None:
    assert apart(some, others) is expected
    assert apart(others, some) is expected
