"""Measurements as gauges in Prometheus' text format, for node_exporter's textfile collector. Names near blackbox's.

Holds the latest of each series of one vantage point and writes the whole text; who puts it into a file, and when, is
the watch's affair. Samples bear no time stamps (the collector refuses them): how fresh they are is
`probe_last_run_timestamp_seconds`. Every sample names its vantage point: two watches of one machine share a collector,
which refuses them both if a sample comes twice.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Fitness, Verdict
from probe.model.episode import SeriesKey
from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, Observation, Purpose, TCPConnect, TLSHandshake

MOST_SERIES = 20_000
"""Endpoints beyond these are left out, and counted in `probe_endpoints_left_out`."""
UP: Mapping[str, int] = {
    Verdict.OK: 1,
    Verdict.INTERFERED: 1,
    Verdict.RESTRICTED: 1,
    Verdict.BLOCKED: 0,
    Verdict.DOWN: 0,
    Verdict.ANOMALY: 0,
}
"""Reached or not. A measurement that is `insufficient` says neither, and its sample is absent."""
STAGES = ("resolve", "connect", "tls", "processing", "transfer")
"""The phases of blackbox_exporter's `probe_http_duration_seconds`."""
_OURS = (Purpose.MAIN, Purpose.RETRY)

Labels = Mapping[str, str]


class Family(NamedTuple):
    """One metric: its name, what it means, and its samples. All are gauges."""

    name: str
    help: str
    samples: Iterable[tuple[Labels, float]]


class Latest(NamedTuple):
    """What the latest measurement of a series said."""

    key: SeriesKey
    labels: Labels
    outcome: Labels
    up: int | None
    seconds: float
    at: float
    stages: Mapping[str, float]


class LastRun(NamedTuple):
    """The last run: when it ended (epoch seconds), how long it took, how many it measured."""

    ended: float
    seconds: float
    measured: int
    fitness: str


class Ledger(NamedTuple):
    """What stands against a series: failures beyond chance that show a block (`blocked`), or of which nothing measured
    settles why (`unreachable`); a suspicion."""

    blocked: bool
    unreachable: bool
    suspected: bool


class Gauges:
    """The latest of each series of `vantage`, which measures every `every` seconds, and its last run."""

    def __init__(self, vantage: str, every: float) -> None:
        self._here, self._every = {"vantage": vantage}, every
        self._latest: dict[SeriesKey, Latest] = {}
        self._run: LastRun | None = None
        self._left_out: set[SeriesKey] = set()

    def measured(self, one: Measurement) -> None:
        """Take a measurement in the place of the series' last."""
        latest = _latest(one)
        if latest.key in self._latest or len(self._latest) < MOST_SERIES:
            self._latest[latest.key] = latest
        elif len(self._left_out) < MOST_SERIES:
            self._left_out.add(latest.key)

    def run_finished(self, run: LastRun, listed: Collection[str] | None) -> None:
        """Take a run in the place of the last. `listed`: every `target/endpoint` that the target list has; whatever is
        not in it and was not measured in this run is let go. None: the run says nothing of that (it was a look)."""
        self._run = run
        if listed is not None:
            since, names = run.ended - run.seconds - 1, frozenset(listed)  # a second: lines tell milliseconds
            self._latest = {
                key: one
                for key, one in self._latest.items()
                if one.at >= since or f"{key.target}/{key.endpoint}" in names
            }
            self._left_out.clear()

    def text(self, ledger: Mapping[SeriesKey, Ledger], waiting: int | None = None) -> bytes:
        """All of it. `ledger` as far as it is known; `waiting`: messages not yet sent, None: nothing is sent."""
        return render([*self._endpoints(), *self._vantage(waiting), *self._ledger(ledger)])

    def _endpoints(self) -> Iterator[Family]:
        every = list(self._latest.values())
        yield Family(
            "probe_endpoint_up",
            "1 if the endpoint was reached, 0 if not; absent if the measurement says neither.",
            [(one.labels, one.up) for one in every if one.up is not None],
        )
        yield Family(
            "probe_endpoint_duration_seconds",
            "How long the latest measurement took, experiments after an anomaly included.",
            [(one.labels, one.seconds) for one in every],
        )
        yield Family(
            "probe_stage_seconds",
            "How long each stage of the main flow took, redirects added up; a stage not come to is absent.",
            [
                ({**one.labels, "stage": stage}, one.stages[stage])
                for one in every
                for stage in STAGES
                if stage in one.stages
            ],
        )
        yield Family(
            "probe_outcome_info",
            "The latest verdict and what it rests on; always 1.",
            [({**one.labels, **one.outcome}, 1) for one in every],
        )
        yield Family(
            "probe_measurement_timestamp_seconds",
            "When the latest measurement of the endpoint began, in seconds since the epoch.",
            [(one.labels, one.at) for one in every],
        )
        if self._left_out:
            left_out = len(self._left_out)
            yield Family("probe_endpoints_left_out", "Endpoints too many for this file.", [(self._here, left_out)])

    def _vantage(self, waiting: int | None) -> Iterator[Family]:
        def one(name: str, help_: str, value: float | None, **labels: str) -> Family:
            return Family(name, help_, [] if value is None else [({**self._here, **labels}, value)])

        yield one("probe_watch_interval_seconds", "Seconds from run to run, as the watch was asked.", self._every)
        yield one("probe_alerts_waiting", "Alert messages not yet sent.", waiting)
        if (run := self._run) is None:
            return
        yield one("probe_last_run_timestamp_seconds", "When the last run ended, in seconds since the epoch.", run.ended)
        yield one("probe_last_run_duration_seconds", "How long the last run took.", run.seconds)
        yield one("probe_last_run_measurements", "How many endpoints the last run measured.", run.measured)
        yield one(
            "probe_vantage_fit",
            "1 if the references say that the vantage point can measure, else 0; absent if none was measured.",
            None if run.fitness == Fitness.UNKNOWN else run.fitness == Fitness.FIT,
        )
        help_ = "What the references say of the vantage point; always 1."
        yield one("probe_fitness_info", help_, 1, fitness=run.fitness)

    def _ledger(self, ledger: Mapping[SeriesKey, Ledger]) -> Iterator[Family]:
        known = [(one.labels, ledger[one.key]) for one in self._latest.values() if one.key in ledger]
        yield Family(
            "probe_endpoint_blocked",
            "1 while the endpoint fails beyond chance and its failures show a block, else 0.",
            [(labels, one.blocked) for labels, one in known],
        )
        yield Family(
            "probe_endpoint_unreachable",
            "1 while the endpoint fails beyond chance, is reached from elsewhere, and nothing settles why, else 0.",
            [(labels, one.unreachable) for labels, one in known],
        )
        yield Family(
            "probe_endpoint_suspected",
            "1 while the endpoint is suspected to be cut off strongly enough to be told, else 0.",
            [(labels, one.suspected) for labels, one in known],
        )


def render(families: Iterable[Family]) -> bytes:
    """Prometheus' text format, version 0.0.4, UTF-8. Metrics without samples are left out."""
    lines: list[str] = []
    for family in families:
        samples = list(family.samples)
        if samples:
            lines += [f"# HELP {family.name} {_help(family.help)}", f"# TYPE {family.name} gauge"]
            lines += [f"{family.name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    """As the format asks: backslash, quote and newline. Other line ends are spelt out: some parsers split at them."""
    safe = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return "".join(c if c.isprintable() else f"\\\\u{ord(c):04x}" for c in safe)


def _number(value: float) -> str:
    """Whole numbers as such, others to the microsecond: times of milliseconds stay exact."""
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")


def _latest(one: Measurement) -> Latest:
    key = SeriesKey(one.vantage, one.country, one.asn, one.target, one.endpoint)
    place = {"vantage": one.vantage, "country": one.country, "asn": str(one.asn)}
    words = {
        "verdict": one.verdict,
        "certainty": one.certainty,
        "layer": one.layer,
        "mechanism": one.mechanism,
        "failure": one.failure,
        "control": one.control,
        "fitness": one.fitness,
    }
    return Latest(
        key=key,
        labels={**place, "target": one.target, "endpoint": one.endpoint, "role": str(one.role)},
        outcome={name: str(word or "") for name, word in words.items()},
        up=UP.get(one.verdict),
        seconds=one.runtime,
        at=parse_rfc3339(one.time),
        stages=stages(one.observations),
    )


def stages(observations: Sequence[Observation]) -> dict[str, float]:
    """Seconds of each stage of the main flow: of its last try, over all redirects, by blackbox's phases.

    Only stages that were done count: the time until a failure is a deadline's, not a server's. `resolve` is the slowest
    of the vantage's own answers, `processing` from the request to the first byte, `transfer` from there to the end.
    """
    ours = [one for one in observations if one.purpose in _OURS and one.failure is None and not one.via]
    spent: dict[str, float] = {}
    for hop in {one.hop for one in ours}:
        here = [one for one in ours if one.hop == hop]
        asked = [one for one in here if isinstance(one, DNSLookup) and one.resolver.own and one.addresses]
        flows = [one for one in here if not isinstance(one, DNSLookup)]
        last = max((one.transaction_id for one in flows), default=None)
        _add(spent, "resolve", max((one.t - one.t0 for one in asked), default=None))
        for one in flows:
            if one.transaction_id == last:
                for stage, seconds in _timed(one):
                    _add(spent, stage, seconds)
    return spent


def _timed(one: Observation) -> Iterator[tuple[str, float]]:
    if isinstance(one, TCPConnect):
        yield "connect", one.t - one.t0
    elif isinstance(one, TLSHandshake):
        yield "tls", one.t - one.t0
    elif isinstance(one, HTTPRoundTrip) and one.first_byte is not None:
        yield "processing", one.first_byte - one.t0
        yield "transfer", one.t - one.first_byte


def _add(spent: dict[str, float], stage: str, seconds: float | None) -> None:
    if seconds is not None:
        spent[stage] = round(spent.get(stage, 0.0) + max(seconds, 0.0), 6)
