"""Everything wrong with a chain is named, in the order of weight; an odd certificate is a fact, never an exception."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from probe.model.failure import FailureKind
from probe.net import certificate
from probe.net.certificate import MAX_CHAIN, MAX_FIELD, MAX_NAMES, TrustStore, describe, problems
from tests.net import peers
from tests.net.peers import EXPIRED, NAME, SERVER, TO_COME, Papers, issue

K = FailureKind
ROOT, ROGUE = peers.root(), peers.rogue()
HOSTS = (NAME,)
INTERMEDIATE = issue("Intermediate", ROOT, authority=True)
EXPIRED_INTERMEDIATE = issue("Expired Intermediate", ROOT, authority=True, dates=EXPIRED)
NO_AUTHORITY = issue("No Authority", ROOT, hosts=HOSTS)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)

CASES: list[tuple[str, Papers, tuple[FailureKind, ...]]] = [
    ("good", peers.good(), ()),
    ("good through an intermediate", issue("a", INTERMEDIATE, hosts=HOSTS, usage=SERVER), ()),
    ("no usage is any usage", issue("b", ROOT, hosts=HOSTS), ()),
    ("wildcard over a top-level domain", issue("c", ROOT, hosts=("*.example",)), (K.SSL_INVALID_HOSTNAME,)),
    ("wrong host", issue("d", ROOT, hosts=("other.example",)), (K.SSL_INVALID_HOSTNAME,)),
    ("common name only", issue(NAME, ROOT), (K.SSL_INVALID_HOSTNAME,)),
    ("unknown authority", issue("e", ROGUE, hosts=HOSTS), (K.SSL_UNKNOWN_AUTHORITY,)),
    ("unknown authority, its root sent along", Papers(ROGUE.key, (*issue("e", ROGUE, hosts=HOSTS).chain, *ROGUE.chain)),
     (K.SSL_UNKNOWN_AUTHORITY,)),
    ("the intermediate is missing", Papers(ROOT.key, issue("f", INTERMEDIATE, hosts=HOSTS).chain[:1]),
     (K.SSL_UNKNOWN_AUTHORITY,)),
    ("self-signed", issue("g", None, hosts=HOSTS), (K.SSL_SELF_SIGNED,)),
    ("self-signed, wrong host", issue("h", None, hosts=("other.example",)),
     (K.SSL_INVALID_HOSTNAME, K.SSL_SELF_SIGNED)),
    ("expired", issue("i", ROOT, hosts=HOSTS, dates=EXPIRED), (K.SSL_EXPIRED,)),
    ("not yet valid", issue("j", ROOT, hosts=HOSTS, dates=TO_COME), (K.SSL_NOT_YET_VALID,)),
    ("expired intermediate", issue("k", EXPIRED_INTERMEDIATE, hosts=HOSTS), (K.SSL_EXPIRED,)),
    ("for clients only", issue("l", ROOT, hosts=HOSTS, usage=CLIENT), (K.SSL_INVALID_CERTIFICATE,)),
    ("bad signature", issue("m", ROOT, hosts=HOSTS, signed_with=ROGUE.key), (K.SSL_INVALID_CERTIFICATE,)),
    ("signed by a leaf", issue("n", NO_AUTHORITY, hosts=HOSTS), (K.SSL_INVALID_CERTIFICATE,)),
    ("everything", issue("o", ROGUE, hosts=("other.example",), dates=EXPIRED, usage=CLIENT),
     (K.SSL_INVALID_HOSTNAME, K.SSL_UNKNOWN_AUTHORITY, K.SSL_EXPIRED, K.SSL_INVALID_CERTIFICATE)),
    ("self-signed and to come", issue("p", None, hosts=HOSTS, dates=TO_COME), (K.SSL_SELF_SIGNED, K.SSL_NOT_YET_VALID)),
]  # fmt: skip
"""Also read by the test that counts which failure kinds are caused (`causes`)."""


def _now() -> float:
    return peers.NOW.timestamp()


@pytest.mark.parametrize(("papers", "wrong"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_wrong(papers: Papers, wrong: tuple[FailureKind, ...]) -> None:
    assert problems(papers.der, NAME, _now(), peers.trust()) == wrong


@pytest.mark.parametrize(("papers", "wrong"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_same_over_the_wire(papers: Papers, wrong: tuple[FailureKind, ...]) -> None:
    context = peers.context_of(Papers(peers._key(_subject(papers)), papers.chain))
    seen = peers.seen_by(peers.inside_tls(peers.silence, lambda: context), until="tls")
    assert seen.tls is not None
    assert seen.tls.problems == wrong
    assert peers.kind_of(seen.tls) == (wrong[0] if wrong else None)
    assert len(seen.tls.certificates) == len(papers.chain)


def _subject(papers: Papers) -> str:
    return str(papers.chain[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def test_the_verdict_on_dates_moves_with_the_clock_though_the_path_is_remembered() -> None:
    trust = peers.trust()
    der = peers.good().der
    year = datetime.timedelta(days=365).total_seconds()
    assert problems(der, NAME, _now(), trust) == ()
    assert problems(der, NAME, _now() + year, trust) == (K.SSL_EXPIRED,)
    assert problems(der, NAME, _now() - year, trust) == (K.SSL_NOT_YET_VALID,)
    assert problems(der, NAME, _now(), trust) == ()


@pytest.mark.parametrize(
    ("hosts", "name", "match"),
    [
        (("192.0.2.1",), "192.0.2.1", True),
        (("192.0.2.1",), "192.0.2.2", False),
        (("2001:db8::1",), "2001:db8::1", True),
        (("2001:db8::1",), "2001:db8:0:0::1", True),
        (("good.example",), "192.0.2.1", False),
        (("192.0.2.1",), "good.example", False),
        (("good.example",), "GOOD.example", True),
        (("*.good.example",), "a.good.example", True),
        (("*.good.example",), "good.example", False),
        (("*.good.example",), "a.b.good.example", False),
        (("xn--bcher-kva.example",), "xn--bcher-kva.example", True),
        (("a_b.example",), "a_b.example", True),
        (("good.example",), "", False),
        (("good.example",), "good example\x00", False),
    ],
)
def test_names_and_addresses(hosts: tuple[str, ...], name: str, match: bool) -> None:
    leaf = issue("names", ROOT, hosts=hosts).chain[0]
    assert certificate.names_match(leaf, name) is match


def test_no_chain_and_bytes_that_are_no_certificate() -> None:
    assert problems((), NAME, _now(), peers.trust()) == (K.SSL_INVALID_CERTIFICATE,)
    assert problems((b"junk",), NAME, _now(), peers.trust()) == (K.SSL_INVALID_CERTIFICATE,)
    assert problems((*peers.good().der, b"junk"), NAME, _now(), peers.trust()) == (K.SSL_INVALID_CERTIFICATE,)
    (described,) = describe((b"junk",), keep_der=True)
    assert (described.subject, described.der_base64) == ("", "anVuaw==")


def test_a_long_chain_and_many_names_are_bounded() -> None:
    hosts = [f"host-{number}.example" for number in range(200)]
    der = issue("many", ROOT, hosts=hosts).der
    described = describe(der * 30, keep_der=False)
    assert len(described) == MAX_CHAIN
    assert described[0].names == tuple(hosts[:MAX_NAMES])
    assert problems(der * 30, "host-199.example", _now(), peers.trust()) == ()
    assert len(describe(issue("x" * 64, ROOT).der, keep_der=False)[0].subject) <= MAX_FIELD


def test_a_certificate_described() -> None:
    (described,) = describe(issue("leaf", ROOT, hosts=(NAME, "192.0.2.1")).der, keep_der=False)
    assert (described.subject, described.issuer) == ("CN=leaf", "CN=Trusted Root")
    assert described.names == (NAME, "192.0.2.1")
    assert described.not_before == peers.VALID[0].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert described.der_base64 == ""


def test_a_certificate_with_any_broken_byte_is_a_verdict() -> None:
    whole = issue("leaf", ROOT, hosts=(NAME, "192.0.2.1"), usage=SERVER).der[0]
    for position, byte in enumerate(whole):
        for other in {0, 1, 4, 0xFF, byte ^ 1, byte ^ 0x80} - {byte}:
            broken = whole[:position] + bytes([other]) + whole[position + 1 :]
            assert problems((broken,), NAME, _now(), peers.trust()), (position, other)
            describe((broken,), keep_der=True)


def test_a_ca_file_that_holds_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here")
    with pytest.raises(ValueError, match=r"empty\.pem"):
        TrustStore(empty)
    with pytest.raises(FileNotFoundError):
        TrustStore(tmp_path / "missing.pem")


def test_without_a_ca_file_our_root_is_unknown(tmp_path: Path) -> None:
    assert problems(peers.good().der, NAME, _now(), TrustStore()) == (K.SSL_UNKNOWN_AUTHORITY,)
    pinned = tmp_path / "leaf.pem"
    pinned.write_bytes(peers.good().chain[0].public_bytes(serialization.Encoding.PEM))
    assert problems(peers.good().der, NAME, _now(), TrustStore(pinned)) == ()


def test_a_certificate_that_the_library_warns_of_is_read_without_a_word() -> None:
    """A country of five letters is odd but readable; warnings are errors here."""
    der = peers.issue("odd", ROOT, hosts=HOSTS).der[0]
    short, long = b"\x55\x04\x03\x0c\x03odd", b"\x55\x04\x06\x0c\x03odd"  # commonName made a countryName
    assert short in der
    (described,) = describe((der.replace(short, long),), keep_der=False)
    assert described.subject == "C=odd"
