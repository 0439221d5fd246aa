"""Which test causes which failure kind, collected from the tables of cases: proof that each kind is caused, and the
last column of docs/failures.md. `python -m tests.net.causes` writes that page anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from probe.model.failure import FailureKind
from probe.report.failures_page import failures_page
from tests.net import test_certificate, test_connect, test_fetch, test_handshake, test_quic, test_tunnel

K = FailureKind
PAGE = Path(__file__).parents[2] / "docs" / "failures.md"

TABLES: dict[str, Sequence[Any]] = {
    "handshake": test_handshake.CASES,
    "fetch": [*test_fetch.CASES, *test_fetch.INSIDE_ONLY, *test_fetch.TLS_CASES],
    "fetch, h2": test_fetch.H2_CASES,
    "socks5": test_tunnel.SOCKS,
    "http connect": test_tunnel.HTTP,
    "quic": test_quic.CASES,
}
"""Real peers on loopback."""

ELSEWHERE: dict[FailureKind, str] = {
    K.REFUSED: "connect: a port that is bound and not listening",
    K.HTTP_REDIRECT_LOOP: "tests/measure: a flow that is sent in a circle",
    K.HTTP_INVALID_LOCATION: "tests/measure: a redirect to a bad Location; tests/net/test_url.py has the table of them",
    K.DNS_NXDOMAIN: "resolve: a nameserver that answers RCODE 3",
    K.DNS_NO_ANSWER: "resolve: NOERROR with no record, with a CNAME only, with another owner's record",
    K.DNS_REFUSED: "resolve: a nameserver that answers RCODE 5",
    K.DNS_SERVFAIL: "resolve: a nameserver that answers RCODE 2",
    K.DNS_MISBEHAVING: "resolve: a nameserver that answers NOTIMP; doh: another status or content type",
    K.DNS_TEMPORARY: "resolve: a getaddrinfo that says EAI_AGAIN",
    K.DNS_BOGON: "none: a bogon is an answer in the records; `diagnose` judges it, as mechanism `dns_bogon`",
    K.DNS_MALFORMED: "resolve: bytes that are no message, over UDP, TCP and DoH",
    K.DNS_MISMATCH: "resolve: replies with another id or another question",
}
"""Kinds whose peers are not in a table here: the test that causes each, or why none does."""


def collected() -> dict[FailureKind, list[str]]:
    """Every kind with the cases that cause it, a line each."""
    found: dict[FailureKind, list[str]] = defaultdict(list)
    for kind, where in ELSEWHERE.items():
        found[kind].append(where)
    for stage, cases in TABLES.items():
        for case in cases:
            if case.kind is not None:
                found[case.kind].append(f"{stage}: {case.name}")
    found[K.TIMEOUT].append("connect: a SYN into a full backlog")
    found[K.TLS_ALERT].append("fetch: a client certificate is wanted, TLS 1.3")
    for name, _, wrong in test_certificate.CASES:
        for kind in wrong:
            found[kind].append(f"certificate: {name}")
    for number, kind in test_connect.ERRNOS:
        found[kind].append(f"connect: a network that raises {test_connect.name_of(number)}")
    found[K.UNKNOWN].append("handshake: an SNI that no ClientHello can hold")
    return found


if __name__ == "__main__":
    PAGE.write_text(failures_page(collected()), encoding="utf-8")
