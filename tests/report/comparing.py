"""The way from measurements to a comparison that `probe diff` takes: through files, as it reads them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from probe.model.measurement import Measurement
from probe.model.observation import Certificate, DNSLookup, Observation, Purpose, Resolver, ResolverKind, TLSHandshake
from probe.report.diff_gather import Gathered, gather
from probe.report.diff_view import DiffView, build
from probe.store.layout import find
from probe.store.pick import Meaning, Pick
from probe.store.reader import Tally
from tests.report.viewing import write

TRUE = Certificate(sha256="aa" * 32, subject="CN=a", issuer="CN=R3", not_after="2021-05-03T00:00:00Z")
FALSE = Certificate(sha256="bb" * 32, subject="CN=b", issuer="CN=Other", not_after="2022-01-01T00:00:00Z")


def lookup(*addresses: str, resolver: str = "202.96.209.133:53", **more: Any) -> DNSLookup:
    """What one of the vantage's own resolvers said."""
    asked = Resolver(kind=ResolverKind.UDP, address=resolver, own=more.pop("own", True))
    return DNSLookup(transaction_id=1, resolver=asked, name="a", qtype="A", addresses=addresses, **more)


def shaken(certificate: Certificate = TRUE, purpose: Purpose = Purpose.MAIN, **more: Any) -> TLSHandshake:
    """A handshake that met this certificate."""
    return TLSHandshake(
        transaction_id=2, purpose=purpose, address="1.1.1.1", port=443, certificates=(certificate,), **more
    )


MET: tuple[Observation, ...] = (lookup("1.1.1.1"), shaken())


def picked(path: Path, measurements: Iterable[Measurement], **changes: Any) -> Pick:
    """One side: a file of these measurements."""
    return Pick(path.name, Meaning.FILES, find([str(write(path, measurements))]).sources)._replace(**changes)


def gathered(folder: Path, measurements: Iterable[Measurement], *, raw: bool = False) -> Gathered:
    """What is gathered of one side."""
    (side,) = gather([picked(folder / "side.jsonl", measurements)], Tally(), raw=raw)
    return side


def compared(folder: Path, a: Sequence[Measurement], b: Sequence[Measurement], **options: Any) -> DiffView:
    """The comparison of two files of measurements."""
    picks = picked(folder / "before.jsonl", a), picked(folder / "after.jsonl", b)
    one, other = gather(picks, Tally(), raw=options.get("raw", False))
    return build(picks, (one, other), **options)
