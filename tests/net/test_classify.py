"""The border where exceptions become failures: by type, errno and TLS code, and never by the words of a message."""

import errno
import socket
import ssl

import pytest

from probe.model.failure import FAILURES, FailureKind, Operation
from probe.net.classify import (
    ALERTS,
    ERRNOS,
    GETADDRINFO,
    MAX_DETAIL,
    alert_of,
    alert_text,
    failure_of,
    unknown,
)  # fmt: skip

K = FailureKind


@pytest.mark.parametrize("number", sorted(ERRNOS), ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("operation", list(Operation))
def test_an_errno(number: int, operation: Operation) -> None:
    failure = failure_of(OSError(number, "connection reset by a message that lies"), operation)
    assert failure.kind is ERRNOS[number]
    assert failure.operation is operation
    assert failure.detail == errno.errorcode[number]


@pytest.mark.parametrize("code", sorted(GETADDRINFO))
def test_getaddrinfo(code: int) -> None:
    assert failure_of(socket.gaierror(code, "x"), Operation.RESOLVE).kind is GETADDRINFO[code]


def test_another_code_of_getaddrinfo() -> None:
    assert failure_of(socket.gaierror(-99, "x"), Operation.RESOLVE).kind is K.DNS_MISBEHAVING


def test_our_deadline_has_no_errno_and_the_kernels_has() -> None:
    assert failure_of(TimeoutError(), Operation.CONNECT).detail == ""
    assert failure_of(TimeoutError(errno.ETIMEDOUT, "x"), Operation.CONNECT).detail == "ETIMEDOUT"


def test_asyncios_reset_without_errno_is_still_no_eof() -> None:
    """asyncio raises ConnectionResetError without an errno at a clean close; our sockets never do, so it is unknown."""
    assert failure_of(ConnectionResetError("x"), Operation.CONNECT).kind is K.UNKNOWN


def _library_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(ssl.SSL_ERROR_SSL, "[SSL] connection reset by peer: timed out")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "operation", "kind"),
    [
        (ssl.SSLEOFError(8, "x"), Operation.TLS_HANDSHAKE, K.EOF),
        (ssl.SSLZeroReturnError(6, "x"), Operation.TLS_HANDSHAKE, K.EOF),
        (_library_error("WRONG_VERSION_NUMBER"), Operation.TLS_HANDSHAKE, K.SSL_FAILED_HANDSHAKE),
        (_library_error("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), Operation.HTTP_ROUND_TRIP, K.TLS_BAD_RECORD),
        (_library_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), Operation.TLS_HANDSHAKE, K.TLS_ALERT),
        (_library_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), Operation.HTTP_ROUND_TRIP, K.TLS_ALERT),
        (ssl.SSLError(1, "made by hand, without a reason"), Operation.TLS_HANDSHAKE, K.SSL_FAILED_HANDSHAKE),
    ],
)
def test_an_error_of_the_tls_library(error: ssl.SSLError, operation: Operation, kind: FailureKind) -> None:
    failure = failure_of(error, operation)
    assert failure.kind is kind
    assert operation in FAILURES[kind].operations


def test_every_alert_that_openssl_names_keeps_its_number() -> None:
    """OpenSSL's reason codes for alerts are 1000 + number (SSL_AD_REASON_OFFSET, openssl/ssl.h)."""
    import _ssl

    table: dict[tuple[int, int], str] = getattr(_ssl, "err_codes_to_names", {})
    library = 20  # ERR_LIB_SSL, openssl/err.h
    named = {code - 1000: name for (lib, code), name in table.items() if lib == library and 1000 <= code < 1256}
    assert len(named) >= 20
    numbers = {name: alert_of(_library_error(name)) for name in named.values()}
    assert numbers == {name: number for number, name in named.items()}


@pytest.mark.parametrize("reason", ["", "UNEXPECTED_MESSAGE", "CERTIFICATE_VERIFY_FAILED", "TLSV1_NONSENSE"])
def test_another_reason_is_no_alert(reason: str) -> None:
    assert alert_of(_library_error(reason)) is None


def test_alert_texts() -> None:
    assert alert_text(112) == "alert 112 unrecognized_name"
    assert alert_text(200) == "alert 200 unassigned"
    assert len(set(ALERTS.values())) == len(ALERTS)


def test_an_unknown_error_keeps_its_text_bounded() -> None:
    failure = unknown(RuntimeError("x" * 5000), Operation.HTTP_ROUND_TRIP)
    assert failure.kind is K.UNKNOWN
    assert failure.detail.startswith("RuntimeError: xxx")
    assert len(failure.detail) == MAX_DETAIL


def test_every_kind_of_the_table_can_end_the_operation() -> None:
    for kind in set(ERRNOS.values()):
        assert Operation.CONNECT in FAILURES[kind].operations
    for kind in set(GETADDRINFO.values()):
        assert Operation.RESOLVE in FAILURES[kind].operations
