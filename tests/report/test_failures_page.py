"""docs/failures.md says what the table of failures and the tables of tests say, for every kind."""

from probe.model.failure import FAILURES, FailureKind, Operation
from probe.report.failures_page import failures_page
from tests.net.causes import ELSEWHERE, PAGE, TABLES, collected

STREAM = {Operation.CONNECT, Operation.TLS_HANDSHAKE, Operation.HTTP_ROUND_TRIP}
BY_ERRNO_ONLY = {
    FailureKind.ABORTED: "the kernel's own decision",
    FailureKind.HOST_UNREACHABLE: "only a router says so; through a SOCKS proxy there is a real peer",
    FailureKind.NETWORK_UNREACHABLE: "only a router says so; through a SOCKS proxy there is a real peer",
    FailureKind.INTERRUPTED: "our own shortage of descriptors",
    FailureKind.UNKNOWN: "nothing has it for its cause",
}


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == failures_page(collected()), "run: python -m tests.net.causes"


def test_every_kind_has_a_cause() -> None:
    assert {kind for kind in FailureKind if not collected().get(kind)} == set()


def test_every_kind_of_tcp_tls_and_http_is_caused_by_a_real_peer() -> None:
    due = {kind for kind, fact in FAILURES.items() if STREAM & set(fact.operations)}
    caused = {case.kind for cases in TABLES.values() for case in cases}
    by_certificate = {
        kind for kind, causes in collected().items() if any(c.startswith("certificate: ") for c in causes)
    }
    assert due - caused - by_certificate - set(ELSEWHERE) - set(BY_ERRNO_ONLY) == set()


def test_every_kind_is_on_the_page_with_its_df_007_string() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for kind, fact in FAILURES.items():
        section = page.partition(f"## `{kind}`\n")[2].partition("\n## ")[0]
        assert fact.cause in section
        assert (f"df-007 `{fact.ooni}`" in section) == (fact.ooni != kind)
