"""HTTP rules: exchanges that end from here and not elsewhere, and pages that are not the site's.

Inside TLS that proved itself, a page is the server's own whatever it says, and nothing here calls it a block. Over
cleartext a page is anybody's: it is held against the control's.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from probe.diagnose import fingerprints
from probe.diagnose.compare import beyond, control_pages, control_state, same_page
from probe.diagnose.facts import Facts, Flow, Hop, fast, speed
from probe.diagnose.fingerprints import Kind
from probe.diagnose.rule import Hit, Rule
from probe.diagnose.rules.tcp import usable
from probe.model.diagnosis import Certainty, ControlState, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import HTTPRoundTrip, Purpose

K = FailureKind
_CUT_AT_LEAST = 1.0
"""Seconds: a cut that comes sooner is an answer to something that was sent."""
_CUT_SPREAD = 0.25
"""A connection that is always cut after the same time: the times lie within this part of their mean."""
_SLOW = 16 * 1024
"""Bytes per second under which a transfer is slow enough to ask why."""
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
        ended = [f for f in ended if not _was_coming(f)]
        if not ended or hop.reached or not beyond(facts, hop, ended[0].depth):
            return None
        how = "within the body" if in_body else "after the request"
        alike = _same_elsewhere(hop, ended[0])
        return Hit(
            _evidence(ended) + _evidence(alike),
            f"the exchange ends {how} in {hop.tries} tries; the control has the whole answer",
            Certainty.CONFIRMED if alike else Certainty.POSSIBLE if ended[0].authenticated else None,
        )

    return when


def _was_coming(flow: Flow) -> bool:
    return flow.failure is K.TIMEOUT and speed(flow) is not None


def _same_elsewhere(hop: Hop, flow: Flow) -> list[Flow]:
    """Flows with this name to an address that has nothing to do with it, that ended in the very same way."""
    return [f for f in hop.by(Purpose.SNI_ELSEWHERE) if f.failure is flow.failure and f.stage == flow.stage]


def _cut(facts: Facts, hop: Hop) -> Hit | None:
    """Every try is cut after about the same time, whatever had come by then, and the control is not."""
    cut = [f for f in hop.ours if f.http is not None and f.failure in (K.RESET, K.EOF, K.HTTP_TRUNCATED_BODY)]
    if len(cut) < 2 or len(cut) < len(hop.ours) or hop.reached or not beyond(facts, hop, cut[-1].depth):
        return None
    times = [f.last.t - f.tcp.t for f in cut]
    mean = sum(times) / len(times)
    if mean < _CUT_AT_LEAST or max(times) - min(times) > _CUT_SPREAD * mean:
        return None
    return Hit(_evidence(cut), f"cut {mean:.1f} s after it opened, in each of {len(times)} tries")


def _throttled(facts: Facts, hop: Hop) -> Hit | None:
    """Slow here, and fast for another name on the same address; or, of less weight, for the control."""
    ours = [(f, s) for f in hop.ours if (s := speed(f)) is not None]
    if not ours or any(s > _SLOW for _, s in ours):
        return None
    slow = max(s for _, s in ours)
    beside = [(f, s) for f in hop.by(Purpose.CONTROL_SPEED) if (s := fast(f)) is not None and s > _SLOWER * slow]
    there = [(f, s) for f in facts.control_at(hop) if (s := fast(f)) is not None and s > _SLOWER * slow]
    if not beside and not there:
        return None
    quick, rate = (beside or there)[0]
    whose = "for another name on the same address" if beside else "for the control"
    return Hit(
        _evidence([f for f, _ in ours]) + quick.indexes,
        f"{slow / 1000:.1f} kB/s here, {rate / 1000:.1f} kB/s {whose}",
        None if beside else Certainty.POSSIBLE,
    )


def _clear_page(hop: Hop) -> tuple[Flow, HTTPRoundTrip] | None:
    """The page that came over cleartext, from the vantage's own address, in the last try."""
    for flow in hop.final:
        if flow.http is not None and flow.http.status and not flow.http.tls:
            return flow, flow.http
    return None


def _blockpage_marked(facts: Facts, hop: Hop) -> Hit | None:
    page = _clear_page(hop)
    if page is None:
        return None
    flow, http = page
    found = [m for m in fingerprints.marks(http, facts.case.marks) if m.kind is Kind.BLOCKPAGE]
    if not found or any(same_page(http, other) for other in control_pages(facts)):
        return None
    return Hit(flow.indexes, f"the page carries the mark {found[0].name} ({found[0].source})")


def _strange(facts: Facts, hop: Hop) -> tuple[Flow, HTTPRoundTrip] | None:
    """A cleartext page that no control sees, while the controls reached the endpoint."""
    page, others = _clear_page(hop), control_pages(facts)
    if page is None or page[1].location or not others or control_state(facts) is not ControlState.REACHED:
        return None
    return None if any(same_page(page[1], other) for other in others) else page


def _legal_notice(facts: Facts, hop: Hop) -> Hit | None:
    page = _strange(facts, hop)
    if page is None or not fingerprints.names_a_law(page[1]):
        return None
    return Hit(page[0].indexes, f"a legal notice over cleartext ({page[1].status}), which the control does not see")


def _page_elsewhere(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule has the same shape
    """The same page comes from an address that has nothing to do with the site: the path made it."""
    page = _clear_page(hop)
    if page is None or not page[1].body_sha256:
        return None
    alike = [
        f
        for f in hop.by(Purpose.SNI_ELSEWHERE)
        if f.http is not None and f.http.status == page[1].status and f.http.body_sha256 == page[1].body_sha256
    ]
    return Hit(page[0].indexes + _evidence(alike), "an unrelated server gives the same page") if alike else None


def _page_speaks(facts: Facts, hop: Hop) -> Hit | None:
    page = _strange(facts, hop)
    if page is None or not fingerprints.speaks_of_blocking(page[1]):
        return None
    if _answers_elsewhere(hop) or fingerprints.marks(page[1], facts.case.marks):
        return None  # an unrelated server did not give this page, so a server that turns clients away may have
    return Hit(page[0].indexes, f"a page that speaks of blocking ({page[1].title!r}), which the control does not see")


def _answers_elsewhere(hop: Hop) -> bool:
    """Whether the request was also made where it does not belong, and was answered there."""
    return any(f.http is not None and f.http.status for f in hop.by(Purpose.SNI_ELSEWHERE))


def _redirected_away(facts: Facts, hop: Hop) -> Hit | None:
    """A cleartext redirect to a host where no control was ever sent, of another site."""
    page = _clear_page(hop)
    if page is None or not page[1].location or control_state(facts) is not ControlState.REACHED:
        return None
    led_to = _host(page[1].location)
    known = {f.address for flows in facts.control for f in flows} | {hop.host}
    if not led_to or any(_site(led_to) == _site(host) for host in known) or not facts.control:
        return None
    alike = [f for f in hop.by(Purpose.SNI_ELSEWHERE) if f.http is not None and f.http.location == page[1].location]
    if _answers_elsewhere(hop) and not alike:
        return None  # only the site's own address redirects so: perhaps the site does
    return Hit(
        page[0].indexes + _evidence(alike),
        f"redirected to {led_to}, where the control is not sent",
        Certainty.CONFIRMED if alike else None,
    )


def _host(location: str) -> str:
    try:
        return (urlsplit(location).hostname or "").lower()
    except ValueError:
        return ""


def _site(host: str) -> str:
    """The last two labels: coarse, and coarse on the side of not accusing."""
    return ".".join(host.split(".")[-2:])


def _evidence(flows: list[Flow]) -> tuple[int, ...]:
    return tuple(i for f in flows for i in f.indexes)


_B, _H, _SRC = Verdict.BLOCKED, Layer.HTTP, "RFC 9505 section 5.2.1"
RULES: tuple[Rule, ...] = (
    Rule("http.throttled", Layer.SPEED, Mechanism.THROTTLING, Verdict.INTERFERED, Certainty.LIKELY, _throttled,
         "Slow for this name and fast for another on the same address: neither the line nor the server is slow.",
         "Xue et al. 2021, Throttling Twitter"),
    Rule("http.connection_cut", _H, Mechanism.CONNECTION_CUT, _B, Certainty.LIKELY, _cut,
         "Cut after the same time in every try, whatever had come by then: a clock on the path.", "SCENARIOS 86"),
    Rule("http.body_reset", _H, Mechanism.BODY_CUT, _B, Certainty.LIKELY,
         _ended(K.RESET, K.EOF, K.HTTP_TRUNCATED_BODY, K.HTTP_BAD_CHUNKING, K.HTTP_BAD_ENCODING, in_body=True),
         "The answer is cut within its body, as keyword filters do.", "Clayton et al. 2006"),
    Rule("http.reset", _H, Mechanism.HTTP_RESET, _B, Certainty.LIKELY, _ended(K.RESET, in_body=False),
         "A RST follows the request.", _SRC),
    Rule("http.timeout", _H, Mechanism.HTTP_TIMEOUT, _B, Certainty.LIKELY, _ended(K.TIMEOUT, in_body=False),
         "Silence follows the request.", _SRC),
    Rule("http.close", _H, Mechanism.HTTP_CLOSE, _B, Certainty.LIKELY, _ended(K.EOF, in_body=False),
         "A FIN follows the request.", _SRC),
    Rule("http.blockpage.mark", _H, Mechanism.BLOCKPAGE, _B, Certainty.CONFIRMED, _blockpage_marked,
         "A mark that only a known block page carries.", "ooni/blocking-fingerprints"),
    Rule("http.legal_notice", _H, Mechanism.LEGAL_NOTICE, _B, Certainty.LIKELY, _legal_notice,
         "Over cleartext, and not for the control: the notice is the path's, not the server's.", "RFC 7725"),
    Rule("http.blockpage.elsewhere", _H, Mechanism.BLOCKPAGE, _B, Certainty.CONFIRMED, _page_elsewhere,
         "An unrelated server cannot give this site's page: the request's name drew it from the path.",
         "Jones et al. 2014, Automated Detection of Block Pages"),
    Rule("http.blockpage.words", _H, Mechanism.BLOCKPAGE, _B, Certainty.POSSIBLE, _page_speaks,
         "A strange page alone is a mirror, a test, a portal; one that also speaks of blocking is a block page.",
         "Jones et al. 2014"),
    Rule("http.blockpage.redirect", _H, Mechanism.BLOCKPAGE_REDIRECT, _B, Certainty.LIKELY, _redirected_away,
         "Many networks do not serve the notice themselves; they send the user to it.", "SCENARIOS 81"),
)  # fmt: skip
