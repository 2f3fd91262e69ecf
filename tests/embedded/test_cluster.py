"""Where the steps' pods run: what the user's own cluster asks for and decides, and what the stack then runs."""

import json
import os
import re

import pytest

from embedded import cluster, processes, stack
from embedded.home import REPO, Home
from embedded.services import base_environment, stack_environment, stack_probes, stack_services
from embedded.settings import Settings

OWN = {
    "TRAINYARD_STEPS_IMAGE": "trainyard/steps:1a2b3c4",
    "TRAINYARD_STORE": "s3://trainyard/store",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:5500",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty home, and nothing of the caller's environment."""
    for name in (*cluster.MEETING_PLACES, *cluster.STAND_IN_IMAGES, "TRAINYARD_KUBECONFIG", "TRAINYARD_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / "home")
    home.make()
    return home


@pytest.fixture
def own_cluster(place, tmp_path, monkeypatch):
    """All that a user with a cluster of their own sets."""
    (tmp_path / "kubeconfig").touch()
    for name, value in {**OWN, "TRAINYARD_KUBECONFIG": str(tmp_path / "kubeconfig")}.items():
        monkeypatch.setenv(name, value)
    return place


def settings(compute: str) -> Settings:
    return Settings(8080, 5000, 1, 2, REPO / "dags", compute=compute, kubernetes_port=3)


def services(home, compute):
    return {service.name: service for service in stack_services(home, settings(compute))}


def test_a_whole_environment_has_no_problem(own_cluster):
    assert cluster.problem("kubernetes") is None


@pytest.mark.parametrize(
    "name, value, problem",
    [
        ("TRAINYARD_KUBECONFIG", "/nowhere", "TRAINYARD_KUBECONFIG names /nowhere, .* kind get kubeconfig > /nowhere"),
        ("TRAINYARD_STEPS_IMAGE", "", "TRAINYARD_STEPS_IMAGE is not set: name the steps' image"),
        ("TRAINYARD_STORE", "", "TRAINYARD_STORE is not set, .* such as s3://trainyard/store"),
        ("TRAINYARD_STORE", "/data", "names the folder /data, and pods cannot reach a folder of this machine"),
        ("MLFLOW_TRACKING_URI", "", "MLFLOW_TRACKING_URI is not set, .* such as http://127.0.0.1:5500"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(own_cluster, monkeypatch, name, value, problem):
    monkeypatch.setenv(name, value)
    assert re.search(problem, cluster.problem("kubernetes") or "nothing is missing")


def test_neither_local_steps_nor_the_stand_in_need_anything(place, own_cluster, monkeypatch):
    monkeypatch.delenv("TRAINYARD_STORE")
    assert cluster.problem("local") is None
    monkeypatch.delenv("TRAINYARD_KUBECONFIG")
    assert cluster.problem("kubernetes,validate=local") is None


def test_what_the_user_says_of_an_own_cluster_wins_over_the_stacks_own(own_cluster, monkeypatch, tmp_path):
    monkeypatch.setenv("TRAINYARD_FEAST_ONLINE", "redis:6379")
    found = stack_environment(own_cluster, settings("kubernetes"), tmp_path)
    assert found["TRAINYARD_STORE"] == OWN["TRAINYARD_STORE"]
    assert found["MLFLOW_TRACKING_URI"] == OWN["MLFLOW_TRACKING_URI"]
    assert found["TRAINYARD_FEAST_ONLINE"] == "redis:6379"
    assert found["TRAINYARD_FEAST_REGISTRY"].startswith("postgresql"), "not said, so the stack's"
    assert base_environment(found)["MLFLOW_TRACKING_URI"] == OWN["MLFLOW_TRACKING_URI"]


@pytest.mark.parametrize("compute", ["local", "kubernetes"])
def test_the_shells_settings_do_not_move_a_stack_without_an_own_cluster(own_cluster, monkeypatch, tmp_path, compute):
    if compute == "kubernetes":
        monkeypatch.delenv("TRAINYARD_KUBECONFIG")
    found = stack_environment(own_cluster, settings(compute), tmp_path)
    assert found["TRAINYARD_STORE"] == str(own_cluster.store)
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"


def test_with_an_own_cluster_neither_mlflow_nor_the_stand_in_runs(own_cluster):
    assert not {"mlflow", "kubernetes"} & set(services(own_cluster, "kubernetes"))
    assert {"postgres", "pools", "scheduler"} <= set(services(own_cluster, "kubernetes"))
    assert len(stack_probes(settings("kubernetes"))) == len(stack_probes(settings("local"))) - 1


def test_without_one_both_run(place):
    assert {"mlflow", "kubernetes", "pools"} <= set(services(place, "kubernetes"))


def test_local_steps_need_neither_pools_nor_a_cluster(own_cluster):
    found = set(services(own_cluster, "local"))
    assert "mlflow" in found and not {"pools", "kubernetes"} & found


def test_airflow_finds_the_users_cluster_and_no_other(own_cluster, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/home/ada/.kube/config")
    environment = services(own_cluster, "kubernetes")["scheduler"].environment
    extra = json.loads(environment["AIRFLOW_CONN_KUBERNETES_DEFAULT"])["extra"]
    assert extra == {"kube_config_path": str(cluster.given())}
    assert environment["TRAINYARD_STEPS_IMAGE"] == OWN["TRAINYARD_STEPS_IMAGE"]
    assert "KUBECONFIG" not in environment, "Airflow's trigger refuses both at once"


def test_a_running_stack_does_not_move_its_steps_unasked(place):
    started_at = processes.started_at(os.getpid())
    place.state_file.write_text(json.dumps({"pid": os.getpid(), "started_at": started_at, "compute": "local"}))
    with pytest.raises(stack.StackError, match=r"runs with COMPUTE=local, .* asks for kubernetes.*make down"):
        stack.up(place, settings("kubernetes"))


def test_the_pools_are_imported_again_when_their_file_changes(place, tmp_path, monkeypatch):
    pools = services(place, "kubernetes")["pools"]
    assert pools.once and pools.command[-3:] == ("pools", "import", str(cluster.pools_file()))
    changed = tmp_path / "pools.json"
    changed.write_text(cluster.pools_file().read_text().replace('"slots": 2', '"slots": 8'))
    monkeypatch.setattr(cluster, "pools_file", lambda: changed)
    assert services(place, "kubernetes")["pools"].done_text != pools.done_text


@pytest.mark.parametrize(
    "compute, said",
    [
        ("mainframe", "the place 'mainframe'; allowed: local, kubernetes"),
        ("kubernetes,trian=local", "the step 'trian'; steps: ingest"),
        ("kubernetes,train", "the place ''; allowed"),
    ],
)
def test_a_place_that_there_is_not_stops_the_start(compute, said):
    assert said in str(cluster.problem(compute))
