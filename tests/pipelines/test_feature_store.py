import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.feature_store import FeatureStore
from pipelines.features import declared_views
from pipelines.layout import feature_file
from pipelines.spec import load_models

VIEWS = [view for view in declared_views("flights") if view.entities]


@pytest.fixture
def feast(quarter) -> FeatureStore:
    return FeatureStore("flights", load_models().values(), quarter.uri)


@pytest.fixture(scope="module")
def asked(march) -> pd.DataFrame:
    """Flights of March with keys alone: one twice, one without a tail number, one of a carrier never seen."""
    keys = ["flight_id", "carrier", "origin", "destination", "tail_number", "sched_dep_hour", "predict_at"]
    rows = march[keys].iloc[:: len(march) // 200]
    rows = pd.concat([rows, rows.head(1)], ignore_index=True)
    rows.loc[5, "tail_number"] = None
    rows.loc[6, "carrier"] = "ZZ"
    return rows


def as_of_join(store, view, asked: pd.DataFrame) -> pd.DataFrame:
    """DuckDB's own ASOF join of the view's files, values older than the ttl blanked."""
    path = store.location(feature_file("flights", view.name, "*"))
    keys = " AND ".join(f"a.{key} = v.{key}" for key in view.entities)
    age = f"INTERVAL {view.ttl.total_seconds():.0f} SECOND"
    columns = ", ".join(
        f"CASE WHEN v.event_at >= a.predict_at - {age} THEN v.{name} END {name}" for name in view.columns()
    )
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("asked", asked.assign(number=range(len(asked))))
    query = f"""SELECT {columns} FROM asked a ASOF LEFT JOIN read_parquet('{path}') v
                ON {keys} AND a.predict_at >= v.event_at ORDER BY a.number"""
    return connection.execute(query).df()


def test_a_join_is_an_as_of_join_row_by_row(feast, quarter, asked):
    joined = feast.point_in_time_join(asked)
    assert len(joined) == len(asked)
    pd.testing.assert_frame_equal(joined[list(asked.columns)], asked)
    for view in VIEWS:
        expected = as_of_join(quarter, view, asked)
        for name in view.columns():
            found = joined[name].to_numpy(dtype="float64")
            np.testing.assert_array_equal(found, expected[name].to_numpy(dtype="float64"), err_msg=name)
    assert joined["carrier_late_rate_28d"].notna().sum() == len(asked) - 1, "only the unknown carrier has no history"
    assert np.isnan(joined.loc[5, "tail_number_late_rate_28d"])


def test_what_was_not_known_yet_does_not_count(feast, quarter, asked):
    """A row that claims an early time but became known late, as a correction does, is not joined before."""
    path = feature_file("flights", "carrier_history", "2013-02")
    rows = quarter.read_parquet(path).to_pandas()
    rows["carrier_late_rate_28d"] = 9.0
    rows["known_at"] = pd.Timestamp("2013-03-15", tz="UTC")
    early = asked[asked["predict_at"] < pd.Timestamp("2013-03-01T08:00", tz="UTC")]
    before = feast.point_in_time_join(early)
    quarter.write_parquet(path, pa.Table.from_pandas(rows, preserve_index=False))
    after = feast.point_in_time_join(early)
    assert len(early) and before["carrier_late_rate_28d"].notna().all()
    assert after["carrier_late_rate_28d"].isna().all()


def test_a_feature_file_with_doubled_rows_doubles_no_row(feast, quarter, asked):
    before = feast.point_in_time_join(asked)
    path = feature_file("flights", "carrier_history", "2013-03")
    rows = quarter.read_parquet(path)
    quarter.write_parquet(path, pa.concat_tables([rows, rows]))
    pd.testing.assert_frame_equal(feast.point_in_time_join(asked), before)


def test_every_model_has_a_service_of_the_views_it_uses(feast):
    services = {service.name: service for service in feast._feast.list_feature_services()}
    assert set(services) == {"flights", *load_models()}
    used = {projection.name for projection in services["arrival_minutes"].feature_view_projections}
    assert used == {"weather", "origin_recent", "carrier_history", "route_history"}
