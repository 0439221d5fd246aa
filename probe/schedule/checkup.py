"""What a run needs, looked at before one is made: `probe doctor`. A `Check` says what is so and what to do about it.

Local things are looked at as they are. The network is asked exactly as a run asks it, references, resolvers and
controls, and nothing else; nothing is written but an empty file that is taken away again.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from probe.measure.control import label
from probe.measure.fitness import CLOCK_TOLERANCE
from probe.measure.log import Tools
from probe.measure.plan import Plan
from probe.measure.runner import Run
from probe.measure.settings import Settings, budget, raise_file_limit
from probe.model.diagnosis import Fitness
from probe.model.measurement import ControlHealth, EgressOutcome, FitnessEvidence
from probe.model.observation import Resolver, ResolverKind
from probe.model.vantage import Vantage
from probe.net.certificate import TrustStore
from probe.net.doh import DohClient
from probe.net.network import Network
from probe.store.durable import reason

FEW_FILES = 1024
LITTLE_SPACE, NO_SPACE = 1_000_000_000, 50_000_000
"""Bytes free of which a word is said; of which nothing can be kept for long."""
CLOCK_WORD = 30.0
"""Seconds the clock may be off without a word: HTTP dates are whole seconds, and answers lie in caches."""


class State(StrEnum):
    """How a check came out. Only `fail` keeps a vantage from measuring."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """One thing looked at: what is so, and what to do about it (empty: nothing)."""

    name: str
    state: State
    said: str
    fix: str = ""


class Look(NamedTuple):
    """What the network showed. `cut`: it took too long, and what is missing is not known."""

    fitness: Fitness
    evidence: FitnessEvidence
    cut: bool


async def look(
    settings: Settings, vantage: Vantage, plan: Plan, network: Network, trust: TrustStore, seconds: float
) -> Look:
    """Measure the references of the plan, and the controls by them, as a run does; for at most `seconds`."""
    brief = replace(settings, timeout=min(settings.timeout, seconds / 3), retry_pauses=(), followup=False)
    limits = budget(brief.concurrency, len(brief.resolvers))
    async with DohClient(network, trust) as doh:
        run = Run(
            run_id="",
            vantage=vantage,
            plan=plan._replace(tasks=()),
            tools=Tools(network, trust, doh, brief, limits),
            sink=lambda _measurement: None,
            target_list="",
        )
        try:
            async with asyncio.timeout(seconds):
                await run.go()
        except TimeoutError:
            return Look(run.fitness, run.evidence, cut=True)
    return Look(run.fitness, run.evidence, cut=False)


def of_vantage(vantage: Vantage) -> Check:
    """What the operator declared."""
    untold = [what for what, missing in (("country", vantage.country == "ZZ"), ("network", not vantage.asn)) if missing]
    said = f"{vantage.name}, {vantage.country}, AS{vantage.asn}{' ' + vantage.network if vantage.network else ''}"
    if untold:
        fix = "set country and asn: reports name them, and references are domestic or foreign by them"
        return Check("vantage", State.WARN, f"{vantage.name}; {' and '.join(untold)} not told", fix)
    return Check("vantage", State.OK, said)


def of_addresses(own: frozenset[str]) -> Check:
    """The address families that have a way out. Our own addresses are not named."""
    families = [family for family, mark in (("IPv4", "."), ("IPv6", ":")) if any(mark in address for address in own)]
    if not families:
        return Check("addresses", State.FAIL, "no way out: neither IPv4 nor IPv6 has a route", "connect this machine")
    said = f"{families[0]} has a route, {'IPv6' if families[0] == 'IPv4' else 'IPv4'} has none"
    return Check("addresses", State.OK, "IPv4 and IPv6 have a route" if len(families) == 2 else said)


def of_files() -> Check:
    """The limit on open files."""
    limit = raise_file_limit()
    sockets = budget(limit, 2, limit).sockets
    said = f"{limit} may be open, so {sockets} connections at once"
    if limit < FEW_FILES:
        return Check("open files", State.WARN, said, "raise it: `ulimit -n 4096`, or LimitNOFILE= in the unit")
    return Check("open files", State.OK, said)


def of_trust(trust: TrustStore | None, mistakes: Sequence[str]) -> Check:
    """The authorities that certificates are judged by."""
    if trust is None:
        return Check("trust", State.FAIL, "; ".join(mistakes) or "no authorities can be read", "correct --ca-file")
    return Check("trust", State.OK, f"certifi's authorities of {version('certifi')}")


def of_results(folder: Path) -> Iterator[Check]:
    """Whether results can be written, and for how long. Makes no folder."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".probe-doctor-"):
            pass
    except OSError as error:
        yield Check("results", State.FAIL, f"{folder}: cannot be written ({reason(error)})", "choose another --out")
        return
    made = "" if folder.exists() else ", made by the first run"
    yield Check("results", State.OK, f"{folder} can be written{made}")
    free = shutil.disk_usage(there).free
    state = State.FAIL if free < NO_SPACE else State.WARN if free < LITTLE_SPACE else State.OK
    fix = "" if state is State.OK else "make room, or choose another --out"
    yield Check("space", state, f"{free / 1e9:.1f} GB free", fix)


EXTRAS = (
    ("quic", ("aioquic",), "HTTP/3 and quic:// endpoints are not measured"),
    ("zstd", ("compression.zstd", "backports.zstd"), ".jsonl.zst cannot be read"),
    ("s3", ("s3fs",), "push and pull do not know s3://"),
    ("alerts", ("apprise",), "alerts go to hooks and textfiles only"),
    ("mmdb", ("maxminddb",), "--asn-table reads CSV only"),
)
"""Optional parts: any of their modules will do; without them this is what is missing."""


def of_extras() -> Check:
    """Which optional parts are installed."""
    missing = [(name, lack) for name, modules, lack in EXTRAS if not any(map(_there, modules))]
    present = [name for name, _, _ in EXTRAS if name not in dict(missing)]
    said = f"installed: {', '.join(present) or 'none'}"
    if not missing:
        return Check("extras", State.OK, said)
    lacks = "; ".join(f"{name}: {lack}" for name, lack in missing)
    return Check("extras", State.OK, f"{said}; not installed: {lacks}", "")


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package it would be in
        return False


def of_resolvers(resolvers: Sequence[Resolver], seen: Look | None) -> Iterator[Check]:
    """Who answers names; which of them answered nothing."""
    if not any(one.own and one.kind is not ResolverKind.SYSTEM for one in resolvers):
        said = "no nameserver found in /etc/resolv.conf: only the system's own lookup is asked"
        yield Check("resolvers", State.WARN, said, "name the network's resolver with --resolver")
    dead = set(seen.evidence.dead_resolvers) if seen is not None else set()
    for one in resolvers:
        name = f"{one.kind} {one.address}".strip()
        if one.address in dead:
            fix = "it proves nothing while it is silent" if not one.own else "check this network's DNS"
            yield Check("resolver", State.WARN, f"{name}: no answer for any reference", fix)
        else:
            yield Check("resolver", State.OK, name + ("" if seen is not None else " (not asked)"))


_UNFIT: dict[Fitness, tuple[State, str, str]] = {
    Fitness.FIT: (State.OK, "fit", ""),
    Fitness.UNKNOWN: (State.WARN, "fitness unknown", "add references to the target list (docs/targets.md)"),
    Fitness.OFFLINE: (
        State.FAIL,
        "offline, or nothing may leave this machine",
        "check the connection and its firewall",
    ),
    Fitness.INTERNATIONAL_OUTAGE: (State.FAIL, "only domestic places answer", "wait, or ask the provider"),
    Fitness.CAPTIVE_PORTAL: (
        State.FAIL,
        "something answers in their place: a captive portal",
        "sign in to this network",
    ),
    Fitness.INTERCEPTED: (State.FAIL, "their TLS is opened on the way", "leave the proxy or antivirus that does it"),
    Fitness.CLOCK_WRONG: (State.FAIL, "the clock is wrong", "set it: `timedatectl set-ntp true`"),
    Fitness.VANTAGE_MISMATCH: (State.FAIL, "another network than declared", "correct --asn, or leave the VPN"),
    Fitness.IPV6_BROKEN: (State.WARN, "IPv6 has a route and does not work", "IPv6 results will say little"),
}


def of_look(seen: Look, proxies: Sequence[str]) -> Iterator[Check]:
    """References, clock, IPv6, egress and controls, as they were seen."""
    evidence = seen.evidence
    reached = [sum(pair) for pair in zip(evidence.domestic, evidence.foreign, strict=True)]
    state, what, fix = _UNFIT[seen.fitness]
    told = f"{reached[0]} of {reached[1]} reached: {what}"
    yield Check("references", state, told + ("; not all had answered in time" if seen.cut else ""), fix)
    yield _of_clock(evidence.clock_offset)
    if evidence.ipv6:
        said = {"ok": "works", "none": "no route", "broken": "has a route, and nothing comes through"}[evidence.ipv6]
        yield Check("IPv6", State.WARN if evidence.ipv6 == "broken" else State.OK, said)
    yield from _of_egress(seen)
    health = {one.label: one for one in evidence.controls}
    for number, proxy in enumerate(proxies, start=1):
        yield _of_control(proxy, health.get(label(number)))
    if not proxies:
        fix = "name a proxy abroad with --control-proxy, or --control-vantage"
        yield Check("control", State.WARN, "none: a block and an outage look the same", fix)


def _of_egress(seen: Look) -> Iterator[Check]:
    """By which networks a run leaves: what is amiss stands in the note. Nothing where the look was cut before it."""
    evidence, check = seen.evidence, seen.evidence.egress
    if evidence.note:
        yield Check("egress", State.FAIL if seen.fitness is Fitness.VANTAGE_MISMATCH else State.WARN, evidence.note)
    elif check is not None and check.outcome is EgressOutcome.NOT_ASKED:
        fix = "name a table of networks with --asn-table, or a page that tells ours with --egress-url"
        yield Check("egress", State.WARN, "not checked by which network a run leaves: a VPN would not be noticed", fix)
    elif check is not None and check.found:
        networks = ", ".join(f"AS{number}" for number in check.found)
        by = " and ".join(name for name in (check.table, check.page) if name)
        agreed = check.outcome is EgressOutcome.AGREED
        said = f"{networks}, {'as declared and no other' if agreed else 'and no network is declared'} (by {by})"
        yield Check("egress", State.OK if agreed else State.WARN, said, "" if agreed else f"set asn: {networks}")


def _of_clock(offset: float | None) -> Check:
    if offset is None:
        return Check("clock", State.WARN, "not known: no reference told the time")
    said = f"{offset:+.0f} s against the references"
    if abs(offset) > CLOCK_TOLERANCE:
        return Check("clock", State.FAIL, said, "set it: `timedatectl set-ntp true`")
    return Check("clock", State.WARN if abs(offset) > CLOCK_WORD else State.OK, said)


def _of_control(proxy: str, health: ControlHealth | None) -> Check:
    if health is None:
        return Check("control", State.WARN, f"{proxy}: not asked: there are no references to ask it for")
    if health.reached:
        return Check("control", State.OK, f"{proxy}: reaches {health.reached} of {health.tried} references")
    fix = "see that it runs and may be used from here: no block can be told from an outage without it"
    return Check("control", State.FAIL, f"{proxy}: reaches none of {health.tried} references", fix)
