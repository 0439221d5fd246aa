"""HTTP/2 where ALPN agrees on it: the same responses, big bodies through the flow-control windows, faults in a body."""

import httpx
import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.world import Fault, Response
from tests.lab.client import ADDRESS, PATIENCE, SITE, https, site, small_world, trusting


def fetch(lab: LoopbackLab, method: str = "GET", content: bytes | None = None) -> httpx.Response:
    """One request over HTTP/2 to the site, on the port that stands for it."""
    host, port = lab.client_table[ADDRESS, 443, "tcp"]
    with httpx.Client(http2=True, http1=False, verify=trusting(lab), timeout=PATIENCE, trust_env=False) as client:
        headers, extensions = {"Host": SITE}, {"sni_hostname": SITE}
        url = f"https://{host}:{port}/"
        return client.request(method, url, headers=headers, extensions=extensions, content=content)


def test_site_answers_over_http2() -> None:
    with LoopbackLab(small_world()) as lab:
        got = fetch(lab)
        assert (got.http_version, got.status_code, got.content) == ("HTTP/2", 200, b"this is site.test")
        assert fetch(lab, "POST", b"x" * 100_000).content == b"this is site.test"
        assert fetch(lab, "HEAD").content == b""


def test_body_bigger_than_the_window() -> None:
    with LoopbackLab(small_world(https(site(SITE, Response(generated=1_000_000))))) as lab:
        assert len(fetch(lab).content) == 1_000_000


@pytest.mark.parametrize("fault", [Fault.RESET_BODY, Fault.CLOSE_BODY, Fault.RESET_REQUEST])
def test_faults_end_the_connection(fault: Fault) -> None:
    response = Response(generated=5000, fault=fault, fault_after=1000)
    with LoopbackLab(small_world(https(site(SITE, response)))) as lab, pytest.raises(httpx.TransportError):
        fetch(lab)
