"""Section D: the ClientHello. All by the site's SNI on an address where other names pass, unless it says otherwise."""

from functools import partial

from probe.lab.rule import Alert, Blockpage, Close, Drop, Inject, Intercept, Match, Reset, Rule, Stage
from probe.lab.scenarios.base import (
    BLOCK_RESPONSE,
    HTTPS,
    IMPOSTOR_ADDRESS,
    SITE,
    at_sni,
    base_world,
    forge,
    site,
    with_site,
)
from probe.lab.scenarios.scenario import Claim, Scenario, Section
from probe.lab.world import Answer, CertificateSpec
from probe.model.diagnosis import Fitness, Layer, Mechanism, Verdict

_make = partial(
    Scenario,
    section=Section.TLS,
    world=base_world(),
    url=HTTPS,
    verdict=Verdict.BLOCKED,
    layers=(Layer.TLS,),
)
_RESET = (Mechanism.SNI_RESET,)
GARBAGE = b"\x00\xffNOT-TLS\x01\x02\x03 middlebox 7\r\n"
RESIDUAL = 90.0


def _by_name() -> tuple[Scenario, ...]:
    expired = with_site(site(SITE, certificate=CertificateSpec(not_before=-90, not_after=-10)))
    return (
        _make(
            number=62,
            name="sni-reset",
            title="reset after ClientHello with this SNI; other SNI on the same address fine",
            rules=(at_sni(Reset()),),
            mechanisms=_RESET,
        ),
        _make(
            number=63,
            name="sni-reset-and-forged-dns",
            title="reset, plus DNS forged (two findings)",
            rules=(forge(Answer(addresses=(IMPOSTOR_ADDRESS,))), at_sni(Reset())),
            layers=(Layer.DNS, Layer.TLS),
            claims=(Claim(layer=Layer.DNS), Claim(layer=Layer.TLS, mechanisms=_RESET)),
            note="The SNI is reset wherever the flow goes, so at the impostor's address as well; only the true address "
            "with another SNI shows that it is the name. Which of the two decides is a matter of taste: both must "
            "stand.",
        ),
        _make(
            number=64,
            name="sni-silence",
            title="silence after ClientHello",
            rules=(at_sni(Drop()),),
            mechanisms=(Mechanism.SNI_TIMEOUT,),
        ),
        _make(
            number=65,
            name="sni-close",
            title="FIN after ClientHello",
            rules=(at_sni(Close()),),
            mechanisms=(Mechanism.SNI_CLOSE,),
        ),
        _make(
            number=66,
            name="tls-alert",
            title="TLS alert injected",
            rules=(at_sni(Alert(number=40)),),
            mechanisms=(Mechanism.TLS_ALERT,),
        ),
        _make(
            number=70,
            name="sni-reset-expired-site",
            title="reset by SNI on a site whose certificate is also expired",
            world=expired,
            rules=(at_sni(Reset()),),
            mechanisms=_RESET,
            field="down: the control fails TLS as well",
            note="The control reaches the server and meets its expired certificate; we meet a reset. Blocked.",
        ),
        _make(
            number=71,
            name="residual-block",
            title="residual block for 90 s after the trigger",
            rules=(Rule(id="sni", match=Match(stage=Stage.TLS, names=(SITE,)), effect=Reset(), residual=RESIDUAL),),
            mechanisms=_RESET,
            note="For 90 s every flow from us to this address and port is reset at its first bytes, whatever its SNI "
            "and "
            "source port. The control SNI, asked too soon, would make it a block by address.",
        ),
        _make(
            number=72,
            name="split-hello-passes",
            title="ClientHello split in two segments passes (note it)",
            rules=(at_sni(Reset(), first_segment=True),),
            mechanisms=_RESET,
            note="Still blocked for everybody who does not split; that a split one passes is a note.",
        ),
        _make(
            number=73,
            name="reset-of-tls12-only",
            title="reset only for a TLS 1.2 ClientHello",
            rules=(at_sni(Reset(), tls_maximum="1.2"),),
            verdict=Verdict.OK,
            also=(Verdict.INTERFERED,),
            layers=(),
            note="Who offers TLS 1.3 never meets it, and a healthy endpoint costs no extra connection: ok. A prober "
            "that "
            "asks with both versions may say interfered.",
        ),
    )


def _instead_of_the_server() -> tuple[Scenario, ...]:
    innocent_too = Rule(id="intercept-all", match=Match(stage=Stage.TLS), effect=Intercept())
    return (
        _make(
            number=67,
            name="interception",
            title="interception by an untrusted authority",
            rules=(at_sni(Intercept()),),
            mechanisms=(Mechanism.TLS_INTERCEPTION,),
        ),
        _make(
            number=68,
            name="interception-of-everything",
            title="interception with a certificate for the right name by a root that also signs the innocent SNI",
            rules=(innocent_too,),
            verdict=Verdict.INSUFFICIENT,
            layers=(),
            hop=None,
            fitness=Fitness.INTERCEPTED,
            note="An office's middlebox, an antivirus: every name is signed by it. About the vantage, not about the "
            "site.",
        ),
        _make(
            number=69,
            name="plaintext-blockpage-on-443",
            title="plaintext blockpage answered on 443",
            rules=(at_sni(Blockpage(response=BLOCK_RESPONSE)),),
            mechanisms=(Mechanism.TLS_NOT_TLS,),
        ),
        _make(
            number=74,
            name="garbage-reply",
            title="garbage instead of a ServerHello keeps its bytes",
            rules=(at_sni(Inject(payload=GARBAGE)),),
            mechanisms=(Mechanism.TLS_NOT_TLS,),
            field="ssl_failed_handshake: the bytes are lost",
        ),
        _make(
            number=74,
            name="nonstandard-alert",
            title="an alert with a number that no RFC has",
            rules=(at_sni(Alert(number=221)),),
            mechanisms=(Mechanism.TLS_ALERT,),
            field="unknown_failure",
        ),
    )


def scenarios() -> tuple[Scenario, ...]:
    """Section D, in the list's order."""
    every = (*_by_name(), *_instead_of_the_server())
    return tuple(sorted(every, key=lambda each: each.number))
