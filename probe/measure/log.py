"""The observations of one measurement as they are made: their order, their flow numbers, their common clock.

Also `Tools`: what every measurement of a run shares, so that nothing costly is made twice.
"""

import asyncio
from dataclasses import dataclass, field

import msgspec

from probe.measure.quicmemory import QuicMemory
from probe.measure.settings import Budget, Settings
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import HTTPRoundTrip, Observation, Purpose
from probe.net.certificate import TrustStore
from probe.net.doh import DohClient
from probe.net.network import Network
from probe.net.trace import Trace


class Tools:
    """The world, the trust store, the DoH client, the settings, the shared limits and the QUIC memory of one run."""

    def __init__(self, network: Network, trust: TrustStore, doh: DohClient, settings: Settings, limits: Budget) -> None:
        self.network = network
        self.trust = trust
        self.doh = doh
        self.settings = settings
        self.sockets = asyncio.Semaphore(limits.sockets)
        self.talking = asyncio.Semaphore(limits.talking)
        self.resolving = asyncio.Semaphore(limits.resolving)
        self.quic = QuicMemory()


@dataclass(slots=True)
class Log:
    """The observations of one measurement. `started` is wall clock, `start` monotonic."""

    network: Network
    started: float
    start: float
    observations: list[Observation] = field(default_factory=list)
    _transactions: int = 0

    @classmethod
    def begin(cls, network: Network) -> "Log":
        """A log that starts now."""
        return cls(network, network.now(), network.monotonic())

    def trace(self, hop: int, purpose: Purpose, attempt: int, via: str = "") -> Trace:
        """A trace for a new flow, numbered. `via` names the control it goes through."""
        self._transactions += 1
        return Trace(self.network, self.start, self._transactions, hop, purpose, attempt, via)

    def blame(self, response: HTTPRoundTrip, kind: FailureKind) -> None:
        """Give a response that led nowhere its failure: the redirect is at fault, not the hop it led to."""
        failure = Failure(kind=kind, operation=Operation.HTTP_ROUND_TRIP, detail=response.location[:200])
        index = next(i for i, one in enumerate(self.observations) if one is response)
        self.observations[index] = msgspec.structs.replace(response, failure=failure)

    def elapsed(self) -> float:
        """Seconds since the measurement began."""
        return round(self.network.monotonic() - self.start, 6)
