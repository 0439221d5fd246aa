"""Pages that are not the site's: block pages, legal notices, redirects to them. Rows of the HTTP table.

Inside TLS that proved itself a page is the server's own whatever it says, and nothing here calls it a block. Over
cleartext a page is anybody's: it is held against the control's, and against what an unrelated server says to the same
request. A page that is merely strange is never a block: servers treat clients differently, and have default pages.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from probe.diagnose import fingerprints
from probe.diagnose.compare import control_pages, control_state, same_page
from probe.diagnose.elsewhere import drawn_by_name, visits
from probe.diagnose.facts import Facts, Flow, Hop
from probe.diagnose.fingerprints import Kind
from probe.diagnose.rule import Hit, Rule
from probe.model.diagnosis import Certainty, ControlState, Layer, Mechanism, Verdict
from probe.model.observation import HTTPRoundTrip, Purpose


class Page(NamedTuple):
    """A page that came over cleartext, and the flow that brought it."""

    flow: Flow
    http: HTTPRoundTrip


def strange(facts: Facts, hop: Hop) -> Page | None:
    """The first cleartext page of the last try that is not as the controls'; any page where no control has one.

    From the vantage's own addresses: one of several may be the only one that is led astray.
    """
    for flow in hop.final:
        http = flow.http
        if http is None or not http.status or http.tls:
            continue
        if not any(same_page(http, other) for other in control_pages(facts)):
            return Page(flow, http)
    return None


def _unseen(facts: Facts, hop: Hop) -> Page | None:
    """A page, no redirect, that no control sees, while the controls reached the endpoint."""
    page = strange(facts, hop)
    if page is None or page.http.location or not control_pages(facts):
        return None
    return page if control_state(facts) is ControlState.REACHED else None


def notice(facts: Facts, page: HTTPRoundTrip) -> bool:
    """Whether a page's own words or marks are those of a block: its mark, a law it names, its words."""
    marked = any(m.kind is Kind.BLOCKPAGE for m in fingerprints.marks(page, facts.case.marks))
    return marked or fingerprints.names_a_law(page) or fingerprints.speaks_of_blocking(page)


def _marked(facts: Facts, hop: Hop) -> Hit | None:
    page = strange(facts, hop)
    if page is None:
        return None
    found = [m for m in fingerprints.marks(page.http, facts.case.marks) if m.kind is Kind.BLOCKPAGE]
    return Hit(page.flow.indexes, f"the page carries the mark {found[0].name} ({found[0].source})") if found else None


def _legal_notice(facts: Facts, hop: Hop) -> Hit | None:
    page = _unseen(facts, hop)
    if page is None or not fingerprints.names_a_law(page.http) or _servers_own(hop, page):
        return None
    note = f"a legal notice over cleartext ({page.http.status}), which the control does not see"
    return Hit(page.flow.indexes, note, None if _drawn_elsewhere(hop, page) else Certainty.POSSIBLE)


def _elsewhere(facts: Facts, hop: Hop) -> Hit | None:
    """The same page comes from an address that has nothing to do with the site, and the control sees another.

    Servers have default pages, the same bytes on thousands of them: an error page, or one without a control to hold it
    against, must besides speak of a block. One that does may be the control's too: it may stand behind such a path.
    """
    page = strange(facts, hop) or _drawn_notice(facts, hop)
    if page is None or page.http.location or not page.http.body_sha256:
        return None
    weights = [(v, v.weight(lambda f: f.http is not None and _alike(page.http, f.http))) for v in visits(hop)]
    alike = [(visit, weight) for visit, weight in weights if weight is not None]
    plain = control_state(facts) is ControlState.REACHED and page.http.status < 400
    if not alike or not (plain or notice(facts, page.http)):
        return None
    settled = drawn_by_name(hop, page.http)
    evidence = page.flow.indexes + tuple(i for visit, _ in alike for i in visit.indexes)
    return Hit(evidence, "an unrelated server gives the same page", None if settled else Certainty.LIKELY)


def _drawn_notice(facts: Facts, hop: Hop) -> Page | None:
    """A notice that the control meets as well, and that an unrelated server gives to this name and to no other."""
    for flow in hop.final:
        if flow.http is not None and flow.http.status and not flow.http.tls and notice(facts, flow.http):
            return Page(flow, flow.http) if drawn_by_name(hop, flow.http) else None
    return None


def _alike(page: HTTPRoundTrip, other: HTTPRoundTrip) -> bool:
    """The same bytes, or a page of the same title: many notices carry the time or a number of the case."""
    if page.status != other.status or other.location:
        return False
    return page.body_sha256 == other.body_sha256 or (bool(page.title) and page.title == other.title)


def _speaks(facts: Facts, hop: Hop) -> Hit | None:
    page = _unseen(facts, hop)
    if page is None or not fingerprints.speaks_of_blocking(page.http):
        return None
    if fingerprints.marks(page.http, facts.case.marks):
        return None
    if _servers_own(hop, page):
        return None
    said = f"a page that speaks of blocking ({page.http.title!r}), which the control does not see"
    return Hit(page.flow.indexes, said)


def _servers_own(hop: Hop, page: Page) -> bool:
    """Whether the request drew another page from an unrelated server: this one may be of a server that turns us away.

    Not where the page came from an address that may not be the endpoint's at all.
    """
    alike = _drawn_elsewhere(hop, page)
    return _answers_elsewhere(hop) and not alike and not hop.suspected_false(page.flow.address)


def _drawn_elsewhere(hop: Hop, page: Page) -> bool:
    return any(f.http is not None and _alike(page.http, f.http) for f in hop.by(Purpose.SNI_ELSEWHERE))


def _answers_elsewhere(hop: Hop) -> bool:
    """Whether the request was also made where it does not belong, and was answered there."""
    return any(f.http is not None and f.http.status for f in hop.by(Purpose.SNI_ELSEWHERE))


def _redirected_away(facts: Facts, hop: Hop) -> Hit | None:
    """A cleartext redirect to a host where no control was ever sent, of another site.

    A server may send clients of a country elsewhere. That an unrelated server redirects alike settles it; where none
    was asked, the page at the end must speak of a block.
    """
    page = strange(facts, hop)
    if page is None or not page.http.location or control_state(facts) is not ControlState.REACHED:
        return None
    led_to = _host(page.http.location)
    known = {f.address for flows in facts.control for f in flows} | {hop.host}
    if not led_to or any(_site(led_to) == _site(host) for host in known) or not facts.control:
        return None
    weights = [(v, v.weight(lambda f: f.http is not None and _host(f.http.location) == led_to)) for v in visits(hop)]
    alike = [(visit, weight) for visit, weight in weights if weight is not None]
    ends = (f.http for f in facts.last.final if f.http is not None)
    if not alike and (_answers_elsewhere(hop) or not any(notice(facts, end) for end in ends)):
        return None
    return Hit(
        page.flow.indexes + tuple(i for visit, _ in alike for i in visit.indexes),
        f"redirected to {led_to}, where the control is not sent",
        max((weight for _, weight in alike), key=_surer, default=Certainty.POSSIBLE),
    )


def _surer(weight: Certainty) -> bool:
    return weight is Certainty.CONFIRMED


def _host(location: str) -> str:
    try:
        return (urlsplit(location).hostname or "").lower()
    except ValueError:
        return ""


def _site(host: str) -> str:
    """The last two labels: coarse, and coarse on the side of not accusing."""
    return ".".join(host.split(".")[-2:])


_B, _H = Verdict.BLOCKED, Layer.HTTP
RULES: tuple[Rule, ...] = (
    Rule("http.blockpage.mark", _H, Mechanism.BLOCKPAGE, _B, Certainty.CONFIRMED, _marked,
         "A mark that only a known block page carries.", "ooni/blocking-fingerprints"),
    Rule("http.legal_notice", _H, Mechanism.LEGAL_NOTICE, _B, Certainty.LIKELY, _legal_notice,
         "Over cleartext, and not for the control: the notice is the path's if an unrelated server gives it as well;"
         " where none could be asked, the server may speak so to one country itself.", "RFC 7725"),
    Rule("http.blockpage.elsewhere", _H, Mechanism.BLOCKPAGE, _B, Certainty.CONFIRMED, _elsewhere,
         "An unrelated server cannot give this site's page: the request's name drew it from the path.",
         "Jones et al. 2014, Automated Detection and Fingerprinting of Censorship Block Pages"),
    Rule("http.blockpage.words", _H, Mechanism.BLOCKPAGE, _B, Certainty.POSSIBLE, _speaks,
         "A strange page alone is a mirror, a test, a portal; one that also speaks of blocking is a block page.",
         "Jones et al. 2014"),
    Rule("http.blockpage.redirect", _H, Mechanism.BLOCKPAGE_REDIRECT, _B, Certainty.LIKELY, _redirected_away,
         "Many networks do not serve the notice themselves; they send the user to it.",
         "Yadav et al. 2018, Where The Light Gets In (India); Aryan et al. 2013 (Iran)"),
)  # fmt: skip
"""In the order in which they are asked, after those about how an exchange ends."""
