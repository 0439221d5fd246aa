"""Section F: a short link over https leads to the site, and the fault is there, at hop 1, where it must be named."""

from functools import partial

from probe.lab.rule import Close, Drop, Effect, Reset, Rule
from probe.lab.scenarios.base import (
    IMPOSTOR_ADDRESS,
    SHORT,
    SITE_ADDRESS,
    at_host,
    at_sni,
    at_syn,
    base_world,
    forge,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.world import Answer
from probe.model.diagnosis import Layer, Mechanism, Verdict

_make = partial(Scenario, section=Section.REDIRECTS, world=base_world(), verdict=Verdict.BLOCKED, hop=1)
_CLEAR, _SECURE = f"https://{SHORT}/c", f"https://{SHORT}/s"


def _fault(
    number: int, name: str, title: str, rule: Rule, layer: Layer, mechanism: Mechanism, *, clear: bool
) -> Scenario:
    url = _CLEAR if clear else _SECURE
    return _make(
        number=number, name=name, title=title, url=url, rules=(rule,), layers=(layer,), mechanisms=(mechanism,)
    )


def scenarios() -> tuple[Scenario, ...]:
    """Section F, in the list's order."""
    refused: Effect = Reset()
    m = Mechanism
    return (
        _fault(87, "hop1-refused-http", "hop 1 port refused, http",
               at_syn(refused, SITE_ADDRESS, ports=(80,)), Layer.TCP, m.TCP_REFUSED, clear=True),
        _fault(88, "hop1-refused-https", "hop 1 port refused, https",
               at_syn(refused, SITE_ADDRESS, ports=(443,)), Layer.TCP, m.TCP_REFUSED, clear=False),
        _fault(89, "hop1-reset-http", "hop 1 reset, http", at_host(Reset()), Layer.HTTP, m.HTTP_RESET, clear=True),
        _fault(90, "hop1-sni-reset", "hop 1 reset by SNI, https", at_sni(Reset()), Layer.TLS, m.SNI_RESET, clear=False),
        _fault(91, "hop1-close-http", "hop 1 FIN, http", at_host(Close()), Layer.HTTP, m.HTTP_CLOSE, clear=True),
        _fault(92, "hop1-sni-close", "hop 1 FIN, https", at_sni(Close()), Layer.TLS, m.SNI_CLOSE, clear=False),
        _fault(93, "hop1-silence-http", "hop 1 silence, http", at_host(Drop()), Layer.HTTP, m.HTTP_TIMEOUT, clear=True),
        _fault(94, "hop1-sni-silence", "hop 1 silence, https", at_sni(Drop()), Layer.TLS, m.SNI_TIMEOUT, clear=False),
        _make(
            number=95,
            name="hop1-name-forged",
            title="hop 1 name forged away",
            url=_SECURE,
            rules=(forge(Answer(addresses=(IMPOSTOR_ADDRESS,))),),
            layers=(Layer.DNS,),
            mechanisms=(m.DNS_INJECTION, m.DNS_IMPOSTOR),
            field="the DNS of hop 0 is compared, so the finding is lost or put on the short link",
        ),
    )  # fmt: skip
