"""What `probe_bench` measures besides a measurement's CPU: silent targets, memory in flight, start-up.

Each runs in a fresh process, so that nobody inherits another's heap.
"""

import argparse
import gc
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import probe_variants as variants
from probe_table import Goal, Row, cpu_of, ratio, spread, whole
from probe_variants import DEFAULTS, Probe
from probe_world import World, silence

from probe.measure.settings import Settings
from probe.model.diagnosis import Verdict

PLACES = 64
"""Silent listeners. Targets share them: a SYN that is dropped leaves nothing behind."""
IN_FLIGHT = 1000
"""Measurements whose memory is weighed together."""
_STATM = Path("/proc/self/statm")


# --- targets that never answer --------------------------------------------------------------------------------------


def silent_section(world: World, asked: argparse.Namespace) -> list[Row]:
    """Wall seconds for targets that never answer a SYN: plain asyncio's and the probe's, each in a fresh process."""
    with silence(PLACES) as listeners:
        places = [listeners[n % PLACES] for n in range(asked.silent)]
        plain = _apart(variants.pending_connects, places, asked.deadline)
        paced = _apart(_silent_run, world, places, replace(DEFAULTS, timeout=asked.deadline))
        at_once = _apart(_silent_run, world, places, replace(DEFAULTS, timeout=asked.deadline, starts_per_second=1e6))
    goal = Goal(asked.deadline + 4.0, asked.deadline + 0.8)  # of 10,000 targets; fewer should find it easy
    what = f"{asked.silent} silent targets, {asked.deadline:g} s deadline"
    return [
        Row(f"{what}: plain asyncio", plain, "s"),
        Row(f"{what}: probe", paced, "s", goal, "its defaults, retries off"),
        Row(f"{what}: probe, starts not paced", at_once, "s", goal),
        Row("probe / plain asyncio", paced / plain, "x"),
    ]


def _silent_run(world: World, places: Sequence[tuple[str, int]], settings: Settings) -> float:
    probe = Probe(world, settings)
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
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        waiting = [pool.submit(work, world, IN_FLIGHT, seconds) for work in (_probe_memory, _stream_memory)]
        ours, theirs = (one.result() for one in waiting)
    return [
        Row(f"{what}: asyncio streams", theirs, "kB"),
        Row(f"{what}: probe", ours, "kB", Goal(100.0, 50.0)),
    ]


def _probe_memory(world: World, count: int, deadline: float) -> float:
    probe = Probe(world, replace(DEFAULTS, timeout=deadline, concurrency=count, starts_per_second=4.0 * count))
    whole(
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
            cost = 1000 * cpu_of(partial(subprocess.run, command, capture_output=True, check=True))
            if number:
                spent[name].append(cost)
    nothing, ours = spent.values()
    rows = [Row(name, statistics.median(costs), "ms", note=spread(costs)) for name, costs in spent.items()]
    return [*rows, ratio("probe --help / python -c pass", ours, nothing, Goal(5.0, 2.0))]
