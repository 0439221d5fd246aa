"""Section G: HTTP/3. Needs the `quic` extra on both sides; without it the lab's UDP/443 is closed."""

from functools import partial

import msgspec

from probe.lab.rule import Drop, Match, Rule, Stage
from probe.lab.scenarios.base import base_world, page, web
from probe.lab.scenarios.scenario import Scenario, Section, Substrate
from probe.lab.world import Host, Record, Response, Route, Service, ServiceKind, Site, World, addresses
from probe.model.diagnosis import Layer, Mechanism, Verdict

_make = partial(Scenario, section=Section.QUIC)
H3, H3_ADDRESS = "h3.example", "104.18.40.9"
_OTHERS = "h3-reference.example", "142.250.66.99"


def h3_world() -> World:
    """A site that offers HTTP/3, and another that does: the innocent name for the comparison."""
    hosts: list[Host] = []
    zone: list[Record] = []
    for name, where in ((H3, H3_ADDRESS), _OTHERS):
        offer = Response(body=page(name), headers=(("Alt-Svc", 'h3=":443"; ma=86400'),))
        offered = Site(names=(name,), routes=(Route(response=offer),))
        host = web(name, (where,), offered)
        quic = Service(port=443, kind=ServiceKind.QUIC, sites=(offered,), alpn=("h3",))
        hosts.append(msgspec.structs.replace(host, services=(*host.services, quic)))
        zone += addresses(name, (where,))
    return base_world(*hosts, zone=tuple(zone))


def scenarios() -> tuple[Scenario, ...]:
    """Section G, in the list's order."""
    by_name = Rule(id="quic-sni", match=Match(stage=Stage.QUIC, names=(H3,)), effect=Drop())
    everything = Rule(id="quic-all", match=Match(stage=Stage.UDP, ports=(443,)), effect=Drop())
    both = (Substrate.LOOPBACK, Substrate.PACKET)
    return (
        _make(
            number=96,
            name="quic-sni-dropped",
            title="UDP/443 dropped by SNI, TCP fine",
            world=h3_world(),
            url=f"https://{H3}/",
            rules=(by_name,),
            verdict=Verdict.INTERFERED,
            layers=(Layer.QUIC,),
            mechanisms=(Mechanism.QUIC_TIMEOUT,),
            substrates=(Substrate.PACKET,),
        ),
        _make(
            number=97,
            name="quic-dropped-everywhere",
            title="all UDP/443 dropped at the vantage",
            world=h3_world(),
            url=f"https://{H3}/",
            rules=(everything,),
            verdict=Verdict.OK,
            substrates=both,
            note="A fitness note (no QUIC here), nothing about the site.",
        ),
        _make(
            number=98,
            name="no-http3",
            title="server has no HTTP/3",
            world=base_world(),
            url="https://www.site.example/",
            verdict=Verdict.OK,
            substrates=both,
            note="Nothing to say: no Alt-Svc, so nothing is asked.",
        ),
    )
