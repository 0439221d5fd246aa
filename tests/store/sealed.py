"""Sealed results for tests: a vantage's runs, written by the journal and sealed one after another."""

from pathlib import Path

from probe.model.diagnosis import Verdict
from probe.store.journal import Journal
from probe.store.layout import run_id, run_path
from probe.store.seal import Ended, Kept
from probe.store.sealing import seal
from tests.store.records import T0, measurement

ENDPOINTS = ("api", "web", "cdn")


def write_run(results: Path, number: int, *, vantage: str = "sha-ct", only: tuple[str, ...] = ENDPOINTS) -> Path:
    """The file of run `number` (one every ten minutes), its endpoints ok. A second call adds to the same file."""
    at = T0 + 600 * number
    run = run_id(at, vantage, f"{number:04x}")
    path = run_path(results, vantage, run)
    with Journal(path) as journal:
        for endpoint in only:
            verdict = Verdict.BLOCKED if endpoint == "blocked" else Verdict.OK
            journal.append(measurement(at + 1, run_id=run, vantage=vantage, endpoint=endpoint, verdict=verdict))
    return path


def sealed_run(results: Path, number: int, *, vantage: str = "sha-ct") -> Kept:
    """Run `number`, sealed."""
    return seal(write_run(results, number, vantage=vantage), Ended.FINISHED, now=T0 + 600 * number + 60)


def sealed_runs(results: Path, count: int, *, vantage: str = "sha-ct") -> list[Kept]:
    """The runs 0 to `count` - 1, sealed in order."""
    return [sealed_run(results, number, vantage=vantage) for number in range(count)]


def file_of(kept: Kept) -> Path:
    """The file that a seal is of."""
    return kept.path.with_name(kept.seal.file)
