"""Each kind of certificate is refused for its own reason, by OpenSSL's verify codes; the good ones are accepted."""

import ssl
from contextlib import closing

import pytest

from probe.lab.certificates import Certificates
from probe.lab.loopback import LoopbackLab
from probe.lab.world import CertificateSpec, Issuer, Site
from tests.lab.client import SITE, connect, get_tls, https, small_world, trusting

HOST_MISMATCH, NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER = 62, 9, 10, 18, 19, 20


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        (CertificateSpec(names=("other.test",)), (HOST_MISMATCH,)),
        (CertificateSpec(not_before=1, not_after=9), (NOT_YET_VALID,)),
        (CertificateSpec(not_after=-1), (EXPIRED,)),
        (CertificateSpec(issuer=Issuer.SELF), (SELF_SIGNED,)),
        (CertificateSpec(issuer=Issuer.ROGUE), (NO_ISSUER, SELF_SIGNED_IN_CHAIN)),
    ],
)
def test_each_certificate_is_wrong_in_its_own_way(spec: CertificateSpec, codes: tuple[int, ...]) -> None:
    with LoopbackLab(small_world(https(Site(names=(SITE,), certificate=spec)))) as lab:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            get_tls(lab, SITE)
        assert caught.value.verify_code in codes


@pytest.mark.parametrize("intermediate", [False, True])
def test_good_certificates_verify_directly_and_through_an_intermediate(intermediate: bool) -> None:
    spec = CertificateSpec(intermediate=intermediate)
    with LoopbackLab(small_world(https(Site(names=(SITE,), certificate=spec)))) as lab:
        assert get_tls(lab, SITE).startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(Certificates().chain(spec, SITE)) == (2 if intermediate else 1)


def test_tls_12_only_server() -> None:
    with (
        LoopbackLab(small_world(https(Site(names=(SITE,)), tls_maximum="1.2"))) as lab,
        closing(connect(lab)) as raw,
        trusting(lab).wrap_socket(raw, server_hostname=SITE) as secure,
    ):
        assert secure.version() == "TLSv1.2"


def test_contexts_are_made_once() -> None:
    certificates = Certificates()
    assert certificates.context(CertificateSpec(), SITE) is certificates.context(CertificateSpec(), SITE)
