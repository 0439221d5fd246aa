"""`probe run`: measure a target list once. Reads the options, names their mistakes, shows progress; measuring is below.

The flags and their meaning are a contract for scripts.
"""

import math
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import Exit, clean, fail
from probe.model.target import Risk

if TYPE_CHECKING:
    from probe.cli.live import Bar
    from probe.measure.plan import Plan
    from probe.measure.settings import Settings
    from probe.model.diagnosis import Fitness
    from probe.model.measurement import Measurement
    from probe.model.target import Target, TargetList
    from probe.model.vantage import Vantage
    from probe.net.certificate import TrustStore
    from probe.schedule.once import Job
    from probe.store.neighbours import Neighbours

Seconds = Annotated[float, typer.Option("--timeout", metavar="S", help="Deadline of each stage, in seconds.", min=0.1)]


def run(
    targets: Annotated[Path, typer.Argument(help="The target list.", show_default=True)] = Path("targets.yaml"),
    vantage: Annotated[str, typer.Option(metavar="NAME", help="Name of this vantage point.")] = "local",
    country: Annotated[str, typer.Option(metavar="CC", help="Its country, ISO 3166-1; ZZ: not told.")] = "ZZ",
    asn: Annotated[str, typer.Option(metavar="ASN", help="Its network, as 4134 or AS4134; 0: not told.")] = "0",
    network: Annotated[str, typer.Option(metavar="TEXT", help="Name of its network.")] = "",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Results folder.")] = Path("results"),
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this target or target/endpoint. Repeatable.")
    ] = None,
    concurrency: Annotated[int, typer.Option(metavar="N", help="Endpoints that talk at once.", min=1)] = 512,
    timeout: Seconds = 10.0,
    resolver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDR[:PORT]",
            help="Ask this resolver as well, over UDP (tcp://ADDR: over TCP). The system's own is always asked: it is "
            "what users there have. Repeatable.",
        ),
    ] = None,
    doh: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Ask this DNS-over-HTTPS resolver as well. Repeatable.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Trust these authorities (PEM) too, beside certifi's.")
    ] = None,
    control_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Ask the same through this proxy, socks5:// or http://. Repeatable."),
    ] = None,
    control_vantage: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="Results of another vantage point, as a control. Repeatable."),
    ] = None,
    accept_risk: Annotated[
        Risk, typer.Option(help="Measure targets up to this risk to the person who measures.")
    ] = Risk.MEDIUM,
    followup: Annotated[bool, typer.Option(help="Experiments after an anomaly.")] = True,
    canary: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDR", help="An address that runs no resolver, to catch forgers with. Repeatable."),
    ] = None,
    egress_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help='A page that tells where we come from ({"asn": 4134}), asked in each run.'),
    ] = None,
    fingerprints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Block pages to know, as CSV of ooni/blocking-fingerprints.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print each measurement as a JSON line.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print every host, port and check this would touch, and touch none.")
    ] = False,
) -> None:
    """Measure every endpoint of a target list once; append a JSON line for each to DIR/<vantage>/<date>/<run>.jsonl."""
    from probe.cli.live import say
    from probe.cli.targets import load_or_fail

    mistakes: list[str] = []
    place = _vantage(vantage, country, asn, network, mistakes)
    settings = _settings(concurrency, timeout, resolver or [], doh or [], control_proxy or [], followup, mistakes)
    settings = _with_extras(settings, canary or [], egress_url, fingerprints, mistakes)
    trust = _trust(ca_file, mistakes)
    neighbours = _neighbours(control_vantage or [], mistakes)
    for mistake in mistakes:
        say(mistake)
    listed = load_or_fail(targets, "nothing was probed")
    plan = _plan(listed, only or [], accept_risk, mistakes)
    assert trust is not None  # noqa: S101 - else that was a mistake, and told
    if dry_run:
        from probe.cli.dryrun import show

        show(plan, settings, json=json)
        return
    from probe.schedule.once import Job

    job = Job(plan, place, settings, out, listed.sha256)
    _go(job, listed.targets, trust, neighbours, json=json)


def _counted(mistakes: list[str]) -> str:
    return f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}; nothing was probed."


def _vantage(name: str, country: str, asn: str, network: str, mistakes: list[str]) -> "Vantage":
    from probe.model.vantage import Vantage
    from probe.store.layout import vantage_error

    if (error := vantage_error(name)) is not None:
        mistakes.append(f"--vantage: {clean(error)}")
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        mistakes.append(f"--country {clean(country)!r} is no country code; write two letters, such as CN")
    number = asn.upper().removeprefix("AS")
    if not (number.isascii() and number.isdigit() and int(number) < 2**32):
        mistakes.append(f"--asn {clean(asn)!r} is no network number; write 4134 or AS4134")
        number = "0"
    return Vantage(name=name, country=country.upper(), asn=int(number), network=network)


def _settings(
    concurrency: int,
    timeout: float,
    resolvers: list[str],
    doh: list[str],
    proxies: list[str],
    followup: bool,
    mistakes: list[str],
) -> "Settings":
    from probe.measure.settings import Settings, default_resolvers, resolver_from
    from probe.model.observation import ResolverKind
    from probe.net.real import RealNetwork, own_addresses
    from probe.net.tunnel import parse_proxy

    if not math.isfinite(timeout):
        mistakes.append(f"--timeout {timeout} is no number of seconds; write one such as 10")
    asked = {(r.kind, r.address): r for r in default_resolvers(RealNetwork().system_resolvers())}
    parsed = []
    for flag, text in (*(("--resolver", each) for each in resolvers), *(("--doh", each) for each in doh)):
        try:
            one = resolver_from(text)
            if flag == "--doh" and one.kind is not ResolverKind.DOH:
                raise ValueError(
                    f"--doh {text!r} is no URL; write https://HOST/PATH such as https://dns.google/dns-query"
                )
            asked.setdefault((one.kind, one.address), one)  # the vantage's own stays its own, named here or not
        except ValueError as error:
            mistakes.append(clean(str(error)))
    for text in proxies:
        try:
            parsed.append(parse_proxy(text))
        except ValueError as error:
            mistakes.append(f"--control-proxy: {clean(str(error))}")
    return Settings(
        timeout=timeout,
        concurrency=concurrency,
        resolvers=tuple(asked.values()),
        proxies=tuple(parsed),
        followup=followup,
        own_addresses=own_addresses(),
    )


def _with_extras(
    settings: "Settings", canaries: list[str], egress_url: str | None, marks: Path | None, mistakes: list[str]
) -> "Settings":
    from dataclasses import replace

    from probe.diagnose.fingerprints import Fingerprint, parse_csv
    from probe.net.url import is_address, parse

    mistakes += [f"--canary {clean(text)!r} is no address" for text in canaries if not is_address(text)]
    egress = None if egress_url is None else parse(egress_url)
    if egress_url is not None and (egress is None or egress.scheme not in ("http", "https")):
        mistakes.append(f"--egress-url {clean(egress_url)!r} is no http or https URL")
    known: tuple[Fingerprint, ...] = ()
    if marks is not None:
        try:
            with marks.open(encoding="utf-8", newline="") as lines:
                known = parse_csv(lines)
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"--fingerprints {clean(str(marks))}: {clean(str(error))}")
        except ValueError as error:
            mistakes.append(f"{clean(str(marks))}:{clean(str(error))}")
    return replace(settings, canaries=tuple(canaries), egress=egress, marks=known)


def _plan(listed: "TargetList", only: list[str], accept: Risk, mistakes: list[str]) -> "Plan":
    """The plan, or all that is wrong with the flags. `mistakes` made so far are already told, but for their number."""
    from datetime import UTC, datetime

    from probe.cli.live import say
    from probe.measure.plan import SelectionError, make
    from probe.net.quic import available

    try:
        plan = make(listed, datetime.now(UTC).date(), only=only, risk=accept, with_quic=available())
    except SelectionError as error:
        unknown = [clean(line) for line in str(error).splitlines()]
        fail([*unknown, _counted([*mistakes, *unknown])])
    if mistakes:
        fail(_counted(mistakes))
    if not plan.tasks and (plan.left_out or not plan.references):
        reasons = [f"{name}: {why}" for name, why in plan.left_out]
        refused = any("--accept-risk" in reason for reason in reasons)
        fail([*map(clean, reasons), "nothing is left to probe"], Exit.CONSENT if refused else Exit.USAGE)
    for name, why in plan.left_out:
        say(f"left out {clean(name)}: {why}")
    return plan


def _trust(ca_file: Path | None, mistakes: list[str]) -> "TrustStore | None":
    """The authorities in `ca_file` beside certifi's; None if it cannot be read."""
    from probe.net.certificate import TrustStore

    try:
        return TrustStore(ca_file)
    except (OSError, ValueError) as error:
        mistakes.append(f"--ca-file: {clean(str(error))}")
        return None


def _neighbours(folders: list[str], mistakes: list[str]) -> "Neighbours":
    from probe.store.neighbours import Neighbours

    neighbours = Neighbours(folders)
    mistakes += [f"--control-vantage: {clean(problem)}" for problem in neighbours.problems]
    return neighbours


def _go(job: "Job", targets: "Sequence[Target]", trust: "TrustStore", neighbours: "Neighbours", *, json: bool) -> None:
    from probe.cli.live import Bar, say, summary
    from probe.model.diagnosis import Fitness
    from probe.store.journal import JournalError

    plan = job.plan
    bar = Bar(plan.size, f"Probing {plan.size} endpoints")
    shown = _Shown(bar, json)
    try:
        fitness = _until_done(job, trust, neighbours, shown)
    except JournalError as error:
        bar.close()
        fail(clean(str(error)), Exit.INTERNAL)
    finally:
        bar.close()
    if not json:
        summary(targets, shown.measured)
    say(f"{len(shown.measured)} lines → {clean(str(shown.path))}   {bar.counts()}")
    if fitness is None:
        fail(f"interrupted: {len(shown.measured)} of {plan.size} endpoints are on disk", Exit.INTERRUPTED)
    if fitness not in (Fitness.FIT, Fitness.UNKNOWN, Fitness.IPV6_BROKEN):
        fail(f"the vantage is unfit ({fitness}): nothing can be concluded from this run", Exit.UNFIT)


class _Shown:
    """What the run has told so far, and where it is shown."""

    def __init__(self, bar: "Bar", json: bool) -> None:
        self._bar, self._json = bar, json
        self.measured: list[Measurement] = []
        self.path: Path | None = None

    def start(self, _run: str, path: Path) -> None:
        self.path = path

    def measurement(self, one: "Measurement") -> None:
        self.measured.append(one)
        self._bar.count(one)
        self._bar.advance()
        if self._json:
            self._print(one)

    def _print(self, one: "Measurement") -> None:
        """One JSON line on stdout. A reader who has left does not end the run: the file is what it is for."""
        from probe.model.codec import encode_line

        try:
            sys.stdout.buffer.write(encode_line(one))
            sys.stdout.flush()
        except BrokenPipeError:
            self._json = False
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _until_done(job: "Job", trust: "TrustStore", neighbours: "Neighbours", shown: _Shown) -> "Fitness | None":
    """Run to the end; None if the user or the system ended it before."""
    import asyncio

    from probe.net.real import RealNetwork
    from probe.schedule.once import Progress, run_once

    progress = Progress(on_start=shown.start, on_measurement=shown.measurement)

    async def go() -> "Fitness":
        running = asyncio.ensure_future(run_once(job, RealNetwork(), trust, neighbours, progress))
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        return await running

    try:
        return asyncio.run(go())
    except (asyncio.CancelledError, KeyboardInterrupt):
        return None
