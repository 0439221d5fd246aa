"""A Network whose wall clock is wrong by so many seconds; everything else is that of the network under it.

For labs and tests: no namespace of Linux has a wall clock of its own.
"""

from probe.net.network import Network
from probe.net.passing import PassingNetwork


class ShiftedNetwork(PassingNetwork):
    """`inner`, seen by a machine whose clock is `offset` seconds ahead."""

    def __init__(self, inner: Network, offset: float) -> None:
        super().__init__(inner)
        self._offset = offset

    def now(self) -> float:
        """The wrong wall clock."""
        return self._inner.now() + self._offset
