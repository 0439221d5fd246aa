"""Scenarios 99 to 111, each from recorded lines on disk to what a report says; 99 to 104 also measured in the lab.

Every test is named after its scenario. The lines are drawn (`recorded`) or come from real sockets on loopback.
"""

import json
from pathlib import Path

import msgspec
import pytest

from probe.lab.rule import Match, Reset, Rule, Stage
from probe.lab.world import Response, Route
from probe.model.clock import parse_rfc3339, rfc3339
from probe.model.diagnosis import Layer, Verdict
from probe.model.episode import EpisodeState, Interval
from probe.model.event import EventKind
from probe.model.measurement import Measurement
from probe.model.target import Endpoint, Role, RollupRule, Target, TargetKind
from probe.report.paper import Page
from probe.report.state import State
from probe.report.terminal import render
from probe.report.view import View
from probe.targets.load import parse_targets
from tests.timeline.recorded import DAY, HOUR, MONDAY, drawn, one, told
from tests.world import Ran, http_host, https_host, listed, reference, run_in, tiny_world

OPEN = "." * 48
INSTANCES = ("alive.bar", "bgme.me", "douchi.space", "m.cmx.im", "o3o.ca")


def text(view: View) -> str:
    return render(view, Page(100, str))


def hours(start: float, end: float) -> Interval:
    """An interval in hours since Monday 00:00 UTC."""
    return Interval(MONDAY + start * HOUR, MONDAY + end * HOUR)


def test_099_api_blocked_website_open_is_partly_blocked_and_names_the_set(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": OPEN + "d" * 24, "clubhouse/web": OPEN + "." * 24}))
    (target,) = view.targets
    assert target.blocked == "some"
    assert target.endpoints == {State.BLOCKED: ("api",), State.OPEN: ("web",)}
    assert one(view, "clubhouse/api").episodes[0].onset == hours(47, 48)
    assert "clubhouse   sha-ct CN AS4134   blocked: api   open: web" in text(view)
    assert view.joined.events == ()


def test_100_website_blocked_a_week_later_is_a_second_onset(tmp_path: Path) -> None:
    week = "." * 168
    view = told(tmp_path, drawn({"clubhouse/api": OPEN + "d" * 240, "clubhouse/web": OPEN + week + "#" * 72}))
    first, second = one(view, "clubhouse/api").episodes[0], one(view, "clubhouse/web").episodes[0]
    assert first.onset == hours(47, 48)
    assert second.onset == hours(48 + 167, 48 + 168)
    assert (first.mechanisms, second.mechanisms) == (("dns_injection",), ("sni_reset",))
    assert view.targets[0].blocked == "all"
    assert view.joined.events == ()  # a week apart: nothing began together


def test_101_realtime_host_that_stays_reachable_is_the_control_inside_the_app(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": OPEN + "#" * 24, "clubhouse/realtime": OPEN + "." * 24}))
    assert one(view, "clubhouse/realtime").state == State.OPEN
    assert one(view, "clubhouse/realtime").good == 72
    assert view.targets[0].endpoints == {State.BLOCKED: ("api",), State.OPEN: ("realtime",)}


@pytest.mark.parametrize("sign", ["o", "#"])
def test_102_telemetry_down_or_blocked_decides_nothing(tmp_path: Path, sign: str) -> None:
    pictures = {"clubhouse/api": OPEN + "." * 24, "clubhouse/telemetry": OPEN + sign * 24, "x.org/web": OPEN + "." * 24}
    if sign == "#":
        pictures["x.org/web"] = OPEN + "#" * 24
    view = told(tmp_path, drawn(pictures))
    app = next(target for target in view.targets if target.target == "clubhouse")
    assert app.blocked == "none"
    assert app.endpoints == {State.OPEN: ("api",)}
    assert view.joined.events == ()  # nor does it make a wave with what was blocked beside it


def test_105_block_unblock_block_is_two_episodes_with_an_end_between(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": OPEN + "#" * 30 + "." * 200 + "t" * 30}))
    first, second = one(view, "clubhouse/api").episodes
    assert first.onset == hours(47, 48)
    assert first.end == hours(77, 78)
    assert second.onset == hours(277, 278)
    assert second.end is None
    assert (first.mechanisms, second.mechanisms) == (("sni_reset",), ("sni_timeout",))
    assert not first.flapping
    assert one(view, "clubhouse/api").state == State.BLOCKED


def test_106_blocked_in_one_of_two_runs_is_one_flapping_episode(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": OPEN * 2 + ("##.." * 24)}))
    (episode,) = one(view, "clubhouse/api").episodes
    assert episode.flapping
    assert episode.state == EpisodeState.CONFIRMED
    assert episode.onset == hours(95, 96)
    assert sum(percent for _, _, percent in episode.profile) / len(episode.profile) == pytest.approx(50, abs=5)
    assert "comes and goes" in text(view)


def test_107_five_instances_on_the_same_day_are_one_event(tmp_path: Path) -> None:
    """Blocked one after another between 00:00 and 20:00, measured every hour: one wave, in no one moment."""
    late = {f"{name}/web": OPEN + "." * (5 * n) + "#" * (48 - 5 * n) for n, name in enumerate(INSTANCES)}
    (event,) = told(tmp_path, drawn({**late, "clubhouse/api": OPEN * 2})).joined.events
    assert event.kind == EventKind.WAVE
    assert event.targets == INSTANCES
    assert event.shared is None
    least, most = event.apart
    assert least <= 20 * HOUR <= most
    assert event.first.earliest is not None
    assert event.first.earliest < MONDAY + 48 * HOUR <= event.first.latest


def test_107_five_instances_between_the_same_two_runs_share_one_interval(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({f"{name}/web": "." * 40 + "#" * 20 for name in INSTANCES}, every=DAY))
    (event,) = view.joined.events
    assert event.targets == INSTANCES
    assert event.shared is not None
    assert event.shared.earliest is not None
    assert event.shared.earliest <= MONDAY + 39 * DAY < MONDAY + 40 * DAY <= event.shared.latest
    assert event.apart[0] == 0.0
    assert "Began together\n  5 targets   CN AS4134 sha-ct" in text(view)


def test_108_same_app_on_three_networks_by_three_methods(tmp_path: Path) -> None:
    """Jordan, March 2021: name denied first, a day later reset and silence within the hour; a fourth is open."""
    march = parse_rfc3339("2021-03-13T00:00:00+02:00")
    story = {"jo-a": (9038, OPEN + "n" * 96), "jo-b": (48832, OPEN + "." * 24 + "#" * 72),
             "jo-c": (8376, OPEN + "." * 24 + "t" * 72), "jo-d": (44702, OPEN * 3)}  # fmt: skip
    lines = [
        line
        for vantage, (asn, picture) in story.items()
        for line in drawn({"clubhouse/api": picture}, start=march, vantage=vantage, country="JO", asn=asn)
    ]
    view = told(tmp_path, lines, zone="Asia/Amman")
    (event,) = view.joined.events
    assert (event.kind, event.country, event.targets) == (EventKind.ROLLOUT, "JO", ("clubhouse",))
    assert [(one.rank, one.asn, one.mechanisms) for one in event.networks] == [
        (1, 9038, ("dns_nxdomain",)),
        (2, 8376, ("sni_timeout",)),
        (2, 48832, ("sni_reset",)),
    ]
    shown = text(view)
    assert "clubhouse   JO 3 networks" in shown
    assert "1. AS9038: DNS denies that the name exists" in shown
    assert "2. AS48832: reset after this name in TLS" in shown
    assert one(view, "clubhouse/api", "jo-d").state == State.OPEN


def test_109_server_outage_of_six_hours_in_a_week_of_fine_runs_is_no_onset(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"douchi.space/web": "." * 80 + "o" * 6 + "." * 82}))
    series = one(view, "douchi.space/web")
    assert series.episodes == ()
    assert series.bad == 0
    assert [(stretch.size, stretch.first) for stretch in series.downs] == [(6, MONDAY + 80 * HOUR)]
    assert series.state == State.OPEN
    assert view.joined.events == ()


@pytest.mark.parametrize("sign", ["x", " "])
def test_110_vantage_outage_of_a_day_is_a_gap_and_no_onset(tmp_path: Path, sign: str) -> None:
    view = told(tmp_path, drawn({f"{name}/web": OPEN + sign * 24 + OPEN for name in INSTANCES}))
    assert [series.episodes for series in view.series] == [()] * 6
    assert view.joined.events == ()
    (vantage,) = view.vantages
    if sign == "x":
        assert [(stretch.what, stretch.size) for stretch in vantage.unfit] == [("offline", 24)]
    else:
        assert vantage.silent == (hours(47, 72),)


def test_110_block_that_began_in_the_gap_has_an_onset_as_wide_as_the_gap(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": OPEN + "x" * 24 + "#" * 24}))
    assert one(view, "clubhouse/api").episodes[0].onset == hours(47, 72)


def test_111_blocked_at_the_first_run_began_before(tmp_path: Path) -> None:
    view = told(tmp_path, drawn({"clubhouse/api": "#" * 48, "x.org/web": "#" * 48}))
    (episode,) = one(view, "clubhouse/api").episodes
    assert episode.onset == Interval(None, MONDAY)
    assert "since before 8 Feb 00:00 UTC" in text(view)
    assert "onset unknown" in text(view)
    assert view.joined.events == ()  # two unknown beginnings are not "together"


# In the lab


def app(*endpoints: tuple[str, Role]) -> Target:
    parts = tuple(Endpoint(id=role.value, role=role, url=f"https://{host}/") for host, role in endpoints)
    return Target(id="clubhouse", kind=TargetKind.APP, name="c", endpoints=parts, rollup=(RollupRule(),))


def compressed(ran: Ran, run: int) -> list[Measurement]:
    """The lines of one run as the run of its own hour: identity and time are changed, what was measured is not."""
    at = MONDAY + run * HOUR
    token = f"2021020{8 + run // 24}T{run % 24:02}0000Z-lab-0000"
    return [
        msgspec.structs.replace(line, time=rfc3339(at), run_id=token, id=f"{token}/{line.target}/{line.endpoint}")
        for line in ran.lines
    ]


def test_099_to_102_measured_in_the_lab_with_a_compressed_clock(tmp_path: Path) -> None:
    """An app of four hosts: the censor takes the API at the ninth run, and the telemetry host dies with it."""
    hosts = {
        "api.example": Role.API,
        "www.example": Role.WEB,
        "rt.example": Role.REALTIME,
        "tm.example": Role.TELEMETRY,
    }
    sites = [https_host(name, f"104.16.1.{n}") for n, name in enumerate(hosts, start=1)]
    world = tiny_world(*sites, http_host("r1.example", "104.16.2.1"), http_host("r2.example", "104.16.2.2"))
    targets = listed(app(*hosts.items()), reference("r1.example"), reference("r2.example"))
    censor = [Rule(id="sni", match=Match(stage=Stage.TLS, names=("api.example",)), effect=Reset())]
    lines: list[Measurement] = []
    for run in range(22):
        rules, down = (censor, ("tm.example",)) if run >= 9 else ([], ())
        ran = run_in(world, targets, rules=rules, down=down, proxy=True, retry_pauses=(), timeout=2.0)
        lines += compressed(ran, run)
    view = told(tmp_path, lines)
    (target,) = view.targets
    assert target.endpoints == {State.BLOCKED: ("api",), State.OPEN: ("realtime", "web")}
    (episode,) = one(view, "clubhouse/api", "lab").episodes
    assert episode.onset == hours(8, 9)
    assert episode.mechanisms == ("sni_reset",)
    assert one(view, "clubhouse/telemetry", "lab").state == State.DOWN
    assert view.joined.events == ()


def instance(body: bytes, status: int = 200) -> Measurement:
    """The API line of `mast.example`, as its shorthand in a target list is measured."""
    page = Response(status=status, body=body, content_type="application/json")
    nodeinfo = Response(body=b'{"links": []}', content_type="application/json")
    routes = (Route(path="/api/v2/instance", response=page), Route(path="/.well-known/nodeinfo", response=nodeinfo),
              Route(response=Response(body=b"hello")))  # fmt: skip
    world = tiny_world(https_host("mast.example", "104.16.1.1", routes=routes), http_host("r1.example", "104.16.2.1"))
    listing = parse_targets(b"version: 1\ninstances:\n  - id: mast.example\n", "test")
    ran = run_in(world, listed(*listing.targets, reference("r1.example")), proxy=True, retry_pauses=(), timeout=2.0)
    (line,) = (line for line in ran.lines if line.endpoint == "api")
    return line


def test_103_instance_that_names_its_own_domain_is_ok() -> None:
    line = instance(json.dumps({"domain": "mast.example", "title": "Mast"}).encode())
    assert line.verdict == Verdict.OK


@pytest.mark.parametrize("body", [b'{"domain": "other.example"}', b"<html>Welcome to nginx</html>"])
def test_103_page_that_is_not_the_instance_is_not_ok_and_not_blocked(body: bytes) -> None:
    assert instance(body).verdict not in (Verdict.OK, Verdict.BLOCKED)


@pytest.mark.parametrize("status", [401, 403])
def test_104_limited_federation_is_reached(tmp_path: Path, status: int) -> None:
    line = instance(b'{"error": "This API requires an authenticated user"}', status)
    assert line.verdict != Verdict.BLOCKED
    assert line.layer in (None, Layer.HTTP)
    view = told(tmp_path, [line])
    (series,) = view.series
    assert (series.good, series.bad) == (1, 0)
