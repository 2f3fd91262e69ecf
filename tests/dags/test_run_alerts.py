"""Failed and overdue runs, through the classes of Airflow that call us, to a local web server."""

import asyncio
import logging
from datetime import timedelta
from uuid import uuid4

import pytest
import structlog
from airflow.api_fastapi.execution_api.datamodels.taskinstance import DagRun, TaskInstance
from airflow.callbacks.callback_requests import DagCallbackRequest, DagRunContext
from airflow.dag_processing.processor import _execute_dag_callbacks

from pipelines import spec
from pipelines.interval import Interval, partition_interval
from tests.dags.conftest import read_dags
from tests.pipelines.alerts.servers import SECRET, Hooks, running

ROUTES = """
[alerts]
runbooks = "https://wiki.example.com/runbooks"
overdue_after = "P2D"

[[alerts.routes]]
severity = "warning"
channels = ["team_chat", "second"]
"""
MONITOR = "flight_delay__monitor"
BUNDLE = "dags-folder"  # the one that Airflow makes of its dags_folder


@pytest.fixture
def hooks(monkeypatch, home):
    with running(Hooks()) as server:
        for name in ("team_chat", "second"):
            monkeypatch.setenv(f"TRAINYARD_CHANNEL_{name.upper()}", f"json://{server.address}/{name}-{SECRET}")
        yield server


@pytest.fixture
def routed(models_folder):
    """The DAGs of a model that routes its alerts, as Airflow reads them."""
    shipped = (spec.MODELS / "flight_delay.toml").read_text()
    (models_folder / "flight_delay.toml").write_text(f"{shipped}\n{ROUTES}")
    bag = read_dags()
    assert not bag.import_errors
    return bag


def failed(bag, run_id: str, context: DagRunContext | None = None) -> None:
    """What the DAG processor does when a run has failed."""
    request = DagCallbackRequest(
        filepath="monitor.py",
        bundle_name=BUNDLE,
        bundle_version=None,
        dag_id=MONITOR,
        run_id=run_id,
        msg="task_failure",
        context_from_server=context,
    )
    _execute_dag_callbacks(bag, request, structlog.get_logger())


def last_task(run_id: str) -> DagRunContext:
    """What the scheduler tells the DAG processor of the task that failed last."""
    month = partition_interval("2013-04", "month")
    run = DagRun(
        dag_id=MONITOR,
        run_id=run_id,
        logical_date=month.start,
        data_interval_start=month.start,
        data_interval_end=month.end,
        run_after=month.end,
        start_date=month.end,
        end_date=month.end,
        partition_key=None,
        run_type="scheduled",
        state="failed",
        consumed_asset_events=[],
    )
    task = TaskInstance(
        id=uuid4(), task_id="detect_drift", dag_id=MONITOR, run_id=run_id, try_number=3, dag_version_id=uuid4()
    )
    return DagRunContext(dag_run=run, last_ti=task)


def test_a_failed_run_tells_the_owner_through_every_channel(routed, hooks):
    failed(routed, "scheduled__2013-04-01", last_task("scheduled__2013-04-01"))
    assert sorted(path for path, _ in hooks.received) == [f"/second-{SECRET}", f"/team_chat-{SECRET}"]
    got, page = hooks.received[0][1], "http://localhost:8080/dags/flight_delay__monitor/runs/scheduled__2013-04-01"
    assert got["title"] == "warning: flight_delay__monitor failed"
    assert got["message"].splitlines() == [
        "Task detect_drift failed in run scheduled__2013-04-01.",
        "Owner: flight-operations",
        f"Log: {page}/tasks/detect_drift?try_number=3",
        f"Run: {page}",
        "Runbook: https://wiki.example.com/runbooks/README.md",
    ]


def test_a_run_that_failed_without_a_task_says_why(routed, hooks):
    failed(routed, "scheduled__2013-04-01")
    assert hooks.received[0][1]["message"].startswith("It failed (task_failure) in run scheduled__2013-04-01.")


def test_a_failed_run_of_a_backfill_tells_nobody(routed, hooks):
    failed(routed, "backfill__2013-04-01")
    assert hooks.received == []


def test_a_channel_that_refuses_stops_no_other_and_its_address_is_not_logged(routed, hooks, caplog):
    caplog.set_level(logging.DEBUG)
    hooks.refuses.add(f"/team_chat-{SECRET}")
    with caplog.at_level(logging.DEBUG):
        tell_failure = routed.dags[MONITOR].on_failure_callback
        with pytest.raises(Exception, match="Channel team_chat refused the message"):
            tell_failure({"dag": routed.dags[MONITOR], "run_id": "scheduled__1", "reason": "task_failure"})
    assert [path for path, _ in hooks.received] == [f"/second-{SECRET}"]
    assert SECRET not in caplog.text


def test_a_spec_without_routes_puts_nothing_on_its_dags(dags):
    assert {dag.on_failure_callback for dag in dags.values()} == {None}
    assert [dag.dag_id for dag in dags.values() if dag.deadline] == []


def test_every_dag_of_a_routed_model_has_a_callback_and_every_scheduled_one_a_deadline(routed):
    ours = {name: dag for name, dag in routed.dags.items() if name.startswith("flight_delay__")}
    assert [name for name, dag in ours.items() if dag.on_failure_callback is None] == []
    spans = {name.split("__")[1]: dag.deadline[0].interval for name, dag in ours.items() if dag.deadline}
    assert spans == dict.fromkeys(["train", "predict", "monitor"], timedelta(days=31 + 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    "month, run_type, state, is_told",
    [(4, "scheduled", "running", True), (5, "scheduled", "failed", False), (6, "backfill", "running", False)],
)
def test_a_monitor_that_did_not_run_in_time_is_an_alert(routed, hooks, month, run_type, state, is_told):
    """Airflow's own: serialization, the deadline of a new run, what the scheduler does when it is missed, and the
    trigger that its triggerer runs."""
    from airflow.models import DagRun as DagRunModel
    from airflow.models.deadline import Deadline
    from airflow.triggers.callback import CallbackTrigger
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import select

    initdb()
    run_id = f"{run_type}__{state}"
    interval = partition_interval(f"2013-{month:02}", "month")
    made_run(routed, run_id, interval, run_type, state)
    with create_session() as session:
        deadline = session.scalars(select(Deadline).join(DagRunModel).where(DagRunModel.run_id == run_id)).one()
        assert deadline.deadline_time == interval.start + timedelta(days=31 + 2)
        deadline.handle_miss(session)
        data = deadline.callback.data
    trigger = CallbackTrigger(data["path"], data["kwargs"])

    async def events():
        return [event.payload async for event in trigger.run()]

    assert [payload["state"] for payload in asyncio.run(events())] == ["running", "success"]
    assert bool(hooks.received) == is_told
    if is_told:
        got = hooks.received[0][1]
        assert got["title"] == "warning: flight_delay__monitor is overdue"
        assert "is running; its data interval ended at 2013-05-01" in got["message"]


def made_run(bag, run_id: str, interval: Interval, run_type: str, state: str) -> None:
    """A run of the interval, as the scheduler or a backfill creates it."""
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    with create_session() as session, pytest.MonkeyPatch.context() as patched:
        # Airflow would keep what another test has just written of the same DAG.
        patched.setenv("AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL", "0")
        session.merge(DagBundleModel(name=BUNDLE))
        session.flush()
        sync_bag_to_db(bag, BUNDLE, None, session=session)
    with create_session() as session:
        kept = SerializedDagModel.get_dag(MONITOR, session=session)
        kept.create_dagrun(
            run_id=run_id,
            logical_date=interval.start,
            data_interval=(interval.start, interval.end),
            run_after=interval.end,
            run_type=DagRunType(run_type),
            triggered_by=DagRunTriggeredByType.TEST,
            state=state,
            session=session,
        )
