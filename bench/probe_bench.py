"""How fast the probe is, beside others in the same run: ratios, each against its goal, in one table.

    python bench/probe_bench.py                          # some minutes on two cores
    python bench/probe_bench.py --quick                  # a rough look, under half a minute
    python bench/probe_bench.py silent --silent 10000    # one section alone, at its goal's full size

CPU time (user and system, threads and children included), because wall time is noisy; variants take turns within each
round, and what is printed is the median over rounds of the ratio within a round. The servers run in a process of their
own (`probe_world`), what is timed is in `probe_variants`. Loopback only: nothing leaves the machine.
"""

import argparse
import contextlib
import os
import platform
import ssl
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import probe_variants as variants
from probe_bounds import memory_section, silent_section, start_up_section
from probe_table import Goal, Row, Work, cpu_of, line, ratio, spread, whole
from probe_variants import DEFAULTS, Probe
from probe_world import World, running

from probe.measure.settings import raise_file_limit
from probe.model.diagnosis import Verdict

SPARE = 1024
"""Open files kept for everything else when choosing how many targets may be silent."""


def main() -> None:
    """Measure what was asked for and print the table."""
    asked = _arguments()
    limit = raise_file_limit()
    asked.silent = min(asked.silent, max(16, limit * 4 // 5 - SPARE))
    print(_machine(), flush=True)
    print("goals: firm (moonshot); brackets: the spread over rounds", flush=True)
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
                print(line(row), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The probe's speed beside others, as ratios against its goals.")
    names = "cpu, silent, memory, start-up"
    parser.add_argument("sections", nargs="*", type=_section, help=f"{names}; default: all", metavar="SECTION")
    parser.add_argument("--endpoints", type=int, metavar="N", help="endpoints a round (300; quick: 40)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the CPU sections (7; quick: 5)")
    parser.add_argument("--concurrency", type=int, metavar="N", default=32, help="at once, for every variant (32)")
    parser.add_argument("--silent", type=int, metavar="N", default=1000, help="silent targets (1000)")
    parser.add_argument("--deadline", type=float, metavar="S", help="their deadline (10; quick: 1.5)")
    parser.add_argument("--quick", action="store_true", help="a rough look, under 30 s")
    asked = parser.parse_args()
    quick = {"endpoints": 40, "rounds": 5, "deadline": 1.5, "curled": 6}
    full = {"endpoints": 300, "rounds": 7, "deadline": 10.0, "curled": 60}
    for name, value in (quick if asked.quick else full).items():
        if getattr(asked, name, None) is None:
            setattr(asked, name, value)
    return asked


def _section(text: str) -> str:
    if text not in ("cpu", "silent", "memory", "start-up"):
        raise argparse.ArgumentTypeError(f"no such section: {text}")
    return text


def _machine() -> str:
    import cryptography
    import httpx

    program = variants.curl_program()
    curl = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout if program else ""
    return (
        f"{os.cpu_count()} x {_processor()}, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, httpx {httpx.__version__}, "
        f"cryptography {cryptography.__version__}, {' '.join(curl.split()[:2]) or 'no curl'}; server: asyncio"
    )


def _processor() -> str:
    with contextlib.suppress(OSError):
        for fact in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if fact.startswith("model name"):
                return fact.partition(": ")[2]
    return platform.machine()


def cpu_section(world: World, asked: argparse.Namespace) -> list[Row]:
    """Milliseconds of CPU per endpoint for every variant, and the probe's against each of the others."""
    probe = Probe(world, replace(DEFAULTS, concurrency=asked.concurrency))
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
            cost = 1000 * cpu_of(partial(whole, works[variant], mine)) / len(mine)
            if number:
                spent[variant].append(cost)
    return spent


def _cpu_rows(spent: dict[str, list[float]]) -> list[Row]:
    words = {
        "probe": "probe: DNS, TCP, TLS, GET, judged, written",
        "again": "  the same endpoints a second time, as under watch",
        "streams": "raw asyncio + ssl streams: TCP, TLS, GET",
        "httpx": "one shared httpx client: TCP, TLS, GET",
        "curl": "curl -Z, the system's CA bundle: TCP, TLS, GET",
    }
    rows = [
        Row(text, statistics.median(spent[v]), "ms", note=spread(spent[v])) for v, text in words.items() if v in spent
    ]
    probe = spent["probe"]
    rows.append(ratio("probe / streams", probe, spent["streams"], Goal(2.0, 1.0)))
    rows.append(ratio("  a second time / streams", spent["again"], spent["streams"], None))
    rows.append(ratio("probe / httpx", probe, spent["httpx"], Goal(1.0, 0.5)))
    if "curl" in spent:
        rows.append(ratio("curl / probe", spent["curl"], probe, Goal(15.0, 25.0, lower=False)))
    else:
        rows.append(Row("curl / probe", None, "", note="skipped: no curl on this machine, or no system CA bundle"))
    return rows


if __name__ == "__main__":
    main()
