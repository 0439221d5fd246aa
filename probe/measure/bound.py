"""The observations of one measurement within what one line may hold, whatever strangers sent.

Each observation is bounded where it is made; here their sum is: a chain of redirects with long headers at every address
would otherwise make a line that no reader accepts, and end the run. What comes late loses its bulk first, then itself.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from probe.model.observation import Certificate, DNSLookup, HTTPRoundTrip, Observation, QUICHandshake, TLSHandshake

FULL = 4 * 1024 * 1024
"""Bytes of observations kept with all their facts. Readers accept lines of 8 MiB (`store/lines`)."""
LEAN = 7 * 1024 * 1024
"""Bytes after which nothing is kept."""
FEW = 8
"""So many observations, each bounded, cannot come near: a healthy measurement is not weighed at all."""
_MAX_TEXT = 1024


def bounded(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """The observations in order, with headers, bodies, events and certificates dropped from those beyond `FULL`."""
    if len(observations) <= FEW:
        return tuple(observations)
    kept: list[Observation] = []
    total = 0
    for one in observations:
        size = len(msgspec.json.encode(one))
        if total + size > FULL:
            one = _lean(one)
            size = len(msgspec.json.encode(one))
        if total + size > LEAN:
            break
        total += size
        kept.append(one)
    return tuple(kept)


def _lean(one: Observation) -> Observation:
    """One observation without its bulk; what happened and how it ended stays."""
    changed: dict[str, Any]
    if isinstance(one, HTTPRoundTrip):
        changed = {"headers": (), "body_text": "", "events": ()}
        changed |= {name: getattr(one, name)[:_MAX_TEXT] for name in ("url", "location", "title")}
    elif isinstance(one, TLSHandshake | QUICHandshake):
        changed = {"events": (), "certificates": tuple(map(_lean_certificate, one.certificates[:1]))}
    elif isinstance(one, DNSLookup):
        changed = {"replies": ()}
    else:
        return one
    return msgspec.structs.replace(one, **changed)


def _lean_certificate(certificate: Certificate) -> Certificate:
    names = tuple(name[:_MAX_TEXT] for name in certificate.names[:1])
    texts = {name: getattr(certificate, name)[:_MAX_TEXT] for name in ("subject", "issuer")}
    return msgspec.structs.replace(certificate, names=names, der_base64="", **texts)
