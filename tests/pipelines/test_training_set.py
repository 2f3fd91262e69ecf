import numpy as np
import pandas as pd
import pytest

from pipelines.errors import EmptyWindow, MissingInput
from pipelines.interval import parse_time
from pipelines.joined import JoinedPartition
from pipelines.spec import find_model
from pipelines.steps.assemble import window
from pipelines.training_set import Rows, TrainingSet, label_of, model_rows, read, require_rows, split_of
from tests.pipelines.months import FEBRUARY, MARCH

DELAY, MINUTES = find_model("flight_delay"), find_model("arrival_minutes")


def joined(partitions: str = "2013-03", digest: str = "d") -> JoinedPartition:
    return JoinedPartition(partitions, f"joined/{partitions}.parquet", digest, 3)


def manifest(**changes) -> TrainingSet:
    content = {
        "model": "flight_delay",
        "as_of": "2013-04-01T00:00:00+00:00",
        "features": ["carrier", "distance_mi"],
        "target": {"task": "classification", "column": "arr_delay_min", "at_least": 15.0},
        "partitions": [joined()],
    }
    return TrainingSet(**content | changes)


def rows(label: list[float]) -> Rows:
    at = pd.Series(pd.date_range("2013-03-01", periods=len(label), freq="D", tz="UTC"))
    text = pd.Series(map(str, range(len(label))))
    return Rows(pd.DataFrame({"x": range(len(label))}), np.array(label, float), at, text.to_numpy(), text)


def test_the_split_is_by_time_alone():
    split = split_of(DELAY, MARCH.as_of)
    assert (split.early_stopping_from, split.evaluation_from, split.as_of) == (
        parse_time("2013-02-15"),
        parse_time("2013-03-01"),
        parse_time("2013-04-01"),
    )


def test_late_is_fifteen_minutes_and_more():
    delays = pd.Series([14, 15, -3, None], dtype="float64")
    np.testing.assert_array_equal(label_of(delays, DELAY.target), [0, 1, 0, np.nan])
    np.testing.assert_array_equal(label_of(delays, MINUTES.target), [14, 15, -3, np.nan])


def test_a_label_that_was_not_known_by_then_is_none(march):
    as_of = parse_time("2013-03-15")
    found = model_rows(DELAY, march, as_of)
    known = ~np.isnan(found.label)
    assert known.sum() > 10_000
    assert (march["landed_at"][known] <= as_of).all()
    assert march["landed_at"][~known & march["landed_at"].notna()].min() > as_of


def test_only_the_models_own_features_are_its_columns(march):
    names = list(model_rows(MINUTES, march, MARCH.as_of).features)
    assert "origin_destination_mean_delay_28d" in names and "tail_number_late_rate_7d" not in names
    assert "arr_delay_min" not in names and "landed_at" not in names


def test_a_day_is_new_yorks(march):
    found = model_rows(DELAY, march.head(1), MARCH.as_of)
    assert f"{found.at.iloc[0]:%F}" == "2013-03-01" and found.day[0] == "2013-02-28"


def test_between_is_half_open():
    found = rows([0, 1, 0, 1]).between(parse_time("2013-03-02"), parse_time("2013-03-04"))
    assert found.features["x"].tolist() == [1, 2]
    assert rows([0, 1, 0]).between(None, parse_time("2013-03-02")).key.tolist() == ["0"]


def test_rows_without_a_label_are_left_out():
    assert rows([0, np.nan, 1]).labelled().features["x"].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ([], "flight_delay: the fit window has no labelled rows"),
        ([1, 1], "all 2 labels of the fit window are positive; check arr_delay_min"),
        ([0], "all 1 labels of the fit window are negative"),
    ],
)
def test_a_window_must_hold_rows_of_both_classes(label, words):
    with pytest.raises(EmptyWindow, match=words):
        require_rows(rows(label), DELAY, "fit")


def test_a_regression_may_have_one_value():
    require_rows(rows([5, 5]), MINUTES, "fit")


@pytest.mark.parametrize(
    "changes",
    [
        {"features": ["carrier"]},
        {"as_of": "2013-05-01T00:00:00+00:00"},
        {"target": {"task": "classification", "column": "arr_delay_min", "at_least": 30.0}},
        {"partitions": [joined(digest="other")]},
        {"partitions": []},
    ],
)
def test_the_digest_names_all_that_goes_in(changes):
    assert manifest().digest == manifest().digest != manifest(**changes).digest


def test_a_manifest_is_read_back_as_it_was_written(store):
    store.write_file("training_sets/flight_delay/2013-04-01T00-00-00.json", manifest().to_json().encode())
    assert read(store, "flight_delay", MARCH.as_of) == manifest()
    with pytest.raises(
        MissingInput, match=r"no training set as of 2013-03-01\. Run the assemble step of that interval first"
    ):
        read(store, "flight_delay", FEBRUARY.as_of)


VALIDATED = ["2013-01", "2013-02", "2013-03", "2013-04"]


def test_the_window_ends_with_the_interval(flights):
    assert window(DELAY, flights, MARCH, VALIDATED) == VALIDATED[:3]


def test_a_window_of_months_forgets_what_is_older(flights):
    spec = DELAY.model_copy(update={"training": DELAY.training.model_copy(update={"window_months": 2})})
    assert window(spec, flights, MARCH, VALIDATED) == ["2013-02", "2013-03"]


def test_an_older_gap_is_trained_without_but_the_newest_must_be_there(flights):
    assert window(DELAY, flights, MARCH, ["2013-01", "2013-03"]) == ["2013-01", "2013-03"]
    with pytest.raises(
        MissingInput, match=r"2013-03 is missing or in quarantine\. Backfill it first: .*2013-03-01 --end"
    ):
        window(DELAY, flights, MARCH, ["2013-01", "2013-02", "2013-04"])
