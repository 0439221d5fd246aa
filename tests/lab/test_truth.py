"""The quick scenarios of the ground truth, played on loopback by the whole probe. `probe lab run` plays all of them."""

import pytest

from probe.cli.play import play
from probe.lab.scenarios.catalogue import find
from probe.lab.scenarios.scenario import Substrate
from probe.model.diagnosis import Verdict

QUICK = (
    "https-ok", "cdn-other-asn", "expired-certificate", "wrong-name-certificate", "no-such-name", "port-closed",
    "site-says-localhost", "broken-location-in-tls", "broken-location-in-clear", "challenge-https", "geoblock",
    "login-redirect", "server-resets-everyone", "no-ipv6-route", "ipv6-only-site", "clock-wrong", "vpn",
    "isp-nxdomain", "isp-no-data", "isp-bogon", "isp-refused", "forged-to-impostor", "forged-to-forwarder-http",
    "forged-to-forwarder-https", "ghost-http", "canary-answers", "only-a-forged", "doh-blocked-too", "syn-reset",
    "sni-reset", "sni-reset-and-forged-dns", "sni-close", "tls-alert", "interception", "interception-of-everything",
    "plaintext-blockpage-on-443", "sni-reset-expired-site", "residual-block", "nonstandard-alert", "host-reset",
    "blockpage", "blockpage-alike", "forged-to-forwarder-and-blockpage", "blockpage-redirect", "legal-notice-in-tls",
    "legal-notice-in-clear", "keyword-in-body", "hop1-refused-https", "hop1-sni-reset", "hop1-name-forged",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_the_diagnosis_is_the_ideal_one(name: str) -> None:
    played = play(find(name)[0], Substrate.LOOPBACK)
    assert played.wrong == (), played.got


def test_no_innocent_scenario_expects_a_block() -> None:
    """The bar: nothing of section A may be called blocked, not even among the defensible verdicts."""
    for scenario in find("A"):
        assert Verdict.BLOCKED not in (scenario.verdict, *scenario.also), scenario.name
