"""The words of a transcript: verdicts, certainties, purposes, alerts. Tables only; nothing is attributed."""

from probe.model.diagnosis import Certainty, ControlState, Verdict
from probe.model.observation import Purpose

VERDICTS: dict[Verdict, str] = {
    Verdict.OK: "ok, reached as itself",
    Verdict.BLOCKED: "blocked: not reached, and what was seen puts the cause on the way there, not at its own end",
    Verdict.INTERFERED: "interfered with, though not cut off: what was seen puts the cause on the way there",
    Verdict.DOWN: "down: it fails at its own end, or for others as well; nothing seen here shows a block",
    Verdict.RESTRICTED: "up, and its server does not serve this place as it serves others",
    Verdict.ANOMALY: "failed, and the evidence does not settle why",
    Verdict.INSUFFICIENT: "nothing can be concluded from this measurement, neither reached nor blocked",
}

CERTAINTIES: dict[Certainty, str] = {
    Certainty.CONFIRMED: "confirmed, the highest of three degrees: what was seen settles it alone",
    Certainty.LIKELY: "likely, the second of three degrees: it fits best what was seen, and no one fact settles it",
    Certainty.POSSIBLE: "possible, the lowest of three degrees: it fits what was seen, and so may something innocent",
}
"""How sure a finding is (DESIGN section 2). A verdict that puts nothing on the path has no degree."""

CONTROLS: dict[ControlState, str] = {
    ControlState.REACHED: "the control reached the endpoint",
    ControlState.FAILED: "the control did not reach the endpoint either",
    ControlState.NONE: "no control was asked",
    ControlState.UNUSABLE: "the control reaches nothing itself, so it proves nothing",
}

NOT_SAID = (
    "who is responsible, or why; what other networks see, or this one at other times. It is one measurement: when a "
    "block began, and whether it lasts, is for `probe report`."
)

PURPOSES: dict[Purpose, str] = {
    Purpose.MAIN: "",
    Purpose.RETRY: "",
    Purpose.CONTROL: "the same errand elsewhere, for comparison",
    Purpose.CONTROL_ADDRESS: "the addresses we were given, tried from elsewhere",
    Purpose.CONTROL_SNI: "an innocent name in the ClientHello",
    Purpose.NO_SNI: "no name in the ClientHello",
    Purpose.SNI_ELSEWHERE: "this name at an innocent address",
    Purpose.TRUE_ADDRESS: "an address that only independent resolvers or late replies gave",
    Purpose.CANARY: "a question to an address where no resolver is: nothing should answer",
    Purpose.RESOLVER_HEALTH: "does the resolver answer at all?",
    Purpose.SECOND_TRY: "an address that failed while others did not, once more",
    Purpose.SPEED: "how fast bytes come",
    Purpose.CONTROL_SPEED: "the same bytes under an innocent name",
    Purpose.SPLIT_HELLO: "the ClientHello in two segments",
    Purpose.QUIC: "the same over QUIC",
    Purpose.CONTROL_QUIC: "QUIC elsewhere, for comparison",
}
"""Why an experiment was made; empty for what a user would have met."""

OUTCOMES: dict[str, str] = {
    "ok": "The endpoint proved itself: by its certificate, or, in the clear, by the answer expected of it or the "
    "control's; with neither to hold it against, nothing spoke against it.",
    "anomaly": "It failed, no rule found the cause on the path, and nothing innocent explains it. Nothing is claimed.",
    "control.fails_too": "It fails from a second, healthy place as well: no ground to speak of a block here.",
    "control.unusable": "A control that reaches not even the references cannot tell a block from an outage.",
    "dns.gone": "Own and independent resolvers agree that there is no such address: the site withdrew its name.",
    "dns.site_says_bogon": "Independent resolvers give the same useless address: the site's own zone holds it.",
    "http.challenge": "A page that asks for proof of a human comes from the site's own protection, not from the path.",
    "http.leads_nowhere": "Inside proven TLS, or alike for the control, only the server can have sent that redirect.",
    "http.login_wall": "Inside proven TLS only the server itself can ask to sign in.",
    "http.other_answer": "Inside proven TLS the answer is the server's own; the control was answered otherwise.",
    "http.other_redirect": "Inside proven TLS only the server can redirect, and it redirects the control otherwise.",
    "http.server_error": "The server says itself that it failed (RFC 9110, 15.6).",
    "http.turned_away": "Inside proven TLS the refusal is the server's own: nobody on the path can have written it.",
    "http.wrong_answer": "Inside proven TLS the answer is the server's own, and it is not what it should be.",
    "tls.dates": "A trusted chain for this very name with wrong dates can be shown by the site alone.",
    "vantage.interrupted": "A measurement that was cut short says nothing.",
    "vantage.no_dns": "Where resolvers answer for no name at all, silence on one name says nothing.",
    "vantage.nothing_answers": "Nothing answered and no reference was measured: the line may have been down.",
    "vantage.no_ipv6": "An endpoint on IPv6 alone cannot be judged from where IPv6 does not work.",
}
"""Why a verdict that rests on no rule of the tables holds."""
UNFIT = "A vantage in this state fails for innocent reasons as well: what it sees is no evidence either way."
"""The same for the verdicts `vantage.<fitness>`."""

ALERTS: dict[int, str] = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
"""RFC 8446 section 6 (22 and 86: RFC 5246, RFC 7507)."""


def outcome(rule: str) -> str:
    """Why a verdict without a rule of the tables holds; empty for an id of another version."""
    return OUTCOMES.get(rule) or (UNFIT if rule.startswith("vantage.") else "")


def alert(number: int) -> str:
    """`40 (handshake_failure)`."""
    return f"{number} ({ALERTS.get(number, 'no alert that TLS defines')})"
