"""Certificates made on the spot, and the TLS contexts that serve them.

Two roots: a public one, whose PEM stands for the client's trust store, and a rogue one that nobody trusts. All leaves
of a lab share one P-256 key: a certificate costs well under a millisecond, a context is made once per spec and name.
"""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe.lab.world import CertificateSpec, Issuer

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
ROOT_DAYS = 3650


class _Signer:
    """A key with its certificate, and the chain up to but without the root."""

    def __init__(self, name: str, key: ec.EllipticCurvePrivateKey, issuer: "_Signer | None" = None) -> None:
        self.key, self.name = key, _name(name)
        signing_key, signing_name = (issuer.key, issuer.name) if issuer else (key, self.name)
        start = datetime.now(UTC) - timedelta(days=ROOT_DAYS)
        builder = _builder(self.name, signing_name, key, start, start + timedelta(days=2 * ROOT_DAYS))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(sign_certificates=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        self.certificate = builder.sign(signing_key, hashes.SHA256())
        self.chain: list[x509.Certificate] = [self.certificate, *issuer.chain] if issuer else []


class Certificates:
    """The certificate authority of one lab."""

    def __init__(self) -> None:
        self._public = _Signer("Lab Public Root", ec.generate_private_key(ec.SECP256R1()))
        self._rogue = _Signer("Middlebox Root", ec.generate_private_key(ec.SECP256R1()))
        self._middle = _Signer("Lab Public Intermediate", ec.generate_private_key(ec.SECP256R1()), self._public)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self.context = cache(self._context)

    @property
    def public_pem(self) -> str:
        """The public root, as a probe's trust store wants it."""
        return self._public.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def chain(self, spec: CertificateSpec, name: str) -> list[x509.Certificate]:
        """Leaf first, without the root. `name` is what the leaf is for when the spec gives no names."""
        if spec.issuer is Issuer.SELF:
            return [self._leaf(spec, name, None)]
        signer = self._rogue if spec.issuer is Issuer.ROGUE else self._middle if spec.intermediate else self._public
        return [self._leaf(spec, name, signer), *signer.chain]

    def _context(
        self, spec: CertificateSpec, name: str, alpn: tuple[str, ...] = (), tls_maximum: str = "1.3"
    ) -> ssl.SSLContext:
        """A server's context for this certificate; the same one for the same arguments."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = VERSIONS[tls_maximum]
        if alpn:
            context.set_alpn_protocols(list(alpn))
        pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in self.chain(spec, name))
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with tempfile.TemporaryDirectory() as folder:  # the ssl module takes certificates from files only
            path = Path(folder, "chain.pem")
            path.write_bytes(key + pem)
            context.load_cert_chain(path)
        return context

    def _leaf(self, spec: CertificateSpec, name: str, signer: _Signer | None) -> x509.Certificate:
        names = spec.names or (name,)
        subject, key = _name(names[0]), self._leaf_key
        issuer_name, issuer_key = (signer.name, signer.key) if signer else (subject, key)
        now = datetime.now(UTC)
        start, end = now + timedelta(days=spec.not_before), now + timedelta(days=spec.not_after)
        builder = _builder(subject, issuer_name, key, start, end)
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(sign_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(authority, critical=False)
        return builder.sign(issuer_key, hashes.SHA256())


def client_context(root_pem: str | None = None) -> ssl.SSLContext:
    """A context for a client inside the lab: verifies against `root_pem`, or, without it, verifies nothing (a middlebox
    that breaks into TLS does not care)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if root_pem is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=root_pem)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _general(name: str) -> x509.GeneralName:
    try:
        address: IPv4Address | IPv6Address = ip_address(name)
    except ValueError:
        return x509.DNSName(name)
    return x509.IPAddress(address)


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
