"""Observations made by hand: a scene is told step by step, and judged.

Every helper makes what `net` would have recorded, with the facts that rules read and no others. Addresses starting with
104.16 are the endpoint's own; 9.9.9.9 is another resolver, 10.255.0.1 the vantage's.
"""

from typing import Any

from probe.diagnose.engine import diagnose
from probe.diagnose.facts import Case, Facts, gather
from probe.model.diagnosis import Diagnosis, Fitness
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.measurement import ControlRecord, FitnessEvidence
from probe.model.observation import (
    Certificate,
    DNSAnswer,
    DNSLookup,
    DNSReply,
    ExpectationResult,
    HTTPRoundTrip,
    Observation,
    Purpose,
    Resolver,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)

HOST = "site.example"
URL = f"https://{HOST}/"
TRUE, TRUE_SIX = "104.16.1.1", "2606:4700::1"
FORGED = "31.13.94.37"
OWN = Resolver(kind=ResolverKind.UDP, address="10.255.0.1:53", own=True)
SYSTEM = Resolver(kind=ResolverKind.SYSTEM, own=True)
OTHER = Resolver(kind=ResolverKind.UDP, address="9.9.9.9:53")
DOH = Resolver(kind=ResolverKind.DOH, address="https://dns.google/dns-query")
FIT = FitnessEvidence(domestic=(3, 3), foreign=(3, 3), clock_offset=0.1, ipv6="ok")


def failed(kind: FailureKind | None, operation: Operation) -> Failure | None:
    """A failure of that kind, or none."""
    return None if kind is None else Failure(kind=kind, operation=operation)


def reply(*addresses: str, rcode: str = "NOERROR", t: float = 0.01, ttl: int | None = 57) -> DNSReply:
    """One reply with these addresses."""
    answers = tuple(DNSAnswer(HOST, "AAAA" if ":" in each else "A", each, 60) for each in addresses)
    return DNSReply(t=t, size=60, ip_ttl=ttl, rcode=rcode, answers=answers)


class Scene:
    """The observations of one measurement, told in order; each method returns the scene."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self._transaction = 0

    def _next(self) -> int:
        self._transaction += 1
        return self._transaction

    def asked(
        self,
        resolver: Resolver,
        *addresses: str,
        failure: FailureKind | None = None,
        replies: tuple[DNSReply, ...] | None = None,
        name: str = HOST,
        **shared: Any,
    ) -> "Scene":
        """A lookup that gave these addresses, or failed."""
        if replies is None:
            replies = (reply(*addresses),) if addresses and resolver.kind is not ResolverKind.SYSTEM else ()
        self.observations.append(
            DNSLookup(
                transaction_id=self._next(), resolver=resolver, name=name, qtype="A", addresses=addresses,
                replies=replies, failure=failed(failure, Operation.RESOLVE), **shared,
            )
        )  # fmt: skip
        return self

    def resolved(self, *addresses: str, **shared: Any) -> "Scene":
        """The vantage's own resolver and another one agree on these addresses."""
        return self.asked(OWN, *addresses, **shared).asked(OTHER, *addresses, **shared)

    def flow(
        self,
        address: str = TRUE,
        *,
        tcp: FailureKind | None = None,
        tls: FailureKind | None = None,
        http: FailureKind | None = None,
        status: int = 200,
        until: str = "http",
        page: dict[str, Any] | None = None,
        hello: dict[str, Any] | None = None,
        scheme: str = "https",
        **shared: Any,
    ) -> "Scene":
        """A flow that fails where told, or does its errand. `page` and `hello` are facts of answer and handshake."""
        shared["transaction_id"] = self._next()
        port = 443 if scheme == "https" else 80
        opened = TCPConnect(**shared, address=address, port=port, failure=failed(tcp, Operation.CONNECT))
        self.observations.append(opened)
        if tcp is not None or until == "tcp":
            return self
        if scheme == "https":
            self.observations.append(_shaken(address, tls, hello or {}, shared))
            if tls is not None or until == "tls":
                return self
        told = page or {}
        answered = http is None or bool(told.get("status"))
        facts: dict[str, Any] = {
            "method": "GET", "url": f"{scheme}://{HOST}/", "tls": scheme == "https",
            "authenticated": scheme == "https", "status": status if answered else 0, "body_sha256": "aa",
            "body_bytes": 100, "title": "Site",
        }  # fmt: skip
        wrong = failed(http, Operation.HTTP_ROUND_TRIP)
        self.observations.append(
            HTTPRoundTrip(**shared, address=address, port=port, failure=wrong, **{**facts, **told})
        )
        return self

    def control(self, **facts: Any) -> "Scene":
        """The same errand through the control proxy; it names the host, not an address."""
        return self.flow(HOST, purpose=Purpose.CONTROL, via="proxy-1", **facts)

    def tried(self, times: int, **facts: Any) -> "Scene":
        """The same flow in each of several tries, each with its lookups."""
        for attempt in range(times):
            purpose = Purpose.MAIN if attempt == 0 else Purpose.RETRY
            self.resolved(facts.get("address", TRUE), attempt=attempt, purpose=purpose)
            self.flow(attempt=attempt, purpose=purpose, **facts)
        return self

    def case(
        self,
        url: str = URL,
        fitness: Fitness = Fitness.FIT,
        evidence: FitnessEvidence = FIT,
        records: tuple[ControlRecord, ...] = (),
    ) -> Case:
        """What is to be judged."""
        return Case(url, tuple(self.observations), fitness, evidence, records)

    def facts(self, url: str = URL, **told: Any) -> Facts:
        """The facts of it."""
        return gather(self.case(url, **told))

    def judged(self, url: str = URL, **told: Any) -> Diagnosis:
        """The diagnosis of it."""
        return diagnose(self.case(url, **told))


def _shaken(address: str, tls: FailureKind | None, hello: dict[str, Any], shared: dict[str, Any]) -> TLSHandshake:
    """A handshake; one that fails by its certificate has shown it."""
    by_certificate = tls is not None and tls.name.startswith("SSL_") and tls is not FailureKind.SSL_FAILED_HANDSHAKE
    shown = (Certificate(sha256="0" * 64, subject=f"CN={HOST}", issuer="CN=CA", names=(HOST,)),)
    facts: dict[str, Any] = {
        "sni": HOST,
        "certificates": shown if tls is None or by_certificate else (),
        "problems": (tls,) if by_certificate else (),
    }
    wrong = failed(tls, Operation.TLS_HANDSHAKE)
    return TLSHandshake(**shared, address=address, port=443, failure=wrong, **{**facts, **hello})


def record(verdict: Any, vantage: str = "berlin", **facts: Any) -> ControlRecord:
    """What another vantage saw, a minute after we began."""
    plain: dict[str, Any] = {"id": f"r/{vantage}", "vantage": vantage, "country": "DE", "asn": 3320, "age": 60.0}
    plain |= {"lag": 60.0, "clock": 0.0}
    return ControlRecord(**{**plain, "verdict": verdict, **facts})


def expected(*clauses: bool) -> dict[str, Any]:
    """The facts of a page whose expectations held or not."""
    return {"expectations": tuple(ExpectationResult(f"clause {n}", held, "") for n, held in enumerate(clauses))}
