"""How fast the probe is, beside others in the same run: ratios, each against its goal, in one table.

    python bench/probe_bench.py                          # a few minutes on two cores
    python bench/probe_bench.py --quick                  # a rough look, under half a minute
    python bench/probe_bench.py silent --silent 10000    # one section alone, at its goal's full size

CPU time (user and system, threads and children included), because wall time is noisy; variants take turns within each
round, and what is printed is the median over rounds of the ratio within a round. The servers run in a process of their
own (`probe_world`), what is timed is in `probe_variants`. Loopback only: nothing leaves the machine.
"""

import argparse
import contextlib
import gc
import os
import platform
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import probe_variants as variants
from probe_variants import Probe
from probe_world import World, running, silence

from probe.measure.settings import raise_file_limit
from probe.model.diagnosis import Verdict

PLACES = 64
"""Silent listeners. Targets share them: a SYN that is dropped leaves nothing behind."""
SPARE = 1024
"""Open files kept for everything else when choosing how many targets may be silent."""
IN_FLIGHT = 1000
"""Measurements whose memory is weighed together."""
_STATM = Path("/proc/self/statm")


class Goal(NamedTuple):
    """The bound asked for and the one hoped for; `lower`: whether less is better."""

    firm: float
    moonshot: float
    lower: bool = True

    def met(self, value: float) -> str:
        """In words, for the table."""
        for bound, word in ((self.moonshot, "moonshot"), (self.firm, "reached")):
            if value <= bound if self.lower else value >= bound:
                return word
        return "NOT REACHED"


class Row(NamedTuple):
    """One line of the table. Without a goal it is context."""

    what: str
    value: float | None
    unit: str
    goal: Goal | None = None
    note: str = ""


def main() -> None:
    """Measure what was asked for and print the table."""
    asked = _arguments()
    limit = raise_file_limit()
    asked.silent = min(asked.silent, max(16, limit * 4 // 5 - SPARE))
    print(_machine(), flush=True)
    sections: dict[str, Callable[[World], list[Row]]] = {
        "cpu": partial(cpu_section, asked=asked),
        "silent": partial(silent_section, asked=asked),
        "memory": partial(memory_section, asked=asked),
        "start-up": partial(start_up_section, asked=asked),
    }
    with running() as world:
        for name in asked.sections or sections:
            began = time.monotonic()
            rows = sections[name](world)
            print(f"\n{name} ({time.monotonic() - began:.0f} s)", flush=True)
            for row in rows:
                print(_line(row), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The probe's speed beside others, as ratios against its goals.")
    parser.add_argument("sections", nargs="*", help="default: all", metavar="SECTION")
    parser.add_argument("--endpoints", type=int, metavar="N", help="endpoints a round (300; quick: 60)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the CPU sections (7; quick: 5)")
    parser.add_argument("--concurrency", type=int, metavar="N", default=32, help="at once, for every variant (32)")
    parser.add_argument("--silent", type=int, metavar="N", default=1000, help="silent targets (1000)")
    parser.add_argument("--deadline", type=float, metavar="S", help="their deadline (10; quick: 3)")
    parser.add_argument("--quick", action="store_true", help="a rough look, under 30 s")
    asked = parser.parse_args()
    quick = {"endpoints": 60, "rounds": 5, "deadline": 3.0, "curled": 8}
    full = {"endpoints": 300, "rounds": 7, "deadline": 10.0, "curled": 60}
    for name, value in (quick if asked.quick else full).items():
        if getattr(asked, name, None) is None:
            setattr(asked, name, value)
    return asked


def _machine() -> str:
    import cryptography
    import httpx

    program = variants.curl_program()
    curl = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout if program else ""
    with contextlib.suppress(OSError):
        model = next((x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")), "?")
    return (
        f"{os.cpu_count()} x {model.rpartition(': ')[2]}, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, httpx {httpx.__version__}, "
        f"cryptography {cryptography.__version__}, {' '.join(curl.split()[:2]) or 'no curl'}; server: asyncio"
    )


def _line(row: Row) -> str:
    if row.value is None:
        return f"  {row.what:<58} {'-':>8}  {row.note}"
    text = f"  {row.what:<58} {row.value:>8.2f} {row.unit:<3}"
    if row.goal is not None:
        sign = "<=" if row.goal.lower else ">="
        text += f" goal {sign} {row.goal.firm:g} ({sign} {row.goal.moonshot:g})  {row.goal.met(row.value)}"
    return f"{text}  {row.note}".rstrip()


# --- CPU of a complete measurement ----------------------------------------------------------------------------------

Work = Callable[[Sequence[str]], int]
"""Does its work on host names and says for how many it succeeded."""


def cpu_section(world: World, asked: argparse.Namespace) -> list[Row]:
    """Milliseconds of CPU per endpoint for every variant, and the probe's against each of the others."""
    probe = Probe(world, concurrency=asked.concurrency)
    context = variants.verifying(world)
    again = _Again(probe)
    works: dict[str, Work] = {
        "probe": lambda names: probe.run([variants.url_of(n) for n in names])[Verdict.OK],
        "again": again,
        "streams": lambda names: variants.streams(world, context, names, asked.concurrency),
        "httpx": lambda names: variants.shared_httpx(world, context, names, asked.concurrency),
    }
    with tempfile.TemporaryDirectory() as folder:
        bundle = _bundle(world, Path(folder))
        if bundle is not None:
            works["curl"] = lambda names: variants.curl(world, bundle, names, asked.concurrency)
        spent = _rounds(works, asked)
    return _cpu_rows(spent)


class _Again:
    """The probe on names it has met in an earlier round, as under `watch`: their certificates are known."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._before: list[str] = []

    def __call__(self, names: Sequence[str]) -> int:
        urls = self._before or [variants.url_of(name) for name in names]
        self._before = [variants.url_of(name) for name in names]
        return self._probe.run(urls)[Verdict.OK]


def _bundle(world: World, folder: Path) -> Path | None:
    """The system's CAs and the bench's, for curl; None where there is no curl or no bundle."""
    system = variants.system_bundle()
    if system is None or variants.curl_program() is None:
        return None
    bundle = folder / "bundle.pem"
    bundle.write_bytes(system.read_bytes() + b"\n" + world.ca_pem.encode("ascii"))
    return bundle


def _rounds(works: dict[str, Work], asked: argparse.Namespace) -> dict[str, list[float]]:
    """Each round every variant does the same fresh names; a round before the first one warms everybody up."""
    spent: dict[str, list[float]] = defaultdict(list)
    order = list(works)
    for number in range(asked.rounds + 1):
        names = [f"r{number}-{n}.bench.test" for n in range(asked.endpoints)]
        for variant in order[number % len(order) :] + order[: number % len(order)]:
            mine = names[: asked.curled] if variant == "curl" else names
            cost = 1000 * _cpu_of(partial(_whole, works[variant], mine)) / len(mine)
            if number:
                spent[variant].append(cost)
    return spent


def _whole(work: Work, names: Sequence[str]) -> None:
    done = work(names)
    if done != len(names):
        raise SystemExit(f"a variant reached {done} of {len(names)}: the bench is broken, not slow")


def _cpu_of(work: Callable[[], None]) -> float:
    """CPU seconds of this process and of the children that ended meanwhile. Garbage of others is collected before."""
    gc.collect()
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cpu_rows(spent: dict[str, list[float]]) -> list[Row]:
    words = {
        "probe": "probe: DNS, TCP, TLS, GET, judged, written",
        "again": "  the same endpoints a second time, as under watch",
        "streams": "raw asyncio + ssl streams: TCP, TLS, GET",
        "httpx": "one shared httpx client: TCP, TLS, GET",
        "curl": "curl -Z, the system's CA bundle: TCP, TLS, GET",
    }
    rows = [
        Row(text, statistics.median(spent[v]), "ms", note=_spread(spent[v])) for v, text in words.items() if v in spent
    ]
    probe = spent["probe"]
    rows.append(_ratio("probe / streams", probe, spent["streams"], Goal(2.0, 1.0)))
    rows.append(_ratio("  a second time / streams", spent["again"], spent["streams"], None))
    rows.append(_ratio("probe / httpx", probe, spent["httpx"], Goal(1.0, 0.5)))
    if "curl" in spent:
        rows.append(_ratio("curl / probe", spent["curl"], probe, Goal(15.0, 25.0, lower=False)))
    else:
        rows.append(Row("curl / probe", None, "", note="skipped: no curl on this machine, or no system CA bundle"))
    return rows


def _ratio(what: str, these: list[float], those: list[float], goal: Goal | None) -> Row:
    pairs = [a / b for a, b in zip(these, those, strict=True)]
    return Row(what, statistics.median(pairs), "x", goal, _spread(pairs))


def _spread(values: Sequence[float]) -> str:
    return f"[{min(values):.2f} - {max(values):.2f}]"


# --- targets that never answer --------------------------------------------------------------------------------------


def silent_section(world: World, asked: argparse.Namespace) -> list[Row]:
    """Wall seconds for targets that never answer a SYN: plain asyncio's and the probe's, each in a fresh process."""
    with silence(PLACES) as listeners:
        places = [listeners[n % PLACES] for n in range(asked.silent)]
        plain = _apart(variants.pending_connects, places, asked.deadline)
        paced = _apart(_silent_run, world, places, asked.deadline, {})
        at_once = _apart(_silent_run, world, places, asked.deadline, {"starts_per_second": 1e6})
    goal = Goal(1.4 * asked.deadline, 1.08 * asked.deadline)
    what = f"{asked.silent} silent targets, {asked.deadline:g} s deadline"
    return [
        Row(f"{what}: plain asyncio", plain, "s"),
        Row(f"{what}: probe", paced, "s", goal, "as it comes: starts are paced"),
        Row(f"{what}: probe, unpaced", at_once, "s", goal),
        Row("probe / plain asyncio", paced / plain, "x"),
    ]


def _silent_run(world: World, places: Sequence[tuple[str, int]], deadline: float, settings: dict[str, float]) -> float:
    probe = Probe(world, timeout=deadline, **settings)
    plan = variants.plan_of([f"https://{address}:{port}/" for address, port in places])
    began = time.monotonic()
    verdicts = probe.run_plan(plan)
    took = time.monotonic() - began
    if verdicts[Verdict.OK] or verdicts.total() != len(places):
        raise SystemExit(f"silence was no silence: {dict(verdicts)}")
    return took


def _apart(work: Callable[..., float], *arguments: object) -> float:
    """Call in a fresh process, so that nobody inherits another's heap."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


# --- memory in flight -----------------------------------------------------------------------------------------------


def memory_section(world: World, asked: argparse.Namespace) -> list[Row]:
    """Resident memory per measurement while its server is silent inside TLS, and per plain stream."""
    what = f"{IN_FLIGHT} in flight, silent in TLS, each"
    if not _STATM.exists():
        return [Row(what, None, "", note="skipped: no /proc here to read resident memory from")]
    seconds = min(3.0, asked.deadline)
    ours, theirs = (_apart(work, world, IN_FLIGHT, seconds) for work in (_probe_memory, _stream_memory))
    return [
        Row(f"{what}: asyncio streams", theirs, "kB"),
        Row(f"{what}: probe", ours, "kB", Goal(100.0, 50.0)),
    ]


def _probe_memory(world: World, count: int, deadline: float) -> float:
    probe = Probe(world, timeout=deadline, concurrency=count, starts_per_second=count)
    _whole(
        lambda names: probe.run([variants.url_of(n) for n in names])[Verdict.OK],
        [f"m{n}.bench.test" for n in range(20)],
    )
    plan = variants.plan_of([f"https://127.0.0.1:{world.mute_port}/{n}" for n in range(count)])
    return _growth(partial(probe.run_plan, plan)) / count


def _stream_memory(world: World, count: int, deadline: float) -> float:
    context = variants.verifying(world)
    variants.streams(world, context, [f"m{n}.bench.test" for n in range(20)], 20)
    return _growth(partial(variants.stalled_streams, context, world.mute_port, count, deadline)) / count


def _growth(work: Callable[[], object]) -> float:
    """Kilobytes by which resident memory grew at most while `work` ran."""
    gc.collect()
    before = peak = _resident()
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.02):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    over.set()
    watcher.join()
    return (peak - before) / 1024


def _resident() -> int:
    return int(_STATM.read_text().split()[1]) * resource.getpagesize()


# --- start-up -------------------------------------------------------------------------------------------------------


def start_up_section(_world: World, asked: argparse.Namespace) -> list[Row]:
    """CPU of `probe --help` against an interpreter that does nothing."""
    script = Path(sys.executable).with_name("probe")
    helped = [str(script)] if script.exists() else [sys.executable, "-m", "probe"]
    works = {"python -c pass": [sys.executable, "-c", "pass"], "probe --help": [*helped, "--help"]}
    spent: dict[str, list[float]] = defaultdict(list)
    for number in range(2 * asked.rounds + 1):
        for name, command in works.items():
            cost = 1000 * _cpu_of(partial(subprocess.run, command, capture_output=True, check=True))
            if number:
                spent[name].append(cost)
    nothing, ours = spent.values()
    rows = [Row(name, statistics.median(costs), "ms", note=_spread(costs)) for name, costs in spent.items()]
    return [*rows, _ratio("probe --help / python -c pass", ours, nothing, Goal(5.0, 2.0))]


if __name__ == "__main__":
    main()
