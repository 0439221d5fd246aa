"""How fast bytes came, and whether they were still coming when the time was up. Facts of one flow; no judgement.

All is counted on the socket: inside TLS a slow record shows nothing until it is whole.
"""

from itertools import pairwise

from probe.diagnose.facts import Flow
from probe.model.failure import FailureKind
from probe.model.observation import HTTPRoundTrip

SPEED_SECONDS = 1.0
"""A transfer shorter than this says nothing of slowness."""


def speed(flow: Flow) -> float | None:
    """Bytes per second on the wire while bytes came; None if they came for too short a time to mean anything.

    Counted from the request on. The longest pause is left out: a server that thinks for seconds and then answers at
    once is slow to think, not slow to send.
    """
    http = flow.http
    if http is None or not arrived(flow):
        return None
    times = _times(http)
    pause = max(later - earlier for earlier, later in pairwise(times))
    seconds = times[-1] - times[0] - pause
    return max(arrived(flow), http.body_wire_bytes) / seconds if seconds >= SPEED_SECONDS else None


def fast(flow: Flow) -> float | None:
    """The speed of a transfer that may have been short: at least this many bytes per second."""
    http = flow.http
    if http is None or http.first_byte is None or not http.body_wire_bytes:
        return None
    return http.body_wire_bytes / max(http.t - http.first_byte, 0.001)


def arrived(flow: Flow) -> int:
    """Bytes that came on the socket after the request."""
    return 0 if flow.http is None else sum(e.bytes for e in flow.http.events if e.operation == "read")


def still_coming(flow: Flow) -> bool:
    """Whether the time was up while bytes came: the silence at the end is no longer than two of the pauses before."""
    http = flow.http
    if http is None or flow.failure is not FailureKind.TIMEOUT or not arrived(flow):
        return False
    *pauses, silence = [later - earlier for earlier, later in pairwise(_times(http))]
    return bool(pauses) and silence <= 2 * max(pauses)


def _times(http: HTTPRoundTrip) -> list[float]:
    """When the request went out, when bytes came, and the end."""
    asked = [e.t for e in http.events if e.operation == "write"][:1]
    return [*asked, *(e.t for e in http.events if e.operation == "read" and e.bytes), http.t]
