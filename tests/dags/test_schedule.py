"""Which intervals a schedule and a backfill make, by Airflow's own code."""

import json
import re
from datetime import UTC, datetime

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from pipelines import spec
from plugins.family_dag import data_dag, model_dag


def as_scheduled(dag: DAG):
    """The DAG as the scheduler holds it."""
    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))


def backfilled(dag: DAG) -> list[str]:
    """The intervals of the backfill that the DAG's own page shows."""
    request = json.loads(re.search(r"-d '(\{.*\})'", dag.doc_md).group(1))
    assert request["dag_id"] == dag.dag_id
    span = (datetime.fromisoformat(request[key]) for key in ("from_date", "to_date"))
    infos = list(as_scheduled(dag).iter_dagrun_infos_between(*span))
    # Airflow gives a run outside these bounds no tasks, and calls it a success.
    assert all(dag.start_date <= info.logical_date for info in infos)
    assert dag.end_date is None
    return [f"{info.data_interval.start:%F}/{info.data_interval.end:%F}" for info in infos]


@pytest.fixture
def flights():
    return spec.find_dataset("flights")


@pytest.fixture
def flight_delay():
    return spec.find_model("flight_delay")


def test_the_data_backfill_covers_the_year_to_its_last_month(flights):
    months = backfilled(data_dag(flights))
    assert months[0] == "2013-01-01/2013-02-01"
    assert months[-1] == "2013-12-01/2014-01-01"
    assert len(months) == 12


@pytest.mark.parametrize(
    ("family", "first"),
    [
        ("train", "2013-03-01/2013-04-01"),
        ("predict", "2013-04-01/2013-05-01"),
        ("monitor", "2013-04-01/2013-05-01"),
    ],
)
def test_a_backfill_begins_where_a_champion_can_be_in_force_and_ends_with_the_data(
    flights, flight_delay, family, first
):
    months = backfilled(model_dag(family, flight_delay, flights))
    assert months[0] == first
    assert months[-1] == "2013-12-01/2014-01-01"


def test_data_that_ended_schedules_nothing_when_unpaused(flights):
    dag = as_scheduled(data_dag(flights))
    assert dag.next_dagrun_info(last_automated_run_info=None) is None


def test_a_backfill_that_asks_for_too_much_ends_with_the_data(flights):
    dag = as_scheduled(data_dag(flights))
    infos = dag.iter_dagrun_infos_between(datetime(2013, 11, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC))
    assert [f"{info.data_interval.end:%F}" for info in infos] == ["2013-12-01", "2014-01-01"]


def test_a_run_by_hand_today_takes_the_last_interval_with_data(flights):
    today = pendulum.datetime(2026, 11, 20)
    interval = as_scheduled(data_dag(flights)).timetable.infer_manual_data_interval(run_after=today)
    assert (f"{interval.start:%F}", f"{interval.end:%F}") == ("2013-12-01", "2014-01-01")


def test_a_live_source_schedules_its_last_whole_period_when_unpaused(flights):
    live = flights.model_copy(update={"end": None})
    run = as_scheduled(data_dag(live)).next_dagrun_info(last_automated_run_info=None)
    now = datetime.now(UTC)
    assert run.data_interval.end <= now
    assert (now - run.data_interval.end).days <= 31


def test_a_live_sources_page_shows_a_backfill_that_works(flights):
    assert backfilled(data_dag(flights.model_copy(update={"end": None})))[0] == "2013-01-01/2013-02-01"


def test_an_interval_ends_where_the_next_begins_at_any_cron(flights):
    daily = flights.model_copy(update={"schedule": "30 6 * * *", "partition": "day"})
    days = list(
        as_scheduled(data_dag(daily)).iter_dagrun_infos_between(
            datetime(2013, 3, 9, tzinfo=UTC), datetime(2013, 3, 12, tzinfo=UTC)
        )
    )
    assert [day.data_interval.start for day in days[1:]] == [day.data_interval.end for day in days[:-1]]
