"""Every scenario played on packets with curl as the client: the censor does what the scenario says it does.

Nothing of the probe is asked here. curl's exit codes are its own words for how a fetch ended.
"""

import shutil

import pytest

from probe.lab.certificates import Certificates
from probe.lab.packet import topology
from probe.lab.packet.topology import PacketLab
from probe.lab.scenarios.catalogue import catalogue
from probe.lab.scenarios.scenario import Scenario, Substrate
from probe.model.diagnosis import Verdict

POSSIBLE, REASON = topology.available()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not POSSIBLE, reason=f"no packet lab here: {REASON}"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is the client here"),
]
CERTIFICATES = Certificates()
FINE, UNRESOLVED, REFUSED, TIMEOUT, HANDSHAKE, EMPTY, BROKEN, CERTIFICATE = 0, 6, 7, 28, 35, 52, 56, 60
ENDS = {
    "idn-redirects": FINE,
    "expired-certificate": CERTIFICATE,
    "no-such-name": UNRESOLVED,
    "port-closed": REFUSED,
    "server-resets-everyone": HANDSHAKE,
    "lone-timeout": TIMEOUT,
    "reset-while-overloaded": HANDSHAKE,
    "silent-while-overloaded": TIMEOUT,
    "first-connections-dropped": TIMEOUT,
    "sni-reset-at-one-address": HANDSHAKE,
    "host-reset-at-one-address": BROKEN,
    "family-resolver-nxdomain": UNRESOLVED,
    "hangs-up-while-overloaded": BROKEN,
    "edge-lost-the-site": HANDSHAKE,
    "edge-resets-the-site": HANDSHAKE,
    "edge-dark": TIMEOUT,
    "edge-dark-by-dns": TIMEOUT,
    "edge-expired-by-dns": CERTIFICATE,
    "edge-503": FINE,
    "one-of-two-expired": CERTIFICATE,
    "strict-alert": HANDSHAKE,
    "signatures-expired": UNRESOLVED,
    "isp-filtered": UNRESOLVED,
    "ipv6-half-broken": TIMEOUT,
    "captive-portal": REFUSED,
    "international-outage": TIMEOUT,
    "isp-nxdomain": UNRESOLVED,
    "isp-silent": UNRESOLVED,
    "forged-localhost-https": REFUSED,
    "forged-to-impostor": CERTIFICATE,
    "forged-to-forwarder-https": FINE,
    "ghost-http": FINE,
    "syn-dropped": TIMEOUT,
    "syn-reset": REFUSED,
    "icmp-unreachable": REFUSED,
    "sni-reset": HANDSHAKE,
    "sni-silence": TIMEOUT,
    "sni-close": HANDSHAKE,
    "interception": CERTIFICATE,
    "host-reset": BROKEN,
    "host-close": EMPTY,
    "host-silence": TIMEOUT,
    "keyword-in-body": BROKEN,
    "throttled-by-sni": TIMEOUT,
    "cut-after-two-seconds": BROKEN,
    "hop1-refused-https": REFUSED,
    "hop1-sni-reset": HANDSHAKE,
    "hop1-name-forged": CERTIFICATE,
}
"""How curl ends, where that is characteristic."""

UNMET = {"reset-of-tls12-only", "ipv4-dropped", "quic-sni-dropped", "quic-dropped-everywhere", "quic-residual"}
"""Scenarios whose rules an ordinary fetch over TCP does not meet."""

NOT_THE_TARGETS = {"doh-sni", "control", "portal-80", "ban", "reference", "references"}
"""Rules that hit something else than the target's own flow."""

NAMES = [each.name for each in catalogue() if Substrate.PACKET in each.substrates]


def scenario_of(name: str) -> Scenario:
    """The scenario of that name."""
    return next(each for each in catalogue() if each.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_scenario_is_what_it_says(name: str) -> None:
    scenario = scenario_of(name)
    url = scenario.url.replace("bücher", "xn--bcher-kva").replace("Bücher", "xn--bcher-kva")
    limit = "6" if scenario.verdict in (Verdict.OK, Verdict.DOWN) or "cut" in name or "isp" in name else "1.5"
    if name in ("lone-timeout", "ipv6-half-broken"):
        limit = "1.5"
    with PacketLab(scenario.world, scenario.rules, certificates=CERTIFICATES) as lab:
        family = ["-4"] if name.endswith("-over-ipv4") else []
        done = lab.run(["curl", "-sS", "-L", *family, "-m", limit, "-o", "/dev/null", url])
        fired = set(lab.fired())
    if name in ENDS:
        assert done.returncode == ENDS[name], done.stderr
    if name not in UNMET:
        assert fired >= {rule.id for rule in scenario.rules} - NOT_THE_TARGETS
    if scenario.verdict is Verdict.OK and name not in ENDS:
        assert done.returncode == FINE, done.stderr
