"""What a flight's features may know: recomputed row by row, and with the future changed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.datasets.flights.features import DAY_BREAK, DAY_WINDOWS, HOUR_WINDOWS, VIEWS, WEATHER_COLUMNS
from pipelines.layout import raw_table
from pipelines.steps.featurize import build_views
from tests.pipelines.months import MARCH

SAMPLE = 100
BUILT = [view for view in VIEWS if view.entities]
HISTORIES = [view for view in BUILT if view.name.endswith("_history")]
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def landed(quarter_store) -> pd.DataFrame:
    rows = quarter_store.read(raw_table("flights", "flights")).to_pandas()
    return rows[rows["landed_at"].notna()].assign(late=rows["arr_delay_min"] >= 15)


@pytest.fixture(scope="module")
def asked(march) -> pd.DataFrame:
    """Flights of March, evenly spread, its first and last among them."""
    return march.iloc[np.linspace(0, len(march) - 1, SAMPLE).astype(int)]


def rates(rows: pd.DataFrame) -> list[float]:
    return [rows["late"].mean(), rows["arr_delay_min"].mean()] if len(rows) else [np.nan, np.nan]


def history(known: pd.DataFrame, at: pd.Timestamp) -> list[float]:
    """Rates over the operating days before the last day break at which the entity had just landed."""
    opened = (known["landed_at"] - DAY_BREAK).dt.floor("D")
    closed = opened[opened + DAY + DAY_BREAK <= at]
    if closed.empty or at - (closed.max() + DAY + DAY_BREAK) > pd.Timedelta(days=28):
        return [np.nan] * 2 * len(DAY_WINDOWS)
    last = closed.max()
    spans = [closed.index[closed > last - days * DAY] for days in DAY_WINDOWS]
    return [value for span in spans for value in rates(known.loc[span])]


def equal(found: pd.Series, expected: list[float]) -> bool:
    return np.allclose(found.to_numpy(dtype="float64"), expected, rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize("view", HISTORIES, ids=lambda view: view.name)
def test_rates_over_days_are_those_of_flights_landed_by_then(view, asked, landed):
    compared = 0
    for _, flight in asked.iterrows():
        same = np.logical_and.reduce([landed[key] == flight[key] for key in view.entities])
        known = landed[same & (landed["landed_at"] < flight["predict_at"])]
        expected = history(known, flight["predict_at"])
        assert equal(flight[view.columns()], expected), (flight["flight_id"], expected)
        compared += not np.isnan(expected).all()
    assert compared > 0.9 * SAMPLE


def test_rates_over_hours_are_those_of_flights_landed_by_then(asked, landed):
    (view,) = (view for view in BUILT if view.name == "origin_recent")
    compared = 0
    for _, flight in asked.iterrows():
        at = flight["predict_at"].floor("h")
        known = landed[(landed["origin"] == flight["origin"]) & (landed["landed_at"] < at)]
        spans = [known[known["landed_at"] >= at - pd.Timedelta(hours=hours)] for hours in HOUR_WINDOWS]
        expected = [value for span in spans for value in rates(span)]
        assert equal(flight[view.columns()], expected), (flight["flight_id"], expected)
        compared += not np.isnan(expected).all()
    assert compared > 0.9 * SAMPLE


def test_weather_is_the_last_observation_whose_hour_is_over(asked, quarter_store):
    weather = quarter_store.read(raw_table("flights", "weather")).to_pandas()
    for _, flight in asked.iterrows():
        over = weather["observed_at"] + pd.Timedelta(hours=1) <= flight["predict_at"]
        known = weather[over & (weather["origin"] == flight["origin"])]
        last = known.loc[known["observed_at"].idxmax()]
        assert equal(flight[list(WEATHER_COLUMNS)], last[list(WEATHER_COLUMNS)].to_numpy(dtype="float64"))


def test_every_value_is_older_than_its_prediction_time(march):
    for view in BUILT:
        age = march["predict_at"] - march[view.time_column]
        assert (age.dropna() >= pd.Timedelta(0)).all(), view.name
        assert (age.dropna() <= view.ttl).all(), view.name
        assert march[view.time_column].notna().mean() > 0.9, view.name
    assert (march["sched_dep_at"] - march["predict_at"] == pd.Timedelta(hours=2)).all()


def other_future(flights: pa.Table, at: pd.Timestamp) -> pa.Table:
    """The same flights, but what had not landed by then lands later, later than planned, or not at all."""
    frame = flights.to_pandas()
    after = ~(frame["landed_at"] <= at)
    frame["arr_delay_min"] = frame["arr_delay_min"].mask(after, frame["arr_delay_min"] + 500)
    frame["landed_at"] = frame["landed_at"].mask(after, frame["landed_at"] + pd.Timedelta(hours=7))
    lost = after & (np.arange(len(frame)) % 3 == 0)
    frame["landed_at"], frame["arr_delay_min"] = frame["landed_at"].mask(lost), frame["arr_delay_min"].mask(lost)
    changed = pa.Table.from_pandas(frame, schema=flights.schema, preserve_index=False)
    assert not changed.equals(flights)
    return changed


@pytest.mark.parametrize("at", ["2013-03-08T12:30Z", "2013-03-10T08:59Z", "2013-03-20T09:00Z", "2013-03-30T23:59Z"])
def test_another_future_changes_no_feature_known_before_it(at, quarter_store):
    names = {name: raw_table("flights", name) for name in ("flights", "weather")}
    tables = {name: quarter_store.read(path).drop_columns(["part"]) for name, path in names.items()}
    as_it_was = build_views(BUILT, tables, MARCH)
    moment = pd.Timestamp(at)
    otherwise = build_views(BUILT, tables | {"flights": other_future(tables["flights"], moment)}, MARCH)
    changed_after = 0
    for name, rows in as_it_was.items():
        one, other = (frame.to_pandas() for frame in (rows, otherwise[name]))
        before = [frame[frame["known_at"] <= moment].reset_index(drop=True) for frame in (one, other)]
        pd.testing.assert_frame_equal(*before)
        assert len(before[0]) > 0
        changed_after += not one.equals(other)
    assert changed_after >= 5 or moment > pd.Timestamp("2013-03-31"), (
        "the future did not change: the test shows nothing"
    )


def test_every_declared_feature_is_built_and_no_other(quarter_store):
    for view in BUILT:
        rows = quarter_store.read_parquet(f"features/flights/{view.name}/2013-03.parquet")
        assert set(rows.schema.names) == {*view.entities, "event_at", "known_at", view.time_column, *view.columns()}


def test_an_entity_has_one_value_at_a_time(quarter_store):
    for view in BUILT:
        rows = quarter_store.read_parquet(f"features/flights/{view.name}/2013-03.parquet").to_pandas()
        assert not rows.duplicated([*view.entities, "event_at"]).any(), view.name


def test_rates_are_shares(march):
    for name in (column for view in BUILT for column in view.columns() if "late_rate" in column):
        assert march[name].dropna().between(0, 1).all(), name
