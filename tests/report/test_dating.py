"""Episodes come from `timeline`, with the noise of the series' own vantage."""

from probe.report.dating import dater
from tests.report.story import clock, story
from tests.report.viewing import gathered


def test_block_is_dated_between_the_last_good_and_the_first_bad() -> None:
    found = gathered(story())
    find = dater(found.series, "UTC")
    by_name = {f"{key.target}/{key.endpoint}": find(series) for key, series in found.series.items()}
    (api,) = by_name.pop("clubhouse/api")
    assert (api.onset.earliest, api.onset.latest, api.end) == (clock("10:50"), clock("11:00"), None)
    (cmx,) = by_name.pop("m.cmx.im/web")
    assert cmx.end is not None
    assert (cmx.onset.latest, cmx.end.latest) == (clock("10:00"), clock("13:00"))
    assert set(map(tuple, by_name.values())) == {()}


def test_a_series_has_the_same_episodes_in_any_report() -> None:
    whole = gathered(story())
    key = next(key for key in whole.series if key.endpoint == "api")
    assert dater(whole.series, "UTC")(whole.series[key]) == dater(whole.series, "Asia/Shanghai")(whole.series[key])
