"""One decision, one training, in a real Airflow: the monitor run twice, cleared, and killed half way."""

import os
import signal
import time
from typing import Any

import pytest

from embedded import stack
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session
from pipelines.dataset import ValidatedPartition
from pipelines.errors import CallerError
from pipelines.interval import Interval
from pipelines.journal import events, record
from pipelines.layout import drift_report
from pipelines.retrain.state import DECISION
from pipelines.store import Store
from tests.pipelines.retrain.reports import APRIL, JUNE, MAY, MODEL, alarm, in_force, report
from tests.security.hostile import marked
from tests.system.loop import session_of

pytestmark = pytest.mark.slow

MONITOR, TRAIN = f"/dags/{MODEL}__monitor/dagRuns", f"/dags/{MODEL}__train/dagRuns"
WINDOW = Interval(MAY, JUNE)
PATIENCE_S = 180


@pytest.fixture(scope="module")
def running(shared_airflow) -> stack.Running:
    """A champion of April, May's drift report with a critical loss, and the monitor from its decision on."""
    running, _ = shared_airflow
    store = Store(str(running.home.store))
    in_force(store, 1, APRIL)
    record(store, ValidatedPartition("2013-05", 100, {}, {}).event("flights", JUNE))
    store.write_file(drift_report(MODEL, "2013-05"), report(alarm()).to_json().encode())
    airflow = Airflow(session_of(running))
    for dag_id in (f"{MODEL}__monitor", f"{MODEL}__train"):
        airflow.wait_until_parsed(dag_id)
        airflow.unpause(dag_id)
    return running


@pytest.fixture(scope="module")
def session(running) -> Session:
    return session_of(running)


def monitor(session: Session) -> str:
    conf = {"start": WINDOW.start.isoformat(), "end": WINDOW.end.isoformat()}
    return f"{MONITOR}/{session.checked('POST', MONITOR, json={'logical_date': None, 'conf': conf})['dag_run_id']}"


def ended(session: Session, run: str) -> dict[str, str]:
    """The states of the run's tasks once it has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while session.get(run)["state"] not in ("success", "failed"):
        assert time.monotonic() < deadline, f"{run} does not end"
        time.sleep(0.3)
    return {task["task_id"]: task["state"] for task in session.get(f"{run}/taskInstances")["task_instances"]}


def trainings(session: Session) -> list[dict[str, Any]]:
    return session.get(TRAIN)["dag_runs"]


def test_two_monitors_at_once_and_one_cleared_cause_one_training(running, session):
    runs = [monitor(session), monitor(session)]
    first, second = (ended(session, run) for run in runs)
    assert first["decide_retrain"] == second["decide_retrain"] == "success"
    assert sorted(one["trigger_retrain"] for one in (first, second)) == ["skipped", "success"]
    body = {"dry_run": False, "dag_run_id": runs[0].rpartition("/")[2], "only_failed": False, "reset_dag_runs": True}
    session.checked("POST", f"/dags/{MODEL}__monitor/clearTaskInstances", json=body)
    assert ended(session, runs[0]) == {"decide_retrain": "success", "trigger_retrain": "skipped"}
    (only,) = trainings(session)
    assert only["dag_run_id"] == "retrain__decision-flight_delay-2013-06-01T00:00:00"
    assert only["conf"]["decision"] == "decision/flight_delay/2013-06-01T00:00:00"
    assert only["conf"]["reason"] == "2013-05: retrain, critical: auc is worse"
    assert len(events(Store(str(running.home.store)), DECISION, MODEL)) == 1


def test_a_monitor_killed_half_way_adds_none(running, session):
    run = monitor(session)
    deadline = time.monotonic() + PATIENCE_S
    while not [task for task in session.get(f"{run}/taskInstances")["task_instances"] if task["state"] == "running"]:
        assert time.monotonic() < deadline, f"{run} does not start"
        time.sleep(0.1)
    os.kill(int(stack.read_state(running.home)["services"]["scheduler"]["pid"]), signal.SIGKILL)
    assert ended(session, run)["decide_retrain"] == "success"
    assert len(trainings(session)) == 1


def test_hostile_conf_is_refused_when_it_is_sent_or_reaches_no_task(running, session, tmp_path):
    """By Airflow itself, over REST, as anybody who may trigger a run could send it."""
    hostile, mark = marked(tmp_path / "marked"), tmp_path / "marked"
    # Airflow answers half a surrogate pair with an error of its own, which this client would wait out.
    times = [text for text in hostile if text.strip() and not any("\ud800" <= char <= "\udfff" for char in text)]
    for text in times:
        conf = {"start": text, "end": WINDOW.end.isoformat()}
        with pytest.raises(CallerError):
            session.checked("POST", MONITOR, json={"logical_date": None, "conf": conf})
    unknown = {text[:100]: text for text in times if text.isprintable() and len(text) < 1000}
    conf = {**unknown, "model": hostile[0], "bash_command": hostile[1]}
    conf |= {"start": WINDOW.start.isoformat(), "end": WINDOW.end.isoformat()}
    ran = session.checked("POST", MONITOR, json={"logical_date": None, "conf": conf})["dag_run_id"]
    states = ended(session, f"{MONITOR}/{ran}")
    assert states == {"decide_retrain": "success", "trigger_retrain": "skipped"}
    assert len(trainings(session)) == 1 and not mark.exists()
