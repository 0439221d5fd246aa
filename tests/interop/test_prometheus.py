"""Gauges: what they say of a measurement, and that Prometheus' own parsers read whatever strangers put into them."""

import shutil
import subprocess
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.interop import prometheus
from probe.interop.prometheus import Gauges, LastRun, Ledger, render, stages
from probe.model.diagnosis import ControlState, Fitness, Layer, Mechanism, Verdict
from probe.model.episode import SeriesKey
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import (
    DNSLookup,
    HTTPRoundTrip,
    Observation,
    Purpose,
    Resolver,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)
from tests.store.records import T0, measurement

parser = pytest.importorskip("prometheus_client.parser")
API = SeriesKey("sha-ct", "CN", 4134, "clubhouse", "api")
RUN = LastRun(ended=T0 + 23.5, seconds=23.5, measured=54, fitness=Fitness.FIT)


def read(text: bytes) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The samples by metric, as Prometheus' client library reads them."""
    families = parser.text_string_to_metric_families(text.decode())
    return {family.name: [(one.labels, one.value) for one in family.samples] for family in families}


def gauged(*measured: Any, ledger: dict[SeriesKey, Ledger] | None = None, waiting: int | None = None) -> bytes:
    gauges = Gauges("sha-ct", 600.0)
    for one in measured:
        gauges.measured(one)
    gauges.run_finished(RUN, None)
    return gauges.text(ledger or {}, waiting)


PLACE = {"vantage": "sha-ct", "country": "CN", "asn": "4134", "target": "clubhouse", "endpoint": "api", "role": "api"}
BLOCKED = measurement(verdict=Verdict.BLOCKED, layer=Layer.TLS, mechanism=Mechanism.SNI_RESET)


def test_a_reached_endpoint() -> None:
    said = read(gauged(measurement()))
    assert said["probe_endpoint_up"] == [(PLACE, 1.0)]
    assert said["probe_endpoint_duration_seconds"] == [(PLACE, 0.412)]
    assert said["probe_measurement_timestamp_seconds"] == [(PLACE, T0)]
    assert said["probe_last_run_timestamp_seconds"] == [({"vantage": "sha-ct"}, T0 + 23.5)]
    assert said["probe_vantage_fit"] == [({"vantage": "sha-ct"}, 1.0)]
    assert said["probe_watch_interval_seconds"] == [({"vantage": "sha-ct"}, 600.0)]


def test_the_outcome_of_a_blocked_one() -> None:
    said = read(gauged(BLOCKED))
    assert said["probe_endpoint_up"] == [(PLACE, 0.0)]
    [(labels, value)] = said["probe_outcome_info"]
    assert value == 1.0
    outcome = {
        "verdict": "blocked", "certainty": "", "layer": "tls", "mechanism": "sni_reset", "failure": "",
        "control": "reached", "fitness": "fit",
    }  # fmt: skip
    assert labels == {**PLACE, **outcome}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_up_or_not_or_says_nothing(verdict: Verdict) -> None:
    said = read(gauged(measurement(verdict=verdict)))
    expected = {"ok": 1, "interfered": 1, "restricted": 1, "blocked": 0, "down": 0, "anomaly": 0}.get(verdict)
    assert [value for _, value in said.get("probe_endpoint_up", [])] == ([] if expected is None else [expected])


def test_only_the_latest_measurement_of_a_series_counts() -> None:
    said = read(gauged(BLOCKED, measurement(T0 + 600)))
    assert said["probe_endpoint_up"] == [(PLACE, 1.0)]
    assert said["probe_outcome_info"][0][0]["mechanism"] == ""


def test_what_the_ledger_says_stands_beside_what_was_measured_last() -> None:
    said = read(gauged(BLOCKED, ledger={API: Ledger(blocked=False, unreachable=False, suspected=True)}, waiting=3))
    assert said["probe_endpoint_blocked"] == [(PLACE, 0.0)]
    assert said["probe_endpoint_suspected"] == [(PLACE, 1.0)]
    assert said["probe_alerts_waiting"] == [({"vantage": "sha-ct"}, 3.0)]


@pytest.mark.parametrize(("fitness", "fit"), [(Fitness.OFFLINE, [0.0]), (Fitness.UNKNOWN, [])])
def test_a_vantage_that_is_unfit_or_of_unknown_fitness(fitness: Fitness, fit: list[float]) -> None:
    gauges = Gauges("sha-ct", 600.0)
    gauges.run_finished(RUN._replace(fitness=fitness), None)
    said = read(gauges.text({}))
    assert [value for _, value in said.get("probe_vantage_fit", [])] == fit
    assert [labels["fitness"] for labels, _ in said["probe_fitness_info"]] == [fitness]


def test_before_the_first_run_nothing_is_said_of_a_last_one() -> None:
    said = read(Gauges("sha-ct", 600.0).text({}))
    assert set(said) == {"probe_watch_interval_seconds"}


def endpoints(gauges: Gauges) -> list[str]:
    return [labels["endpoint"] for labels, _ in read(gauges.text({})).get("probe_endpoint_up", [])]


def test_an_endpoint_that_left_the_list_leaves_the_file_and_one_that_was_only_left_out_stays() -> None:
    gauges = Gauges("sha-ct", 600.0)
    for name in ("api", "gone", "paced"):
        gauges.measured(measurement(T0 - 600, endpoint=name))
    gauges.measured(measurement(T0, endpoint="api"))
    gauges.measured(measurement(T0, endpoint="check"))  # a reference, which no list of targets names
    gauges.run_finished(RUN, None)  # a look at something that changed says nothing of the list
    assert endpoints(gauges) == ["api", "gone", "paced", "check"]
    gauges.run_finished(RUN, ["clubhouse/api", "clubhouse/paced"])
    assert endpoints(gauges) == ["api", "paced", "check"]


def test_two_watches_of_one_machine_write_no_sample_twice() -> None:
    """node_exporter gathers all files of its folder, and refuses them all if a sample comes twice."""
    seen: list[str] = []
    for name in ("sha-ct", "ber-dt"):
        gauges = Gauges(name, 600.0)
        gauges.measured(measurement(vantage=name))
        gauges.run_finished(RUN, None)
        ledger = {
            SeriesKey(name, "CN", 4134, "clubhouse", "api"): Ledger(blocked=True, unreachable=False, suspected=False)
        }
        seen += [line.rpartition(" ")[0] for line in gauges.text(ledger, 1).decode().splitlines() if line[0] != "#"]
    assert len(seen) == len(set(seen))


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_name_holds_the_parser_gives_back_one_sample(target: str, endpoint: str) -> None:
    one = msgspec.structs.replace(measurement(), target=target, endpoint=endpoint)
    [(labels, _)] = read(gauged(one))["probe_endpoint_up"]
    if target.isprintable():
        assert labels["target"] == target
    assert labels["role"] == "api"


def test_a_label_value_cannot_end_its_line_or_itself() -> None:
    text = render([prometheus.Family("probe_x", "X.", [({"name": 'a"} 0\nprobe_fake 1 \\ \r\u2028'}, 1.0)])])
    assert text.decode().splitlines()[2] == 'probe_x{name="a\\"} 0\\nprobe_fake 1 \\\\ \\\\u000d\\\\u2028"} 1'


def test_surrogates_do_not_end_the_file() -> None:
    one = msgspec.structs.replace(measurement(), target="a\udcffb")
    assert read(gauged(one))["probe_endpoint_up"][0][1] == 1.0


def test_series_are_bounded_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "MOST_SERIES", 2)
    said = read(gauged(*(measurement(endpoint=f"e{i}") for i in range(5))))
    assert len(said["probe_endpoint_up"]) == 2
    assert said["probe_endpoints_left_out"] == [({"vantage": "sha-ct"}, 2.0)]  # as many as are counted at most


def own_lookup(t0: float, t: float, **changes: Any) -> DNSLookup:
    plain: dict[str, Any] = {"transaction_id": 1, "resolver": Resolver(kind=ResolverKind.UDP, own=True), "name": "x",
                             "qtype": "A", "addresses": ("192.0.2.1",), "t0": t0, "t": t}  # fmt: skip
    return DNSLookup(**{**plain, **changes})


def flow(transaction: int, t0: float, **changes: Any) -> list[Observation]:
    """Connect in 10 ms, handshake in 20, first byte after 30, the rest in 40."""
    common: dict[str, Any] = {"transaction_id": transaction, "address": "192.0.2.1", "port": 443, **changes}
    return [
        TCPConnect(**common, t0=t0, t=t0 + 0.01),
        TLSHandshake(**common, t0=t0 + 0.01, t=t0 + 0.03),
        HTTPRoundTrip(**common, method="GET", url="u", t0=t0 + 0.03, first_byte=t0 + 0.06, t=t0 + 0.1),
    ]


def test_stages_of_a_plain_flow() -> None:
    other = own_lookup(0.0, 0.9, resolver=Resolver(kind=ResolverKind.DOH, address="https://x/"))
    seen = [own_lookup(0.0, 0.05), own_lookup(0.0, 0.07), other, *flow(2, 1.0)]
    expected = {"resolve": 0.07, "connect": 0.01, "tls": 0.02, "processing": 0.03, "transfer": 0.04}
    assert stages(seen) == pytest.approx(expected)


def test_redirects_add_up_retries_and_experiments_do_not() -> None:
    seen = [
        *flow(1, 0.0),  # another address, tried before
        *flow(2, 1.0, purpose=Purpose.RETRY),
        *flow(3, 2.0, hop=1),
        *flow(4, 3.0, purpose=Purpose.CONTROL, via="proxy"),
        *flow(5, 4.0, purpose=Purpose.CONTROL_SNI),
    ]
    assert stages(seen) == pytest.approx({"connect": 0.02, "tls": 0.04, "processing": 0.06, "transfer": 0.08})


def test_a_stage_that_failed_has_no_time() -> None:
    failure = Failure(kind=FailureKind.TIMEOUT, operation=Operation.TLS_HANDSHAKE)
    connect, handshake, _ = flow(1, 0.0)
    assert stages([connect, msgspec.structs.replace(handshake, failure=failure)]) == pytest.approx({"connect": 0.01})


def test_all_samples_of_a_metric_stand_together_under_one_type() -> None:
    lines = gauged(measurement(), measurement(endpoint="web"), waiting=0).decode().splitlines()
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))
    assert all(line.split()[3] == "gauge" for line in lines if line.startswith("# TYPE"))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_object_to() -> None:
    text = gauged(
        BLOCKED, measurement(endpoint="web", control=ControlState.NONE), ledger={API: Ledger(True, False, False)}
    )
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert done.stdout + done.stderr == b""
    assert done.returncode == 0
