"""Made-up results of any size for `report_bench.py`: vantage points that measure hourly, some noise, some blocks.

The same world as lines (about 1 kB each, a file per run, as `probe run` writes them) and as Parquet (the flat columns,
hive-style folders). Which series is blocked since when depends on the seed alone.
"""

# ruff: noqa: S608, S311 - SQL and chance of our own

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from probe.model.codec import encode_line
from probe.model.diagnosis import Certainty, ControlState, Diagnosis, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import Measurement, Software
from probe.model.target import Role, TargetKind
from probe.store.parquet import connected, quoted

START = datetime(2021, 2, 1, tzinfo=UTC)
EVERY = 3600
ENDPOINTS = 500
PER_TARGET = 4
BLOCKED, NOISE = 0.03, 0.01
LINE_BYTES = 1000
ROUNDS_A_FILE = 500
"""Parquet: so many runs of a vantage point in one file."""


class World(NamedTuple):
    """Its size: rows are `vantages * ENDPOINTS * rounds`."""

    vantages: int
    rounds: int
    seed: int

    @property
    def rows(self) -> int:
        return self.vantages * ENDPOINTS * self.rounds


def sized(rows: int, vantages: int, seed: int) -> World:
    """The world of about so many rows."""
    return World(vantages, max(1, round(rows / vantages / ENDPOINTS)), seed)


def _measurement(verdict: Verdict, **changes: object) -> Measurement:
    plain = Measurement(
        id="ID", run_id="RUN", time="TIME", vantage="VANTAGE", country="CN", asn=4134, target="TARGET",
        endpoint="ENDPOINT", role=Role.API, verdict=verdict, certainty=None, layer=None, mechanism=None, failure=None,
        control=ControlState.REACHED, fitness=Fitness.FIT, runtime=0.412, kind=TargetKind.APP, input="https://TARGET/",
        tries=1, network="a network", target_list="0" * 64, observations=(),
        diagnosis=Diagnosis(verdict=verdict, ruleset_version="2021.1"),
        software=Software(name="probe", version="0.1.0", python="3.11.7", openssl="OpenSSL 3.0.15"),
    )  # fmt: skip
    made = msgspec.structs.replace(plain, **changes)
    missing = LINE_BYTES - len(encode_line(made)) - 110  # what the names take more than their placeholders
    return msgspec.structs.replace(made, network="a network " + "n" * max(0, missing))


KINDS = (
    _measurement(Verdict.OK),
    _measurement(Verdict.ANOMALY, failure=FailureKind.RESET),
    _measurement(
        Verdict.BLOCKED,
        certainty=Certainty.LIKELY,
        layer=Layer.TLS,
        mechanism=Mechanism.SNI_RESET,
        failure=FailureKind.RESET,
    ),
)


def write_lines(world: World, folder: Path, *, together: bool = False) -> int:
    """All results as lines below the folder, a file per run or (`together`) vantage point; how many bytes that is."""
    draw = random.Random(world.seed)
    written = 0
    for vantage in range(world.vantages):
        onsets = [draw.randrange(world.rounds) if draw.random() < BLOCKED else world.rounds for _ in range(ENDPOINTS)]
        name = f"vantage-{vantage:02d}"
        templates = [list(_templates(name, vantage, endpoint)) for endpoint in range(ENDPOINTS)]
        for number in range(world.rounds):
            begun = int(START.timestamp()) + number * EVERY
            at = datetime.fromtimestamp(begun, UTC)
            run = f"{at:%Y%m%dT%H%M%SZ}-{name}-{number % 65536:04x}"
            path = folder / name / (f"{at:%Y-%m-%d}/{run}.jsonl" if not together else "all.jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = []
            for endpoint, onset in enumerate(onsets):
                kind = 2 if number >= onset else int(draw.random() < NOISE)
                seconds, millis = divmod(endpoint * 137, 1000)
                time = f"{at:%Y-%m-%dT%H:}{seconds // 60:02d}:{seconds % 60:02d}.{millis:03d}Z"
                head, middle, rest = templates[endpoint][kind]
                lines.append(f"{head[0]}{run}{head[1]}{run}{middle}{time}{rest}")
            data = "".join(lines).encode()
            with path.open("ab") as file:
                file.write(data)
            written += len(data)
    return written


def _templates(vantage: str, number: int, endpoint: int) -> Iterator[tuple[tuple[str, str], str, str]]:
    """For each kind, the line of an endpoint around its run (twice) and its time."""
    target = f"app-{endpoint // PER_TARGET:03d}.example"
    for kind in KINDS:
        named = msgspec.structs.replace(
            kind, id=f"RUN/{target}/e{endpoint % PER_TARGET}", vantage=vantage, asn=4134 + number,
            target=target, endpoint=f"e{endpoint % PER_TARGET}", input=f"https://{target}/",
        )  # fmt: skip
        before, second, after = encode_line(named).decode().split("RUN", 2)
        middle, rest = after.split("TIME", 1)
        yield (before, second), middle, rest


def write_parquet(world: World, folder: Path) -> int:
    """All results as Parquet below the folder; how many bytes that is."""
    connection = connected()
    connection.execute("SET preserve_insertion_order = false")
    for vantage in range(world.vantages):
        for begin in range(0, world.rounds, ROUNDS_A_FILE):
            end = min(world.rounds, begin + ROUNDS_A_FILE)
            at = datetime.fromtimestamp(START.timestamp() + begin * EVERY, UTC)
            path = folder / f"vantage=vantage-{vantage:02d}" / f"date={at:%Y-%m-%d}" / "part.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(f"COPY ({_rows(world, vantage, begin, end)}) TO {quoted(str(path))} (COMPRESSION zstd)")
    connection.close()
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _rows(world: World, vantage: int, begin: int, end: int) -> str:
    """The rows of some rounds of a vantage point as SQL. Chance is a hash of the seed and the place."""
    start = int(START.timestamp())
    return f"""
        WITH cells AS (
            SELECT round, endpoint, {start} + round * {EVERY} AS begun,
                hash({world.seed}, {vantage}, endpoint) % 10000 < {int(BLOCKED * 10000)}
                    AND round >= hash({world.seed} + 1, {vantage}, endpoint) % {world.rounds} AS blocked,
                hash({world.seed} + 2, {vantage}, endpoint, round) % 10000 < {int(NOISE * 10000)} AS noise
            FROM range({begin}, {end}) AS r(round), range({ENDPOINTS}) AS e(endpoint)
        ), named AS (
            SELECT *, strftime(make_timestamp(begun * 1000000), '%Y%m%dT%H%M%SZ') || '-vantage-'
                || lpad('{vantage}', 2, '0') || '-' || printf('%04x', round % 65536) AS run,
                'app-' || lpad((endpoint // {PER_TARGET})::VARCHAR, 3, '0') || '.example' AS name
            FROM cells
        )
        SELECT 1 AS schema, run || '/' || name || '/e' || endpoint % {PER_TARGET} AS id, run AS run_id,
            make_timestamp(begun * 1000000 + endpoint * 137000)::TIMESTAMPTZ AS time,
            'vantage-' || lpad('{vantage}', 2, '0') AS vantage, 'CN' AS country, ({4134 + vantage})::BIGINT AS asn,
            name AS target, 'e' || endpoint % {PER_TARGET} AS endpoint, 'api' AS role,
            CASE WHEN blocked THEN 'blocked' WHEN noise THEN 'anomaly' ELSE 'ok' END AS verdict,
            CASE WHEN blocked THEN 'likely' END AS certainty, CASE WHEN blocked THEN 'tls' END AS layer,
            CASE WHEN blocked THEN 'sni_reset' END AS mechanism,
            CASE WHEN blocked OR noise THEN 'connection_reset' END AS failure,
            'reached' AS control, 'fit' AS fitness, 0.412::DOUBLE AS runtime
        FROM named ORDER BY round, endpoint"""
