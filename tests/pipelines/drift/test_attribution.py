from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.drift.attribution import attribute
from pipelines.drift.report import Attribution, Labels
from pipelines.drift.series import Family, Observation, SeriesState, Statistic
from pipelines.drift.windows import Reference, Window
from pipelines.features import declared_views
from pipelines.interval import Interval
from pipelines.training_set import Rows
from tests.pipelines.drift.made_windows import APRIL, made_reference, made_rows, made_window, score_of

VIEWS = declared_views("flights")
BEFORE = Interval(APRIL.start.replace(month=3), APRIL.start)
FIFTEENTH = "2013-04-15"
IMPORTANCES = {"temperature_f": 0.3, "origin=EWR": 0.2, "origin=JFK": 0.2, "distance_mi": 0.1}


def state(
    statistic: Statistic, subject: str, value: float = 0.9, alarms: bool = True, family: Family = "input"
) -> SeriesState:
    seen = Observation(family, statistic, subject, value, 0.2 if alarms else None, f"{subject} in words")
    severity = "warning" if alarms else "info"
    return SeriesState(seen, 0.2 if alarms else None, severity, 1, 1, "2013-04" if alarms else None, "sudden")


def loss(value: float = 0.04, alarms: bool = True) -> SeriesState:
    found = state("loss", "auc", value, alarms, "quality")
    return found if alarms else replace(found, threshold=0.2, severity="ok")


def flights(count: int = 3000, interval: Interval = APRIL, seed: int = 0) -> Rows:
    """With a temperature that has its ups and downs from day to day."""
    rows = made_rows(count, interval, seed)
    random = np.random.default_rng(seed)
    code, days = pd.factorize(rows.day)
    temperature = random.normal(55, 4, len(days))[code] + random.normal(0, 6, count)
    dew_point = temperature - random.gamma(4, 4, count)
    features = rows.features.assign(temperature_f=temperature.round(1), dew_point_f=dew_point.round(1))
    return replace(rows, features=features)


def after(rows: Rows, day: str, **columns: object) -> Rows:
    """The rows with other columns from that day on."""
    from_then = pd.Series(rows.day >= day, index=rows.features.index)
    changed = {name: rows.features[name].astype(object).mask(from_then, values) for name, values in columns.items()}
    frame = rows.features.assign(**changed).infer_objects()
    return replace(rows, features=frame)


def told(
    states: list[SeriesState], rows: Rows | None = None, scores: np.ndarray | None = None, final: bool = True
) -> Attribution:
    rows = flights() if rows is None else rows
    window: Window = replace(made_window(rows, scores), before=flights(interval=BEFORE, seed=3))
    reference: Reference = replace(made_reference(flights(9000, BEFORE, seed=7)), importances=IMPORTANCES)
    labels = Labels(len(rows.label), len(rows.label) if final else 0, 0, final)
    return attribute(states, reference, window, labels, VIEWS)


def test_without_an_alarm_there_is_no_cause_though_a_season_moved_something():
    found = told([state("psi", "temperature_f", 3.0, alarms=False), loss(0.0, alarms=False)])
    assert (found.cause, found.sentence) == ("none", "Nothing is beyond its threshold.")
    assert [one.feature for one in found.moved] == ["temperature_f"]


def test_a_unit_that_changed_in_mid_window_is_named_with_its_view_and_day():
    rows = flights()
    found = told([state("step", "temperature_f", 4.0)], after(rows, FIFTEENTH, temperature_f=_celsius(rows)))
    assert found.cause == "data_fault"
    assert found.detail == f"unit of temperature_f: as if °C were °F from {FIFTEENTH} on (view weather)"
    assert "(30% of the model's gain)" in found.sentence and "First ask the source which unit" in found.sentence


def test_a_unit_that_changed_windows_ago_is_still_one():
    rows = flights()
    rows = replace(rows, features=rows.features.assign(temperature_f=_celsius(rows)))
    window = replace(made_window(rows), before=rows)
    reference = made_reference(flights(9000, BEFORE, seed=7))
    found = attribute([state("psi", "temperature_f")], reference, window, Labels(1, 0, 0, False), VIEWS)
    assert found.detail.startswith("unit of temperature_f: as if °C were °F since before 2013-04")


def test_a_code_that_vanished_as_another_came_was_renamed():
    rows = flights()
    renamed = rows.features["origin"].astype(object).replace("EWR", "XXX")
    found = told([state("unseen_rate", "origin", 0.3)], after(rows, FIFTEENTH, origin=renamed))
    assert found.cause == "data_fault"
    assert "EWR renamed to XXX" in found.detail and FIFTEENTH in found.detail and "(view schedule)" in found.detail


def test_a_category_that_comes_beside_the_others_is_not_called_a_renaming():
    rows = flights()
    few = rows.features["origin"].astype(object).where(np.arange(len(rows.label)) % 10 > 0, "XXX")
    found = told([state("unseen_rate", "origin")], after(rows, FIFTEENTH, origin=few))
    assert (found.cause, "renamed" in found.detail) == ("data_fault", False)
    assert "XXX" in found.detail


def test_an_airport_that_closed_is_a_covariate_shift():
    rows = flights()
    open_yet = (rows.features["origin"] == "JFK").to_numpy() | (rows.day < FIFTEENTH)
    found = told([state("psi", "origin"), state("unseen_rate", "origin", 0.0, alarms=False)], rows.where(open_yet))
    assert (found.cause, found.detail) == ("covariate_shift", "no more rows of origin EWR from 2013-04-15 on")


def test_what_moves_because_an_airport_closed_is_no_fault_of_its_own():
    rows = flights()
    open_yet = (rows.features["origin"] == "JFK").to_numpy() | (rows.day < FIFTEENTH)
    states = [state("psi", "origin"), state("unseen_rate", "origin", 0.0, alarms=False), state("frozen", "distance_mi")]
    assert told(states, rows.where(open_yet)).detail == "no more rows of origin EWR from 2013-04-15 on"


def test_a_column_that_is_null_on_many_days_is_not_broken_in_a_month_with_more_of_them():
    history, rows = flights(9000, BEFORE, seed=7), flights()
    calm = {side.day[0]: side.day < f"{side.day[0][:8]}{last}" for side, last in ((history, "12"), (rows, "22"))}
    gusts = [
        replace(side, features=side.features.assign(wind_gust_mph=np.where(calm[side.day[0]], np.nan, 20.0)))
        for side in (history, rows)
    ]
    window = replace(made_window(gusts[1]), before=gusts[0])
    states = [state("null_rate_rise", "wind_gust_mph", 0.3)]
    found = attribute(states, made_reference(gusts[0]), window, Labels(3000, 3000, 0, True), VIEWS)
    assert found.cause == "covariate_shift"


@pytest.mark.parametrize(
    ("seen", "columns", "detail"),
    [
        (
            state("null_rate_rise", "temperature_f"),
            {"temperature_f": np.nan},
            "nulls in 100% of the rows of temperature_f from 2013-04-15 on (view weather)",
        ),
        (state("step", "temperature_f"), {"temperature_f": 9999.0}, "9999 in 53% of the rows of temperature_f"),
        (state("frozen", "temperature_f"), {}, "a feed stands still: temperature_f (view weather)"),
        (
            state("frozen", "temperature_f"),
            {"temperature_f": 50.0},
            "a feed stands still: temperature_f, from 2013-04-15 on (view weather)",
        ),
        (state("out_of_range_rate", "distance_mi"), {}, "90% of the rows of distance_mi beyond the reference's range"),
        (state("feature_age_h", "weather", 12.0, family="freshness"), {}, "feed weather late: values 12 h old"),
        (state("rate", "scores", 0.4, family="skew"), {}, "40% of logged scores come out otherwise now"),
        (state("contradicted_rate", "labels", 0.4, family="freshness"), {}, "40.0% of the labels contradict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_broken_is_a_data_fault_though_quality_fell_too(seen, columns, detail):
    found = told([loss(), seen], after(flights(), FIFTEENTH, **columns))
    assert found.cause == "data_fault"
    assert found.detail.startswith(detail)


def test_a_column_that_is_gone_is_a_data_fault():
    rows = flights()
    rows = replace(rows, features=rows.features.drop(columns="temperature_f"))
    assert told([state("null_rate_rise", "temperature_f")], rows).detail == (
        "missing in the window: temperature_f (view weather)"
    )


def test_columns_of_one_feed_are_one_fault_the_most_important_first():
    rows = after(flights(), "2013-04-01", temperature_f=np.nan, dew_point_f=np.nan)
    found = told([state("null_rate_rise", name) for name in ("dew_point_f", "temperature_f")], rows)
    assert found.detail == ("nulls in 100% of the rows of temperature_f, dew_point_f from 2013-04-01 on (view weather)")


def test_columns_whose_nulls_began_on_two_days_are_told_with_both():
    rows = after(after(flights(), FIFTEENTH, temperature_f=np.nan), "2013-04-20", dew_point_f=np.nan)
    found = told([state("null_rate_rise", name) for name in ("dew_point_f", "temperature_f")], rows)
    assert f"temperature_f from {FIFTEENTH} on" in found.detail and "dew_point_f from 2013-04-20 on" in found.detail


def test_nulls_of_some_rows_are_told_with_their_share_from_their_day_on():
    rows = flights()
    some = rows.features["temperature_f"].where(np.arange(len(rows.label)) % 5 > 1)
    found = told([state("null_rate_rise", "temperature_f")], after(rows, FIFTEENTH, temperature_f=some))
    assert found.detail == f"nulls in 40% of the rows of temperature_f from {FIFTEENTH} on (view weather)"


def test_nulls_that_began_windows_ago_are_said_to():
    rows = replace(flights(), features=flights().features.assign(temperature_f=np.nan))
    earlier = flights(interval=BEFORE, seed=3)
    window = replace(made_window(rows), before=replace(earlier, features=earlier.features.assign(temperature_f=np.nan)))
    labels = Labels(1, 0, 0, False)
    found = attribute([state("null_rate_rise", "temperature_f")], made_reference(flights(9000, BEFORE)), window, labels)
    assert found.detail == "nulls in 100% of the rows of temperature_f since before 2013-04"


def test_of_nulls_on_a_day_now_and_then_no_day_is_told():
    rows = flights()
    now_and_then = rows.features["temperature_f"].mask(pd.Series(rows.day).str[-1].isin(["1", "5"]))
    found = told([state("null_rate_rise", "temperature_f")], after(rows, "2013-04-01", temperature_f=now_and_then))
    assert found.detail == "nulls in 20% of the rows of temperature_f (view weather)"


def test_labels_that_are_due_and_not_there_are_late():
    found = told([state("psi", "origin"), state("unlabelled_rate", "labels", family="freshness")], final=False)
    assert (found.cause, found.detail) == ("late_labels", "labels in words")


def test_other_rows_than_expected_are_a_change_of_volume_unless_inputs_moved():
    volume = state("volume_change", "rows", family="volume")
    assert told([volume, loss()]).cause == "volume"
    assert told([volume, state("psi", "origin")]).cause == "covariate_shift"


def test_labels_that_moved_at_equal_scores_are_a_concept_shift():
    rows = flights()
    more = np.random.default_rng(5).random(len(rows.label)) < 0.3
    found = told([loss()], replace(rows, label=np.maximum(rows.label, more)), score_of(rows.label))
    assert found.cause == "concept_shift"
    assert "higher on average" in found.detail and "auc lost 0.040" in found.sentence


@pytest.mark.parametrize(("statistic", "subject"), [("bias", "label"), ("shortfall", "auc")])
def test_labels_that_break_the_promise_of_the_scores_are_a_concept_shift(statistic, subject):
    """Also where one month of held-out rows is too few to show that they moved, and the metric itself holds."""
    broken = state(statistic, subject, family="quality")
    found = told([broken, loss(0.0, alarms=False)])
    assert (found.cause, broken.observation.text in found.detail) == ("concept_shift", True)
    assert "auc itself is within its bound" in found.sentence


def test_inputs_that_moved_while_labels_follow_the_score_are_a_covariate_shift():
    found = told([state("psi", "origin"), loss(0.0, alarms=False)])
    assert (found.cause, found.detail) == ("covariate_shift", "origin moved; at equal scores the label is as it was")
    assert "auc holds" in found.sentence and "(40% of the model's gain)" in found.sentence


def test_a_loss_with_none_but_seasonal_moves_is_the_season():
    found = told([loss(), state("psi", "temperature_f", alarms=False)])
    assert (found.cause, "as with the season" in found.detail) == ("covariate_shift", True)


def test_what_fits_nothing_is_said_to_be_unknown():
    assert told([state("champion_age_d", "champion", 400.0, family="freshness")]).cause == "unknown"


def test_features_are_weighted_by_all_columns_that_they_were_encoded_as():
    found = told([state("psi", "distance_mi"), state("psi", "origin"), state("psi", "temperature_f", alarms=False)])
    assert [(one.feature, round(one.weight, 9)) for one in found.moved] == [
        ("origin", 0.4),
        ("distance_mi", 0.1),
        ("temperature_f", 0.3),
    ]


def test_one_slice_that_lost_everything_has_the_whole_loss():
    rows, history = flights(), flights(9000, BEFORE, seed=7)
    scores, of_ewr = score_of(rows.label), (rows.features["origin"] == "EWR").to_numpy()
    reference = made_reference(history, history.features[["origin"]].reset_index(drop=True))
    window = made_window(rows, np.where(of_ewr, 1 - scores, scores))
    found = attribute([loss()], reference, window, Labels(3000, 3000, 0, True), VIEWS)
    worst = found.slices[0]
    assert (worst.column, worst.value, worst.rows) == ("origin", "EWR", int(of_ewr.sum()))
    assert worst.share == pytest.approx(1.0, abs=0.02) and worst.loss > 0.2
    assert sum(one.share for one in found.slices) == pytest.approx(1.0)
    assert "% of the loss is in origin=EWR" in found.sentence


def test_an_alarm_that_has_not_persisted_asks_nobody_to_act():
    found = told([replace(state("psi", "origin"), severity="info")])
    assert "For information; if it lasts, " in found.sentence


def _celsius(rows: Rows) -> pd.Series:
    return (rows.features["temperature_f"] - 32) / 1.8
