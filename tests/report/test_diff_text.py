"""The comparison as it is read: what explains the rest on top, one line a fact, and nobody else's lines."""

from pathlib import Path
from typing import Any

import msgspec

from probe.cli.console import clean
from probe.model.diagnosis import Mechanism, Verdict
from probe.model.measurement import Measurement
from probe.report.diff_text import render
from probe.report.diff_view import DiffView
from probe.report.paper import Page
from tests.report.comparing import FALSE, MET, compared, lookup, shaken
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET
from tests.store.records import T0, measurement

PAGE = Page(80, clean)
CAUGHT = {**RESET, "tries": 3}


def run(hour: int, *told: tuple[str, dict[str, Any]], **more: Any) -> list[Measurement]:
    """One run: targets and what was found of them."""
    return [
        measurement(T0 + hour * 3600, target=target, endpoint="web", **{"observations": MET, **more, **found})
        for target, found in told
    ]


def names(*targets: str) -> list[tuple[str, dict[str, Any]]]:
    return [(target, {}) for target in targets]


def drawn(view: DiffView, width: int = 80) -> list[str]:
    return render(view, Page(width, clean)).splitlines()


def test_what_fails_for_no_settled_cause_is_unreachable_and_not_blocked(tmp_path: Path) -> None:
    unsettled = {"verdict": Verdict.ANOMALY}
    before = [one for hour in range(20) for one in run(hour, ("a", {}))]
    after = [*before, *(one for hour in range(20, 40) for one in run(hour, ("a", unsettled)))]
    lines = drawn(compared(tmp_path, before, after))
    assert " + unreachable  a/web  how is not settled  (was open)" in lines
    assert not any("blocked" in line for line in lines)


def test_a_night_at_one_vantage_point(tmp_path: Path) -> None:
    silence = {**CAUGHT, "mechanism": Mechanism.SNI_TIMEOUT}
    before = run(0, ("a", {}), ("b", CAUGHT), ("c", CAUGHT), ("d", {}), ("e", {}), ("f", {}), ("g", {}))
    after = run(
        2, ("a", BLOCKED_API), ("b", silence), ("c", {}), ("d", {**DOWN, "tries": 3}), ("e", OFFLINE),
        ("f", {"verdict": Verdict.RESTRICTED}), ("h", {}),
    )  # fmt: skip
    assert drawn(compared(tmp_path, before, after, zone="Asia/Shanghai")) == [
        "A  before.jsonl  20210208T090000Z-sha-ct-91f3  8 Feb 17:00 (09:00 UTC)",
        "B  after.jsonl   20210208T110000Z-sha-ct-91f3  8 Feb 19:00 (11:00 UTC)",
        "   sha-ct CN AS4134",
        "",
        " ! fitness  fit → fit, offline",
        "",
        " + blocked     a/web  forged DNS answer (confirmed)  (was open)",
        " - recovered   c/web  open  (was blocked: reset after this name in TLS, likely)",
        " ~ method      b/web",
        "      reset after this name in TLS (likely) → silence after this name in TLS",
        "      (likely)",
        " + down        d/web  the control failed as well  (was open)",
        " + restricted  f/web  the server itself turns this client away  (was open)",
        " * new         h/web  open",
        "      though the target list is the same: not measured in all runs",
        " * gone        g/web  (was open)",
        "      though the target list is the same: not measured in all runs",
        "",
        "Not comparable",
        "  e/web  B: offline",
        "",
        "0 unchanged · 1 not comparable · same targets file · same software",
    ]


def test_what_may_explain_the_rest_stands_on_top(tmp_path: Path) -> None:
    moved = {"asn": 9808, "target_list": "f" * 64, "observations": (lookup("1.1.1.1", resolver="8.8.8.8:53"), shaken())}
    lines = drawn(compared(tmp_path, run(0, ("a", {})), run(1, ("a", CAUGHT), **moved)))
    assert lines[4:9] == [
        " ! network      AS4134 → AS9808",
        " ! resolvers    202.96.209.133:53 → 8.8.8.8:53",
        " ! target list  000000000000 → ffffffffffff",
        "",
        " + blocked  a/web  reset after this name in TLS (likely)  (was open)",
    ]
    assert lines[-1] == "0 unchanged · another targets file · same software"


def test_certificates_and_addresses_are_told_apart_from_verdicts(tmp_path: Path) -> None:
    other = {"observations": (lookup("5.5.5.5"), shaken(FALSE))}
    some = {"observations": (lookup("1.1.1.1", "1.0.0.1"), shaken())}
    lines = drawn(compared(tmp_path, run(0, *names("a", "b", "c")), run(1, ("a", other), ("b", some), ("c", {}))))
    assert lines[4:] == [
        "Certificates",
        "  a/web  issuer CN=R3 → CN=Other  expires 2021-05-03 → 2022-01-01",
        "      SHA-256 aaaaaaaaaaaa → bbbbbbbbbbbb  genuine",
        "",
        "Other addresses (content networks rotate them; this proves nothing)",
        "  a/web            1.1.1.1 → 5.5.5.5",
        "  1 endpoint more  some in common, some not",
        "",
        "3 unchanged · same targets file · same software",
    ]


def test_two_vantage_points_are_not_before_and_after(tmp_path: Path) -> None:
    there = {"vantage": "fra", "country": "DE", "asn": 3320}
    view = compared(tmp_path, run(0, ("a", CAUGHT), *names("b", "c")), run(0, *names("a", "b"), **there))
    assert drawn(view) == [
        "A  before.jsonl  sha-ct CN AS4134  20210208T090000Z-sha-ct-91f3  8 Feb 09:00 UTC",
        "B  after.jsonl   fra DE AS3320  20210208T090000Z-fra-91f3  8 Feb 09:00 UTC",
        "",
        " a/web  blocked at sha-ct: reset after this name in TLS (likely)  open at fra",
        " c/web  measured at sha-ct only: open",
        "",
        "1 the same · same targets file · same software",
    ]


def test_several_vantage_points_name_themselves(tmp_path: Path) -> None:
    both = [run(hour, ("a", found), vantage=name) for hour, found in ((0, {}), (1, CAUGHT)) for name in ("x", "y")]
    lines = drawn(compared(tmp_path, both[0] + both[1], both[2] + both[3]))
    assert [line for line in lines if "blocked" in line] == [
        f" + blocked  a/web  {name}  reset after this name in TLS (likely)  (was open)" for name in ("x", "y")
    ]


def test_an_unfit_side_is_no_all_clear_and_is_told_once(tmp_path: Path) -> None:
    targets = "abcde"
    lines = drawn(compared(tmp_path, run(0, *names(*targets)), run(1, *names(*targets), **OFFLINE)))
    assert lines[-5:] == [
        "Not comparable",
        "  5 endpoints  B: offline",
        "",
        "0 unchanged · 5 not comparable · same targets file · same software",
        "Nothing could be compared: this is no all-clear",
    ]


def test_lone_failures_are_mentioned_and_counted_only_when_raw(tmp_path: Path) -> None:
    before = run(0, ("a", {}))
    after = [line for hour in range(1, 9) for line in run(hour, ("a", {} if hour < 8 else CAUGHT))]
    told = drawn(compared(tmp_path, before, after))
    assert told[-2:] == [
        "1 unchanged · same targets file · same software",
        "1 endpoint of these had failures that are too few to count; --raw counts them",
    ]
    assert "B  after.jsonl   8 runs  as of 8 Feb 17:00 UTC" in told
    assert any(line.startswith(" + blocked  a/web") for line in drawn(compared(tmp_path, before, after, raw=True)))


def test_a_wide_page_has_one_line_a_fact(tmp_path: Path) -> None:
    long = "an.instance.with.a.name.that.is.longer.than.any.column.example"
    view = compared(tmp_path, run(0, ("a", {}), (long, {})), run(1, ("a", CAUGHT), (long, CAUGHT)))
    assert [line.split()[2] for line in drawn(view, 4096) if "blocked" in line] == ["a/web", f"{long}/web"]


def test_no_text_of_a_record_acts_or_writes_a_line_of_its_own(tmp_path: Path) -> None:
    evil = "x\x1b[2J\n + blocked\u202e\t\x9b"
    false = msgspec.structs.replace(FALSE, issuer=evil, not_after=evil, sha256=evil)
    hostile: dict[str, Any] = {
        "observations": (lookup(evil, resolver=evil), shaken(false)), "network": evil, "target_list": evil,
    }  # fmt: skip
    lines = drawn(compared(tmp_path, run(0, ("a", {}), (evil, {})), run(1, ("a", {}), ("b", {}), **hostile)))
    text = "\n".join(lines)
    assert not {"\x1b", "\u202e", "\t", "\x9b"} & set(text)
    assert not [line for line in lines if line.startswith(" + blocked")]


def test_colours_are_put_on_whole_lines(tmp_path: Path) -> None:
    view = compared(tmp_path, run(0, ("a", {})), run(1, ("a", CAUGHT)))
    painted = render(view, PAGE, lambda style, line: f"<{style}>{line}")
    assert "<red> + blocked  a/web" in painted
    assert "<bold>0 unchanged" in painted
