"""What an unrelated server made of this name, held against what it made of names that nobody minds. Facts, no rule.

A name that draws the same end at a server that has nothing to do with it shows a path that reads names; but many
servers turn down every name that is not theirs, and some networks relay each flow to whom it names, wherever it was
sent. A *stranger*, an innocent name that belongs there no more than ours does, tells: it must pass, and as a stranger.
"""

from collections.abc import Callable
from typing import NamedTuple

from probe.diagnose.facts import Depth, Flow, Hop
from probe.model.diagnosis import Certainty
from probe.model.observation import HTTPRoundTrip, Purpose

Alike = Callable[[Flow], bool]
"""Whether a flow ended, or was answered, as ours was."""


class Visit(NamedTuple):
    """One flow with this name to an unrelated address, and what was asked there just before.

    `own`: the server's own name, asked for over TLS only. `strangers`: innocent names of other places.
    """

    flow: Flow
    own: Flow | None
    strangers: tuple[Flow, ...]

    @property
    def indexes(self) -> tuple[int, ...]:
        """The observations of all of it."""
        before = (*([self.own] if self.own is not None else []), *self.strangers)
        return tuple(i for f in (*before, self.flow) for i in f.indexes)

    @property
    def relayed(self) -> bool:
        """Whether a stranger met its own server there: this address speaks for any name, and for none by itself."""
        return any(f.depth is Depth.DONE and proves(f) for f in self.strangers)

    @property
    def passes(self) -> bool:
        """Whether this name got an answer there, as any stranger might."""
        return _answered(self.flow) and not self.relayed

    def weight(self, alike: Alike) -> Certainty | None:
        """What it weighs that this name ended so there: all, if a stranger passed; nothing, if one ended alike."""
        if not alike(self.flow) or self.relayed or any(alike(f) or not _answered(f) for f in self.strangers):
            return None
        return Certainty.CONFIRMED if self.strangers else Certainty.LIKELY


def visits(hop: Hop) -> tuple[Visit, ...]:
    """Every visit of a hop, in order."""
    return tuple(_visit(hop, flow) for flow in hop.by(Purpose.SNI_ELSEWHERE))


def drawn_by_name(hop: Hop, page: HTTPRoundTrip) -> bool:
    """Whether an unrelated server gave this very page to this name, and something else to a stranger."""

    def alike(flow: Flow) -> bool:
        return flow.http is not None and bool(page.body_sha256) and flow.http.body_sha256 == page.body_sha256

    return any(visit.weight(alike) is Certainty.CONFIRMED for visit in visits(hop))


def innocent_handshakes(hop: Hop) -> tuple[Flow, ...]:
    """Handshakes of innocents under their own names at their own addresses, as far as they connected."""
    ours = {f.address for f in hop.ours} | hop.own_addresses | hop.trusted_addresses
    first: dict[str, Flow] = {}
    for flow in hop.by(Purpose.CONTROL_SNI):
        if flow.tls is not None and flow.address not in ours:
            first.setdefault(flow.address, flow)
    return tuple(first.values())


def _visit(hop: Hop, flow: Flow) -> Visit:
    before = [f for f in hop.by(Purpose.CONTROL_SNI) if f.address == flow.address]
    over_tls = [f for f in before if f.tls is not None]
    own = over_tls[0] if over_tls else None
    name = own.tls.sni if own is not None and own.tls is not None else None
    strangers = [f for f in over_tls if f.tls is not None and f.tls.sni != name]
    return Visit(flow, own, tuple(strangers) if own is not None else tuple(f for f in before if f.stage == "http"))


def _answered(flow: Flow) -> bool:
    return flow.depth >= (Depth.ANSWERED if flow.stage == "http" else Depth.SHAKEN)


def proves(flow: Flow) -> bool:
    """Whether the peer showed itself to be whom it was asked for: by its certificate, or by the expected answer."""
    if flow.authenticated:
        return True
    return flow.http is not None and bool(flow.http.expectations) and all(e.held for e in flow.http.expectations)
