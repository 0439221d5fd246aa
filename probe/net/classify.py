"""The one border where exceptions become failures: by type, errno and TLS code, never by message text.

Knows which error means what at the socket and in the TLS library; what it means for the target is judged in `diagnose`.
The alert table is RFC 8446 section 6.2 with the older numbers of RFC 5246 section 7.2.
"""

import errno
import socket
import ssl

from probe.model.failure import FAILURES, Failure, FailureKind, Operation

MAX_DETAIL = 200
"""Characters of an error text that are kept."""

ERRNOS: dict[int, FailureKind] = {
    errno.ECONNREFUSED: FailureKind.REFUSED,
    errno.ECONNRESET: FailureKind.RESET,
    errno.EPIPE: FailureKind.RESET,
    errno.ECONNABORTED: FailureKind.ABORTED,
    errno.ETIMEDOUT: FailureKind.TIMEOUT,
    errno.EHOSTUNREACH: FailureKind.HOST_UNREACHABLE,
    errno.EHOSTDOWN: FailureKind.HOST_UNREACHABLE,
    errno.EACCES: FailureKind.HOST_UNREACHABLE,
    errno.EPERM: FailureKind.HOST_UNREACHABLE,
    errno.ENETUNREACH: FailureKind.NETWORK_UNREACHABLE,
    errno.ENETDOWN: FailureKind.NETWORK_UNREACHABLE,
    errno.EADDRNOTAVAIL: FailureKind.NETWORK_UNREACHABLE,
    errno.EMFILE: FailureKind.INTERRUPTED,
    errno.ENFILE: FailureKind.INTERRUPTED,
    errno.ENOBUFS: FailureKind.INTERRUPTED,
    errno.ENOMEM: FailureKind.INTERRUPTED,
}

GETADDRINFO: dict[int, FailureKind] = {
    socket.EAI_NONAME: FailureKind.DNS_NXDOMAIN,
    getattr(socket, "EAI_NODATA", -5): FailureKind.DNS_NO_ANSWER,
    getattr(socket, "EAI_ADDRFAMILY", -9): FailureKind.DNS_NO_ANSWER,
    socket.EAI_AGAIN: FailureKind.DNS_TEMPORARY,
    socket.EAI_FAIL: FailureKind.DNS_SERVFAIL,
}

ALERTS: dict[int, str] = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
    30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
    43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_cancelled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
_ALERT_NUMBERS = {name: number for number, name in ALERTS.items()}


def alert_of(error: ssl.SSLError) -> int | None:
    """The number of the fatal alert that an SSLError reports, by OpenSSL's reason code name; None if it is no alert.

    Alerts inside encryption are seen only this way; alerts in clear text are read from the wire (`handshake`).
    """
    reason = _reason(error)
    for prefix in ("SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV13_ALERT_", "TLSV1_"):
        if reason.startswith(prefix):
            return _ALERT_NUMBERS.get(reason.removeprefix(prefix).lower())
    return None


def alert_text(number: int) -> str:
    """`alert 112 unrecognized_name`; an unassigned number keeps its number."""
    return f"alert {number} {ALERTS.get(number, 'unassigned')}"


def failure_of(error: OSError, operation: Operation) -> Failure:
    """The failure that an exception from a socket, from getaddrinfo or from the TLS library stands for."""
    if isinstance(error, socket.gaierror):
        kind = GETADDRINFO.get(error.errno or 0, FailureKind.DNS_MISBEHAVING)
        return Failure(kind=kind, operation=operation, detail=_text(error))
    if isinstance(error, TimeoutError):
        # With an errno it was the kernel that gave up, not our deadline.
        return Failure(kind=FailureKind.TIMEOUT, operation=operation, detail=errno.errorcode.get(error.errno or 0, ""))
    if isinstance(error, ssl.SSLError):
        return _tls_failure(error, operation)
    kind = ERRNOS.get(error.errno or 0, FailureKind.UNKNOWN)
    return Failure(kind=kind, operation=operation, detail=errno.errorcode.get(error.errno or 0) or _text(error))


def _tls_failure(error: ssl.SSLError, operation: Operation) -> Failure:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failure(kind=FailureKind.EOF, operation=operation)
    alert = alert_of(error)
    if alert is not None:
        return Failure(kind=FailureKind.TLS_ALERT, operation=operation, detail=alert_text(alert))
    shaking = operation in FAILURES[FailureKind.SSL_FAILED_HANDSHAKE].operations
    kind = FailureKind.SSL_FAILED_HANDSHAKE if shaking else FailureKind.TLS_BAD_RECORD
    return Failure(kind=kind, operation=operation, detail=_reason(error) or _text(error))


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's name for the reason; empty where it has none, and on an error that we raised ourselves."""
    return getattr(error, "reason", None) or ""


def unknown(error: BaseException, operation: Operation) -> Failure:
    """An error without a name of its own, its text kept."""
    return Failure(
        kind=FailureKind.UNKNOWN, operation=operation, detail=f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    )


def _text(error: BaseException) -> str:
    return str(error)[:MAX_DETAIL]
