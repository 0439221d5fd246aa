"""Figure A: a tick a run, gaps without ticks, onsets no narrower than the schedule, cells that say what they are."""

from itertools import groupby
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Verdict
from probe.model.target import Role
from probe.report.block.stripes import MOST_MARKS, MOST_ROWS, MOST_TICKS, outcome_of, ticks
from probe.report.block.view import Outcome, Stripe, Stripes
from probe.report.joined import Outside
from probe.timeline.points import Evidence, Point
from tests.report.block.making import claim, page, series, wave
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, STEP, clock, story
from tests.store.records import measurement


def _row(figure: Stripes, label: str, place: str = "") -> Stripe:
    return next(row for row in figure.rows if row.label == label and place in row.place)


def test_a_tick_a_measurement_with_its_own_outcome(tmp_path: Path) -> None:
    kinds = [{}, BLOCKED_API, DOWN, OFFLINE, {**RESET, "control": "none"}, {"verdict": Verdict.INTERFERED},
             {"verdict": Verdict.RESTRICTED}]  # fmt: skip
    row = page(tmp_path, series(*((1, kind) for kind in kinds))).stripes.rows[0]
    assert [tick.outcome for tick in row.ticks] == [
        Outcome.REACHED, Outcome.FAILED, Outcome.DOWN, Outcome.UNFIT, Outcome.UNPROVEN, Outcome.TAMPERED,
        Outcome.RESTRICTED,
    ]  # fmt: skip
    assert all(tick.first == tick.last and tick.size == 1 and tick.id for tick in row.ticks)


def test_onset_is_shaded_from_last_good_to_first_bad_and_never_narrower_than_the_schedule(tmp_path: Path) -> None:
    figure = page(tmp_path, story()).stripes
    (bracket,) = _row(figure, "api").onsets
    assert (bracket.observed.earliest, bracket.observed.latest) == (clock("10:50"), clock("11:00"))
    assert bracket.certain is not None
    assert bracket.certain.earliest is not None
    assert bracket.certain.latest - bracket.certain.earliest >= STEP
    assert _row(figure, "web").onsets == ()


def test_a_block_without_an_onset_is_not_shaded(tmp_path: Path) -> None:
    assert page(tmp_path, series((30, BLOCKED_API))).stripes.rows[0].onsets == ()


def test_a_gap_has_no_tick_and_is_told(tmp_path: Path) -> None:
    row = _row(page(tmp_path, wave()).stripes, "api", "sha-cu")
    (gap,) = row.gaps
    assert gap.earliest is not None
    inside = [tick for tick in row.ticks if gap.earliest < tick.first < gap.latest]
    assert inside == []
    assert gap.latest - gap.earliest >= 2 * 3600


def test_a_series_that_began_late_has_a_gap_before_it(tmp_path: Path) -> None:
    late = series((10, {}), at=clock("15:00"), endpoint="web", role=Role.WEB)
    row = _row(page(tmp_path, [*series((60, {})), *late]).stripes, "web")
    assert row.gaps[0].earliest == clock("09:00")
    assert row.gaps[0].latest == clock("15:00")


def test_unfit_runs_are_greyed(tmp_path: Path) -> None:
    row = _row(page(tmp_path, story()).stripes, "api")
    (unfit,) = row.unfit
    assert (unfit.earliest, unfit.latest) == (clock("16:00"), clock("16:50"))


def test_many_measurements_become_cells_that_keep_the_counts(tmp_path: Path) -> None:
    many = series((500, {}), (1, RESET), (500, {}), step=600.0)
    block = page(tmp_path, many)
    (row,) = block.stripes.rows
    assert len(row.ticks) <= MOST_TICKS
    assert block.stripes.cell >= 600.0
    assert "each mark stands for all within" in block.stripes.note
    assert sum(tick.size for tick in row.ticks) == block.numbers.measurements == 1001
    assert sum(tick.failed for tick in row.ticks) == block.numbers.failed == 1
    assert [tick.outcome for tick in row.ticks].count(Outcome.MIXED) == 1


def test_many_endpoints_are_drawn_together_and_the_eventful_one_alone(tmp_path: Path) -> None:
    quiet = [one for n in range(MOST_ROWS + 20) for one in series((12, {}), endpoint=f"web{n:03}", role=Role.WEB)]
    block = page(tmp_path, [*quiet, *series((2, {}), (40, BLOCKED_API))])
    figure = block.stripes
    assert len(figure.rows) == MOST_ROWS
    assert "api" in [row.label for row in figure.rows]
    assert sum(row.endpoints for row in figure.rows) == MOST_ROWS + 21
    assert sum(len(row.ticks) for row in figure.rows) <= MOST_MARKS
    assert "22 endpoints are drawn together" in figure.note
    drawn = sum(tick.size for row in figure.rows for tick in row.ticks)
    assert drawn == block.numbers.measurements


def test_a_claim_is_a_flag_once_although_it_concerns_three_places(tmp_path: Path) -> None:
    outside = Outside((claim(), claim(id="later", when=claim().when.__class__(
        text="2024", zone="UTC", first=clock("23:00") + 9e7, last=clock("23:00") + 9e7)),))  # fmt: skip
    figure = page(tmp_path, wave(), outside=outside).stripes
    (flag,) = figure.flags
    assert flag.by == "GreatFire"
    assert (flag.when.earliest, flag.when.latest) == (clock("10:50"), clock("11:10"))


def test_the_alternative_text_tells_rows_counts_and_onset(tmp_path: Path) -> None:
    said = page(tmp_path, story(), zone="UTC").stripes.alt
    assert (
        "clubhouse/api from sha-ct CN AS4134: 55 failed, 12 reached, 6 said nothing; now blocked (confirmed)." in said
    )
    assert "Onset 8 February 2021 10:50–11:00 UTC." in said


def test_legend_names_what_occurs(tmp_path: Path) -> None:
    figure = page(tmp_path, story()).stripes
    assert {one.outcome for one in figure.legend} == {tick.outcome for row in figure.rows for tick in row.ticks}
    assert {one.outcome for one in figure.names} == set(Outcome)


def test_one_measurement_alone_is_a_figure(tmp_path: Path) -> None:
    figure = page(tmp_path, [measurement()]).stripes
    assert len(figure.rows[0].ticks) == 1
    assert figure.first == figure.last


POINTS = st.lists(
    st.builds(
        Point, st.integers(0, 400).map(float), st.sampled_from(Evidence), st.just(""), st.just(""),
        st.sampled_from([*Verdict]), st.just("id"),
    ),
    min_size=1,
).map(sorted)  # fmt: skip


@given(POINTS, st.sampled_from([1.0, 10.0, 60.0, 1000.0]))
def test_a_cell_holds_what_was_measured_in_it_and_nothing_else(points: list[Point], cell: float) -> None:
    first = points[0].time
    cells = [list(group) for _, group in groupby(points, key=lambda point: (point.time - first) // cell)]
    made = list(ticks(points, first, cell))
    assert [(tick.first, tick.last, tick.size) for tick in made] == [(c[0].time, c[-1].time, len(c)) for c in cells]
    assert [tick.failed for tick in made] == [sum(point.evidence == Evidence.BAD for point in c) for c in cells]
    assert [tick.reached for tick in made] == [sum(point.evidence == Evidence.GOOD for point in c) for c in cells]
    for tick, members in zip(made, cells, strict=True):
        telling = {outcome_of(point) for point in members if point.evidence != Evidence.VOID}
        met = {outcome_of(point) for point in members}
        assert tick.outcome in ({Outcome.MIXED} if len(telling) > 1 else telling or met)
