"""A real stack on free ports: it does its work through the death of its parts, and stops without a trace."""

import json
import os
import shutil
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console

from embedded import processes, year
from embedded.settings import Settings, free_ports
from embedded.stack import StackError, down, read_state, running_stack, supervisor_pid, unhealthy, up
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session
from pipelines.backfill import backfill
from pipelines.errors import CallerError

pytestmark = pytest.mark.slow

JANUARY, APRIL, JULY = (datetime(2013, month, 1, tzinfo=UTC) for month in (1, 4, 7))


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dags")
    shutil.copy(Path(__file__).with_name("tiny_dags.py"), folder)
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory, dags):
    """A stack whose path is longer than a unix socket's may be."""
    home = tmp_path_factory.mktemp("home") / ("long " * 20).strip()
    with running_stack(home, dags) as running:
        yield running


@pytest.fixture(scope="module")
def airflow(running):
    return Airflow(Session(running.airflow_url, "admin", running.password))


def kill(running, service):
    pid = read_state(running.home)["services"][service]["pid"]
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_until(condition, patience_s=90.0):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.5)


def console():
    return Console(record=True, width=200, file=Path(os.devnull).open("w"))


def test_a_backfill_goes_on_through_the_death_of_scheduler_database_and_mlflow(running, airflow):
    airflow.wait_until_parsed("flights__data")
    airflow.unpause("flights__data")
    airflow.create_backfill("flights__data", JANUARY, APRIL)
    victims = iter(("scheduler", "postgres", "mlflow", "api-server"))
    killed, succeeded = {}, []
    for change in airflow.follow("flights__data", JANUARY, APRIL):
        if change.task_id == "ingest" and (service := next(victims, None)):
            killed[service] = kill(running, service)
        if change.task_id is None and change.state == "success":
            succeeded.append(change.logical_date.month)
        assert change.state != "failed"
    assert succeeded == [1, 2, 3]
    assert {"scheduler", "postgres", "mlflow"} <= set(killed)
    wait_until(lambda: not unhealthy(running.home))
    services = read_state(running.home)["services"]
    assert all(services[name]["pid"] != pid and services[name]["restarts"] >= 1 for name, pid in killed.items())


def test_a_scheduler_that_hangs_is_replaced(running):
    pid = read_state(running.home)["services"]["scheduler"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: processes.started_at(pid) is None, patience_s=150)
    wait_until(lambda: not unhealthy(running.home))


def test_the_same_backfill_again_repeats_nothing(running, airflow):
    before = airflow.runs("flights__data", JANUARY, APRIL)
    assert airflow.dates("flights__data", JANUARY, APRIL, reprocess="none") == []
    assert backfill("flights__data", JANUARY, APRIL, airflow=airflow, console=console()) == 0
    assert airflow.runs("flights__data", JANUARY, APRIL) == before


def test_a_second_backfill_over_the_span_joins_the_active_one(airflow):
    airflow.wait_until_parsed("flight_delay__train")
    airflow.unpause("flight_delay__train")
    march, may = (datetime(2013, month, 1, tzinfo=UTC) for month in (3, 5))
    first = airflow.create_backfill("flight_delay__train", march, may)
    second = airflow.create_backfill("flight_delay__train", march, may)
    assert (second.id, second.attached, first.attached) == (first.id, True, False)
    states = [
        (c.logical_date.month, c.state) for c in airflow.follow("flight_delay__train", march, may) if not c.task_id
    ]
    assert [state for state in states if state[1] == "success"] == [(3, "success"), (4, "success")]


def test_a_dry_run_starts_nothing(airflow):
    shown = console()
    assert backfill("flight_delay__predict", APRIL, JULY, dry_run=True, airflow=airflow, console=shown) == 0
    assert "2013-04-01" in shown.export_text()
    assert airflow.runs("flight_delay__predict", APRIL, JULY) == []


def test_an_unknown_dag_is_answered_with_those_that_exist(airflow):
    with pytest.raises(CallerError, match=r"No DAG named 'flihgts__data'. Airflow has: .*flights__data"):
        airflow.wait_until_parsed("flihgts__data", patience_s=0)


def test_a_wrong_password_is_said(running):
    with pytest.raises(CallerError, match="does not accept the password of 'admin'"):
        Airflow(Session(running.airflow_url, "admin", "wrong")).dags()


def test_the_demo_shows_a_failed_step_and_resumes_where_it_stopped(running, airflow, dags, monkeypatch):
    marks = dags / "fail"
    marks.mkdir()
    (marks / "flights__data.validate.04").touch()
    monkeypatch.setattr(year, "show_year", lambda *_: 0)
    shown = console()
    assert year.run(running, 5, shown) == 1
    text = shown.export_text()
    assert "flights__data: step validate, try 3, of 2013-04 failed." in text
    assert "RuntimeError: told to fail" in text
    assert f"{running.airflow_url}/dags/flights__data/runs/" in text
    (marks / "flights__data.validate.04").unlink()
    shown = console()
    assert year.run(running, 5, shown) == 0
    assert "2013-03" not in shown.export_text()
    dags_of_the_year = [stage.dag_id for group in year.stages(5) for stage in group]
    done = {dag_id: [run.state for run in airflow.runs(dag_id, JANUARY, JULY)] for dag_id in dags_of_the_year}
    assert done == {
        "flights__data": ["success"] * 5,
        "flight_delay__train": ["success"] * 3,
        "flight_delay__predict": ["success"] * 2,
        "flight_delay__monitor": ["success"] * 2,
    }
    seconds = year.seconds_by_month(airflow, 5)
    assert sorted(seconds) == [f"2013-{month:02}" for month in range(1, 6)]


def test_mlflow_serves_artifacts_without_foreign_hosts(running):
    assert httpx.get(f"{running.mlflow_url}/health", trust_env=False).status_code == 200
    foreign = httpx.get(f"{running.mlflow_url}/api/2.0/mlflow/experiments/search", headers={"Host": "evil.example"})
    assert foreign.status_code == 403


def test_no_secret_is_in_any_log(running):
    secrets = json.loads(running.home.secrets_file.read_text()).values()
    for log in running.home.logs.glob("*.log"):
        text = log.read_text(errors="replace")
        assert not any(secret in text for secret in secrets), log


def test_a_killed_supervisor_is_replaced_and_its_children_are_ended(running):
    settings = Settings(dags=Path(os.devnull), **read_state(running.home)["ports"])
    old = {service["pid"] for service in read_state(running.home)["services"].values() if service["pid"]}
    os.kill(supervisor_pid(running.home), signal.SIGKILL)
    wait_until(lambda: supervisor_pid(running.home) is None)
    said = []
    up(running.home, settings, said.append)
    assert said[0].startswith("cleared")
    assert all(processes.started_at(pid) is None for pid in old)
    assert unhealthy(running.home) == []


def test_down_leaves_nothing_and_says_when_there_is_nothing(running):
    services = read_state(running.home)["services"].values()
    sessions = {service["pid"] for service in services if service["pid"]}
    said = []
    down(running.home, said.append)
    assert said[-1] == "stopped"
    assert processes.session_members(sessions) == []
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(running.home.root) in str(process.info)]
    down(running.home, said.append)
    assert said[-1].endswith("is not running.")


def test_a_part_that_does_not_come_up_is_named_with_the_end_of_its_log(running, dags):
    """In the same home: its databases are made already."""
    home, ports = running.home, free_ports(4)
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports[0]))
        other.listen()
        with pytest.raises(StackError, match=r"(?s)api-server died 2 times.*address already in use.*api-server.log"):
            up(home, Settings(*ports, dags), lambda line: None)
    down(home, lambda line: None)
