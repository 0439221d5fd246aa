"""The options of everything that measures: `probe run` and `probe watch` share them, word for word.

Only words: what they mean, and what is wrong with them, is for `asking`. The flags and their meaning are a contract for
scripts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from probe.model.target import Risk

Targets = Annotated[Path, typer.Argument(help="The target list.", show_default=True)]
Vantage = Annotated[str, typer.Option(metavar="NAME", help="Name of this vantage point.")]
Country = Annotated[str, typer.Option(metavar="CC", help="Its country, ISO 3166-1; ZZ: not told.")]
Asn = Annotated[str, typer.Option(metavar="ASN", help="Its network, as 4134 or AS4134; 0: not told.")]
Network = Annotated[str, typer.Option(metavar="TEXT", help="Name of its network.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Results folder.")]
Only = Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this target or target/endpoint. Repeatable.")]
Concurrency = Annotated[int, typer.Option(metavar="N", help="Endpoints that talk at once.", min=1)]
Timeout = Annotated[float, typer.Option("--timeout", metavar="S", help="Deadline of each stage, in seconds.", min=0.1)]
Resolver = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDR[:PORT]",
        help="Ask this resolver as well, over UDP (tcp://ADDR: over TCP). The system's own is always asked: it is "
        "what users there have. Repeatable.",
    ),
]
Doh = Annotated[
    list[str] | None, typer.Option(metavar="URL", help="Ask this DNS-over-HTTPS resolver as well. Repeatable.")
]
CaFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Trust these authorities (PEM) too, beside certifi's.")
]
ControlProxy = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Ask the same through this proxy, socks5:// or http://. Repeatable."),
]
ControlVantage = Annotated[
    list[str] | None,
    typer.Option(metavar="DIR", help="Results of another vantage point, as a control. Repeatable."),
]
AcceptRisk = Annotated[Risk, typer.Option(help="Measure targets up to this risk to the person who measures.")]
Followup = Annotated[bool, typer.Option(help="Experiments after an anomaly.")]
Canary = Annotated[
    list[str] | None,
    typer.Option(metavar="ADDR", help="An address that runs no resolver, to catch forgers with. Repeatable."),
]
EgressUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help='A page that tells where we come from ({"asn": 4134}, or our address), asked in each run.'
    ),
]
AsnTable = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Networks by address (CSV or .mmdb), to check the declared one without asking."),
]
Fingerprints = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Block pages to know, as CSV of ooni/blocking-fingerprints.")
]
MaxBytes = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Most data a run may move, such as 20MB; what is left then is not measured."),
]
MaxTime = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Most time a run may take, such as 5m; what is left then is not measured."),
]
Json = Annotated[bool, typer.Option("--json", help="Print each measurement as a JSON line.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for, as it was written."""

    targets: Path
    vantage: str
    country: str
    asn: str
    network: str
    out: Path
    only: list[str]
    concurrency: int
    timeout: float
    resolver: list[str]
    doh: list[str]
    ca_file: Path | None
    control_proxy: list[str]
    control_vantage: list[str]
    accept_risk: Risk
    followup: bool
    canary: list[str]
    egress_url: str | None
    asn_table: Path | None
    fingerprints: Path | None
    max_bytes: str | None
    max_time: str | None
