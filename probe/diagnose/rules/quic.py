"""QUIC rules: silence over UDP that follows the name, where the site offers QUIC or the endpoint is nothing else.

No proxy carries UDP, so there is no control elsewhere: all evidence is names compared at one place. Silence to every
name says nothing of a site (many networks carry no QUIC, and a server's QUIC may be down while its TCP is not).
"""

from typing import NamedTuple

from probe.diagnose.facts import OURS, Facts, Hop
from probe.diagnose.rule import Hit, Rule
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose, QUICHandshake

_OWN = (*OURS, Purpose.QUIC, Purpose.TRUE_ADDRESS)
"""The endpoint's own name at its own addresses."""
_NO_ANSWER = frozenset(
    {FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.HOST_UNREACHABLE, FailureKind.NETWORK_UNREACHABLE,
     FailureKind.INTERRUPTED, FailureKind.UNKNOWN}
)  # fmt: skip


class _Place(NamedTuple):
    """What was asked at one address and port, in order: with the name in question, and with innocent ones."""

    asked: tuple[tuple[int, QUICHandshake], ...]
    controls: tuple[tuple[int, QUICHandshake], ...]

    @property
    def evidence(self) -> tuple[int, ...]:
        return tuple(i for i, _ in (*self.asked, *self.controls))


def _places(hop: Hop, *purposes: Purpose) -> list[_Place]:
    """The places where the name was asked for with one of these purposes."""
    found = dict.fromkeys((o.address, o.port) for _, o in hop.quic if o.purpose in purposes)
    here = {key: [(i, o) for i, o in hop.quic if (o.address, o.port) == key] for key in found}
    return [
        _Place(
            tuple((i, o) for i, o in seen if o.purpose in purposes),
            tuple((i, o) for i, o in seen if o.purpose is Purpose.CONTROL_QUIC),
        )
        for seen in here.values()
    ]


def _silent(seen: QUICHandshake) -> bool:
    return seen.failure is not None and seen.failure.kind is FailureKind.TIMEOUT


def _answered(seen: QUICHandshake) -> bool:
    """Whether a server spoke and heard us, whatever it thought of the name or we of its certificate."""
    return seen.datagrams_received > 0 and (seen.failure is None or seen.failure.kind not in _NO_ANSWER)


def _never_answered(hop: Hop) -> bool:
    """Whether the name met silence at every one of the endpoint's own addresses, every time."""
    asked = [o for _, o in hop.quic if o.purpose in _OWN]
    return bool(asked) and all(map(_silent, asked))


def _name_matters(place: _Place) -> bool:
    """Whether the name met only silence, twice or more, and innocent ones only answers, one before its last try."""
    if len(place.asked) < 2 or not place.controls:
        return False
    if not all(_silent(o) for _, o in place.asked) or not all(_answered(o) for _, o in place.controls):
        return False
    return place.controls[0][0] < place.asked[-1][0]


def _other_sni_passes(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule gets both
    shown = [place for place in _places(hop, *_OWN) if _name_matters(place)]
    if not shown or not _never_answered(hop):
        return None
    count = len(shown[0].asked)
    note = f"over QUIC this SNI meets silence in {count} spaced tries, another SNI is answered at the same address"
    return Hit(tuple(i for place in shown for i in place.evidence), note)


def _fails_elsewhere(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule gets both
    shown = [place for place in _places(hop, Purpose.SNI_ELSEWHERE) if _name_matters(place)]
    if not shown or not _never_answered(hop):
        return None
    own = tuple(i for i, o in hop.quic if o.purpose in _OWN)
    strangers = any(o.failure is not None for place in shown for _, o in place.controls)  # answered, not as its own
    note = "over QUIC this SNI meets silence even at an unrelated address, where an innocent one was answered"
    return Hit(own + tuple(i for place in shown for i in place.evidence), note, None if strangers else Certainty.LIKELY)


_Q, _M, _B = Layer.QUIC, Mechanism.QUIC_TIMEOUT, Verdict.BLOCKED
RULES: tuple[Rule, ...] = (
    Rule("quic.timeout.fails_elsewhere", _Q, _M, _B, Certainty.CONFIRMED, _fails_elsewhere,
         "An unrelated server cannot mind one strange name and not another: the path reads names. Only likely where no"
         " other strange name was asked for. It is also what is left to see where the first question closes the way to"
         " the endpoint's own address for minutes.",
         "Zohaib et al., USENIX Security 2025: SNI-based QUIC censorship of the GFW, residual for 180 s"),
    Rule("quic.timeout.other_sni_passes", _Q, _M, _B, Certainty.POSSIBLE, _other_sni_passes,
         "In turns at one address this name is dropped and another is not. Only possible: a front that hands names to"
         " servers behind it may have lost one of them, and no control can tell.",
         "Elmenhorst et al. 2021, Web Censorship Measurements of HTTP/3 over QUIC"),
)  # fmt: skip
