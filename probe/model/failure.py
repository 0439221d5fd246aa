"""What can go wrong, by name. A failure is a value; exceptions are for bugs.

`FailureKind` holds the failure strings of OONI df-007 verbatim and, beside them, ours where df-007 is too coarse for a
diagnosis; each of ours knows the df-007 string it refines (`FAILURES[kind].ooni`), so exports stay exact. What causes
each kind stands in the same table, which also writes docs/failures.md. Turning an exception into a failure is the work
of `net/classify`; judging what a failure means is the work of `diagnose`.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Operation(StrEnum):
    """The step that failed (df-007 `operation`)."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS_HANDSHAKE = "tls_handshake"
    HTTP_ROUND_TRIP = "http_round_trip"
    QUIC_HANDSHAKE = "quic_handshake"


class FailureKind(StrEnum):
    """Failure strings: OONI df-007 first, ours after."""

    DNS_NXDOMAIN = "dns_nxdomain_error"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_REFUSED = "dns_refused_error"
    DNS_SERVFAIL = "dns_servfail_error"
    DNS_MISBEHAVING = "dns_server_misbehaving"
    DNS_TEMPORARY = "dns_temporary_failure"
    DNS_BOGON = "dns_bogon_error"
    REFUSED = "connection_refused"
    RESET = "connection_reset"
    ABORTED = "connection_aborted"
    HOST_UNREACHABLE = "host_unreachable"
    NETWORK_UNREACHABLE = "network_unreachable"
    TIMEOUT = "generic_timeout_error"
    EOF = "eof_error"
    INTERRUPTED = "interrupted"
    SSL_INVALID_HOSTNAME = "ssl_invalid_hostname"
    SSL_UNKNOWN_AUTHORITY = "ssl_unknown_authority"
    SSL_INVALID_CERTIFICATE = "ssl_invalid_certificate"
    SSL_FAILED_HANDSHAKE = "ssl_failed_handshake"
    QUIC_INCOMPATIBLE_VERSION = "quic_incompatible_version"
    HTTP_REQUEST_FAILED = "http_request_failed"
    HTTP_INVALID_LOCATION = "http_invalid_redirect_location_host"
    UNKNOWN = "unknown_failure"

    DNS_MALFORMED = "dns_malformed_reply"
    DNS_MISMATCH = "dns_mismatched_reply"
    SSL_SELF_SIGNED = "ssl_self_signed"
    SSL_EXPIRED = "ssl_certificate_expired"
    SSL_NOT_YET_VALID = "ssl_certificate_not_yet_valid"
    TLS_ALERT = "tls_alert"
    TLS_NOT_TLS = "tls_not_tls"
    TLS_BAD_RECORD = "tls_bad_record"
    HTTP_MALFORMED = "http_malformed_response"
    HTTP_TRUNCATED_BODY = "http_truncated_body"
    HTTP_BAD_CHUNKING = "http_bad_chunking"
    HTTP_BAD_ENCODING = "http_bad_content_encoding"
    HTTP_REDIRECT_LOOP = "http_redirect_loop"
    PROXY_FAILED = "proxy_failed"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failure. `detail` is for people (an errno name, the text of an unknown error); no rule reads it."""

    kind: FailureKind
    operation: Operation
    detail: str = ""


class FailureFact(NamedTuple):
    """A row of the failure table: the df-007 string to export, the operations it can end, what causes it."""

    ooni: str
    operations: tuple[Operation, ...]
    cause: str


_R, _C, _T, _H, _Q = Operation
_ANY = tuple(Operation)
_SOCKET = (_C, _T, _H)
K = FailureKind

FAILURES: dict[FailureKind, FailureFact] = {
    K.DNS_NXDOMAIN: FailureFact(K.DNS_NXDOMAIN, (_R,), "The resolver answered NXDOMAIN: the name does not exist (RFC 1035 RCODE 3)."),
    K.DNS_NO_ANSWER: FailureFact(K.DNS_NO_ANSWER, (_R,), "NOERROR without a record of the asked type: the name exists, an address does not (RFC 2308 NODATA)."),
    K.DNS_REFUSED: FailureFact(K.DNS_REFUSED, (_R,), "The resolver answered REFUSED (RCODE 5)."),
    K.DNS_SERVFAIL: FailureFact(K.DNS_SERVFAIL, (_R,), "The resolver answered SERVFAIL (RCODE 2)."),
    K.DNS_MISBEHAVING: FailureFact(K.DNS_MISBEHAVING, (_R,), "Any other RCODE, or a DoH server that did not answer 200 with application/dns-message."),
    K.DNS_TEMPORARY: FailureFact(K.DNS_TEMPORARY, (_R,), "getaddrinfo said EAI_AGAIN: silence, SERVFAIL and REFUSED look alike to it."),
    K.DNS_BOGON: FailureFact(K.DNS_BOGON, (_R,), "Every address in the answer is a bogon (not global: private, loopback, reserved)."),
    K.REFUSED: FailureFact(K.REFUSED, (_R, *_SOCKET, _Q), "A RST in answer to the SYN (ECONNREFUSED), or ICMP port unreachable on UDP."),
    K.RESET: FailureFact(K.RESET, (_R, *_SOCKET), "A RST on an open connection (ECONNRESET, EPIPE); the stage says after what."),
    K.ABORTED: FailureFact(K.ABORTED, _SOCKET, "The kernel gave the connection up (ECONNABORTED)."),
    K.HOST_UNREACHABLE: FailureFact(K.HOST_UNREACHABLE, (_R, *_SOCKET, _Q), "ICMP host or administratively prohibited unreachable, or no neighbour (EHOSTUNREACH, EACCES)."),
    K.NETWORK_UNREACHABLE: FailureFact(K.NETWORK_UNREACHABLE, (_R, *_SOCKET, _Q), "No route to the network (ENETUNREACH, EADDRNOTAVAIL)."),
    K.TIMEOUT: FailureFact(K.TIMEOUT, _ANY, "Silence until the stage's own deadline; the stage says after what."),
    K.EOF: FailureFact(K.EOF, (_R, _T, _H), "A clean FIN where bytes were due. Never a reset."),
    K.INTERRUPTED: FailureFact(K.INTERRUPTED, _ANY, "The user or the run's budget cut the measurement short."),
    K.SSL_INVALID_HOSTNAME: FailureFact(K.SSL_INVALID_HOSTNAME, (_T, _Q), "The certificate is for another name (RFC 9525; OpenSSL 62, 64)."),
    K.SSL_UNKNOWN_AUTHORITY: FailureFact(K.SSL_UNKNOWN_AUTHORITY, (_T, _Q), "The chain does not end at an authority we trust (OpenSSL 19, 20, 21)."),
    K.SSL_INVALID_CERTIFICATE: FailureFact(K.SSL_INVALID_CERTIFICATE, (_T, _Q), "Anything else wrong with the certificate: bad signature, wrong usage, revoked, unreadable."),
    K.SSL_FAILED_HANDSHAKE: FailureFact(K.SSL_FAILED_HANDSHAKE, (_T, _Q), "The server speaks TLS, but the handshake failed without an alert: version, cipher, broken message."),
    K.QUIC_INCOMPATIBLE_VERSION: FailureFact(K.QUIC_INCOMPATIBLE_VERSION, (_Q,), "Version negotiation left no QUIC version in common."),
    K.HTTP_REQUEST_FAILED: FailureFact(K.HTTP_REQUEST_FAILED, (_H,), "A failed HTTP exchange of no finer name (an HTTP/2 stream or connection error, for one)."),
    K.HTTP_INVALID_LOCATION: FailureFact(K.HTTP_INVALID_LOCATION, (_H,), "A redirect whose Location is not a URL we can follow."),
    K.UNKNOWN: FailureFact(K.UNKNOWN, _ANY, "An error we have no name for yet; its text is in the detail. df-007: `unknown_failure: <text>`."),
    K.DNS_MALFORMED: FailureFact(K.DNS_MISBEHAVING, (_R,), "Bytes came back that are no DNS message."),
    K.DNS_MISMATCH: FailureFact(K.DNS_MISBEHAVING, (_R,), "Only replies with another id or another question came back (RFC 5452 section 9)."),
    K.SSL_SELF_SIGNED: FailureFact(K.SSL_UNKNOWN_AUTHORITY, (_T, _Q), "The certificate signed itself (OpenSSL 18)."),
    K.SSL_EXPIRED: FailureFact(K.SSL_INVALID_CERTIFICATE, (_T, _Q), "The certificate's notAfter has passed (OpenSSL 10)."),
    K.SSL_NOT_YET_VALID: FailureFact(K.SSL_INVALID_CERTIFICATE, (_T, _Q), "The certificate's notBefore is to come (OpenSSL 9)."),
    K.TLS_ALERT: FailureFact(K.SSL_FAILED_HANDSHAKE, (_T, _H, _Q), "A fatal TLS alert; its number is kept (RFC 8446 section 6)."),
    K.TLS_NOT_TLS: FailureFact(K.SSL_FAILED_HANDSHAKE, (_T,), "The peer answered the ClientHello with bytes that are no TLS record; they are kept."),
    K.TLS_BAD_RECORD: FailureFact(K.SSL_FAILED_HANDSHAKE, (_R, _H), "Bytes in an established TLS session that do not decrypt: something wrote into it, or the peer is broken."),
    K.HTTP_MALFORMED: FailureFact(K.HTTP_REQUEST_FAILED, (_H,), "The answer is no HTTP message."),
    K.HTTP_TRUNCATED_BODY: FailureFact(K.EOF, (_H,), "A clean close before the announced Content-Length or the last chunk; inside TLS without either, a close without close_notify (RFC 9112 section 9.8)."),
    K.HTTP_BAD_CHUNKING: FailureFact(K.HTTP_REQUEST_FAILED, (_H,), "Transfer-Encoding: chunked with a chunk header that cannot be read."),
    K.HTTP_BAD_ENCODING: FailureFact(K.HTTP_REQUEST_FAILED, (_H,), "The body does not decode as its Content-Encoding says."),
    K.HTTP_REDIRECT_LOOP: FailureFact(K.HTTP_REQUEST_FAILED, (_H,), "More redirects than the bound, or the same URL twice."),
    K.PROXY_FAILED: FailureFact(K.UNKNOWN, _ANY, "The control proxy could not be used: it says nothing about the target."),
}  # fmt: skip
