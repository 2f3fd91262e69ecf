import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.dataset import ValidatedPartition
from pipelines.drift.freshness import (
    aging_views,
    observe_champion_age,
    observe_feature_age,
    observe_missing_partitions,
    refuse_future,
)
from pipelines.drift.windows import Window
from pipelines.errors import CallerError
from pipelines.features import FeatureView
from pipelines.interval import Interval, partition_interval
from pipelines.journal import record
from pipelines.layout import predictions_manifest
from tests.pipelines.drift.made_windows import APRIL, days, made_reference, made_rows, made_window, spec_with

SPEC = spec_with(champion_age=days(45))
QUARTER = Interval(partition_interval("2013-01", "month").start, APRIL.start)


def view(ttl: timedelta = timedelta(hours=24)) -> FeatureView:
    return FeatureView("weather", ("origin",), "weather", "flight-data", "hourly", ttl, ())


def hourly(interval: Interval, stops: pd.Timestamp | None = None, ttl: timedelta = timedelta(hours=24)) -> pd.DataFrame:
    """Predictions every 20 minutes, from values of the last full hour: none after the stop, none older than ttl."""
    at = pd.Series(pd.date_range(interval.start, interval.end, freq="20min", inclusive="left"))
    value_at = at.dt.floor("h") if stops is None else at.dt.floor("h").where(at < stops, stops)
    return pd.DataFrame({"predict_at": at, "weather_at": value_at.where(at - value_at <= ttl)})


def age(times: pd.DataFrame, reference: pd.DataFrame, ttl: timedelta = timedelta(hours=24)):
    return observe_feature_age([view(ttl)], times, times["predict_at"].dt.strftime("%F").to_numpy(), reference)[0]


def test_a_feed_that_runs_is_as_old_as_ever():
    found = age(hourly(APRIL), hourly(QUARTER))
    assert found.value == pytest.approx(1 / 3) and found.value < found.worth and len(found.daily) == 30
    assert (found.days[0], found.days[-1]) == ("2013-04-01", "2013-04-30")


@pytest.mark.parametrize("stops", ["2013-04-01", "2013-04-15 12:00", "2013-04-30 04:00"])
def test_a_feed_that_stops_shows_within_the_window_even_on_its_last_day(stops):
    found = age(hourly(APRIL, pd.Timestamp(stops, tz="UTC")), hourly(QUARTER))
    assert found.value > 5 * found.worth


def test_a_value_that_grew_too_old_counts_as_old_as_its_limit():
    brief = timedelta(hours=3)
    found = age(hourly(APRIL, APRIL.start, brief), hourly(QUARTER, ttl=brief), brief)
    assert found.value == 3.0 and found.worth == 1.0
    assert "null in 99.5% of rows" in found.text


def test_a_feed_that_the_reference_never_had_has_no_typical_age():
    unlimited, never = timedelta(0), hourly(QUARTER)
    never["weather_at"] = never["weather_at"].mask(never["weather_at"].notna())
    found = age(hourly(APRIL), never, unlimited)
    assert (found.value, found.worth) == (None, None) and "no value at all in the reference" in found.text


def test_a_cold_start_in_the_reference_hides_nothing():
    cold = hourly(QUARTER)
    cold.loc[cold["predict_at"] < QUARTER.start + timedelta(days=2), "weather_at"] = pd.NaT
    assert age(hourly(APRIL), cold).worth == age(hourly(APRIL), hourly(QUARTER)).worth


def test_the_worth_of_an_old_view_is_within_its_reach():
    daily = hourly(QUARTER).assign(weather_at=lambda frame: frame["predict_at"].dt.floor("D"))
    assert age(hourly(APRIL), daily).worth == 12.0, "thrice the typical 12 h would be beyond the limit"


def test_a_view_without_limit_of_age_is_measured_where_it_has_values():
    endless, times = timedelta(0), hourly(APRIL)
    times.loc[times.index % 2 == 0, "weather_at"] = pd.NaT
    assert age(times, hourly(QUARTER), endless).value == pytest.approx(1 / 3)
    nothing = age(times.assign(weather_at=times["weather_at"].where(times.index < 0)), hourly(QUARTER), endless)
    assert nothing.value is None and "no value at all" in nothing.text


def test_a_log_from_before_the_view_says_so():
    found = age(hourly(APRIL).drop(columns="weather_at"), hourly(QUARTER))
    assert found.value is None and "this window's predictions carry no time of weather" in found.text


def test_the_views_that_age_are_those_that_the_model_reads():
    assert "schedule" not in [one.name for one in aging_views(SPEC)]
    assert "tail_history" in [one.name for one in aging_views(SPEC)]
    assert "tail_history" not in [one.name for one in aging_views(spec_with("arrival_minutes"))]


def test_a_champion_is_as_old_as_its_newest_rows():
    put_back = replace(made_reference(), trained_until=APRIL.start - days(59), since=APRIL.start)
    found = observe_champion_age(SPEC.monitoring, put_back, made_window())
    assert (found.value, found.worth) == (89.0, 45.0) and "trained until 2013-02-01" in found.text


def test_partitions_that_are_not_validated_or_not_scored_are_named_with_the_command(store):
    for part in ("2013-04", "2013-06"):
        event = ValidatedPartition(part, 1, {}, {}).event("flights", partition_interval(part, "month").end)
        record(store, event)
    manifest = json.dumps({"part": "2013-05", "model_version": 3, "digest": "d"}).encode()
    store.write_file(predictions_manifest("flight_delay", "2013-05"), manifest)
    july = Window("2013-07", partition_interval("2013-07", "month"), APRIL.end, made_rows(), np.zeros(600), None)
    validated, scored = observe_missing_partitions(SPEC, store, made_reference(), july)
    assert (validated.value, validated.worth) == (1.0, 0.0)
    assert "not validated: 2013-05. Backfill: python -m pipelines backfill flights__data" in validated.text
    assert scored.value == 2.0
    assert "2013-04, 2013-06. Backfill: python -m pipelines backfill flight_delay__predict" in scored.text


def test_a_partition_that_the_champion_saw_a_part_of_is_not_missing(store):
    halfway = replace(made_reference(), trained_until=APRIL.start + days(14))
    june = Window("2013-06", partition_interval("2013-06", "month"), APRIL.end, made_rows(), np.zeros(600), None)
    validated, _ = observe_missing_partitions(SPEC, store, halfway, june)
    assert "not validated: 2013-05. " in validated.text


def test_the_first_window_of_a_champion_misses_nothing(store):
    found = observe_missing_partitions(SPEC, store, made_reference(), made_window())
    assert [one.value for one in found] == [0.0, 0.0]


def test_a_window_of_the_future_is_refused():
    with pytest.raises(CallerError, match=r"the window 2013-04 ends at 2013-05-01 00:00, after the as-of time"):
        refuse_future("flight_delay", made_window(as_of=APRIL.start))
    refuse_future("flight_delay", made_window())


def test_rows_dated_outside_of_their_partition_are_refused_with_the_first():
    rows = made_rows()
    ahead = replace(rows, at=rows.at.where(rows.at.index < 598, rows.at + days(365)))
    with pytest.raises(CallerError, match=r"2 rows of 2013-04 are dated outside of \[2013-04-01, 2013-05-01\).*598"):
        refuse_future("flight_delay", made_window(ahead))
