"""HTTP rules: exchanges that end from here and not elsewhere. Pages that are not the site's are the matter of `pages`.

Inside TLS that proved itself nobody on the path reads a request: what ends there may be the server's doing, and is
never more than possible; nor is, in the clear, what ends before the answer at the server's own address alone. What a
body says or how it is coded is no matter of these rules; only that it is cut short.
"""

from collections.abc import Callable

from probe.diagnose.compare import address_works_there, beyond
from probe.diagnose.elsewhere import Visit, visits
from probe.diagnose.facts import Facts, Flow, Hop
from probe.diagnose.rule import Hit, Rule
from probe.diagnose.rules import pages
from probe.diagnose.rules.tcp import always, at_home, usable
from probe.diagnose.speed import arrived, fast, speed, still_coming
from probe.diagnose.told import led_elsewhere
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose

K = FailureKind
_CUT_SHORT = (K.RESET, K.EOF, K.HTTP_TRUNCATED_BODY)
_CUT_AT_LEAST = 1.0
"""Seconds: a cut that comes sooner is an answer to something that was sent."""
_CUT_SPREAD = 0.25
"""A connection that is always cut after the same time: the times lie within this part of their mean."""
_SLOW = 16 * 1024
"""Bytes per second under which a transfer is slow enough to ask why."""
_FULL_PACKETS = 4096
"""Bytes that take more than two packets of any size that is in use."""
_SLOWER = 4.0
"""How many times faster the control on the same address must be."""


def _ended(*kinds: FailureKind, in_body: bool) -> Callable[[Facts, Hop], Hit | None]:
    """The exchange ends so, before the answer or within its body, in the last try; the control has the whole answer.

    Inside proven TLS nobody on the path reads the request, and a server may hang up on a client it does not want.

    An answer that was coming, slowly, when the time was up is not silence.
    """

    def when(facts: Facts, hop: Hop) -> Hit | None:
        flows = [f for f in usable(facts, hop) if f.http is not None]
        ended = [f for f in flows if f.failure in kinds and f.http is not None and bool(f.http.status) is in_body]
        ended = [f for f in ended if not still_coming(f)]
        if not ended or hop.reached or not beyond(facts, hop, ended[0].depth):
            return None
        how = "within the body" if in_body else "after the request"
        alike = _same_elsewhere(hop, ended[0])
        if not alike and led_elsewhere(facts, hop, ended):
            return None
        own = Certainty.POSSIBLE if ended[0].authenticated else at_home(facts, ended)
        return Hit(
            _evidence(ended) + tuple(i for v in alike for i in v.indexes),
            f"the exchange ends {how} in {hop.tries} tries; the control has the whole answer",
            Certainty.CONFIRMED if alike else own,
        )

    return when


def _same_elsewhere(hop: Hop, flow: Flow) -> list[Visit]:
    """Visits with this name to an address that has nothing to do with it, that ended so where a stranger was answered.

    Many servers hang up on every name that they do not know.
    """

    def alike(other: Flow) -> bool:
        return other.failure is flow.failure and other.stage == flow.stage

    return [v for v in visits(hop) if v.weight(alike) is Certainty.CONFIRMED]


def _cut(facts: Facts, hop: Hop) -> Hit | None:
    """Every try is cut after about the same time, whatever had come by then, and the control is not."""
    cut = [f for f in hop.ours if f.http is not None and f.failure in _CUT_SHORT]
    if len(cut) < 2 or len(cut) < len(hop.ours) or hop.reached or not beyond(facts, hop, cut[-1].depth):
        return None
    times = [f.last.t - f.tcp.t for f in cut]
    mean = sum(times) / len(times)
    if mean < _CUT_AT_LEAST or max(times) - min(times) > _CUT_SPREAD * mean:
        return None
    note = f"cut {mean:.1f} s after it opened, in each of {len(times)} tries"
    return Hit(_evidence(cut), note, Certainty.POSSIBLE if cut[-1].authenticated else None)


def _throttled(facts: Facts, hop: Hop) -> Hit | None:
    """Slow here, and fast for another name on the same address; or, of less weight, for the control."""
    ours = [(f, s) for f in hop.ours if (s := speed(f)) is not None]
    if not ours or any(s > _SLOW for _, s in ours):
        return None
    slow, size = max(s for _, s in ours), min(arrived(f) for f, _ in ours)
    beside = [(f, s) for f in hop.by(Purpose.CONTROL_SPEED) if (s := _quick(f, size)) > _SLOWER * slow]
    there = [(f, s) for f in facts.control_at(hop) if (s := _quick(f, size)) > _SLOWER * slow]
    if not beside and not there:
        return None
    quick, rate = (beside or there)[0]
    whose = "for another name on the same address" if beside else "for the control"
    return Hit(
        _evidence([f for f, _ in ours]) + quick.indexes,
        f"{slow / 1000:.1f} kB/s here, {rate / 1000:.1f} kB/s {whose}",
        None if beside else Certainty.POSSIBLE,
    )


def _quick(flow: Flow, size: int) -> float:
    """Bytes per second of a transfer of this size or more; 0 of a smaller one: a short page is quick on any line."""
    return fast(flow) or 0.0 if arrived(flow) >= size else 0.0


def _stopped(facts: Facts, hop: Hop) -> Hit | None:
    """Every try stops within the body, in silence, and the control has the whole answer.

    Some full packets must have come: a path that loses every large packet (an MTU fault) stops at the first.
    """
    stopped = [f for f in hop.ours if f.http is not None and f.http.status and f.failure is K.TIMEOUT]
    stopped = [f for f in stopped if not still_coming(f) and arrived(f) >= _FULL_PACKETS]
    if len(stopped) < 2 or len(stopped) < len(hop.ours) or hop.reached or not beyond(facts, hop, stopped[-1].depth):
        return None
    sizes = sorted(arrived(f) for f in stopped)
    note = f"the answer stops after {sizes[0]} to {sizes[-1]} bytes in each of {len(sizes)} tries; the control has all"
    return Hit(_evidence(stopped), note, Certainty.POSSIBLE if stopped[-1].authenticated else None)


def _evidence(flows: list[Flow]) -> tuple[int, ...]:
    return tuple(i for f in flows for i in f.indexes)


def _written_into(facts: Facts, hop: Hop) -> Hit | None:
    """A proven session is broken by bytes that do not decrypt, in every of several tries, and not for the control."""
    broken = [f for f in hop.ours if f.authenticated and f.failure is K.TLS_BAD_RECORD]
    if len(broken) < 2 or len(broken) < len(hop.ours) or hop.reached or not beyond(facts, hop, broken[-1].depth):
        return None
    note = f"bytes that do not decrypt end the session in each of {len(broken)} tries; the control has the whole answer"
    return Hit(_evidence(broken), note)


def _partly(kind: FailureKind) -> Callable[[Facts, Hop], Hit | None]:
    """Another address is reached; at this one every try ends so after the cleartext request, not for the control."""

    def when(facts: Facts, hop: Hop) -> Hit | None:
        failed = [f for f in usable(facts, hop) if f.http is not None and not f.http.tls and f.failure is kind]
        failed = [f for f in failed if f.http is not None and not f.http.status and not still_coming(f)]
        shown = [f for f in failed if always(hop, f) and address_works_there(hop, f.address)]
        if not hop.reached or not shown:
            return None
        which = ", ".join(f.address for f in shown)
        note = f"at {which} the exchange ends after every request and works from the control"
        return Hit(_evidence(shown), note, at_home(facts, shown))

    return when


_ENDINGS: tuple[tuple[str, Mechanism, FailureKind, str], ...] = (
    ("reset", Mechanism.HTTP_RESET, K.RESET, "A RST follows the request."),
    ("timeout", Mechanism.HTTP_TIMEOUT, K.TIMEOUT, "Silence follows the request."),
    ("close", Mechanism.HTTP_CLOSE, K.EOF, "A FIN follows the request."),
)
_B, _H, _SRC = Verdict.BLOCKED, Layer.HTTP, "RFC 9505 section 5.2; OONI ts-017"
RULES: tuple[Rule, ...] = (
    Rule("http.throttled", Layer.SPEED, Mechanism.THROTTLING, Verdict.INTERFERED, Certainty.LIKELY, _throttled,
         "Slow for this name and fast for another on the same address: neither the line nor the server is slow.",
         "Xue et al. 2021, Throttling Twitter"),
    Rule("http.connection_cut", _H, Mechanism.CONNECTION_CUT, _B, Certainty.LIKELY, _cut,
         "Cut after the same time in every try, whatever had come by then: a clock on the path.",
         "no published case that we could check; inside TLS a server's own time limit looks the same"),
    Rule("http.body_reset", _H, Mechanism.BODY_CUT, _B, Certainty.LIKELY,
         _ended(*_CUT_SHORT, in_body=True),
         "The answer is cut within its body, as keyword filters do.",
         "Clayton et al. 2006, Ignoring the Great Firewall of China"),
    Rule("http.body_timeout", _H, Mechanism.BODY_CUT, _B, Certainty.LIKELY, _stopped,
         "The answer stops within its body and silence follows, in every try: what a path does that drops the rest of a"
         " flow, by a word in it or by its size.", "Cloudflare 2025, Russian Internet users are unable to access the"
         " open Internet (connections stop after 16 kB)"),
    Rule("http.reset", _H, Mechanism.HTTP_RESET, _B, Certainty.POSSIBLE, _ended(K.RESET, in_body=False),
         "A RST follows the request.", _SRC),
    Rule("http.timeout", _H, Mechanism.HTTP_TIMEOUT, _B, Certainty.POSSIBLE, _ended(K.TIMEOUT, in_body=False),
         "Silence follows the request.", _SRC),
    Rule("http.close", _H, Mechanism.HTTP_CLOSE, _B, Certainty.POSSIBLE, _ended(K.EOF, in_body=False),
         "A FIN follows the request.", _SRC),
    Rule("http.bad_record", _H, Mechanism.CONNECTION_CUT, _B, Certainty.POSSIBLE, _written_into,
         "Bytes in a proven TLS session that do not decrypt end it. A server does not send such to one client alone:"
         " something wrote into the stream.", "RFC 8446 sections 5.2 and 6.2 (bad_record_mac)"),
    *(Rule(f"http.{slug}.partly", _H, mechanism, Verdict.INTERFERED, Certainty.POSSIBLE, _partly(kind),
           f"{comment} Only at some addresses or over one family.", _SRC)
      for slug, mechanism, kind, comment in _ENDINGS),
    *pages.RULES,
)  # fmt: skip
