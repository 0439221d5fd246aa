import pytest

from probe.report.block.view import Outcome
from probe.report.figures.aggregate import PITCH, WINS, Grain, grain, marks
from tests.report.figures import sample

WIDTH = 700.0


def test_runs_with_room_are_drawn_one_by_one() -> None:
    figure = sample.stripes()
    assert grain(figure, WIDTH) == Grain()
    assert len(marks(figure.rows[0].ticks, Grain())) == sample.RUNS


def test_runs_without_room_are_added_up_in_round_stretches() -> None:
    found = grain(sample.stripes(), 100.0)
    assert found == Grain(1800.0, 0.0)


def test_cells_are_added_up_whole() -> None:
    figure = sample.stripes()._replace(cell=4 * 3600.0, first=0.0, last=400 * 3600.0)
    found = grain(figure, 100.0)
    assert found.length % figure.cell == 0
    assert found.length / (figure.last - figure.first) * 100 >= PITCH


def test_a_figure_of_one_run_is_no_error() -> None:
    figure = sample.stripes()
    row = figure.rows[0]._replace(ticks=figure.rows[0].ticks[:1])
    assert grain(figure._replace(rows=(row,)), WIDTH) == Grain()
    assert grain(figure._replace(rows=()), WIDTH) == Grain()


def test_no_run_is_lost_and_none_is_counted_twice() -> None:
    row = sample.stripes().rows[0]
    drawn = marks(row.ticks, Grain(6 * sample.STEP, sample.START))
    assert len(drawn) == sample.RUNS // 6
    assert [one.outcome for one in drawn].count(Outcome.UNFIT) == 1
    assert sum(one.outcome is Outcome.FAILED for one in drawn) == 9


def test_a_share_is_of_what_said_anything() -> None:
    ticks = [sample.tick(0, Outcome.FAILED), sample.tick(1, Outcome.REACHED), sample.tick(2, Outcome.UNFIT)]
    (drawn,) = marks(ticks, Grain(6 * sample.STEP, sample.START))
    assert (drawn.outcome, drawn.share) == (Outcome.MIXED, 0.5)


def test_where_nothing_was_measured_there_is_no_mark() -> None:
    """The gap of the second row: 9 runs."""
    row = sample.stripes().rows[1]
    drawn = marks(row.ticks, Grain(3 * sample.STEP, sample.START))
    gap = row.gaps[0]
    assert not [one for one in drawn if gap.earliest is not None and gap.earliest + 1800 < one.at < gap.latest - 1800]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.MIXED])
def test_one_outcome_alone_stays_what_it_is(outcome: Outcome) -> None:
    (drawn,) = marks([sample.tick(0, outcome), sample.tick(1, outcome)], Grain(1e9, 0.0))
    assert drawn.outcome is outcome


def test_every_outcome_has_its_place_in_the_order() -> None:
    assert sorted(WINS) == sorted(Outcome)
