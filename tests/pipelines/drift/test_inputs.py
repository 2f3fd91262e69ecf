import numpy as np
import pytest

from pipelines.drift.inputs import (
    FROZEN_WORTH,
    STEP_WORTH,
    observe_inputs,
    profile_reference,
)
from pipelines.drift.series import Observation
from pipelines.errors import EmptyWindow, MissingInput
from pipelines.features import Feature
from pipelines.monitoring_spec import Monitoring
from tests.pipelines.drift import days

POLICY = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
NUMBER, CATEGORY = Feature("delay", "min", "a number"), Feature("carrier", "code", "a category", dtype="category")
NONE_INFORMS: frozenset[str] = frozenset()
DAYS, PER_DAY = 30, 20


def weather(seed: int, days_: int = DAYS) -> np.ndarray:
    """A number that moves from day to day and spreads within each."""
    chance = np.random.default_rng(seed)
    return np.repeat(chance.normal(50, 5, days_), PER_DAY) + chance.normal(0, 8, days_ * PER_DAY)


def observe(reference: dict, window: dict, feature: Feature = NUMBER, informs=NONE_INFORMS, before=None):
    profile = profile_reference(days.rows(reference), [feature], "cpu")
    found = observe_inputs(profile, days.window(window, before), POLICY, informs, "cpu")
    return {one.statistic: one for one in found}


def beyond(found: dict[str, Observation]) -> set[str]:
    return {
        name for name, one in found.items() if one.worth is not None and one.value is not None and one.value > one.worth
    }


def test_another_window_of_the_same_is_within_what_is_worth_knowing():
    assert beyond(observe({"delay": weather(1, 90)}, {"delay": weather(2)})) == set()


def test_nulls_are_told_above_those_of_the_reference():
    holes = np.where(np.arange(600) % 5 < 2, np.nan, weather(2))
    found = observe({"delay": np.where(np.arange(1800) % 10 == 0, np.nan, weather(1, 90))}, {"delay": holes})
    assert found["null_rate_rise"].value == pytest.approx(0.4 - 0.1)
    assert found["null_rate_rise"].text == "null in 40.0% of rows, 10.0% in the reference"
    assert found["null_rate_rise"].daily == pytest.approx([0.3] * DAYS)
    assert all(one.days == [f"2013-04-{day:02}" for day in range(1, 31)] for one in found.values() if one.daily)


def test_a_column_that_the_window_lacks_is_all_null_and_said_to_be_missing():
    found = observe({"delay": np.where(np.arange(600) % 4 == 0, np.nan, weather(1))}, {"other": weather(2)})
    assert found["null_rate_rise"].value == pytest.approx(1 - 0.25)
    assert "the column is missing in the window" in found["null_rate_rise"].text
    assert found.keys() == {"null_rate_rise"}


def test_infinities_are_beyond_the_range_and_no_numbers():
    values = weather(2)
    values[::4], values[1::4] = np.inf, -np.inf
    found = observe({"delay": weather(1, 90)}, {"delay": values})
    assert found["out_of_range_rate"].value == pytest.approx(0.5, abs=0.01)
    assert found["null_rate_rise"].value == 0
    assert np.isfinite(found["wasserstein"].value)


def test_infinities_that_the_reference_has_too_are_nothing_new():
    values = weather(1)
    values[::4] = np.inf
    assert observe({"delay": values}, {"delay": values})["out_of_range_rate"].value == 0


def test_a_category_never_seen_is_told():
    found = observe({"carrier": np.tile(["AA", "UA"], 300)}, {"carrier": np.tile(["AA", "ZZ"], 300)}, CATEGORY)
    assert found["unseen_rate"].value == 0.5
    assert found["unseen_rate"].text == "300 of 600 rows in categories that the reference does not have"
    assert beyond(found) == {"unseen_rate", "vanished_rate", "psi"}


def test_a_category_that_ends_in_mid_window_is_told():
    """Half of 20 flights a day are UA's, until the middle of the month."""
    carrier = np.tile(["AA", "UA"], 300)
    ended = np.where(np.arange(600) >= 300, "AA", carrier)
    found = observe({"carrier": carrier}, {"carrier": ended}, CATEGORY)
    assert found["vanished_rate"].value == 0.5
    assert found["vanished_rate"].text == "no rows of UA in the last 5 days, 50.0% of the reference"
    assert observe({"carrier": carrier}, {"carrier": carrier}, CATEGORY)["vanished_rate"].value == 0.0


@pytest.mark.parametrize("share", [0.03, 0.9])
def test_a_rare_category_and_one_of_few_rows_may_stay_away(share):
    """Three flights in a hundred are few; and in a handful of rows even nine in ten may be missing."""
    rows = 600 if share < 0.5 else 20
    carrier = np.where(np.arange(600) < share * 600, "UA", "AA")
    found = observe({"carrier": carrier}, {"carrier": np.full(rows, "AA")}, CATEGORY)
    assert (found["vanished_rate"].value or 0.0) <= POLICY.vanished_rate


def test_a_hundred_thousand_categories_are_few_bins():
    reference = {"carrier": np.char.add("R", np.arange(100_000).astype(str))}
    profile = profile_reference(days.rows(reference, per_day=1000), [CATEGORY], "cpu")
    assert profile.bins["carrier"].count == 3
    window = days.window({"carrier": np.array(["R1"] * 300 + ["new"] * 100)})
    found = {one.statistic: one.value for one in observe_inputs(profile, window, POLICY, NONE_INFORMS, "cpu")}
    assert found["unseen_rate"] == 0.25


def test_columns_of_nulls_are_compared_too():
    nothing = np.full(600, np.nan)
    assert beyond(observe({"delay": nothing}, {"delay": nothing})) == set()
    assert beyond(observe({"delay": weather(1)}, {"delay": nothing})) == {"null_rate_rise", "psi"}
    assert {"out_of_range_rate", "psi"} <= beyond(observe({"delay": nothing}, {"delay": weather(1)}))


def test_a_constant_says_nothing_of_jumps_and_standstills():
    found = observe({"delay": np.ones(600)}, {"delay": np.ones(600)})
    assert (found["step"].value, found["frozen"].value, found["wasserstein"].value) == (None, None, None)
    assert found["psi"].value == pytest.approx(0)
    assert beyond(observe({"delay": np.ones(600)}, {"delay": np.zeros(600)})) == {"out_of_range_rate"}


def test_the_distance_of_a_shifted_window_is_its_shift():
    values = weather(1)
    found = observe({"delay": values}, {"delay": values + values.std()})
    assert found["wasserstein"].value == pytest.approx(1, abs=0.1)
    assert observe({"delay": values}, {"delay": values})["wasserstein"].value == pytest.approx(0)


def test_a_column_that_moves_with_the_season_only_informs_of_its_distribution():
    found = observe({"delay": weather(1, 90)}, {"delay": weather(2) + 30}, informs=frozenset({"delay"}))
    assert {name for name, one in found.items() if one.worth is None} == {"psi", "out_of_range_rate", "wasserstein"}
    assert found["psi"].value > POLICY.psi_warning and "moves with the season" in found["psi"].text


@pytest.mark.parametrize("first_faulty", [0, 4, 15, 26])
def test_another_unit_is_a_step_on_any_day(first_faulty):
    values, start = weather(2), first_faulty * PER_DAY
    values[start:] = (values[start:] - 32) * 5 / 9
    before = days.rows({"delay": weather(3)}, first_day="2013-03-02")
    found = observe({"delay": weather(1, 90)}, {"delay": values}, informs=frozenset({"delay"}), before=before)
    assert beyond(found) == {"step"}
    assert found["step"].text.startswith(f"the greatest move that stayed came on 2013-04-{first_faulty + 1:02}")


def test_a_step_at_the_very_end_is_told_with_the_next_window():
    earlier, later = weather(2), weather(4)
    earlier[-2 * PER_DAY :] -= 60
    before = days.rows({"delay": earlier}, first_day="2013-03-02")
    assert observe({"delay": weather(1, 90)}, {"delay": earlier})["step"].value < STEP_WORTH
    found = observe({"delay": weather(1, 90)}, {"delay": later - 60}, before=before)
    assert found["step"].value > STEP_WORTH and "2013-03-30" in found["step"].text


def test_a_slow_season_is_no_step():
    warming = weather(2) + np.repeat(np.arange(DAYS), PER_DAY)
    found = observe({"delay": weather(1, 90)}, {"delay": warming}, informs=frozenset({"delay"}))
    assert beyond(found) == set()


def test_a_feed_that_stands_still_is_frozen():
    values, chance = weather(2), np.random.default_rng(5)
    values[300:] = np.tile(chance.normal(50, 8, PER_DAY), DAYS)[300:]
    found = observe({"delay": weather(1, 90)}, {"delay": values}, informs=frozenset({"delay"}))
    assert found["frozen"].value > FROZEN_WORTH
    assert "moved 0% of what the quietest reference days do" in found["frozen"].text


def test_a_window_of_two_days_tells_neither_step_nor_standstill():
    found = observe({"delay": weather(1, 90)}, {"delay": weather(2, 2)})
    assert (found["step"].value, found["frozen"].value) == (None, None)
    assert "not told" in found["step"].text and "not told" in found["frozen"].text


def test_a_window_without_rows_is_refused():
    with pytest.raises(EmptyWindow, match="window 2013-04 has no rows"):
        observe({"delay": weather(1)}, {"delay": np.empty(0)})


def test_a_reference_without_rows_is_refused():
    with pytest.raises(EmptyWindow, match="the reference has no rows"):
        observe({"delay": np.empty(0)}, {"delay": weather(1)})


def test_a_reference_without_a_feature_is_refused():
    with pytest.raises(MissingInput, match="the reference lacks delay"):
        observe({"other": weather(1)}, {"delay": weather(1)})
