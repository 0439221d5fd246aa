"""The options of everything that measures: `probe run` and `probe watch` share them, word for word (`measuring`).

Only words: what they mean, and what is wrong with them, is for `asking`. The flags and their meaning are a contract for
scripts.
"""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from probe.model.target import Risk

Targets = Annotated[Path, typer.Argument(metavar="LIST", help="The target list.", show_default=True)]
Vantage = Annotated[str, typer.Option(metavar="NAME", help="Name of this vantage point.")]
Country = Annotated[str, typer.Option(metavar="CC", help="Its country, ISO 3166-1; ZZ: not told.")]
Asn = Annotated[str, typer.Option(metavar="ASN", help="Its network, as 4134 or AS4134; 0: not told.")]
Network = Annotated[str, typer.Option(metavar="TEXT", help="Name of its network.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Results folder.")]
Only = Annotated[list[str], typer.Option(metavar="ID", help="Only this target or target/endpoint. Repeatable.")]
Concurrency = Annotated[int, typer.Option(metavar="N", help="Endpoints that talk at once.", min=1)]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="S", help="Deadline of each stage, in seconds.", min=0.1, max=600)
]
Resolver = Annotated[
    list[str],
    typer.Option(
        metavar="ADDR[:PORT]",
        help="Ask this resolver as well, over UDP (tcp://ADDR: over TCP). The system's own is always asked: it is "
        "what users there have. Repeatable.",
    ),
]
Doh = Annotated[list[str], typer.Option(metavar="URL", help="Ask this DNS-over-HTTPS resolver as well. Repeatable.")]
CaFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Trust these authorities (PEM) too, beside certifi's.")
]
ControlProxy = Annotated[
    list[str],
    typer.Option(metavar="URL", help="Ask the same through this proxy, socks5:// or http://. Repeatable."),
]
ControlVantage = Annotated[
    list[str],
    typer.Option(metavar="DIR", help="Results of another vantage point, as a control. Repeatable."),
]
AcceptRisk = Annotated[
    Risk,
    typer.Option(
        metavar="RISK", help="Measure targets up to this risk to the person who measures: low, medium or high."
    ),
]
Followup = Annotated[bool, typer.Option(help="Experiments after an anomaly.")]
Canary = Annotated[
    list[str],
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
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print every host, port and check a run would touch, and touch none.")
]
Json = Annotated[bool, typer.Option("--json", help="Print each measurement as a JSON line.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for, as it was written. The fields are the options, in the order of the help."""

    targets: Targets = Path("targets.yaml")
    vantage: Vantage = "local"
    country: Country = "ZZ"
    asn: Asn = "0"
    network: Network = ""
    out: Out = Path("results")
    only: Only = field(default_factory=list)
    concurrency: Concurrency = 512
    timeout: Timeout = 10.0
    resolver: Resolver = field(default_factory=list)
    doh: Doh = field(default_factory=list)
    ca_file: CaFile = None
    control_proxy: ControlProxy = field(default_factory=list)
    control_vantage: ControlVantage = field(default_factory=list)
    accept_risk: AcceptRisk = Risk.MEDIUM
    followup: Followup = True
    canary: Canary = field(default_factory=list)
    egress_url: EgressUrl = None
    asn_table: AsnTable = None
    fingerprints: Fingerprints = None
    max_bytes: MaxBytes = None
    max_time: MaxTime = None


NAMES = tuple(each.name for each in fields(Options))


def measuring(command: Callable[..., None]) -> Callable[..., None]:
    """A command as Typer reads it: every field of `Options` an option, in the place of its parameter of that type."""
    parameters: list[Parameter] = []
    for name, own in signature(command).parameters.items():
        if own.annotation is Options:
            place = name
            parameters += _as_parameters()
        else:
            parameters.append(own.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def called(**values: Any) -> None:
        command(**{place: Options(**{name: values.pop(name) for name in NAMES})}, **values)

    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _as_parameters() -> Iterator[Parameter]:
    for each in fields(Options):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        yield Parameter(each.name, Parameter.KEYWORD_ONLY, default=default, annotation=each.type)
