"""Memory and open files of a real `probe watch` over time, in the loopback lab: does anything grow?

    python -m bench.soak --minutes 60 --every 15

A lab in this process, the watch in a process of its own (the code of `probe watch` from the options down, alerts and
gauges on; only the network under it is the lab). The censor wakes and sleeps in turn, so blocks begin and end. The
watch's process is sampled from /proc; at the end it gets SIGTERM, and what lies on disk is counted. Linux only. The
table in docs/soak.md is what this prints.
"""

import argparse
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from probe.alert.memory import LEDGER
from probe.alert.outbox import OUTBOX
from probe.lab.demo import CONTROL_PROXY, DOH_URL, FOREIGN_RESOLVER, demo_rules, demo_targets, demo_world
from probe.lab.loopback import LoopbackLab
from probe.lab.ports import LOOPBACK
from probe.lab.world import View
from probe.model.target import Expect, TargetKind
from probe.net.remap import Place

VANTAGE = "soak"


class Sample(NamedTuple):
    """The watch's process at one moment: seconds since the start, resident kB, open files, threads, runs so far."""

    at: float
    rss: int
    files: int
    threads: int
    runs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=15.0, help="seconds from run to run")
    parser.add_argument("--turn", type=float, default=300.0, help="seconds the censor wakes, and sleeps")
    parser.add_argument("--sample", type=float, default=10.0, help="seconds between samples")
    parser.add_argument("--out", type=Path, help="where results and samples are kept; else a temporary folder")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        watch(json.loads(asked.child.read_text()))
        return
    with tempfile.TemporaryDirectory(prefix="probe-soak-") as temporary:
        soak(asked, asked.out or Path(temporary))


def soak(asked: argparse.Namespace, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with LoopbackLab(demo_world()) as lab:
        table = {"|".join(map(str, place)): lab.client_table[place][1] for place in lab.places(View.CLIENT)}
        spec = folder / "spec.json"
        (folder / "ca.pem").write_text(lab.ca_pem)
        (folder / "targets.yaml").write_text(listed())
        resolvers = list(lab.world.client.resolvers)
        spec.write_text(json.dumps({"table": table, "every": asked.every, "out": str(folder), "resolvers": resolvers}))
        with (folder / "watch.log").open("wb") as log:
            child = subprocess.Popen([sys.executable, "-m", "bench.soak", "--child", spec], stdout=log, stderr=log)
            try:
                samples = sampled(lab, child, asked, folder)
            finally:
                child.send_signal(signal.SIGTERM)
                code = child.wait(60)
    report(samples, folder, asked, code)


def sampled(
    lab: LoopbackLab, child: "subprocess.Popen[bytes]", asked: argparse.Namespace, folder: Path
) -> list[Sample]:
    """Samples until the time is over; the censor takes its turns meanwhile."""
    began, samples, awake = time.monotonic(), list[Sample](), False
    with (folder / "samples.tsv").open("w") as kept:
        print("seconds", "rss_kb", "files", "threads", "runs", sep="\t", file=kept)
        while (at := time.monotonic() - began) < asked.minutes * 60 and child.poll() is None:
            due = (at // asked.turn) % 2 == 1
            if due != awake:
                awake = due
                lab.apply(demo_rules() if awake else ())
            samples.append(sample(child.pid, at, folder))
            print(*(round(each, 1) for each in samples[-1]), sep="\t", file=kept, flush=True)
            time.sleep(asked.sample)
    return samples


def sample(pid: int, at: float, folder: Path) -> Sample:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    files = len(os.listdir(f"/proc/{pid}/fd"))
    runs = sum(1 for _ in (folder / VANTAGE).glob("*/*.jsonl"))
    return Sample(at, int(status["VmRSS"].split()[0]), files, int(status["Threads"]), runs)


def report(samples: list[Sample], folder: Path, asked: argparse.Namespace, code: int) -> None:
    """The table, and what is on disk."""
    lasted = samples[-1].at
    lines = [line for file in (folder / VANTAGE).glob("*/*.jsonl") for line in file.read_bytes().splitlines()]
    alerts = folder / "alerts.jsonl"
    kinds = [json.loads(line)["kind"] for line in alerts.read_bytes().splitlines()] if alerts.exists() else []
    print(f"{lasted / 60:.1f} min, every {asked.every:.0f} s: {samples[-1].runs} runs, {len(lines)} measurements")
    print(f"ended by SIGTERM with exit code {code}")
    print(f"torn or malformed lines: {sum(not whole(line) for line in lines)}")
    print(f"alerts sent: {', '.join(f'{kinds.count(kind)} {kind}' for kind in dict.fromkeys(kinds)) or 'none'}")
    beside = [folder / VANTAGE / name for name in (LEDGER, OUTBOX)]
    sizes = [f"{file.name} {file.stat().st_size}" for file in beside if file.exists()]
    print(f"bytes on disk beside the results: {', '.join(sizes)}\n")
    print(
        "| part of the time | RSS, MB (median) | RSS, MB (highest) | open files (median, highest) | threads (highest) |"
    )
    print("|---|---|---|---|---|")
    for number in range(4):
        part = [one for one in samples if number <= 4 * one.at / (lasted + 1) < number + 1]
        rss = [one.rss / 1024 for one in part]
        files = [one.files for one in part]
        print(
            f"| {number + 1}. quarter | {statistics.median(rss):.1f} | {max(rss):.1f} | "
            f"{statistics.median(files):.0f}, {max(files)} | {max(one.threads for one in part)} |"
        )
    warm = [one for one in samples if one.at > lasted / 4]
    slope = statistics.linear_regression([one.at for one in warm], [one.rss / 1024 for one in warm]).slope * 3600
    print(f"\nslope of RSS after the first quarter: {slope:+.2f} MB an hour")


def whole(line: bytes) -> bool:
    try:
        return bool(json.loads(line)["id"])
    except (ValueError, KeyError):
        return False


def watch(spec: dict[str, Any]) -> None:
    """The child: `probe watch` itself. Nothing but the network under it is another."""
    from probe.cli.app import main as command_line
    from probe.net import real
    from probe.net.remap import RemapNetwork, Unmapped

    table = {_place(name): (LOOPBACK, port) for name, port in spec["table"].items()}
    lab = RemapNetwork(real.RealNetwork(), table, resolvers=tuple(spec["resolvers"]), unmapped=Unmapped.UNREACHABLE)
    vars(real)["RealNetwork"] = lambda: lab
    folder = Path(spec["out"])
    sys.argv[1:] = [
        "watch", str(folder / "targets.yaml"), "--every", f"{spec['every']:g}s", "--vantage", VANTAGE,
        "--country", "CN", "--asn", "4134", "--out", str(folder), "--timeout", "2", "--resolver", FOREIGN_RESOLVER,
        "--doh", DOH_URL, "--ca-file", str(folder / "ca.pem"), "--control-proxy", CONTROL_PROXY,
        "--on-alert", f"tee -a {shlex.quote(str(folder / 'alerts.jsonl'))}", "--prometheus", str(folder / "probe.prom"),
    ]  # fmt: skip
    command_line()


def listed() -> str:
    """The demo's targets as a list that `probe` reads (JSON is YAML)."""
    groups: dict[str, list[dict[str, Any]]] = {"apps": [], "references": []}
    for one in demo_targets().targets:
        reference = one.kind is TargetKind.REFERENCE
        endpoints: list[dict[str, Any]] = [
            {"id": each.id, "url": each.url}
            | ({"expect": msgspec.to_builtins(each.expect)} if each.expect != Expect() else {})
            | ({} if reference else {"role": str(each.role), "required": each.required})
            for each in one.endpoints
        ]
        country = {"country": one.country} if reference else {}
        groups["references" if reference else "apps"].append(
            {"id": one.id, "name": one.name, "endpoints": endpoints, **country}
        )
    return json.dumps({"version": 1, **groups}, indent=1)


def _place(name: str) -> Place:
    address, port, transport = name.split("|")
    return address, int(port), transport


if __name__ == "__main__":
    main()
