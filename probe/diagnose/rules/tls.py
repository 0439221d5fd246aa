"""TLS rules: handshakes that end from here and not elsewhere, and certificates that only this path shows.

The strongest evidence is a name that fails wherever it goes from here, at servers that have nothing to do with it,
while strangers pass there. That it fails at its own address, where another passes, shows that the name matters, and
not to whom: a front may turn a country away from one of its customers, or have lost one in our region. A control that
shakes hands where we cannot is evidence too, of less weight.
"""

from collections.abc import Callable

from probe.diagnose.compare import (
    address_works_there,
    beyond,
    control_depth,
    false_address,
    no_better_there,
)
from probe.diagnose.elsewhere import visits
from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.rule import Hit, Rule
from probe.diagnose.rules.tcp import always, at_home, usable
from probe.diagnose.told import led_elsewhere
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose

K = FailureKind
_UNTRUSTED = frozenset({K.SSL_UNKNOWN_AUTHORITY, K.SSL_SELF_SIGNED, K.SSL_INVALID_CERTIFICATE})


def failed_handshakes(facts: Facts, hop: Hop, kinds: tuple[FailureKind, ...]) -> tuple[Flow, ...]:
    """The last try's flows that connected and whose handshake ended in one of these ways, if none came further."""
    if hop.reached:
        return ()
    flows = [f for f in usable(facts, hop) if f.tcp.failure is None]
    failed = tuple(f for f in flows if f.stage == "tls" and f.failure in kinds)
    return failed if failed and len(failed) * 2 > len(flows) else ()


def shook(flow: Flow) -> bool:
    """Whether the server answered in TLS, whatever its certificate."""
    return flow.depth >= Depth.SHAKEN


def _pair(hop: Hop, failed: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Handshakes with another SNI, or none, that the same addresses completed."""
    where = {f.address for f in failed}
    others = hop.by(Purpose.CONTROL_SNI, Purpose.NO_SNI)
    return tuple(f for f in others if f.address in where and shook(f))


def _other_sni_passes(kinds: tuple[FailureKind, ...]) -> Callable[[Facts, Hop], Hit | None]:
    def when(facts: Facts, hop: Hop) -> Hit | None:
        failed = failed_handshakes(facts, hop, kinds)
        if not failed:
            return None
        passed = _pair(hop, failed)
        depth = control_depth(facts, hop)
        if not passed or (depth is not None and depth < Depth.SHAKEN):
            return None
        alike = [v for v in visits(hop) if v.weight(lambda f: f.failure in kinds) is Certainty.CONFIRMED]
        if (depth is None or no_better_there(hop, failed)) and not alike:
            return None  # a server may refuse a name itself; only who asks it elsewhere, or elsewhere asks, tells
        again = bool(alike) and (hop.tries >= 2 or len(failed) >= 2)
        return Hit(
            _evidence(failed) + _evidence(passed) + tuple(i for v in alike for i in v.indexes),
            f"this SNI fails in {hop.tries} tries, another SNI passes on the same address",
            Certainty.CONFIRMED if again else _of_the_name(facts, hop, failed),
        )

    return when


def _of_the_name(facts: Facts, hop: Hop, failed: tuple[Flow, ...]) -> Certainty:
    """What it weighs that the name matters at one address. A name that passes elsewhere is not what the path minds."""
    passes = any(v.passes for v in visits(hop))
    return Certainty.POSSIBLE if passes and at_home(facts, failed) is None else Certainty.LIKELY


def _fails_elsewhere(kinds: tuple[FailureKind, ...]) -> Callable[[Facts, Hop], Hit | None]:
    """At an address that has nothing to do with it, where names passed that are as strange there, this one fails alike.

    It needs no luck with residual blocking, which poisons the endpoint's own address for minutes. Where no stranger was
    tried, a server that turns down names it does not know looks the same, and the control must have come further.
    """

    def when(facts: Facts, hop: Hop) -> Hit | None:
        failed = failed_handshakes(facts, hop, kinds)
        if not failed:
            return None
        for visit in visits(hop):
            weight = visit.weight(lambda f: _alike(f, failed[0]))
            if weight is None or visit.own is None or not shook(visit.own):
                continue
            further = beyond(facts, hop, Depth.CONNECTED) and not no_better_there(hop, failed)
            if weight is Certainty.CONFIRMED or further:
                note = "this SNI fails even at an unrelated address, where an innocent one passed just before"
                return Hit(_evidence(failed) + visit.indexes, note, weight)
        return None

    return when


def _alike(flow: Flow, ours: Flow) -> bool:
    """Whether another flow's handshake ended in the very same way: the same failure, alert and bytes."""
    if flow.tls is None or ours.tls is None or flow.failure is not ours.failure:
        return False
    return flow.tls.alert == ours.tls.alert and flow.tls.server_hex == ours.tls.server_hex


def _control_passes(kinds: tuple[FailureKind, ...]) -> Callable[[Facts, Hop], Hit | None]:
    def when(facts: Facts, hop: Hop) -> Hit | None:
        failed = failed_handshakes(facts, hop, kinds)
        if not failed or not beyond(facts, hop, Depth.CONNECTED) or no_better_there(hop, failed):
            return None
        if led_elsewhere(facts, hop, failed):
            return None
        passes = any(v.passes for v in visits(hop))
        if passes and sum(f.stage == "tls" and f.failure in kinds for f in hop.ours) < 2:
            return None  # once, and not by the name: what came after may be the server's, tired of our trying
        note = f"the handshake fails from here in {hop.tries} tries; the control completes it"
        where = {f.address for f in failed}
        others = [f for f in hop.by(Purpose.CONTROL_SNI) if f.address in where and f.tcp.failure is None]
        return Hit(_evidence((*failed, *others)), note, at_home(facts, failed))

    return when


def _partly(kinds: tuple[FailureKind, ...]) -> Callable[[Facts, Hop], Hit | None]:
    """Another address is reached, and at this one the handshake ends so in every try, but not for the control."""

    def when(facts: Facts, hop: Hop) -> Hit | None:
        if not hop.reached:
            return None
        failed = [f for f in usable(facts, hop) if f.tcp.failure is None and f.stage == "tls" and f.failure in kinds]
        shown = tuple(f for f in failed if always(hop, f) and address_works_there(hop, f.address))
        if not shown:
            return None
        passed = _pair(hop, shown)
        which = ", ".join(f.address for f in shown)
        note = f"at {which} this SNI fails in every try and works from the control" + (
            "; another SNI passes there" if passed else ""
        )
        alike = [v for v in visits(hop) if v.weight(lambda f: f.failure in kinds) is Certainty.CONFIRMED]
        named = _of_the_name(facts, hop, shown) if passed else at_home(facts, shown)
        seen = _evidence(shown) + _evidence(passed) + tuple(i for v in alike for i in v.indexes)
        return Hit(seen, note, Certainty.CONFIRMED if passed and alike else named)

    return when


def _wrong_certificate(untrusted: bool) -> Callable[[Facts, Hop], Hit | None]:
    """At an address that is not shown to be false, a certificate that the control does not see."""

    def when(facts: Facts, hop: Hop) -> Hit | None:
        flows = [f for f in usable(facts, hop) if f.tls is not None and f.tls.problems]
        chosen = tuple(f for f in flows if f.tls is not None and bool(_UNTRUSTED & set(f.tls.problems)) is untrusted)
        if not chosen or hop.reached or not beyond(facts, hop, Depth.SHAKEN) or no_better_there(hop, chosen):
            return None
        if not untrusted and all(set(f.tls.problems) <= {K.SSL_EXPIRED, K.SSL_NOT_YET_VALID} for f in chosen if f.tls):
            return None  # genuine certificates with wrong dates: a clock or a lagging server, no other peer
        certificate = next(f.tls.certificates[0] for f in chosen if f.tls and f.tls.certificates)
        whose = f"issued by {certificate.issuer}" if untrusted else f"for {', '.join(certificate.names[:2])}"
        here = any(address_works_there(hop, f.address) for f in chosen)
        default = all(f.tls is not None and K.SSL_INVALID_HOSTNAME in f.tls.problems for f in chosen)
        weaker = None if here and not default else at_home(facts, chosen) or Certainty.POSSIBLE
        # the control may have met another server of the endpoint's, of those that share an address (anycast) even; and
        # what a server shows for a name that it lost is made for another name
        return Hit(_evidence(chosen), f"a certificate {whose}, which the control does not see", weaker)

    return when


def _impostor_after_forged_dns(facts: Facts, hop: Hop) -> Hit | None:
    flows = tuple(f for f in hop.final if f.tls is not None and f.tls.problems and false_address(facts, hop, f.address))
    if not flows:
        return None
    return Hit(_evidence(flows), "the forged address answers with a certificate that is not the endpoint's")


def _evidence(flows: tuple[Flow, ...]) -> tuple[int, ...]:
    return tuple(i for f in flows for i in f.indexes)


_KINDS: tuple[tuple[str, Mechanism, tuple[FailureKind, ...], str], ...] = (
    ("reset", Mechanism.SNI_RESET, (K.RESET, K.ABORTED), "A RST follows the ClientHello."),
    ("timeout", Mechanism.SNI_TIMEOUT, (K.TIMEOUT,), "Silence follows the ClientHello."),
    ("close", Mechanism.SNI_CLOSE, (K.EOF,), "A FIN follows the ClientHello."),
    ("alert", Mechanism.TLS_ALERT, (K.TLS_ALERT,), "An alert follows the ClientHello; its number is kept."),
    ("not_tls", Mechanism.TLS_NOT_TLS, (K.TLS_NOT_TLS, K.SSL_FAILED_HANDSHAKE), "Bytes that are no TLS, or none that"
     " make sense, follow the ClientHello; they are kept."),
)  # fmt: skip
_B, _T = Verdict.BLOCKED, Layer.TLS
RULES: tuple[Rule, ...] = (
    Rule("tls.impostor_after_forged_dns", _T, Mechanism.TLS_IMPOSTOR, _B, Certainty.LIKELY, _impostor_after_forged_dns,
         "What users saw on 8 February 2021 as an SSL error; the cause is the forged answer.",
         "Hoang et al. 2021 (GFWatch), on the addresses of other companies in forged answers"),
    *(Rule(f"tls.{slug}.other_sni_passes", _T, mechanism, _B, Certainty.CONFIRMED, _other_sni_passes(kinds),
           f"{comment} Another name passes on the same address, so the name is what it looks at. Confirmed only if"
           " it fails at an unrelated server as well: a front may turn a country away from one customer.",
           "RFC 9505 section 4.2.3; OONI 2023 on Tanzania") for slug, mechanism, kinds, comment in _KINDS),
    *(Rule(f"tls.{slug}.fails_elsewhere", _T, mechanism, _B, Certainty.CONFIRMED, _fails_elsewhere(kinds),
           f"{comment} The name draws it at an unrelated server as well, where other strange names pass: the path reads"
           " names.", "Bock et al. 2021, Your Censor is My Censor, on residual censorship")
      for slug, mechanism, kinds, comment in _KINDS),
    *(Rule(f"tls.{slug}.control_passes", _T, mechanism, _B, Certainty.POSSIBLE, _control_passes(kinds),
           f"{comment} The control is answered in TLS.", "RFC 9505 section 4.2.3") for slug, mechanism, kinds, comment
      in _KINDS),
    *(Rule(f"tls.{slug}.partly", _T, mechanism, Verdict.INTERFERED, Certainty.POSSIBLE, _partly(kinds),
           f"{comment} Only at some addresses or over one family: filters often know IPv4 alone.",
           "RFC 9505 section 4.2.3") for slug, mechanism, kinds, comment in _KINDS),
    Rule("tls.interception", _T, Mechanism.TLS_INTERCEPTION, _B, Certainty.CONFIRMED, _wrong_certificate(True),
         "A chain of an authority nobody trusts, at an address where the control meets the true one.",
         "Raman et al. 2020, Investigating Large Scale HTTPS Interception in Kazakhstan"),
    Rule("tls.impostor", _T, Mechanism.TLS_IMPOSTOR, _B, Certainty.POSSIBLE, _wrong_certificate(False),
         "A certificate for another name, at an address where the control meets the endpoint.",
         "RFC 9525; OONI ts-017"),
)  # fmt: skip
