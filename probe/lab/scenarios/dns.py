"""Section B: names. A lying resolver tells its lie itself (`Lie`); an injector on the path forges replies (`forge`)."""

from functools import partial

from probe.lab.rule import Drop, Match, Reset, Rule, Stage
from probe.lab.scenarios.base import (
    BLOCKPAGE_ADDRESS,
    DOH,
    DUAL,
    FORWARDER_ADDRESS,
    HTTP,
    HTTPS,
    IMPOSTOR_ADDRESS,
    SITE,
    STRANGERS,
    at_sni,
    base_world,
    forge,
    lie,
    resolver,
)
from probe.lab.scenarios.scenario import Claim, Scenario, Section
from probe.lab.world import Answer, Host
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict

_make = partial(
    Scenario,
    section=Section.DNS,
    world=base_world(),
    url=HTTPS,
    verdict=Verdict.BLOCKED,
    layers=(Layer.DNS,),
)
_IMPOSTOR = Answer(addresses=(IMPOSTOR_ADDRESS,))
_LOCALHOST = Answer(addresses=("127.0.0.1",))
_BOGON = Answer(addresses=("10.10.34.35",))
_FORWARDER = Answer(addresses=(FORWARDER_ADDRESS,))
_CLOSED_ADDRESS = "61.145.10.77"
_INJECTED = (Mechanism.DNS_INJECTION, Mechanism.DNS_IMPOSTOR)
"""Whoever queries an address that runs no resolver, or waits for the second reply, sees injection; whoever sees only
where the answer led says impostor. Both are true; the first is the stronger."""


def _resolver_lies() -> tuple[Scenario, ...]:
    """Only the ISP's resolver says something else; nothing is forged on the path, so a canary stays silent."""
    return (
        _make(
            number=36,
            name="isp-nxdomain",
            title="ISP resolver: NXDOMAIN, others fine",
            world=base_world(isp_lies=lie(Answer(rcode="NXDOMAIN"))),
            mechanisms=(Mechanism.DNS_NXDOMAIN,),
        ),
        _make(
            number=37,
            name="isp-no-data",
            title="ISP resolver: no data",
            world=base_world(isp_lies=lie(Answer())),
            mechanisms=(Mechanism.DNS_NO_ANSWER,),
            never_mechanisms=(Mechanism.DNS_NXDOMAIN,),
        ),
        _make(
            number=38,
            name="isp-bogon",
            title="ISP resolver: bogon address, others right",
            world=base_world(isp_lies=lie(_BOGON)),
            mechanisms=(Mechanism.DNS_BOGON,),
            never=(Layer.TCP,),
            note="A connect to 10.10.34.35 says nothing about the site.",
        ),
        _make(
            number=49,
            name="isp-servfail",
            title="SERVFAIL",
            world=base_world(isp_lies=lie(Answer(rcode="SERVFAIL"))),
            verdict=Verdict.ANOMALY,
            also=(Verdict.BLOCKED,),
            note="One resolver's SERVFAIL is as often its own fault (DNSSEC, a broken delegation) as a block, and no "
            "mechanism is named for it: it does not settle why. Repeated for weeks it would.",
        ),
        _make(
            number=50,
            name="isp-refused",
            title="REFUSED, with an extended error 16 (censored)",
            world=base_world(
                isp_lies=lie(Answer(rcode="REFUSED", extended_error=(16, "blocked by order of the authority")))
            ),
            mechanisms=(Mechanism.DNS_REFUSED,),
            certainty=Certainty.LIKELY,
            note="RFC 8914 codes 15 to 18 say it themselves; 16 is censorship by an external requirement.",
        ),
        _make(
            number=51,
            name="isp-silent",
            title="no reply from the ISP resolver for this name, others fine",
            world=base_world(isp_lies=lie(Answer(silent=True))),
            mechanisms=(Mechanism.DNS_TIMEOUT,),
        ),
    )


def _forged_nowhere() -> tuple[Scenario, ...]:
    everyone = forge(_LOCALHOST, drop_truth=True)
    return (
        _make(
            number=39,
            name="forged-localhost-http",
            title="every UDP resolver gets a forged 127.0.0.1, DoH right, http",
            url=HTTP,
            rules=(everyone,),
            mechanisms=(Mechanism.DNS_INJECTION, Mechanism.DNS_BOGON),
            never=(Layer.TCP,),
        ),
        _make(
            number=40,
            name="forged-localhost-https",
            title="the same, https",
            rules=(everyone,),
            mechanisms=(Mechanism.DNS_INJECTION, Mechanism.DNS_BOGON),
            never=(Layer.TCP,),
        ),
        _make(
            number=44,
            name="forged-to-closed-port",
            title="forged address where the port is refused",
            world=base_world(Host(name="closed", addresses=(_CLOSED_ADDRESS,), country="CN", asn=4134)),
            rules=(forge(Answer(addresses=(_CLOSED_ADDRESS,))),),
            mechanisms=_INJECTED,
            never=(Layer.TCP,),
            note="The refusal is another host's: no TCP claim about the true site.",
        ),
    )


def _forged_somewhere() -> tuple[Scenario, ...]:
    reached = "blocked (dns)"
    return (
        _make(
            number=41,
            name="forged-to-impostor",
            title="forged address of an impostor, https: certificate for another host (the Clubhouse symptom)",
            rules=(forge(_IMPOSTOR),),
            mechanisms=_INJECTED,
            certainty=Certainty.CONFIRMED,
        ),
        _make(
            number=42,
            name="forged-to-forwarder-http",
            title="forged address of a proxy that forwards, http",
            url=HTTP,
            rules=(forge(_FORWARDER),),
            verdict=Verdict.INTERFERED,
            mechanisms=_INJECTED,
            field=f"{reached}, or accessible with inconsistent DNS",
            note="Reachable and tampered: somebody reads along.",
        ),
        _make(
            number=43,
            name="forged-to-forwarder-https",
            title="the same, https, genuine certificate",
            rules=(forge(_FORWARDER),),
            verdict=Verdict.INTERFERED,
            mechanisms=_INJECTED,
            field="accessible: the certificate is valid",
        ),
        _make(
            number=45,
            name="ghost-http",
            title="name gone everywhere but the path still forges an answer that serves a blockpage, http",
            url="http://gone.example/",
            rules=(forge(Answer(addresses=(BLOCKPAGE_ADDRESS,)), name="gone.example", drop_truth=True),),
            mechanisms=(Mechanism.DNS_INJECTION, Mechanism.DNS_IMPOSTOR),
            also=(Verdict.DOWN,),
            note="Blocked *and* gone: the forged reply settles the block alone, and that the name no longer exists "
            "belongs "
            "into the note. `down` alone would hide tampering; that both hold is why `down` may be defended.",
        ),
        _make(
            number=46,
            name="ghost-https",
            title="the same, https, port closed there",
            url="https://gone.example/",
            rules=(forge(Answer(addresses=(BLOCKPAGE_ADDRESS,)), name="gone.example", drop_truth=True),),
            mechanisms=(Mechanism.DNS_INJECTION, Mechanism.DNS_IMPOSTOR),
            also=(Verdict.DOWN,),
            never=(Layer.TCP,),
        ),
        _make(
            number=47,
            name="two-replies",
            title="forged reply first, true reply later on the same socket",
            rules=(forge(_IMPOSTOR),),
            mechanisms=(Mechanism.DNS_INJECTION,),
            certainty=Certainty.CONFIRMED,
        ),
        _make(
            number=48,
            name="canary-answers",
            title="forged reply to a query sent to an address that runs no resolver",
            rules=(forge(_IMPOSTOR, drop_truth=True),),
            mechanisms=(Mechanism.DNS_INJECTION,),
            certainty=Certainty.CONFIRMED,
            note="The true reply never comes: only the canary tells injection from lying resolvers.",
        ),
        _make(
            number=53,
            name="random-forgeries",
            title="forged answers change at random per query",
            rules=(forge(*(Answer(addresses=(each,)) for each in STRANGERS)),),
            mechanisms=(Mechanism.DNS_INJECTION,),
            never=(Layer.TCP,),
        ),
        _make(
            number=54,
            name="only-a-forged",
            title="only A forged, AAAA true",
            url=f"https://{DUAL}/",
            rules=(forge(_IMPOSTOR, name=DUAL, qtypes=("A",)),),
            verdict=Verdict.INTERFERED,
            mechanisms=_INJECTED,
            note="Reached over IPv6; one family is led astray.",
        ),
    )


def _dropped() -> tuple[Scenario, ...]:
    this_name = Rule(id="dns-drop", match=Match(stage=Stage.DNS, names=(SITE,)), effect=Drop())
    every_name = Rule(id="dns-drop-all", match=Match(stage=Stage.DNS), effect=Drop())
    doh_gone = base_world(Host(name=DOH, addresses=("8.8.8.8",), services=(resolver(),)))
    return (
        _make(
            number=52,
            name="plain-dns-dropped",
            title="all plain DNS for the name dropped, DoH works",
            rules=(this_name,),
            mechanisms=(Mechanism.DNS_TIMEOUT,),
        ),
        _make(
            number=52,
            name="plain-dns-dropped-for-all-names",
            title="all plain DNS dropped for every name, DoH works",
            rules=(every_name,),
            verdict=Verdict.INSUFFICIENT,
            also=(Verdict.BLOCKED,),
            layers=(),
            hop=None,
            fitness=None,
            note="The references' names are silent as well, so nothing is known about this name: the vantage has no "
            "DNS. "
            "Taken as `blocked` by port 53 it would be true of every site at once. Its fitness is not asserted.",
        ),
        _make(
            number=55,
            name="doh-blocked-too",
            title="DoH endpoint blocked as well",
            rules=(forge(_IMPOSTOR), at_sni(Reset(), DOH, id="doh-sni")),
            mechanisms=_INJECTED,
            claims=(Claim(layer=Layer.DNS, mechanisms=_INJECTED),),
            note="The second reply and the canary remain, and the control resolves for itself.",
        ),
        _make(
            number=55,
            name="doh-gone",
            title="DoH endpoint down for everyone, name forged",
            world=doh_gone,
            rules=(forge(_IMPOSTOR),),
            mechanisms=_INJECTED,
        ),
    )


def scenarios() -> tuple[Scenario, ...]:
    """Section B, in the list's order."""
    every = (*_resolver_lies(), *_forged_nowhere(), *_forged_somewhere(), *_dropped())
    return tuple(sorted(every, key=lambda each: each.number))
