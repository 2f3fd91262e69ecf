"""Each fault acts from its start on, on what it names, and leaves the rest as it was."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks import injected_faults as faults

START = pd.Timestamp("2013-05-16", tz="UTC")
HOURS = 48
BEFORE, AFTER = slice(0, HOURS // 2), slice(HOURS // 2, HOURS)


@pytest.fixture
def rows():
    """A flight an hour from LaGuardia and Newark in turn, a day before the start and a day after it."""
    at = pd.Series(pd.date_range(START - timedelta(days=1), periods=HOURS, freq="h"))
    number = np.arange(HOURS)
    frame = pd.DataFrame(
        {
            "flight_id": [f"f{position}" for position in number],
            "sched_dep_at": at,
            "predict_at": at - timedelta(hours=2),
            "landed_at": at + timedelta(hours=3),
            "origin": np.where(number % 2, "EWR", "LGA"),
            "carrier": np.where(number % 3, "UA", "B6"),
            "sched_dep_hour": (at - timedelta(hours=4)).dt.hour,
            "arr_delay_min": number.astype(float),
            "distance_mi": 100,
        }
    )
    for view in ("weather", "origin_recent"):
        values = dict.fromkeys(faults.VIEWS[view].columns(), number * 1.0)
        frame = frame.assign(**values, **{f"{view}_at": at - timedelta(hours=3)})
    frame["wind_gust_mph"] = np.where(number % 4, np.nan, 20.0)
    return frame


@pytest.mark.parametrize("name", sorted(set(faults.FAULTS) - {"labels_late"}))
def test_a_fault_changes_nothing_before_its_start_and_something_after_it(name, rows):
    injected = faults.FAULTS[name].inject(rows, START)
    pd.testing.assert_frame_equal(
        injected[injected["sched_dep_at"] < START], rows[rows["sched_dep_at"] < START], check_dtype=False
    )
    assert not injected[injected["sched_dep_at"] >= START].equals(rows[rows["sched_dep_at"] >= START])


@pytest.mark.parametrize("name", faults.FAULTS)
def test_the_same_rows_and_start_give_the_same_fault(name, rows):
    inject = faults.FAULTS[name].inject
    pd.testing.assert_frame_equal(inject(rows, START), inject(rows.copy(), START))


def test_celsius_of_fahrenheit(rows):
    injected = faults.FAULTS["celsius"].inject(rows.assign(temperature_f=212.0, dew_point_f=32.0), START)
    assert injected["temperature_f"][AFTER].to_numpy() == pytest.approx(100)
    assert injected["dew_point_f"][AFTER].to_numpy() == pytest.approx(0)


def test_a_frozen_feed_keeps_each_origins_value_and_goes_on_in_time(rows):
    injected = faults.frozen("weather")(rows, START)[AFTER]
    assert injected.groupby("origin")["temperature_f"].unique().map(list).to_dict() == {"LGA": [24.0], "EWR": [25.0]}
    assert injected["weather_at"].equals(rows["weather_at"][AFTER])


def test_a_stopped_feed_is_null_once_it_is_older_than_its_limit(rows):
    """The newest value is an hour old when it stops, and may be three."""
    injected = faults.stopped("origin_recent")(rows, START)[AFTER]
    newest = injected[injected["origin"] == "LGA"]
    assert newest["recent_late_rate_3h"].notna().sum() == 2
    assert newest["origin_recent_at"].notna().sum() == 2
    assert injected["temperature_f"].notna().all()


def test_nulls_take_a_view_as_a_whole(rows):
    lost = faults.nulls("weather", 0.4)(rows, START)[AFTER]["weather_at"].isna()
    assert 0.1 < lost.mean() < 0.7
    injected = faults.nulls("weather", 0.4)(rows, START)[AFTER]
    assert injected["temperature_f"].isna().equals(lost)
    assert injected["recent_late_rate_3h"].notna().all()


def test_a_drift_of_five_percent_a_week_is_compounded(rows):
    late = rows.assign(sched_dep_at=START + timedelta(weeks=2))
    assert faults.drifting(("distance_mi",), 0.05)(late, START)["distance_mi"].to_numpy() == pytest.approx(110.25)


def test_the_rows_that_go_and_those_that_come(rows):
    left = faults.without("origin", "LGA")(rows, START)
    assert left["origin"][left["sched_dep_at"] >= START].unique().tolist() == ["EWR"]
    assert len(faults.halved(rows, START)) == HOURS * 3 // 4
    twice = faults.doubled(rows, START)
    assert len(twice) == HOURS * 3 // 2
    assert twice["flight_id"].is_unique


def test_evenings_arrive_like_mornings(rows):
    injected = faults.evenings_like_mornings(rows, START)[AFTER]
    mornings = injected.loc[injected["sched_dep_hour"] < 9, "arr_delay_min"]
    evenings = injected.loc[injected["sched_dep_hour"] >= 17, "arr_delay_min"]
    assert len(evenings) == 7
    assert set(evenings) <= set(mornings)


def test_labels_come_with_their_delay_and_with_twice_of_it_from_the_start(rows):
    injected = faults.labels_late(timedelta(days=10))(rows, START)
    waited = injected["landed_at"] - rows["landed_at"]
    assert set(waited[BEFORE]) == {timedelta(days=10)}
    assert set(waited[AFTER]) == {timedelta(days=20)}
    assert injected["arr_delay_min"].equals(rows["arr_delay_min"])


def test_every_column_that_is_to_be_named_is_a_feature():
    features = {name for view in faults.VIEWS.values() for name in view.columns()}
    assert {name for fault in faults.FAULTS.values() for name in fault.names} <= features
