"""What passes between a censor and the wire, and what a path knows of the world besides its rules.

`Emit` and `Later` are all that a censor may ask for; `Setup` is the world as packed addresses. Two questions about
rules that need no packet are answered here: whether a rule is aimed at the control's path, and whether it would break
into a connection.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from probe.lab.packet import packets
from probe.lab.rule import Drop, Intercept, Match, Reroute, Reset, Rule, Seen, Stage, Unreachable, matches

DEFAULT_HOPS = 12


class Side(Enum):
    """Where a packet is to go."""

    CLIENT = "client"
    SERVER = "server"


class Emit(NamedTuple):
    """Send this packet to that side, at this time."""

    at: float
    side: Side
    raw: bytes


class Later(NamedTuple):
    """Call this at this time; it gives what is to happen then."""

    at: float
    act: "Callable[[float], list[Event]]"


Event = Emit | Later


class Setup(NamedTuple):
    """What a path knows of the world besides rules, addresses packed.

    `hops`: distance of each address, DEFAULT_HOPS for others; `hosts`: addresses of each host by name, for Reroute;
    `beside`: addresses whose packets the censor leaves alone unless a rule is aimed at them; `router`: who signs ICMP
    errors, one address of each family; `shadows`: where a flow to an address and port is led when it must be terminated
    to be changed (broken into, or led elsewhere by what it says).
    """

    hops: dict[bytes, int]
    hosts: dict[str, tuple[bytes, ...]]
    beside: frozenset[bytes] = frozenset()
    router: tuple[bytes, bytes] = (packets.packed("59.43.0.1"), packets.packed("2408:8000:2::1"))
    shadows: dict[tuple[bytes, int], bytes] = {}  # noqa: RUF012  a NamedTuple's default, never written to


def aimed(rule: Rule, address: str) -> bool:
    """Whether a rule means this very address, or cuts off all there is: the two that also hit the control's path."""
    match = rule.match
    if match.addresses:
        return True
    cuts = isinstance(rule.effect, Drop | Reset | Unreachable | Reroute)
    total = match.stage in (Stage.IP, Stage.TCP) and not match.ports and match.family in (0, 6 if ":" in address else 4)
    return cuts and total and not match.names and not match.nth


def breaks_in(rule: Rule, syn: Seen) -> bool:
    """Whether a rule, by what this flow may say later, would break into it or lead it elsewhere."""
    match = rule.match
    late = match.stage in (Stage.TLS, Stage.HTTP, Stage.DATA) and isinstance(rule.effect, Intercept | Reroute)
    place = Match(stage=Stage.TCP, addresses=match.addresses, ports=match.ports, family=match.family, nth=match.nth)
    return late and matches(place, syn)
