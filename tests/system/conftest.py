"""What is made once for all system tests: an Airflow, and the loop in pods, whose stack has ended when tests look at
what is left of it."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from embedded import cluster, stack, year
from pipelines import spec
from pipelines.airflow_session import Session
from tests.kube.cluster.lives import PodLife, read_lives
from tests.system.disturbed_pods import DisturbedPods
from tests.system.loop import MONTHS, session_of

HERE = Path(__file__).parent
APPROVAL = """
[approval]
required = true
approvers = ["ana"]
timeout = "{timeout}"
override = {override}
"""
# In 'asks' a person has the time and may override; in 'hurried' neither.
ASKING_MODELS = {
    "asks": APPROVAL.format(timeout="P1D", override="true"),
    "hurried": APPROVAL.format(timeout="PT3S", override="false"),
}


@pytest.fixture(scope="session")
def shared_airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[stack.Running, Path]]:
    """A stack with the DAGs of all modules that share it, each with models of its own, and their folder.

    Its users are admin, ana who approves, and olga who does not.
    """
    dags = tmp_path_factory.mktemp("dags")
    for name in ("approval_dags.py", "over_models.py", "retrain_dags.py"):
        shutil.copy(HERE / name, dags)
    (dags / "models").mkdir()
    shipped = (spec.MODELS / "flight_delay.toml").read_text()
    for name, ending in ASKING_MODELS.items():
        text = shipped.replace('name = "flight_delay"', f'name = "{name}"', 1)
        (dags / "models" / f"{name}.toml").write_text(text + ending)
    with stack.running_stack(tmp_path_factory.mktemp("home"), dags, "admin:admin,ana:user,olga:op") as running:
        yield running, dags


@dataclass(frozen=True)
class Ran:
    """A task instance: state and number of its last try, and the log of all."""

    task: str
    state: str
    tries: int
    log: str


@dataclass(frozen=True)
class LoopInPods:
    """What is left of it. disturbances: in their order. versions: in MLflow. pods: when each pod's process lived."""

    store: Path
    exit_code: int
    disturbances: list[str]
    tasks: list[Ran]
    versions: list[int]
    pods: list[PodLife]


@pytest.fixture(scope="session")
def loop_in_pods(tmp_path_factory: pytest.TempPathFactory) -> LoopInPods:
    """Always in the stand-in, also where TRAINYARD_KUBECONFIG is set: no cluster's API is killed for a test."""
    with mock.patch.dict(os.environ):
        for name in ("TRAINYARD_KUBECONFIG", "TRAINYARD_NAMESPACE", "TRAINYARD_RESOURCE_CLASSES"):
            os.environ.pop(name, None)
        with stack.running_stack(tmp_path_factory.mktemp("pods"), compute="kubernetes") as running:
            with DisturbedPods(running) as disturbance:
                exit_code = year.run(running, MONTHS)
            tasks, versions = ran(session_of(running)), registered(running)
    pods = read_lives(cluster.folder(running.home) / "lives.json")
    return LoopInPods(running.home.store, exit_code, disturbance.done, tasks, versions, pods)


def ran(session: Session) -> list[Ran]:
    found = session.pages("/dags/~/dagRuns/~/taskInstances", "task_instances")
    return [Ran(task["task_id"], task["state"], task["try_number"], log_of(session, task)) for task in found]


def log_of(session: Session, task: dict[str, Any]) -> str:
    """Of the tries that Airflow kept: after a killed scheduler it may have counted one that it has no record of."""
    place = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
    tries = [kept["try_number"] for kept in session.checked("GET", f"{place}/tries")["task_instances"]]
    plain = {"Accept": "application/json"}
    logs = (session.checked("GET", f"{place}/logs/{n}", headers=plain)["content"] for n in tries)
    return "\n".join(map(json.dumps, logs))


def registered(running: stack.Running) -> list[int]:
    address = f"{running.mlflow_url}/api/2.0/mlflow/model-versions/search"
    found = httpx.get(address, params={"filter": "name='flight_delay'"}).json()["model_versions"]
    return sorted(int(version["version"]) for version in found)
