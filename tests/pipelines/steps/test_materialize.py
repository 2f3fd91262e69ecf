import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from pipelines.environment import feast_online
from pipelines.errors import MissingInput, NothingToDo, TrainyardError
from pipelines.feature_store import FeatureStore
from pipelines.features import declared_views
from pipelines.journal import events
from pipelines.layout import features_manifest
from pipelines.spec import load_models
from pipelines.steps import materialize
from pipelines.steps.materialize import differences
from tests.pipelines.months import APRIL, FEBRUARY, MARCH

VIEW = next(view for view in declared_views("flights") if view.name == "carrier_history")


def online(store, carrier: str) -> pd.Series:
    features = FeatureStore("flights", load_models().values(), store.uri)
    return features.online(VIEW, pd.DataFrame({"carrier": [carrier]})).iloc[0]


def offline(store, part: str, carrier: str) -> pd.Series:
    rows = store.read_parquet(f"features/flights/carrier_history/{part}.parquet").to_pandas()
    return rows[rows["carrier"] == carrier].sort_values("event_at").iloc[-1]


def test_partitions_go_online_in_order_and_never_backwards(quarter, flights):
    materialize.run(flights, FEBRUARY, quarter)
    assert online(quarter, "UA")["carrier_late_rate_7d"] == offline(quarter, "2013-02", "UA")["carrier_late_rate_7d"]
    result = materialize.run(flights, MARCH, quarter)
    assert result.figures["views"] == 6 and result.figures["entities_checked"] > 100
    newest = offline(quarter, "2013-03", "UA")[VIEW.columns()]
    assert online(quarter, "UA")[VIEW.columns()].tolist() == newest.tolist()

    with pytest.raises(NothingToDo, match="2013-02 stays offline only: values up to 2013-04-01 are online") as raised:
        materialize.run(flights, FEBRUARY, quarter)
    assert raised.value.exit_code == 99
    assert online(quarter, "UA")[VIEW.columns()].tolist() == newest.tolist()
    assert [event.content["part"] for event in events(quarter, "materialization", "flights")] == ["2013-02", "2013-03"]

    materialize.run(flights, MARCH, quarter)
    assert online(quarter, "UA")[VIEW.columns()].tolist() == newest.tolist()


def test_online_values_that_are_not_the_offline_ones_fail_the_step(quarter, flights, monkeypatch):
    loaded = FeatureStore.materialize

    def load_and_tamper(self, interval):
        loaded(self, interval)
        with sqlite3.connect(feast_online()) as connection:
            table = "trainyard_carrier_history"
            of_feature = "feature_name = 'carrier_late_rate_7d'"
            other = connection.execute(f"SELECT value FROM {table} WHERE feature_name = 'carrier_mean_delay_28d'")
            (value,) = other.fetchone()
            assert connection.execute(f"UPDATE {table} SET value = ? WHERE {of_feature}", (value,)).rowcount > 10

    monkeypatch.setattr(FeatureStore, "materialize", load_and_tamper)
    expected = r"2013-03 online values are not the offline ones: carrier_history\.carrier_late_rate_7d of carrier 9E: "
    with pytest.raises(TrainyardError, match=expected):
        materialize.run(flights, MARCH, quarter)
    assert events(quarter, "materialization", "flights") == []


def test_a_partition_without_features_names_the_command(quarter, flights):
    with pytest.raises(MissingInput, match="2013-04 has no features"):
        materialize.run(flights, APRIL, quarter)
    Path(quarter.location(features_manifest("flights", "2013-03"))).unlink()
    with pytest.raises(
        MissingInput, match=r"Build them: python -m pipelines featurize --dataset flights --start 2013-03"
    ):
        materialize.run(flights, MARCH, quarter)


def values(**changes) -> pd.DataFrame:
    return pd.DataFrame([{"carrier": "UA", **dict.fromkeys(VIEW.columns(), 0.5)} | changes])


def test_equal_values_do_not_differ_nor_do_two_nulls():
    holes = values(carrier_late_rate_7d=None)
    assert differences(VIEW, values(), values()) == [] and differences(VIEW, holes, holes) == []


@pytest.mark.parametrize("served", [0.25, None, 0.5 + 1e-12])
def test_a_difference_names_entity_feature_and_both_values(served):
    (sentence,) = differences(VIEW, values(), values(carrier_late_rate_7d=served))
    assert sentence.startswith("carrier_history.carrier_late_rate_7d of carrier UA: offline 0.5, online ")
