"""What was judged: verdicts, mechanisms and the findings that carry them. The words of DESIGN section 2, as types.

Judging itself is `diagnose`; nothing here decides anything.
"""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """The verdict on one measurement. `insufficient` is never `ok` and never `blocked`."""

    OK = "ok"
    BLOCKED = "blocked"
    INTERFERED = "interfered"
    DOWN = "down"
    RESTRICTED = "restricted"
    ANOMALY = "anomaly"
    INSUFFICIENT = "insufficient"


class Certainty(StrEnum):
    """How sure a blocking finding is. `confirmed` needs an artefact that settles it alone."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Layer(StrEnum):
    """The layer at which something was observed."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    SPEED = "speed"


class Mechanism(StrEnum):
    """What the path is inferred to have done. The layer is observed, the mechanism inferred."""

    DNS_INJECTION = "dns_injection"
    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_BOGON = "dns_bogon"
    DNS_IMPOSTOR = "dns_impostor"
    DNS_REFUSED = "dns_refused"
    DNS_TIMEOUT = "dns_timeout"
    IP_TIMEOUT = "ip_timeout"
    TCP_RESET = "tcp_reset"
    TCP_REFUSED = "tcp_refused"
    IP_UNREACHABLE = "ip_unreachable"
    SNI_RESET = "sni_reset"
    SNI_TIMEOUT = "sni_timeout"
    SNI_CLOSE = "sni_close"
    TLS_ALERT = "tls_alert"
    TLS_IMPOSTOR = "tls_impostor"
    TLS_INTERCEPTION = "tls_interception"
    TLS_NOT_TLS = "tls_not_tls"
    HTTP_RESET = "http_reset"
    HTTP_TIMEOUT = "http_timeout"
    HTTP_CLOSE = "http_close"
    BLOCKPAGE = "blockpage"
    BLOCKPAGE_REDIRECT = "blockpage_redirect"
    LEGAL_NOTICE = "legal_notice"
    BODY_CUT = "body_cut"
    THROTTLING = "throttling"
    CONNECTION_CUT = "connection_cut"
    QUIC_TIMEOUT = "quic_timeout"


class ControlState(StrEnum):
    """What the control says about the endpoint: reached, not reached, no control was asked, or it proves nothing."""

    REACHED = "reached"
    FAILED = "failed"
    NONE = "none"
    UNUSABLE = "unusable"


class Fitness(StrEnum):
    """Whether the vantage could measure at all in this run. `unknown`: no reference was measured."""

    FIT = "fit"
    OFFLINE = "offline"
    INTERNATIONAL_OUTAGE = "international_outage"
    CAPTIVE_PORTAL = "captive_portal"
    VANTAGE_MISMATCH = "vantage_mismatch"
    CLOCK_WRONG = "clock_wrong"
    IPV6_BROKEN = "ipv6_broken"
    INTERCEPTED = "intercepted"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One judged fact. `evidence` are indexes into the measurement's observations; `note` says it in one sentence."""

    rule: str
    layer: Layer
    verdict: Verdict
    hop: int = 0
    mechanism: Mechanism | None = None
    certainty: Certainty | None = None
    evidence: tuple[int, ...] = ()
    note: str = ""


class Considered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An innocent explanation that was weighed, and what ruled it out (`ruled_out` False: it stands)."""

    explanation: str
    ruled_out: bool
    because: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The findings and the verdict of one measurement, stamped with the version of the rules that gave it.

    `layer`, `hop`, `mechanism` and `rule` are those of the finding that decided.
    """

    verdict: Verdict
    ruleset_version: str
    certainty: Certainty | None = None
    layer: Layer | None = None
    hop: int = 0
    mechanism: Mechanism | None = None
    rule: str = ""
    findings: tuple[Finding, ...] = ()
    considered: tuple[Considered, ...] = ()
