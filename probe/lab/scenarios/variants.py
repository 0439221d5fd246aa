"""More plays of numbered scenarios: the same thing done in another way, by which another rule must tell it.

Every rule of the probe is fired by at least one scenario; those that the list itself does not call for are called for
here. A variant has its scenario's number and section, and a name of its own.
"""

from functools import partial

import msgspec

from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Drop,
    Effect,
    Inject,
    Match,
    Reroute,
    Reset,
    Rule,
    Stage,
    Unreachable,
)
from probe.lab.scenarios.base import (
    BLOCK_RESPONSE,
    BLOCKPAGE_ADDRESS,
    DOH,
    DUAL,
    FORWARDER_ADDRESS,
    HTTP,
    HTTPS,
    IMPOSTOR_ADDRESS,
    ISP,
    RESOLVERS,
    SITE,
    SITE_ADDRESS,
    THREE,
    THREE_ADDRESSES,
    at_host,
    at_sni,
    at_syn,
    base_world,
    forge,
    lie,
    page,
    site,
    with_site,
)
from probe.lab.scenarios.quic import H3, h3_world
from probe.lab.scenarios.scenario import Claim, Scenario, Section, Substrate
from probe.lab.scenarios.tls import GARBAGE, RESIDUAL
from probe.lab.world import Answer, Response, Route, Service, ServiceKind, View, World
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict

_make = partial(Scenario, world=base_world(), url=HTTPS, verdict=Verdict.BLOCKED)
_MARKED = (
    b'<html><head><title>M</title></head><body><iframe src="http://10.10.34.34?type=Invalid"></iframe></body></html>\n'
)


def _innocent() -> tuple[Scenario, ...]:
    nowhere = Response(status=302, headers=(("Location", "http://"),))
    astray = with_site(site(SITE, Route(path="/", response=nowhere, view=View.CLIENT)))
    return (
        _make(
            number=10, name="no-such-name-and-no-control", section=Section.INNOCENT, url="https://nowhere.example/",
            title="name does not exist anywhere, and there is no control", verdict=Verdict.DOWN, layers=(Layer.DNS,),
            control=False,
        ),
        _make(
            number=15, name="broken-location-to-us-alone", section=Section.INNOCENT, world=astray,
            title="broken Location sent inside valid TLS, only to the client", verdict=Verdict.RESTRICTED,
            layers=(Layer.HTTP,),
            note="Nobody on the path can write inside TLS: the server treats us otherwise.",
        ),
    )  # fmt: skip


def _names() -> tuple[Scenario, ...]:
    dns = partial(_make, section=Section.DNS, layers=(Layer.DNS,))
    closed = Answer(addresses=("61.145.10.77",))
    known = Rule(
        id="forge-known",
        match=Match(stage=Stage.DNS, names=(SITE,), addresses=(ISP, *RESOLVERS)),
        effect=forge(Answer(addresses=(IMPOSTOR_ADDRESS,))).effect,
    )
    return (
        dns(
            number=41, name="isp-impostor", title="the ISP's resolver alone gives the address of an impostor",
            world=base_world(isp_lies=lie(Answer(addresses=(IMPOSTOR_ADDRESS,)))),
            mechanisms=(Mechanism.DNS_IMPOSTOR,), certainty=Certainty.LIKELY,
        ),
        dns(
            number=43, name="isp-forwarder", title="the ISP's resolver alone leads to a proxy that forwards, https",
            world=base_world(isp_lies=lie(Answer(addresses=(FORWARDER_ADDRESS,)))), verdict=Verdict.INTERFERED,
            mechanisms=(Mechanism.DNS_IMPOSTOR,),
        ),
        dns(
            number=44, name="isp-closed-port", title="the ISP's resolver alone leads to where the port is refused",
            world=base_world(isp_lies=lie(closed)), mechanisms=(Mechanism.DNS_INJECTION, Mechanism.DNS_IMPOSTOR),
            never=(Layer.TCP,),
        ),
        dns(
            number=47, name="two-replies-at-known-resolvers",
            title="forged reply first, true reply later, and only for questions to known resolvers", rules=(known,),
            mechanisms=(Mechanism.DNS_INJECTION,), certainty=Certainty.CONFIRMED,
            note="The canary stays silent: only the second reply gives the forger away.",
        ),
        dns(
            number=55, name="port-53-led-to-the-isp", title="every plain question led to the ISP's lying resolver, DoH "
            "blocked", world=base_world(isp_lies=lie(Answer(addresses=(IMPOSTOR_ADDRESS,)))),
            rules=(Rule(id="led-53", match=Match(stage=Stage.DNS), effect=Reroute(host="isp")),
                   at_sni(Reset(), DOH, id="doh-sni")),
            mechanisms=(Mechanism.DNS_IMPOSTOR,),
            note="All resolvers agree, and all are one: the canary answers for an innocent name as well.",
        ),
        dns(
            number=50, name="isp-refused-without-a-word", title="REFUSED, without an extended error",
            world=base_world(isp_lies=lie(Answer(rcode="REFUSED"))), mechanisms=(Mechanism.DNS_REFUSED,),
        ),
    )  # fmt: skip


_ENDS: tuple[tuple[int, str, str, Effect, Mechanism], ...] = (
    (62, "reset", "RST", Reset(), Mechanism.SNI_RESET),
    (64, "silence", "silence", Drop(), Mechanism.SNI_TIMEOUT),
    (65, "close", "FIN", Close(), Mechanism.SNI_CLOSE),
    (66, "alert", "TLS alert", Alert(number=40), Mechanism.TLS_ALERT),
    (74, "garbage", "garbage", Inject(payload=GARBAGE), Mechanism.TLS_NOT_TLS),
)
_ENDS_CLEAR: tuple[tuple[int, str, str, Effect, Mechanism], ...] = (
    (75, "reset", "RST", Reset(), Mechanism.HTTP_RESET),
    (76, "close", "FIN", Close(), Mechanism.HTTP_CLOSE),
    (77, "silence", "silence", Drop(), Mechanism.HTTP_TIMEOUT),
)


def _addresses() -> tuple[Scenario, ...]:
    partly = partial(
        _make, section=Section.TCP, number=58, url=f"https://{THREE}/", verdict=Verdict.INTERFERED, layers=(Layer.TCP,)
    )
    one = THREE_ADDRESSES[0]
    half = tuple(
        _make(
            number=60, name=f"{stage}-{slug}-over-ipv4", section=Section.TCP, url=f"{scheme}://{DUAL}/",
            title=f"{words} over IPv4 alone, after {'ClientHello' if stage == 'hello' else 'the request'}; IPv6 fine",
            rules=(Rule(id=stage, match=Match(stage=at, names=(DUAL,), family=4), effect=effect),),
            verdict=Verdict.INTERFERED, layers=(layer,), mechanisms=(mechanism,),
        )
        for stage, scheme, at, layer, ends in (
            ("hello", "https", Stage.TLS, Layer.TLS, _ENDS), ("request", "http", Stage.HTTP, Layer.HTTP, _ENDS_CLEAR),
        )
        for _, slug, words, effect, mechanism in ends
    )  # fmt: skip
    return (
        partly(
            name="one-of-three-refused", title="one of three addresses answered with RST",
            rules=(at_syn(Reset(), one),), mechanisms=(Mechanism.TCP_REFUSED,),
        ),
        *half,
        partly(
            name="one-of-three-unreachable", title="one of three addresses answered with ICMP unreachable",
            rules=(at_syn(Unreachable(), one),), mechanisms=(Mechanism.IP_UNREACHABLE,),
            substrates=(Substrate.PACKET,),
        ),
    )  # fmt: skip


def _handshakes() -> tuple[Scenario, ...]:
    tls = partial(_make, section=Section.TLS, layers=(Layer.TLS,))
    by_address = tuple(
        tls(
            number=number, name=f"hello-{slug}-by-address", title=f"{words} after any ClientHello to this address",
            rules=(Rule(id="hello", match=Match(stage=Stage.TLS, addresses=(SITE_ADDRESS,)), effect=effect),),
            mechanisms=(mechanism,),
            note="Every name meets it there, so only the control tells; the server might refuse this client by itself.",
        )
        for number, slug, words, effect, mechanism in _ENDS
    )  # fmt: skip
    residual = tuple(
        tls(
            number=71, name=f"residual-{slug}", title=f"{words} after ClientHello, and residual for 90 s",
            rules=(Rule(id="sni", match=Match(stage=Stage.TLS, names=(SITE,)), effect=effect, residual=RESIDUAL),),
            mechanisms=(mechanism,), certainty=Certainty.CONFIRMED,
            note="Residual silence begins at the SYN: the retries meet what the first try left behind, and an address "
            "that is silent to all is not what a user meets first." if slug == "silence" else "",
        )
        for _, slug, words, effect, mechanism in _ENDS[1:]
    )  # fmt: skip
    led = Rule(id="led", match=Match(stage=Stage.TCP, addresses=(SITE_ADDRESS,)), effect=Reroute(host="impostor"))
    return (
        *by_address,
        *residual,
        tls(
            number=67, name="led-to-an-impostor", title="flows to the true address led to another site's server",
            rules=(led,), mechanisms=(Mechanism.TLS_IMPOSTOR,),
        ),
    )  # fmt: skip


def _content() -> tuple[Scenario, ...]:
    http = partial(_make, section=Section.HTTP, url=HTTP, layers=(Layer.HTTP,))
    word = b"forbidden-word"
    long = Route(path="/", response=Response(body=page(SITE, 9000) + word + page(SITE, 9000)))
    return (
        http(
            number=78, name="blockpage-known", title="a block page of a known make injected",
            rules=(at_host(Blockpage(response=Response(body=_MARKED))),), mechanisms=(Mechanism.BLOCKPAGE,),
            certainty=Certainty.CONFIRMED,
        ),
        http(
            number=78, name="isp-blockpage", title="the ISP's resolver alone leads to a server with a block page",
            world=base_world(isp_lies=lie(Answer(addresses=(BLOCKPAGE_ADDRESS,)))), layers=(Layer.DNS, Layer.HTTP),
            mechanisms=(Mechanism.DNS_IMPOSTOR, Mechanism.BLOCKPAGE),
            claims=(Claim(layer=Layer.DNS, mechanisms=(Mechanism.DNS_IMPOSTOR,)),),
        ),
        http(
            number=78, name="blockpage-over-ipv4", title="blockpage injected over IPv4 alone; IPv6 fine",
            url=f"http://{DUAL}/", verdict=Verdict.INTERFERED, mechanisms=(Mechanism.BLOCKPAGE,),
            rules=(Rule(id="page", match=Match(stage=Stage.HTTP, names=(DUAL,), family=4),
                        effect=Blockpage(response=BLOCK_RESPONSE)),),
        ),
        http(
            number=81, name="redirected-to-an-address", title="302 to a bare address of the ISP",
            rules=(at_host(Blockpage(response=Response(
                status=302, headers=(("Location", f"http://{BLOCKPAGE_ADDRESS}/"),)))),),
            mechanisms=(Mechanism.BLOCKPAGE_REDIRECT,),
        ),
        http(
            number=83, name="keyword-in-body-silence", title="silence from a keyword in the body on",
            world=with_site(site(SITE, long)),
            rules=(Rule(id="keyword", match=Match(stage=Stage.BODY, keyword=word), effect=Drop()),),
            mechanisms=(Mechanism.BODY_CUT,),
        ),
    )  # fmt: skip


def _quic() -> tuple[Scenario, ...]:
    rule = Rule(
        id="quic-sni", match=Match(stage=Stage.QUIC, names=(H3,)), effect=Drop(), residual=RESIDUAL,
        comment="Zohaib et al. 2025: the GFW drops for 180 s after the Initial",
    )  # fmt: skip
    return (
        _make(
            number=96, name="quic-residual", title="UDP/443 dropped by SNI, and residual for 90 s, TCP fine",
            section=Section.QUIC, world=_speaking_quic(h3_world(), "connectivitycheck.gstatic.com"),
            url=f"https://{H3}/", rules=(rule,), verdict=Verdict.INTERFERED, layers=(Layer.QUIC,),
            mechanisms=(Mechanism.QUIC_TIMEOUT,), certainty=Certainty.CONFIRMED, substrates=(Substrate.PACKET,),
            note="The site's own address is silent to every name by then: a reference that speaks QUIC tells.",
        ),
    )  # fmt: skip


def _speaking_quic(world: World, name: str) -> World:
    """The world with a host that serves over QUIC what it serves over https."""
    host = world.host(name)
    sites = next(service.sites for service in host.services if service.kind is ServiceKind.HTTPS)
    more = Service(port=443, kind=ServiceKind.QUIC, sites=sites, alpn=("h3",))
    speaking = msgspec.structs.replace(host, services=(*host.services, more))
    return msgspec.structs.replace(world, hosts=tuple(speaking if h.name == name else h for h in world.hosts))


def scenarios() -> tuple[Scenario, ...]:
    """The variants, by number."""
    every = (*_innocent(), *_names(), *_addresses(), *_handshakes(), *_content(), *_quic())
    return tuple(sorted(every, key=lambda each: each.number))
