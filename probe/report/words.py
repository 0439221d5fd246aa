"""The words of a report: a phrase for each mechanism, state and fitness. Tables only.

The words say what was seen and never who did it: a report attributes nothing. A word of a newer version of the record
is shown as it stands.
"""

from probe.model.diagnosis import Fitness, Mechanism
from probe.model.episode import SeriesKey
from probe.report.gather import VantageKey
from probe.report.ladder import Rung

MECHANISMS: dict[str, str] = {
    Mechanism.DNS_INJECTION: "forged DNS answer",
    Mechanism.DNS_NXDOMAIN: "DNS denies that the name exists",
    Mechanism.DNS_NO_ANSWER: "DNS says the name has no address",
    Mechanism.DNS_BOGON: "DNS gives an address that cannot be",
    Mechanism.DNS_IMPOSTOR: "DNS gives the address of another host",
    Mechanism.DNS_REFUSED: "DNS refuses the name",
    Mechanism.DNS_TIMEOUT: "DNS is silent on the name",
    Mechanism.IP_TIMEOUT: "silence from the address",
    Mechanism.TCP_RESET: "connection reset",
    Mechanism.TCP_REFUSED: "connection refused",
    Mechanism.IP_UNREACHABLE: "address unreachable",
    Mechanism.SNI_RESET: "reset after this name in TLS",
    Mechanism.SNI_TIMEOUT: "silence after this name in TLS",
    Mechanism.SNI_CLOSE: "close after this name in TLS",
    Mechanism.TLS_ALERT: "TLS alert from the path",
    Mechanism.TLS_IMPOSTOR: "certificate of another host",
    Mechanism.TLS_INTERCEPTION: "TLS intercepted",
    Mechanism.TLS_NOT_TLS: "no TLS where TLS is due",
    Mechanism.HTTP_RESET: "reset after the request",
    Mechanism.HTTP_TIMEOUT: "silence after the request",
    Mechanism.HTTP_CLOSE: "close after the request",
    Mechanism.BLOCKPAGE: "blockpage",
    Mechanism.BLOCKPAGE_REDIRECT: "redirect to a blockpage",
    Mechanism.LEGAL_NOTICE: "legal notice from the path",
    Mechanism.BODY_CUT: "answer cut short",
    Mechanism.THROTTLING: "slowed down",
    Mechanism.CONNECTION_CUT: "connection cut after a while",
    Mechanism.QUIC_TIMEOUT: "silence on QUIC",
}

FITNESS: dict[str, str] = {
    Fitness.OFFLINE: "offline",
    Fitness.INTERNATIONAL_OUTAGE: "no foreign reference reached",
    Fitness.CAPTIVE_PORTAL: "behind a captive portal",
    Fitness.VANTAGE_MISMATCH: "not on its declared network",
    Fitness.CLOCK_WRONG: "clock wrong",
    Fitness.IPV6_BROKEN: "IPv6 broken",
    Fitness.INTERCEPTED: "TLS intercepted for every target",
    Fitness.UNKNOWN: "fitness unknown (no reference measured)",
}

QUIC: dict[str, str] = {
    "ok": "answers came over it in this run",
    "silent": "no answer over it from anywhere so far, whatever the name; the network may not carry it",
}
"""What a run knows of QUIC at its vantage."""


def mechanisms(names: tuple[str, ...]) -> str:
    """`forged DNS answer, reset after this name in TLS`, in the order they were first seen."""
    return ", ".join(MECHANISMS.get(name, name) for name in names) or "how is not settled"


def how(names: tuple[str, ...], rung: Rung) -> str:
    """The same of an episode: where no block is claimed, what some of its failures look like settles nothing."""
    if names and rung is Rung.UNREACHABLE:
        return f"how is not settled (some failures: {mechanisms(names)})"
    return mechanisms(names)


def label(key: SeriesKey) -> str:
    """`clubhouse/api`."""
    return f"{key.target}/{key.endpoint}"


def place(key: SeriesKey | VantageKey) -> str:
    """`sha-ct CN AS4134`; what was not declared is left out."""
    name = key.vantage if isinstance(key, SeriesKey) else key.name
    country = key.country if key.country != "ZZ" else ""
    return " ".join(part for part in (name, country, f"AS{key.asn}" if key.asn else "") if part)
