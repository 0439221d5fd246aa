"""Plays a scenario of the lab: brings its internet to life, lets the probe measure it, holds the diagnosis against the
truth.

The probe is the very one of `probe run`, with short pauses. It is told what any vantage is told (a target list,
resolvers, a control proxy, who it says it is) and nothing of the lab; a lab host's clock is the one thing that comes
through the seam.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from probe.lab.rule import Delay, Lose, Match, Rule, Stage
from probe.lab.scenarios import base
from probe.lab.scenarios.scenario import Scenario, Substrate, mismatches
from probe.model.codec import decode_line, encode_line
from probe.model.measurement import Measurement
from probe.model.target import Endpoint, Role, Target, TargetKind, TargetList

if TYPE_CHECKING:
    from datetime import date

    from probe.lab.loopback import LoopbackLab
    from probe.lab.packet.topology import PacketLab
    from probe.measure.settings import Settings
    from probe.net.network import Network

TIMEOUT = 5.0
"""Seconds of each stage: more than any genuine server of the lab takes, loss and jitter included."""
LIMIT = 300.0
"""Seconds after which a scenario has failed."""
NOISE = (
    Rule(id="noise-loss", match=Match(stage=Stage.IP), effect=Lose(probability=0.03)),
    Rule(id="noise-jitter", match=Match(stage=Stage.IP), effect=Delay(seconds=0.0, jitter=0.05)),
)
"""3 % loss and up to 50 ms of jitter on the path."""
_TARGET = "target"


class Played(NamedTuple):
    """How a scenario went: every measurement of its target, and what is not as expected (empty: all is)."""

    scenario: Scenario
    substrate: Substrate
    measurements: tuple[Measurement, ...]
    wrong: tuple[str, ...]
    seconds: float

    @property
    def got(self) -> str:
        """The last diagnosis in a phrase: verdict, layer, hop, mechanism, certainty."""
        if not self.measurements:
            return "-"
        said = self.measurements[-1].diagnosis
        hop = f" hop {said.hop}" if said.hop else ""
        parts = (said.verdict, f"{said.layer}{hop}" if said.layer else "", said.mechanism or "", said.certainty or "")
        return " · ".join(str(part) for part in parts if part)

    @property
    def fired(self) -> tuple[str, ...]:
        """The ids of the rules that fired in any of its measurements, sorted; that of the verdict among them."""
        said = [one.diagnosis for one in self.measurements]
        return tuple(sorted({each.rule for each in said} | {f.rule for each in said for f in each.findings}))


def play(scenario: Scenario, substrate: Substrate, *, noise: bool = False) -> Played:
    """Play one scenario. Raises OSError if the lab cannot be set up here."""
    began = time.monotonic()
    rules = (*scenario.rules, *(NOISE if noise else ()))
    on_packets = substrate is Substrate.PACKET
    lines = _on_packets(scenario, rules) if on_packets else _on_loopback(scenario, rules)
    measured = tuple(decode_line(line) for line in lines)
    wrong = [problem for one in measured for problem in mismatches(scenario, one.diagnosis, one.fitness)]
    if len(measured) != scenario.runs:
        wrong.append(f"{len(measured)} measurements, not {scenario.runs}")  # a bug of ours leaves no line
    return Played(scenario, substrate, measured, tuple(dict.fromkeys(wrong)), time.monotonic() - began)


def _on_loopback(scenario: Scenario, rules: Sequence[Rule]) -> list[bytes]:
    from probe.lab.loopback import LoopbackLab

    with LoopbackLab(scenario.world, rules) as lab:
        return asyncio.run(_scripted(lab, scenario, lab.ca_pem))


async def _scripted(lab: "LoopbackLab", scenario: Scenario, ca_pem: str) -> list[bytes]:
    from probe.net.real import RealNetwork
    from probe.net.remap import RemapNetwork, Unmapped

    network = RemapNetwork(
        RealNetwork(), lab.client_table, resolvers=scenario.world.client.resolvers, unmapped=Unmapped.UNREACHABLE
    )
    script = asyncio.ensure_future(_follow(lab, scenario))
    try:
        return await _measure(scenario, network, ca_pem)
    finally:
        script.cancel()


async def _follow(lab: "LoopbackLab | PacketLab", scenario: Scenario) -> None:
    """Let the path change as the script says."""
    began = time.monotonic()
    for phase in scenario.script:
        await asyncio.sleep(max(0.0, phase.start - (time.monotonic() - began)))
        lab.apply((*scenario.rules, *phase.rules), phase.down)


def _on_packets(scenario: Scenario, rules: Sequence[Rule]) -> list[bytes]:
    import threading

    from probe.lab.packet.topology import PacketLab

    with PacketLab(scenario.world, rules) as lab:
        follower = threading.Thread(target=lambda: asyncio.run(_follow(lab, scenario)), daemon=True)
        if scenario.script:
            follower.start()
        return lab.call(_in_client, msgspec.msgpack.encode(scenario.name), lab.ca_pem, timeout=LIMIT)


def _in_client(packed_name: bytes, ca_pem: str) -> list[bytes]:
    """Runs in a process inside the client's namespace."""
    from probe.lab.scenarios.catalogue import find
    from probe.net.real import RealNetwork

    name = msgspec.msgpack.decode(packed_name, type=str)
    return asyncio.run(_measure(find(name)[0], RealNetwork(), ca_pem))


async def _measure(scenario: Scenario, network: "Network", ca_pem: str) -> list[bytes]:
    """Run the probe as often as the scenario says; the lines of its target."""
    from probe.measure.plan import make
    from probe.model.vantage import Vantage
    from probe.net.certificate import TrustStore
    from probe.net.shifted import ShiftedNetwork
    from probe.schedule.once import Job, Progress, run_once
    from probe.store.neighbours import Neighbours

    if scenario.world.client.clock_offset:
        network = ShiftedNetwork(network, scenario.world.client.clock_offset)
    lines: list[bytes] = []

    def keep(one: Measurement) -> None:
        if one.target == _TARGET:
            lines.append(encode_line(one))

    vantage = Vantage(name="lab", country=scenario.declared_country, asn=scenario.declared_asn)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "ca.pem"
        pem.write_text(ca_pem, encoding="ascii")
        trust = TrustStore(pem)
        for _ in range(scenario.runs):
            plan = make(_targets(scenario), _today(network))
            job = Job(plan, vantage, _settings(scenario, network), Path(folder), "")
            await run_once(job, network, trust, Neighbours(()), Progress(on_measurement=keep))
    return lines


def _today(network: "Network") -> "date":
    from datetime import UTC, datetime

    return datetime.fromtimestamp(network.now(), UTC).date()


def _targets(scenario: Scenario) -> TargetList:
    endpoint = Endpoint(id="it", role=Role.WEB, url=scenario.url, required=True)
    target = Target(id=_TARGET, kind=TargetKind.INSTANCE, name=scenario.title, endpoints=(endpoint,))
    return TargetList(targets=(target, *base.reference_targets()), source="lab", sha256="")


def _settings(scenario: Scenario, network: "Network") -> "Settings":
    from probe.measure.settings import Settings, default_resolvers, resolver_from
    from probe.net.tunnel import parse_proxy
    from probe.net.url import parse

    own = default_resolvers(network.system_resolvers())
    others = tuple(resolver_from(text) for text in (*base.RESOLVERS, base.DOH_URL))
    return Settings(
        timeout=TIMEOUT,
        resolve_timeout=3.0,
        late_window=0.3,
        retry_pauses=(0.3, 0.6),
        cooldown=0.2,
        recheck_seconds=0.5,
        resolvers=(*own, *others),
        proxies=(parse_proxy(f"socks5://{base.CONTROL}:1080"),) if scenario.control else (),
        egress=parse(base.EGRESS_URL),
        canaries=(base.CANARY,),
    )
