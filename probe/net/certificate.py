"""What a certificate chain says, and everything wrong with it. No socket here, and no clock: the caller says when.

Three libraries share the work: OpenSSL (through pyOpenSSL) builds the path to a trust anchor as the programs of users
do, service-identity matches the name (RFC 9525), cryptography reads the fields. OpenSSL alone would stop at its first
complaint, so time and name are judged apart from the path. Whether a wrong certificate is an attack is `diagnose`'s
question.
"""

import base64
import contextlib
import hashlib
import ssl
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from OpenSSL import crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address

from probe.model.failure import FailureKind
from probe.model.observation import Certificate
from probe.net.url import is_address

MAX_CHAIN = 10
"""Certificates of a chain that are read; a server may send any number."""
MAX_NAMES = 50
"""Subject alternative names that are kept of one certificate."""
MAX_FIELD = 256
"""Characters kept of a name."""

_X509_V_FLAG_NO_CHECK_TIME = 0x200000  # openssl/x509_vfy.h; time is judged apart, so that the path can be cached
_SELF_SIGNED = 18
_NO_ISSUER = frozenset({2, 19, 20, 21})

# X.509 libraries raise these on bytes that only look like a certificate.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    crypto.Error,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class TrustStore:
    """The authorities a chain may end at: certifi's list and, if given, those of a PEM file beside it.

    Build it once per process: reading a bundle costs more than fifty handshakes.
    Raises OSError if `ca_file` cannot be read and ValueError if it holds no certificate.
    """

    def __init__(self, ca_file: Path | None = None) -> None:
        import certifi

        self._store = crypto.X509Store()
        self._store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN | _X509_V_FLAG_NO_CHECK_TIME)
        self._store.load_locations(certifi.where())
        self._own_pem = "" if ca_file is None else ca_file.read_text(encoding="ascii", errors="replace")
        if ca_file is not None:
            self._add_own(ca_file)
        self._paths: dict[tuple[bytes, ...], tuple[int, tuple[int, ...]]] = {}

    def _add_own(self, ca_file: Path) -> None:
        try:
            for certificate in x509.load_pem_x509_certificates(self._own_pem.encode("ascii", "replace")):
                self._store.add_cert(crypto.X509.from_cryptography(certificate))
        except _UNREADABLE as error:
            raise ValueError(f"{ca_file} holds no readable PEM certificate ({error})") from error

    def client_context(self) -> ssl.SSLContext:
        """An ordinary verifying context over the same authorities, for our own questions (DoH)."""
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
        if self._own_pem:
            context.load_verify_locations(cadata=self._own_pem)
        return context

    def path(self, chain: Sequence[bytes]) -> tuple[int, tuple[int, ...]]:
        """OpenSSL's verdict on the path (0: it ends at an anchor) and which of the chain are on it, dates apart."""
        key = tuple(hashlib.sha256(der).digest() for der in chain)
        if key not in self._paths:
            if len(self._paths) > 4096:
                self._paths.clear()
            code, between = self._verify(chain)
            members = () if code else tuple(n for n, digest in enumerate(key) if digest in (key[0], *between))
            self._paths[key] = code, members
        return self._paths[key]

    def _verify(self, chain: Sequence[bytes]) -> tuple[int, tuple[bytes, ...]]:
        """The verdict, and the SHA-256 of what stands between the leaf and its anchor."""
        leaf, *others = [_openssl(der) for der in chain]
        context = crypto.X509StoreContext(self._store, leaf, others)
        try:
            verified = context.get_verified_chain()
        except crypto.X509StoreContextError as error:
            return int(error.errors[0]), ()
        # The anchor is trusted as it is: its own dates are the trust store's business.
        return 0, tuple(bytes.fromhex(c.digest("sha256").decode().replace(":", "")) for c in verified[1:-1])


@lru_cache(maxsize=1024)
def _openssl(der: bytes) -> crypto.X509:
    return crypto.load_certificate(crypto.FILETYPE_ASN1, der)


@lru_cache(maxsize=4096)
def _parse(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """cryptography warns, field by field, of what is odd but readable: strangers have such certificates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def problems(chain: Sequence[bytes], name: str, now: float, trust: TrustStore) -> tuple[FailureKind, ...]:
    """Everything wrong with a chain (DER, leaf first) for `name` at `now` (epoch seconds), in order of weight.

    The order: wrong host, then no trusted path, then dates, then the rest. Empty: valid for the name.
    """
    if not chain:
        return (FailureKind.SSL_INVALID_CERTIFICATE,)
    with _unwarned():
        return _problems(list(chain[:MAX_CHAIN]), name, now, trust)


def _problems(bounded: list[bytes], name: str, now: float, trust: TrustStore) -> tuple[FailureKind, ...]:
    try:
        leaf = _parse(bounded[0])
        code, members = trust.path(bounded)
    except _UNREADABLE:
        return (FailureKind.SSL_INVALID_CERTIFICATE,)
    found: list[FailureKind] = []
    if not names_match(leaf, name):
        found.append(FailureKind.SSL_INVALID_HOSTNAME)
    if code:
        found.append(_path_problem(code, leaf))
    found.extend(_date_problems([_parse(bounded[n]) for n in members or (0,)], now))
    if not _may_serve(leaf) and FailureKind.SSL_INVALID_CERTIFICATE not in found:
        found.append(FailureKind.SSL_INVALID_CERTIFICATE)
    return tuple(found)


def _path_problem(code: int, leaf: x509.Certificate) -> FailureKind:
    if code == _SELF_SIGNED or (code in _NO_ISSUER and _signed_itself(leaf)):
        return FailureKind.SSL_SELF_SIGNED
    return FailureKind.SSL_UNKNOWN_AUTHORITY if code in _NO_ISSUER else FailureKind.SSL_INVALID_CERTIFICATE


def _signed_itself(leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(leaf)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _date_problems(members: Sequence[x509.Certificate], now: float) -> list[FailureKind]:
    moment = datetime.fromtimestamp(now, UTC)
    found = []
    if any(certificate.not_valid_after_utc < moment for certificate in members):
        found.append(FailureKind.SSL_EXPIRED)
    if any(certificate.not_valid_before_utc > moment for certificate in members):
        found.append(FailureKind.SSL_NOT_YET_VALID)
    return found


def _may_serve(leaf: x509.Certificate) -> bool:
    """Whether the extended key usage, if there is one, allows a TLS server (RFC 5280 section 4.2.1.12)."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except _UNREADABLE:
        return False
    return ExtendedKeyUsageOID.SERVER_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage


@lru_cache(maxsize=4096)
def names_match(leaf: x509.Certificate, name: str) -> bool:
    """Whether the certificate is for `name`: a host name (A-labels) or a literal address (RFC 9525, RFC 6125)."""
    try:
        verify = verify_certificate_ip_address if is_address(name) else verify_certificate_hostname
        verify(leaf, name)
    except (VerificationError, CertificateError, *_UNREADABLE):
        return False
    return True


def describe(chain: Sequence[bytes], *, keep_der: bool) -> tuple[Certificate, ...]:
    """The chain as records, leaf first; the DER itself only where `keep_der` asks for it."""
    return tuple(_describe(der, keep_der) for der in chain[:MAX_CHAIN])


@lru_cache(maxsize=4096)
def _describe(der: bytes, keep_der: bool) -> Certificate:
    digest = hashlib.sha256(der).hexdigest()
    kept = base64.b64encode(der[:16384]).decode() if keep_der else ""
    try:
        with _unwarned():
            parsed = _parse(der)
            return Certificate(
                sha256=digest,
                subject=parsed.subject.rfc4514_string()[:MAX_FIELD],
                issuer=parsed.issuer.rfc4514_string()[:MAX_FIELD],
                names=_names(parsed),
                not_before=parsed.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                not_after=parsed.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                der_base64=kept,
            )
    except _UNREADABLE:
        return Certificate(sha256=digest, subject="", issuer="", der_base64=kept)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    with contextlib.suppress(*_UNREADABLE, x509.ExtensionNotFound):
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        if isinstance(extension.value, x509.SubjectAlternativeName):
            return tuple(_name_text(general)[:MAX_FIELD] for general in list(extension.value)[:MAX_NAMES])
    return ()


def _name_text(general: x509.GeneralName) -> str:
    return str(general.value)
