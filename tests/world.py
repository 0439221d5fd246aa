"""A tiny internet for tests of `measure` and `schedule`: some sites, two resolvers, a control proxy, one run in it.

`https_host` and `http_host` describe a site, `tiny_world` puts sites together with what every world has, `run_in` makes
a whole run there over real sockets on loopback, `measured` a run of one endpoint. The probe's side is the real code
from the plan down; only the network under it is another, and it notes what was asked of it.
"""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Rule
from probe.lab.world import Client, Host, Lie, Record, Response, Route, Service, ServiceKind, Site, World, addresses
from probe.measure.log import Tools
from probe.measure.plan import make
from probe.measure.runner import Run
from probe.measure.settings import Settings, budget, default_resolvers, resolver_from
from probe.model.diagnosis import Fitness
from probe.model.measurement import Measurement
from probe.model.target import Endpoint, Expect, Role, Target, TargetKind, TargetList
from probe.model.vantage import Vantage
from probe.net.certificate import TrustStore
from probe.net.doh import DohClient
from probe.net.network import DatagramSocket, Network, Stream
from probe.net.passing import PassingNetwork
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork, Unmapped
from probe.net.tunnel import parse_proxy

OWN_RESOLVER, OTHER_RESOLVER = "202.96.209.133", "9.9.9.9"
CONTROL = "45.32.10.20"
CONTROL_PROXY = f"socks5://{CONTROL}:1080"
DAY = date(2026, 11, 21)
VANTAGE = Vantage(name="lab", country="CN", asn=4134)
TIMEOUT = 0.4


class Call(NamedTuple):
    """One use of the seam: `getaddrinfo`, `connect` or `udp`, of which host and port."""

    operation: str
    host: str
    port: int


class Noting(PassingNetwork):
    """A Network that notes what is asked of the one inside."""

    def __init__(self, inner: Network) -> None:
        super().__init__(inner)
        self.calls: list[Call] = []

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        self.calls.append(Call("getaddrinfo", host, 0))
        return await self._inner.getaddrinfo(host, deadline)

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        self.calls.append(Call("connect", address, port))
        return await self._inner.connect(address, port, deadline)

    async def udp(self, address: str, port: int) -> DatagramSocket:
        self.calls.append(Call("udp", address, port))
        return await self._inner.udp(address, port)


class Ran(NamedTuple):
    """What a run in a world gave: its lines in the order of the sink, the calls on the network, the fitness."""

    lines: list[Measurement]
    calls: list[Call]
    fitness: Fitness

    @property
    def line(self) -> Measurement:
        """The only line that is of no reference."""
        [one] = [m for m in self.lines if m.kind is not TargetKind.REFERENCE]
        return one

    def connects(self) -> list[tuple[str, int]]:
        """Where TCP connections went, in order."""
        return [(call.host, call.port) for call in self.calls if call.operation == "connect"]


Place = tuple[Host, tuple[Record, ...]]
"""A host and the names that lead to it."""


def https_host(name: str, *places: str, routes: Sequence[Route] = (), **changes: Any) -> Place:
    """A site over https at these addresses; it answers `hello` everywhere unless it has routes."""
    site = Site(names=(name,), routes=tuple(routes) or (Route(response=Response(body=b"hello")),), **changes)
    service = Service(port=443, kind=ServiceKind.HTTPS, sites=(site,))
    return Host(name=name, addresses=places, services=(service,)), addresses(name, places)


def http_host(name: str, *places: str, routes: Sequence[Route] = (), country: str = "US") -> Place:
    """The same over http."""
    site = Site(names=(name,), routes=tuple(routes) or (Route(response=Response(body=b"hello")),))
    service = Service(port=80, kind=ServiceKind.HTTP, sites=(site,))
    return Host(name=name, addresses=places, services=(service,), country=country), addresses(name, places)


def tiny_world(*places: Place, lies: tuple[Lie, ...] = (), **client: Any) -> World:
    """These places, the vantage's resolver (which tells `lies`), another resolver and a control proxy."""
    nameserver = Service(port=53, kind=ServiceKind.NAMESERVER, lies=lies)
    honest = Service(port=53, kind=ServiceKind.NAMESERVER)
    hosts = (
        *(host for host, _ in places),
        Host(name="isp", addresses=(OWN_RESOLVER,), services=(nameserver,), country="CN"),
        Host(name="other", addresses=(OTHER_RESOLVER,), services=(honest,)),
        Host(name="control", addresses=(CONTROL,), services=(Service(port=1080, kind=ServiceKind.SOCKS),)),
    )
    zone = tuple(record for _, records in places for record in records)
    return World(client=Client(resolvers=(OWN_RESOLVER,), **client), hosts=hosts, zone=zone, control="control")


def target(url: str, expect: Expect | None = None, *, id: str = "site", **changes: Any) -> Target:  # noqa: A002 - its name
    """A target of one endpoint, `main`."""
    endpoint = Endpoint(id="main", role=Role.WEB, url=url, required=True, expect=expect or Expect())
    return Target(id=id, kind=TargetKind.APP, name=id, endpoints=(endpoint,), **changes)


def reference(name: str, *, country: str = "US", body: str = "hello") -> Target:
    """A reference over http with an exact answer."""
    endpoint = Endpoint(
        id="check", role=Role.REFERENCE, url=f"http://{name}/", required=True, expect=Expect(status=(200,), body=body)
    )
    return Target(id=name, kind=TargetKind.REFERENCE, name=name, endpoints=(endpoint,), country=country)


def listed(*targets: Target) -> TargetList:
    """A target list of these."""
    return TargetList(targets=targets, source="test", sha256="0" * 64)


def settings(network: Network, **changes: Any) -> Settings:
    """Short deadlines and pauses; own resolvers and another one. `proxy=True`: the world's control proxy."""
    proxies = (parse_proxy(CONTROL_PROXY),) if changes.pop("proxy", False) else ()
    plain: dict[str, Any] = {
        "timeout": TIMEOUT,
        "late_window": 0.02,
        "retry_pauses": (0.02, 0.02),
        "cooldown": 0.0,
        "recheck_seconds": 0.0,
        "resolvers": (*default_resolvers(network.system_resolvers()), resolver_from(OTHER_RESOLVER)),
        "proxies": proxies,
    }
    return Settings(**{**plain, **changes})


@lru_cache
def trust_in(pem: str) -> TrustStore:
    """A trust store that holds certifi's authorities, and this one if it is given."""
    if not pem:
        return TrustStore(None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "root.pem"
        path.write_text(pem, encoding="ascii")
        return TrustStore(path)


async def run_over(
    network: Network,
    targets: TargetList,
    trust: TrustStore,
    chosen: Settings,
    sink: Callable[[Measurement], None],
    **changes: Any,
) -> Run:
    """One run over any network; returns the runner when it is over. `changes` are the runner's other fields."""
    limits = budget(chosen.concurrency, len(chosen.resolvers), 1024)
    async with DohClient(network, trust) as doh:
        run = Run(
            run_id="20261121T000000Z-lab-0000",
            vantage=changes.pop("vantage", VANTAGE),
            plan=make(targets, DAY),
            tools=Tools(network, trust, doh, chosen, limits),
            sink=sink,
            target_list=targets.sha256,
            **changes,
        )
        await run.go()
        return run


def run_in(
    world: World,
    targets: TargetList,
    *,
    rules: Iterable[Rule] = (),
    down: Collection[str] = (),
    wrap: Callable[[Network], Network] = lambda network: network,
    **changes: Any,
) -> Ran:
    """One run in the world, with these rules and these hosts down. `wrap` stands between probe and world; `changes` are
    of the settings."""
    with LoopbackLab(world, rules) as lab:
        lab.apply(rules, down)

        async def scenario() -> Ran:
            inside = RemapNetwork(
                RealNetwork(), lab.client_table, resolvers=world.client.resolvers, unmapped=Unmapped.UNREACHABLE
            )
            network = Noting(wrap(inside))
            lines: list[Measurement] = []
            run = await run_over(network, targets, trust_in(lab.ca_pem), settings(network, **changes), lines.append)
            return Ran(lines, network.calls, run.fitness)

        return asyncio.run(scenario())


def measured(world: World, url: str, expect: Expect | None = None, **changes: Any) -> Ran:
    """A run of one endpoint, without references. `changes` as in `run_in`."""
    return run_in(world, listed(target(url, expect)), **changes)
