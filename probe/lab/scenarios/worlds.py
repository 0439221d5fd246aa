"""Worlds beyond the list: things that ordinary servers do, and that look like a block.

Each has the number of the scenario that it resembles most; what is true was written down before it was first played.
Nothing here is blocked, unless a name says so: there something is, and less of it can be known than it seems.
"""

from functools import partial

from probe.lab.rule import Close
from probe.lab.scenarios.base import (
    HTTP,
    HTTPS,
    LEGAL_RESPONSE,
    REFERENCES,
    SITE,
    SITE_ADDRESS,
    THREE,
    THREE_ADDRESSES,
    at_host,
    base_world,
    http,
    https,
    lie,
    page,
    site,
    web,
    with_site,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.world import (
    Answer,
    CertificateSpec,
    Fault,
    Host,
    Record,
    Response,
    Route,
    Service,
    ServiceKind,
    Site,
    View,
    World,
    addresses,
)
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict

beyond = partial(Scenario, section=Section.INNOCENT, world=base_world(), url=HTTPS)
"""What scenarios of such worlds have in common, unless they say otherwise."""
_CDN, _HERE, _THERE = "cdn.example", "104.16.50.1", "151.101.1.69"
_CDN_URL = f"https://{_CDN}/"
_ALIAS = "cdn.example.edges.example"


def _edges(*here: Service) -> World:
    """A CDN: the client is led to one edge, the control to another, which is well."""
    views = (*addresses(_CDN, (_HERE,), view=View.CLIENT), *addresses(_CDN, (_THERE,), view=View.CONTROL))
    return base_world(
        Host(name="cdn-here", addresses=(_HERE,), services=here), web("cdn-there", (_THERE,), site(_CDN)), zone=views
    )


def _answers(answer: Answer, *here: Service) -> World:
    """A CDN by DNS: the ISP's resolver gives the edge of its region, every other resolver another, which is well."""
    other = Record(name=_CDN, type="CNAME", values=(_ALIAS,)) if answer.alias else None
    zone = (other, *addresses(_ALIAS, (_THERE,))) if other else addresses(_CDN, (_THERE,))
    return base_world(
        Host(name="cdn-here", addresses=(_HERE,), services=here), web("cdn-there", (_THERE,), site(_CDN)), zone=zone,
        isp_lies=lie(answer, _CDN),
    )  # fmt: skip


def _front() -> World:
    """A large operator: our resolver gives another of its addresses, which speaks for all of its names."""
    name = "detectportal.firefox.com"
    _, _, path, response = REFERENCES[name]
    both = (site(_CDN), Site(names=(name,), routes=(Route(path=path, response=response),)))
    return base_world(
        web("cdn-here", (_HERE,), *both), web("cdn-there", (_THERE,), *both), zone=addresses(_CDN, (_THERE,)),
        isp_lies=lie(Answer(addresses=(_HERE,)), _CDN),
    )  # fmt: skip


def _sick(fault: Fault) -> Service:
    """An edge that serves a neighbour, and does this to the site's name."""
    return https(site("neighbour.example"), Site(names=(_CDN,), fault=fault))


def _regions() -> tuple[Scenario, ...]:
    """One region's part of the server is out of order, for everybody who is led there."""
    down = partial(beyond, url=_CDN_URL, verdict=Verdict.DOWN)
    expired = https(site(_CDN, certificate=CertificateSpec(not_before=-90, not_after=-10)))
    broken = Response(status=503, body=b"<html><title>503</title>no healthy upstream</html>")
    one = https(site(THREE, certificate=CertificateSpec(not_before=-90, not_after=-10)))
    return (
        down(
            number=21, name="edge-lost-the-site", title="CDN: our region's edge answers this name with an alert, "
            "whoever asks; the control is led to another", world=_edges(_sick(Fault.ALERT_HELLO)), layers=(Layer.TLS,),
            note="Other names pass on the same address and the control is well elsewhere: it looks like a block by SNI "
            "until somebody else asks at our very address.",
        ),
        down(
            number=21, name="edge-resets-the-site", title="CDN: our region's edge resets this name, whoever asks",
            world=_edges(_sick(Fault.RESET_HELLO)), layers=(Layer.TLS,),
        ),
        down(
            number=20, name="edge-dark", title="CDN: our region's edge is dark, for everybody",
            world=_edges(Service(port=443, kind=ServiceKind.SILENT)), layers=(Layer.TCP,),
        ),
        down(
            number=20, name="edge-dark-by-dns", title="CDN by DNS: only our resolver leads to an edge that is dark for "
            "everybody, under the same alias", layers=(Layer.TCP, Layer.DNS),
            world=_answers(Answer(addresses=(_HERE,), alias=_ALIAS), Service(port=443, kind=ServiceKind.SILENT)),
            note="Unlike answers under one canonical name come from one operator.",
        ),
        down(
            number=7, name="edge-expired-by-dns", title="CDN by DNS: only our resolver leads to an edge whose "
            "certificate has expired", world=_answers(Answer(addresses=(_HERE,)), expired), layers=(Layer.TLS,),
            note="A trusted chain for the name, however old, is the site's: no forger has it.",
        ),
        down(
            number=29, name="edge-503", title="CDN: our region's edge answers 503 inside valid TLS",
            layers=(Layer.HTTP,), world=_edges(https(site(_CDN, Route(response=broken)))), also=(Verdict.RESTRICTED,),
            note="The site's own proven answer is a fault; a server may turn a country away so as well.",
        ),
        *(
            beyond(
                number=21, name=f"front-of-a-large-operator-{scheme}", world=_front(), url=f"{scheme}://{_CDN}/",
                title=f"our resolver gives another address of an operator that serves a reference as well, {scheme}",
                verdict=Verdict.OK, note="It looks like a relay: it proves itself for a name that is not the site's.",
            )
            for scheme in ("https", "http")
        ),
        beyond(
            number=7, name="one-of-two-expired", title="certificate expired on one of the site's addresses",
            verdict=Verdict.OK, url=f"https://{THREE}/",
            world=base_world(
                Host(name="three", addresses=THREE_ADDRESSES[:1], services=(one,)),
                web("three-more", THREE_ADDRESSES[1:], site(THREE)),
            ),
        ),
        beyond(
            number=12, name="one-of-three-dead", title="one of three addresses dead for everyone", verdict=Verdict.OK,
            url=f"https://{THREE}/",
            world=base_world(
                Host(name="three", addresses=THREE_ADDRESSES[:1]), web("three-more", THREE_ADDRESSES[1:], site(THREE))
            ),
        ),
    )  # fmt: skip


def _strict(fault: Fault) -> tuple[Host, ...]:
    """The references as servers that do the same to every name that is not theirs."""
    hosts = []
    for name, (country, where, path, response) in REFERENCES.items():
        own = Site(names=(name,), routes=(Route(path=path, response=response),))
        stranger = Site(names=("*",), fault=fault)
        host = Host(name=name, addresses=where, services=(http(own, stranger), https(own, stranger)), country=country)
        hosts.append(host)
    return tuple(hosts)


def _strict_servers() -> tuple[Scenario, ...]:
    """Servers that turn down names they do not know, as many do: what a name meets there says nothing of the path."""
    scenarios = []
    for slug, fault in (("alert", Fault.ALERT_HELLO), ("reset", Fault.RESET_HELLO), ("close", Fault.CLOSE_HELLO)):
        dead = web("site", (SITE_ADDRESS,), Site(names=(SITE,), fault=fault))
        world = base_world(dead, *_strict(fault))
        common = partial(beyond, number=30, world=world)
        scenarios += [
            common(
                name=f"strict-{slug}", title=f"the site ends every handshake ({slug}), and so do unrelated servers for "
                "names they do not know", verdict=Verdict.DOWN, layers=(Layer.TLS,),
            ),
            common(
                name=f"strict-{slug}-no-control", title=f"the same ({slug}), and there is no control",
                verdict=Verdict.ANOMALY, also=(Verdict.DOWN,), control=False,
                note="Without a control an outage cannot be told from a block; only that nothing shows one.",
            ),
        ]  # fmt: skip
    scenarios.append(
        beyond(
            number=76,
            name="close-by-name-and-strict-servers",
            section=Section.HTTP,
            title="FIN after the request, and unrelated servers hang up on every name that is not theirs",
            world=base_world(*_strict(Fault.CLOSE_HELLO)),
            url=HTTP,
            rules=(at_host(Close()),),
            verdict=Verdict.BLOCKED,
            layers=(Layer.HTTP,),
            mechanisms=(Mechanism.HTTP_CLOSE,),
            at_most=Certainty.LIKELY,
            note="A server that turns this client away looks the same: nothing here may be called confirmed.",
        )
    )
    return tuple(scenarios)


def _in_the_clear() -> tuple[Scenario, ...]:
    """Pages over http that are the server's own."""
    clear = partial(beyond, url=HTTP, number=16, verdict=Verdict.ANOMALY)
    footer = "<p>Bu site 5651 sayılı Kanun uyarınca yer sağlayıcı olarak hizmet vermektedir.</p></body>".encode()

    def ours(body: bytes, title: bytes) -> Route:
        told = body.replace(b"<title>" + SITE.encode(), b"<title>" + title)
        return Route(path="/", response=Response(body=told), view=View.CLIENT)

    local = page(SITE, 60).replace(b"</body>", footer)
    challenge = Response(
        status=403, headers=(("cf-mitigated", "challenge"),),
        body=b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>",
    )  # fmt: skip
    return (
        clear(
            name="law-in-the-footer", title="a page in our own language whose footer names a law", also=(Verdict.OK,),
            world=with_site(site(SITE, ours(local, "Güncel: ".encode()))),
            note="Every other site of that country has such a footer.",
        ),
        clear(
            name="origin-451-in-clear", title="451 from the server itself, to this country, over http",
            world=with_site(site(SITE, Route(path="/", response=LEGAL_RESPONSE, view=View.CLIENT))),
            also=(Verdict.RESTRICTED,),
            note="The same request at an unrelated server draws no notice: nothing says that the path wrote it.",
        ),
        clear(
            number=17, name="control-challenged", title="the control meets a bot challenge, we meet the page, http",
            world=with_site(site(SITE, Route(path="/", response=challenge, view=View.CONTROL))), verdict=Verdict.OK,
            note="A page that turns the control away says nothing about what the site looks like.",
        ),
    )  # fmt: skip


def scenarios() -> tuple[Scenario, ...]:
    """The worlds of servers, by number."""
    return tuple(sorted((*_regions(), *_strict_servers(), *_in_the_clear()), key=lambda each: each.number))
