"""When this vantage cannot tell: its references say so, or names that nobody minds fare here as ours did.

What a server or a path did is not asked here.
"""

from probe.diagnose.compare import alive
from probe.diagnose.elsewhere import innocent_handshakes
from probe.diagnose.facts import Depth, Facts, Hop
from probe.diagnose.genuine import proven
from probe.diagnose.rule import Outcome
from probe.model.diagnosis import Fitness, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose

UNFIT = frozenset(
    {
        Fitness.OFFLINE,
        Fitness.INTERNATIONAL_OUTAGE,
        Fitness.CAPTIVE_PORTAL,
        Fitness.VANTAGE_MISMATCH,
        Fitness.CLOCK_WRONG,
        Fitness.INTERCEPTED,
    }
)
"""A vantage in one of these states cannot tell a block from its own trouble. Broken IPv6 costs only IPv6."""


def unfit(facts: Facts, reached: bool) -> Outcome | None:
    """Why this vantage cannot tell; None if it can.

    An endpoint that proved itself was reached, however unfit the vantage; unless it is not where it is said to be.
    """
    fitness = facts.case.fitness
    shown = fitness is not Fitness.VANTAGE_MISMATCH and any(proven(f) for f in facts.last.reached)
    if fitness in UNFIT and not (reached and shown):
        note = f"the vantage is unfit: {fitness}" + _why(facts)
        return Outcome(f"vantage.{fitness}", Verdict.INSUFFICIENT, note, met(facts.last))
    if reached:
        return None
    flows = facts.last.final
    lacking = facts.case.evidence.ipv6 in ("none", "broken") or all(
        f.failure in (FailureKind.NETWORK_UNREACHABLE, FailureKind.HOST_UNREACHABLE) for f in flows
    )
    if flows and all(":" in f.address for f in flows) and lacking:
        return Outcome("vantage.no_ipv6", Verdict.INSUFFICIENT, "the endpoint is on IPv6 only, the vantage has none",
                       met(facts.last))  # fmt: skip
    if not facts.last.own and facts.last.asked and not facts.last.own_is_dead:
        note = "the vantage's resolvers answer for no name at all, and no other plain resolver does"
        return Outcome("vantage.no_dns", Verdict.INSUFFICIENT, note, tuple(k.at for k in facts.last.last_asked))
    if not alive(facts) and not _spoken_to(facts):
        note = "nothing at all answered, and no reference was measured: the vantage may have been offline"
        return Outcome("vantage.nothing_answers", Verdict.INSUFFICIENT, note, met(facts.last))
    if _no_word_from_abroad(facts):
        note = "nothing answered, every reference is in this country, and nothing abroad was heard: perhaps an outage"
        return Outcome("vantage.nothing_abroad", Verdict.INSUFFICIENT, note, met(facts.last))
    odd = _odd_for_innocents(facts)
    if odd is not None:
        return odd
    if flows and all(f.failure is FailureKind.INTERRUPTED for f in flows):
        return Outcome("vantage.interrupted", Verdict.INSUFFICIENT, "the measurement was cut short", met(facts.last))
    return None


def _no_word_from_abroad(facts: Facts) -> bool:
    """Whether the line abroad may have been down: silence alone was met, and no foreign reference was measured.

    A connection of ours speaks against it, and a word of a resolver that is not our own. That a proxy works does not:
    nobody says where it stands.
    """
    evidence, hop = facts.case.evidence, facts.last
    if evidence.foreign[1] or not evidence.domestic[1] or not hop.final:
        return False
    silent = all(f.stage == "tcp" and f.failure in _SILENCE for f in hop.final)
    connected = any(f.tcp.failure is None and not f.via for one in facts.hops for f in one.flows)
    heard = any(k.dns.replies and not k.dns.resolver.own for one in facts.hops for k in one.lookups)
    return silent and not connected and not heard


_SILENCE = frozenset({FailureKind.TIMEOUT, FailureKind.HOST_UNREACHABLE, FailureKind.NETWORK_UNREACHABLE})


def _odd_for_innocents(facts: Facts) -> Outcome | None:
    """References may be asked over http and show nothing of this: innocents' own names fail at their own addresses too.

    Every handshake ends as ours did (a path that loses large packets, a middlebox that knows no TLS 1.3), or their
    certificates are out of date as well (our clock).
    """
    ends, innocents = facts.last.ends, innocent_handshakes(facts.last)
    seen = tuple(i for f in innocents for i in f.indexes)
    if not ends or not innocents or facts.last.reached:
        return None
    if all(f.outdated for f in (*ends, *innocents)):
        note = "innocent certificates have wrong dates as well: our clock, not theirs"
        return Outcome("vantage.clock_doubtful", Verdict.INSUFFICIENT, note, met(facts.last) + seen)
    others = facts.last.by(Purpose.CONTROL_SNI, Purpose.NO_SNI, Purpose.SNI_ELSEWHERE, Purpose.TRUE_ADDRESS)
    silent = all(f.stage == "tls" and f.depth is Depth.CONNECTED for f in (*ends, *innocents))
    if silent and not any(f.depth >= Depth.SHAKEN for f in others):
        note = "no name at all completes a handshake here, innocent ones at their own addresses included"
        return Outcome("vantage.no_tls", Verdict.INSUFFICIENT, note, met(facts.last) + seen)
    return None


def _why(facts: Facts) -> str:
    """What the references said, in a word."""
    evidence, fitness = facts.case.evidence, facts.case.fitness
    if fitness is Fitness.CLOCK_WRONG and evidence.clock_offset is not None:
        return f" by {evidence.clock_offset:+.0f} s"
    return f" ({evidence.note})" if evidence.note else ""


def met(hop: Hop) -> tuple[int, ...]:
    """What we met at this hop in the last try: its flows, or its lookups where there were none."""
    return tuple(i for f in hop.final for i in f.indexes) or tuple(k.at for k in hop.last_asked)


def _spoken_to(facts: Facts) -> bool:
    """Whether any resolver sent any reply at all. What getaddrinfo says may come from a cache on this machine."""
    return any(k.dns.replies for hop in facts.hops for k in hop.lookups)
