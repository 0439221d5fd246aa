"""Harmless places for experiments: references that answered in this run, with the very addresses that answered.

A forbidden name that is sent to such an address may poison it for minutes (residual blocking), so an address that was
used for that is set aside for a while. Nothing here is contacted that the target list does not name.
"""

from collections.abc import Sequence
from typing import NamedTuple

from probe.measure.plan import Task
from probe.model.observation import HTTPRoundTrip, Observation, Purpose
from probe.net.network import Network

RESIDUAL_SECONDS = 200.0
"""How long an address may stay poisoned: 60-180 s have been seen (Bock et al. 2021, Your Censor is My Censor)."""
_OURS = (Purpose.MAIN, Purpose.RETRY, Purpose.TRUE_ADDRESS)


class Innocent(NamedTuple):
    """A reference and an address at which it answered."""

    task: Task
    address: str

    @property
    def host(self) -> str:
        """Its name: one that no censor minds."""
        return self.task.where.host


class Innocents:
    """The innocents of a run. Foreign ones come first: the way to them crosses the border, as the target's does."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: list[Innocent] = []
        self._spent: dict[str, float] = {}

    def learn(self, task: Task, observations: Sequence[Observation], *, foreign: bool) -> None:
        """Note at which addresses a reference answered as it should."""
        answered = {
            o.address
            for o in observations
            if isinstance(o, HTTPRoundTrip) and o.purpose in _OURS and o.failure is None and not o.location
            and all(e.held for e in o.expectations)
        }  # fmt: skip
        found = [Innocent(task, address) for address in sorted(answered)]
        self._known = [*found, *self._known] if foreign else [*self._known, *found]

    def any_name(self) -> Innocent | None:
        """Some innocent, for its name alone."""
        return self._known[0] if self._known else None

    def unrelated(self) -> tuple[Innocent, ...]:
        """Two innocents that have as little to do with each other as can be: the first foreign one, the last at home.

        One alone may be of the same operator as whatever it is asked at.
        """
        found = list({one.host: one for one in reversed(self._known)}.values())
        return (found[-1], *found[:1]) if len(found) > 1 else tuple(found)

    def stranger(self, to: Innocent) -> Innocent | None:
        """Another innocent, whose name does not belong at this one's address: as strange there as a target's.

        One that expects another answer, if there is one: then it shows whether it was answered by its own server.
        """
        at_home = {one.host for one in self._known if one.address == to.address}
        others = [one for one in self._known if one.host not in at_home]
        expected = to.task.endpoint.expect
        return next((one for one in others if one.task.endpoint.expect != expected), next(iter(others), None))

    def take(self, family: str = "") -> Innocent | None:
        """An innocent whose address has not been used lately; from now on it has. `family` is `4`, `6` or any."""
        now = self._network.monotonic()
        for one in self._known:
            fits = not family or (":" in one.address) is (family == "6")
            if fits and now - self._spent.get(one.address, -RESIDUAL_SECONDS) >= RESIDUAL_SECONDS:
                self._spent[one.address] = now
                return one
        return None

    def canaries(self) -> tuple[str, ...]:
        """Addresses of web servers that run no resolver, for questions that nobody but the path can answer."""
        return tuple(one.address for one in self._known if ":" not in one.address)
