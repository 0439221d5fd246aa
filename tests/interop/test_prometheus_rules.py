"""The alert rules that we ship: about metrics and labels that a watch really writes, and, where promtool is, tried."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from probe.interop.prometheus import Gauges, LastRun, Ledger
from probe.model.diagnosis import Fitness
from probe.model.episode import SeriesKey
from tests.store.records import T0, measurement

parser = pytest.importorskip("prometheus_client.parser")
FOLDER = Path(__file__).parent.parent.parent / "deploy/prometheus"
RULES = FOLDER / "probe.rules.yml"
TESTS = FOLDER / "probe.test.yml"
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def written() -> bytes:
    """All that a watch writes."""
    gauges = Gauges("sha-ct", 600.0)
    gauges.measured(measurement())
    gauges.run_finished(LastRun(T0 + 20, 20.0, 54, Fitness.FIT), None)
    return gauges.text({SeriesKey("sha-ct", "CN", 4134, "clubhouse", "api"): Ledger(True, False, False)}, 0)


def labels_of() -> dict[str, set[str]]:
    """The labels of each metric, as Prometheus' client library reads them."""
    families = parser.text_string_to_metric_families(written().decode())
    return {family.name: set(family.samples[0].labels) for family in families}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_is_about_metrics_and_labels_that_are_there(rule: dict[str, Any]) -> None:
    known = labels_of()
    metrics = re.findall(r"\bprobe_\w+", rule["expr"])
    assert metrics
    assert set(metrics) <= set(known)
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert used <= set.intersection(*(known[name] for name in metrics))


def test_every_rule_is_tried_to_fire_and_to_be_silent() -> None:
    tried = [one for each in yaml.safe_load(TESTS.read_text())["tests"] for one in each["alert_rule_test"]]
    for rule in rules():
        assert {bool(one["exp_alerts"]) for one in tried if one["alertname"] == rule["alert"]} == {True, False}


def promtool(*words: str | Path, stdin: bytes = b"") -> tuple[int, str]:
    done = subprocess.run(["promtool", *map(str, words)], input=stdin, capture_output=True, check=False, cwd=FOLDER)
    return done.returncode, (done.stdout + done.stderr).decode()


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    code, said = promtool("check", "rules", RULES.name)
    assert code == 0, said
    assert f"SUCCESS: {len(rules())} rules found" in said


@needs_promtool
def test_promtool_sees_the_rules_fire_and_resolve() -> None:
    code, said = promtool("test", "rules", TESTS.name)
    assert code == 0, said


@needs_promtool
def test_promtool_accepts_all_that_a_watch_writes() -> None:
    assert promtool("check", "metrics", stdin=written()) == (0, "")
