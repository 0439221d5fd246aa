"""TCP and IP rules: connections to addresses that are, or may be, the endpoint's, and do not open from here.

An address that a forged answer gave is nobody's: nothing is said of it. IPv6 that the vantage cannot use is the
vantage's own (fitness), and says nothing of a target. A server that turns a country away without a word, and a part of
it that is out of order in our region alone (anycast), look the same from here: possible, unless that is ruled out.
"""

from collections.abc import Callable

from probe.diagnose.bogon import is_bogon
from probe.diagnose.compare import address_works_there, beyond, false_address, no_better_there
from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.rule import Hit, Rule
from probe.diagnose.told import led_elsewhere, passes_at_home
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose


def usable(facts: Facts, hop: Hop) -> tuple[Flow, ...]:
    """Flows to addresses that may be the endpoint's, over families that the vantage has: the last try's, and others.

    Not to forged addresses and bogons, and not over IPv6 where it has no route or is broken for everyone.
    """
    known = facts.usable.get(hop.number)
    if known is None:
        known = facts.usable[hop.number] = _usable(facts, hop)
    return known


def _usable(facts: Facts, hop: Hop) -> tuple[Flow, ...]:
    no_ipv6 = facts.case.evidence.ipv6 in ("none", "broken")
    return tuple(
        f
        for f in hop.candidates
        if not (no_ipv6 and ":" in f.address)
        and not (f.failure is FailureKind.NETWORK_UNREACHABLE and _no_way(hop, ":" in f.address))
        and not is_bogon(f.address)
        and not false_address(facts, hop, f.address)
    )


def _no_way(hop: Hop, six: bool) -> bool:
    """Whether the vantage seems to have no route for a whole family; of IPv4 only if IPv6 has one."""
    other = [f for f in hop.candidates if (":" in f.address) is not six]
    same = [f for f in hop.candidates if (":" in f.address) is six]
    lost = all(f.failure is FailureKind.NETWORK_UNREACHABLE for f in same)
    return six or (lost and any(f.failure is not FailureKind.NETWORK_UNREACHABLE for f in other))


def always(hop: Hop, flow: Flow) -> bool:
    """Whether this address ended the same way in every try that came to it, and there was more than one."""
    tries = [f for f in (*hop.ours, *hop.by(Purpose.SECOND_TRY)) if f.address == flow.address]
    return len(tries) > 1 and all(f.failure is flow.failure for f in tries)


def _closed(*kinds: FailureKind) -> Callable[[Facts, Hop], Hit | None]:
    """Every usable address fails to connect, the most of them in this way, and the control connects."""

    def when(facts: Facts, hop: Hop) -> Hit | None:
        flows = usable(facts, hop)
        failed = [f for f in flows if f.stage == "tcp" and f.failure is not None]
        if not flows or hop.reached or len(failed) < len(flows) or not _mostly(failed, kinds):
            return None
        if not beyond(facts, hop, Depth.NOTHING):
            return None
        if no_better_there(hop, failed) or led_elsewhere(facts, hop, failed):
            return None  # dead for the control as well, which was given others: the addresses', not the path's
        note = f"no address connects from here in {hop.tries} tries; the control connects"
        return Hit(_evidence(failed), note, at_home(facts, failed))

    return when


def _partly(*kinds: FailureKind) -> Callable[[Facts, Hop], Hit | None]:
    """Some address fails to connect in every try, the control reaches it, and another is reached from here."""

    def when(facts: Facts, hop: Hop) -> Hit | None:
        flows = usable(facts, hop)
        failed = [f for f in flows if f.stage == "tcp" and f.failure in kinds]
        shown = [f for f in failed if address_works_there(hop, f.address) and always(hop, f)]
        if not shown or not any(f.depth is Depth.DONE for f in flows):
            return None
        which = ", ".join(f.address for f in shown)
        note = f"{which} fails from here in every try and works from the control"
        return Hit(_evidence(shown), note, at_home(facts, shown))

    return when


def at_home(facts: Facts, flows: list[Flow] | tuple[Flow, ...]) -> Certainty | None:
    """Likely if a vantage in our own country reached these very addresses; else the rule's own certainty."""
    return Certainty.LIKELY if passes_at_home(facts, flows) else None


def _mostly(flows: list[Flow], kinds: tuple[FailureKind, ...]) -> bool:
    return 2 * sum(f.failure in kinds for f in flows) > len(flows) or flows[0].failure in kinds


def _evidence(flows: list[Flow]) -> tuple[int, ...]:
    return tuple(i for f in flows for i in f.indexes)


_KINDS: tuple[tuple[str, Mechanism, tuple[FailureKind, ...], str], ...] = (
    ("timeout", Mechanism.IP_TIMEOUT, (FailureKind.TIMEOUT,), "SYNs vanish on the way there or back."),
    ("refused", Mechanism.TCP_REFUSED, (FailureKind.REFUSED,), "A RST answers the SYN; the server accepts others."),
    ("reset", Mechanism.TCP_RESET, (FailureKind.RESET, FailureKind.ABORTED), "The connection is reset as it opens."),
    (
        "unreachable",
        Mechanism.IP_UNREACHABLE,
        (FailureKind.HOST_UNREACHABLE, FailureKind.NETWORK_UNREACHABLE),
        "A router says there is no way; for others there is.",
    ),
)
_SOURCE = "RFC 9505 section 5.2; RFC 9293 section 3.10.7; OONI ts-008"
RULES: tuple[Rule, ...] = tuple(
    Rule(f"tcp.{slug}", Layer.TCP, mechanism, Verdict.BLOCKED, Certainty.POSSIBLE, _closed(*kinds), comment, _SOURCE)
    for slug, mechanism, kinds, comment in _KINDS
) + tuple(
    Rule(
        f"tcp.{slug}.partly",
        Layer.TCP,
        mechanism,
        Verdict.INTERFERED,
        Certainty.POSSIBLE,
        _partly(*kinds),
        f"{comment} Only at some addresses: users reach the service by luck.",
        _SOURCE,
    )
    for slug, mechanism, kinds, comment in _KINDS
)
