"""The faults of a game day: each changes what it says, and the contract lets it through where it should."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from pipelines.layout import predictions_table
from pipelines.registry import Registry
from pipelines.spec import find_model
from pipelines.steps import validate
from recovery import faults
from recovery.faults import FAULTS, LIVE, WEATHER, WHOLE_DAYS, Ground
from tests.pipelines.months import JANUARY, pull


@pytest.fixture
def ground(store, year, flights) -> Ground:
    """January pulled, scored by nobody."""
    pull(store, year, JANUARY)
    return Ground(store, Registry("http://127.0.0.1:1"), find_model("flight_delay"), flights, "2013-01", JANUARY, None)


def by_origin(ground: Ground):
    return ground.rows(WEATHER).to_pandas().sort_values(["origin", "observed_at"]).reset_index(drop=True)


def test_a_frozen_feed_repeats_its_last_reading_and_its_times_go_on(ground):
    before = by_origin(ground)
    assert faults.feed_frozen(ground)
    after, late = by_origin(ground), before["observed_at"] >= JANUARY.start + WHOLE_DAYS
    assert after["observed_at"].equals(before["observed_at"])
    assert after[late].groupby("origin")["temperature_f"].nunique().tolist() == [1, 1, 1]
    assert after[~late].equals(before[~late])


def test_a_changed_unit_is_celsius(ground):
    before = by_origin(ground)
    assert faults.unit_changed(ground)
    after = by_origin(ground)
    np.testing.assert_allclose(after["temperature_f"], (before["temperature_f"] - 32) * 5 / 9)
    assert after["humidity_pct"].equals(before["humidity_pct"])


def test_labels_that_stop_are_few_enough_for_the_contract(ground, flights):
    assert faults.labels_stopped(ground)
    rows = ground.rows(LIVE).to_pandas()
    late = rows["sched_dep_at"] >= JANUARY.end - timedelta(days=4)
    assert rows.loc[late, "arr_delay_min"].isna().all() and rows.loc[~late, "arr_delay_min"].notna().mean() > 0.9
    validate.run(flights, JANUARY, ground.store)


@pytest.mark.parametrize("name", ["feed_frozen", "unit_changed"])
def test_the_contract_does_not_see_it(ground, flights, name):
    assert FAULTS[name].strike(ground)
    validate.run(flights, JANUARY, ground.store)


def test_shuffled_scores_are_the_same_scores(ground):
    table = predictions_table("flight_delay")
    ground.put(table, pa.table({"flight_id": [str(n) for n in range(1000)], "score": np.arange(1000.0)}))
    assert faults.scores_of_another_day(ground)
    scores = ground.rows(table)["score"].to_numpy()
    assert sorted(scores) == list(range(1000)) and scores[0] == 500


def test_what_needs_another_partition_says_that_it_cannot_be_done(ground):
    assert not faults.feature_file_of_last_month(ground)
    assert not faults.older_version(ground)
