"""From options to what a run needs: vantage, settings, trust, neighbours, plan. Names every mistake in one go.

Shared by the commands that measure. What they were asked is in `options`; here it is understood, or refused with exit
2 before anything is probed.
"""

import math
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from probe.cli.amounts import bytes_of, seconds_of
from probe.cli.console import Exit, clean, fail
from probe.cli.options import Options

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from probe.diagnose.fingerprints import Fingerprint
    from probe.measure.asn_table import AsnTable
    from probe.measure.plan import Plan
    from probe.measure.settings import Settings
    from probe.model.target import TargetList
    from probe.model.vantage import Vantage
    from probe.net.certificate import TrustStore
    from probe.schedule.once import Bounds, Job
    from probe.store.neighbours import Neighbours

UNDONE = "nothing was probed"
UNTOLD = "ZZ"
"""The country of a vantage point whose operator does not tell it."""


class Asked(NamedTuple):
    """The options, understood."""

    options: Options
    vantage: "Vantage"
    settings: "Settings"
    bounds: "Bounds"
    trust: "TrustStore"
    neighbours: "Neighbours"
    listed: "TargetList"
    plan: "Plan"

    def job(self) -> "Job":
        """The run that was asked for."""
        from probe.schedule.once import Job

        return Job(self.plan, self.vantage, self.settings, self.options.out, self.listed.sha256, self.bounds)


def asked_or_fail(options: Options, mistakes: list[str]) -> Asked:
    """All that a run needs; or every mistake of the options (`mistakes` holds the caller's own) and of the list."""
    from probe.cli.live import say
    from probe.cli.targets import load_or_fail

    place = _vantage(options, mistakes)
    settings = _with_extras(_settings(options, mistakes), options, mistakes)
    trust = _trust(options.ca_file, mistakes)
    neighbours = _neighbours(options, mistakes)
    bounds = _bounds(options, mistakes)
    if mistake := folder_mistake(options.out):
        mistakes.append(mistake)
    for mistake in mistakes:
        say(mistake)
    listed = load_or_fail(options.targets, UNDONE, len(mistakes))
    plan = _plan(listed, options, mistakes)
    assert trust is not None  # noqa: S101 - else that was a mistake, and told
    return Asked(options, place, settings, bounds, trust, neighbours, listed, plan)


def understood(options: Options, mistakes: list[str]) -> "tuple[Vantage, Settings, TrustStore | None]":
    """Vantage, settings and trust as far as they can be understood; the `mistakes` grow by what is wrong."""
    settings = _with_extras(_settings(options, mistakes), options, mistakes)
    return _vantage(options, mistakes), settings, _trust(options.ca_file, mistakes)


def mistakes_of(options: Options) -> list[str]:
    """What `asked_or_fail` would refuse, for a run that is made later and elsewhere: a file that is not there yet may
    be there by then, and where results go is for whoever knows who makes the run."""
    there = _but_for_missing(options)
    mistakes: list[str] = []
    understood(there, mistakes)
    _neighbours(there, mistakes)
    _bounds(there, mistakes)
    return [*mistakes, *_mistakes_of_list(there)] if there.targets.exists() else mistakes


def _but_for_missing(options: Options) -> Options:
    from dataclasses import replace
    from pathlib import Path

    def there(file: Path | None) -> Path | None:
        return file if file is not None and file.exists() else None

    return replace(
        options,
        ca_file=there(options.ca_file),
        asn_table=there(options.asn_table),
        fingerprints=there(options.fingerprints),
        control_vantage=[folder for folder in options.control_vantage if Path(folder).exists()],
    )


def _mistakes_of_list(options: Options) -> list[str]:
    from probe.measure.plan import SelectionError
    from probe.targets.load import TargetListError, load_targets

    try:
        plan = plan_of(load_targets(options.targets), options)
    except TargetListError as error:
        return [clean(str(problem)) for problem in error.problems]
    except SelectionError as error:
        return [clean(line) for line in str(error).splitlines()]
    return _nothing_left(plan)


def renewed(asked: Asked) -> "Settings":
    """The settings as of now: a machine that moved has other resolvers, and other addresses to keep out of records."""
    mistakes: list[str] = []
    settings = _with_extras(_settings(asked.options, mistakes), asked.options, mistakes)
    return asked.settings if mistakes else settings


def plan_of(listed: "TargetList", options: Options) -> "Plan":
    """What is to be measured today. Raises SelectionError if `--only` names what is not in the list."""
    from probe.measure.plan import make
    from probe.net.quic import available

    return make(listed, today(), only=options.only, risk=options.accept_risk, with_quic=available())


def today() -> "date":
    """The day by which a list's endpoints are valid or not: UTC's."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _vantage(options: Options, mistakes: list[str]) -> "Vantage":
    from probe.model.vantage import Vantage
    from probe.store.layout import vantage_error

    if (error := vantage_error(options.vantage)) is not None:
        mistakes.append(f"--vantage: {clean(error)}")
    country = _country(options.country, mistakes)
    number = options.asn.upper().removeprefix("AS")
    if not (number.isascii() and number.isdigit() and int(number) < 2**32):
        mistakes.append(f"--asn {clean(options.asn)!r} is no network number; write 4134 or AS4134")
        number = "0"
    return Vantage(name=options.vantage, country=country, asn=int(number), network=options.network)


def _country(text: str, mistakes: list[str]) -> str:
    from probe.targets.countries import CODES, meant

    code = text.upper()
    if code in CODES or code == UNTOLD:
        return code
    near = meant(text)
    fix = f"did you mean {near}?" if near else f"write two letters of ISO 3166-1, such as CN, or {UNTOLD}: not told"
    mistakes.append(f"--country {clean(text)!r} is no country code; {fix}")
    return UNTOLD


def folder_mistake(folder: "Path") -> str | None:
    """What keeps results from being written below `folder`, which need not be there yet; None if nothing does."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        return f"--out {clean(str(folder))}: {clean(str(there))} is a file; name a folder"
    if not os.access(there, os.W_OK | os.X_OK):
        fixed = os.statvfs(there).f_flag & os.ST_RDONLY
        why = "is on a read-only file system" if fixed else "is closed to your writing"
        return f"--out {clean(str(folder))}: {clean(str(there))} {why}; choose another folder"
    return None


def _settings(options: Options, mistakes: list[str]) -> "Settings":
    from probe.measure.settings import Settings, default_resolvers, resolver_from
    from probe.model.observation import ResolverKind
    from probe.net.real import RealNetwork, own_addresses
    from probe.net.tunnel import parse_proxy

    if not math.isfinite(options.timeout):
        mistakes.append(f"--timeout {options.timeout} is no number of seconds; write one such as 10")
    asked = {(r.kind, r.address): r for r in default_resolvers(RealNetwork().system_resolvers())}
    parsed = []
    named = (*(("--resolver", each) for each in options.resolver), *(("--doh", each) for each in options.doh))
    for flag, text in named:
        try:
            one = resolver_from(text)
            if flag == "--doh" and one.kind is not ResolverKind.DOH:
                raise ValueError(f"{text!r} is no URL; write https://HOST/PATH such as https://dns.google/dns-query")
            asked.setdefault((one.kind, one.address), one)  # the vantage's own stays its own, named here or not
        except ValueError as error:
            mistakes.append(f"{flag}: {clean(str(error))}")
    for text in options.control_proxy:
        try:
            parsed.append(parse_proxy(text))
        except ValueError as error:
            mistakes.append(f"--control-proxy: {clean(str(error))}")
    return Settings(
        timeout=options.timeout,
        concurrency=options.concurrency,
        resolvers=tuple(asked.values()),
        proxies=tuple(parsed),
        followup=options.followup,
        own_addresses=own_addresses(),
    )


def _with_extras(settings: "Settings", options: Options, mistakes: list[str]) -> "Settings":
    from dataclasses import replace

    from probe.cli.marks import MarksError, read_marks
    from probe.net.url import is_address, parse

    mistakes += [f"--canary {clean(text)!r} is no address" for text in options.canary if not is_address(text)]
    egress = None if options.egress_url is None else parse(options.egress_url)
    if options.egress_url is not None and (egress is None or egress.scheme not in ("http", "https")):
        mistakes.append(f"--egress-url {clean(options.egress_url)!r} is no http or https URL")
    known: tuple[Fingerprint, ...] = ()
    try:
        known = () if options.fingerprints is None else read_marks(options.fingerprints)
    except MarksError as error:
        mistakes.append(str(error))
    table = _table(options.asn_table, mistakes)
    return replace(settings, canaries=tuple(options.canary), egress=egress, asn_table=table, marks=known)


def _table(path: "Path | None", mistakes: list[str]) -> "AsnTable | None":
    from probe.measure.asn_table import AsnTableError, load

    try:
        return None if path is None else load(path)
    except AsnTableError as error:
        mistakes.append(f"--asn-table: {clean(str(error))}")
        return None


def _bounds(options: Options, mistakes: list[str]) -> "Bounds":
    from probe.schedule.once import Bounds

    size = None if options.max_bytes is None else bytes_of(options.max_bytes)
    if options.max_bytes is not None and size is None:
        mistakes.append(f"--max-bytes {clean(options.max_bytes)!r} is no amount of data; write one such as 20MB")
    time = None if options.max_time is None else seconds_of(options.max_time)
    if options.max_time is not None and time is None:
        mistakes.append(f"--max-time {clean(options.max_time)!r} is no time; write one such as 90s or 5m")
    return Bounds(size, time)


def _plan(listed: "TargetList", options: Options, mistakes: list[str]) -> "Plan":
    """The plan, or all that is wrong with the flags. `mistakes` made so far are already told, but for their number."""
    from probe.cli.live import say
    from probe.cli.targets import NO_REFERENCES
    from probe.measure.plan import SelectionError
    from probe.targets.problems import summary

    try:
        plan = plan_of(listed, options)
    except SelectionError as error:
        unknown = [clean(line) for line in str(error).splitlines()]
        fail([*unknown, summary(len(mistakes) + len(unknown), UNDONE)])
    if mistakes:
        fail(summary(len(mistakes), UNDONE))
    if reasons := _nothing_left(plan):
        refused = any("--accept-risk" in reason for reason in reasons)
        fail(reasons, Exit.CONSENT if refused else Exit.USAGE)
    if not plan.references:
        say(f"note: {NO_REFERENCES}")
    for name, why in plan.left_out:
        say(f"left out {clean(name)}: {why}")
    return plan


def _nothing_left(plan: "Plan") -> list[str]:
    """Why a plan has nothing to measure; empty if it has something, be it references alone, as was asked for."""
    if plan.tasks or (plan.references and not plan.left_out):
        return []
    return [*(clean(f"{name}: {why}") for name, why in plan.left_out), "nothing is left to probe"]


def _trust(ca_file: "Path | None", mistakes: list[str]) -> "TrustStore | None":
    """The authorities in `ca_file` beside certifi's; None if it cannot be read."""
    from probe.net.certificate import TrustStore

    try:
        return TrustStore(ca_file)
    except (OSError, ValueError) as error:
        why = f" {ca_file}: {error.strerror}" if isinstance(error, OSError) else f": {error}"
        mistakes.append(clean(f"--ca-file{why}"))
        return None


def own_recent(options: Options, now: float) -> list[str]:
    """Our own newest results: since when we fail somewhere, other vantages may have been there."""
    from probe.store.neighbours import recent

    own = options.out / options.vantage
    return recent([str(own)], now) if own.is_dir() else []


def _neighbours(options: Options, mistakes: list[str]) -> "Neighbours":
    from probe.store.neighbours import Neighbours

    own = own_recent(options, time.time()) if options.control_vantage else []
    neighbours = Neighbours(options.control_vantage, own=own, vantage=options.vantage)
    mistakes += [f"--control-vantage: {clean(problem)}" for problem in neighbours.problems]
    return neighbours
