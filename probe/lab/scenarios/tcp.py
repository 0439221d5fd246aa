"""Section C: addresses. The path looks at no name, only where a SYN goes."""

from functools import partial

from probe.lab.rule import Drop, Reset, Unreachable
from probe.lab.scenarios.base import CONTROL, DUAL, DUAL_ADDRESSES, THREE, THREE_ADDRESSES, at_syn, base_world
from probe.lab.scenarios.scenario import Scenario, Section, Substrate
from probe.model.diagnosis import Layer, Mechanism, Verdict

_make = partial(
    Scenario,
    section=Section.TCP,
    world=base_world(),
    url=f"https://{THREE}/",
    verdict=Verdict.BLOCKED,
    layers=(Layer.TCP,),
)


def scenarios() -> tuple[Scenario, ...]:
    """Section C, in the list's order."""
    return (
        _make(
            number=56,
            name="syn-dropped",
            title="SYN dropped on every address",
            rules=(at_syn(Drop(), *THREE_ADDRESSES),),
            mechanisms=(Mechanism.IP_TIMEOUT,),
        ),
        _make(
            number=57,
            name="syn-reset",
            title="SYN answered with RST on every address",
            rules=(at_syn(Reset(), *THREE_ADDRESSES),),
            mechanisms=(Mechanism.TCP_REFUSED,),
            note="A RST in answer to a SYN is a refusal; tcp_reset is a RST on an open connection.",
        ),
        _make(
            number=58,
            name="one-of-three-dropped",
            title="one of three addresses dropped",
            rules=(at_syn(Drop(), THREE_ADDRESSES[0]),),
            verdict=Verdict.INTERFERED,
            mechanisms=(Mechanism.IP_TIMEOUT,),
        ),
        _make(
            number=59,
            name="icmp-unreachable",
            title="ICMP unreachable",
            rules=(at_syn(Unreachable(), *THREE_ADDRESSES),),
            mechanisms=(Mechanism.IP_UNREACHABLE,),
            substrates=(Substrate.PACKET,),
        ),
        _make(
            number=60,
            name="ipv4-dropped",
            title="IPv4 dropped, IPv6 fine",
            url=f"https://{DUAL}/",
            rules=(at_syn(Drop(), DUAL_ADDRESSES[0]),),
            verdict=Verdict.INTERFERED,
            mechanisms=(Mechanism.IP_TIMEOUT,),
        ),
        _make(
            number=61,
            name="control-blocked-too",
            title="control and target both unreachable because the control is blocked too",
            rules=(at_syn(Drop(), *THREE_ADDRESSES), at_syn(Drop(), CONTROL, id="control")),
            verdict=Verdict.INSUFFICIENT,
            layers=(),
            hop=None,
            note="Silence of an address proves nothing by itself, and the control can say nothing: it is named.",
        ),
    )
