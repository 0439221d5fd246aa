"""A network that passes everything on: what is asked of it is asked of the one inside, and its answer is the answer."""

import asyncio
import inspect
from typing import cast

from probe.net.network import Network
from probe.net.passing import PassingNetwork
from tests.world import Noting


class Echo:
    """Answers with what it was asked, so that nothing can be mixed up on the way."""

    def now(self) -> float:
        return 1.0

    def monotonic(self) -> float:
        return 2.0

    def system_resolvers(self) -> tuple[str, ...]:
        return ("192.0.2.1",)

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[object, ...]:
        return (host, deadline)

    async def connect(self, address: str, port: int, deadline: float) -> tuple[object, ...]:
        return (address, port, deadline)

    async def udp(self, address: str, port: int) -> tuple[object, ...]:
        return (address, port)


def test_it_is_a_whole_network() -> None:
    asked = {name for name, _ in inspect.getmembers(Network, inspect.isfunction) if not name.startswith("_")}
    assert asked <= set(vars(PassingNetwork))


async def _everything(network: Network) -> list[object]:
    return [
        await network.getaddrinfo("a.example", 5.0),
        await network.connect("104.16.1.1", 443, 6.0),
        await network.udp("9.9.9.9", 53),
        network.system_resolvers(),
        network.now(),
        network.monotonic(),
    ]


def test_every_call_reaches_the_one_inside() -> None:
    outer = Noting(PassingNetwork(cast(Network, Echo())))
    assert asyncio.run(_everything(outer)) == [
        ("a.example", 5.0), ("104.16.1.1", 443, 6.0), ("9.9.9.9", 53), ("192.0.2.1",), 1.0, 2.0,
    ]  # fmt: skip
    assert [call.operation for call in outer.calls] == ["getaddrinfo", "connect", "udp"]
