"""Steps of the product themselves, in pods: what they are given, what they leave, how they end."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from kubernetes import watch

from pipelines.layout import step_result
from pipelines.preemption import EXIT_TERMINATED
from pipelines.resource_classes import resource_class
from pipelines.spec import find_model
from pipelines.steps import assemble
from tests.integration.copied_code import copy_of_code
from tests.kube.answers import terminated, until
from tests.kube.cluster.quantities import parse
from tests.kube.manifests import IMAGE
from tests.kube.task import Task
from tests.pipelines.months import FEBRUARY

pytestmark = [pytest.mark.slow, pytest.mark.double_only("its pods share a store on this machine with the tests")]

SPAN = (FEBRUARY.start, FEBRUARY.end)


@pytest.fixture
def settings(home, in_pods, joined_store, mlflow_server, monkeypatch) -> dict[str, str]:
    """What the ConfigMap of a cluster gives to every step; Airflow itself knows the store alone."""
    monkeypatch.setenv("TRAINYARD_STORE", joined_store.uri)
    return {
        "TRAINYARD_STORE": joined_store.uri,
        "TRAINYARD_FEAST_REGISTRY": f"sqlite:///{home / 'feast' / 'registry.db'}",
        "TRAINYARD_FEAST_ONLINE": str(home / "feast" / "online.db"),
    }


def first_process(cluster: Any, task: Task) -> Path:
    """The /proc of the step's process, once it runs."""
    return Path("/proc") / str(until(lambda: cluster.lives(task.pod_name))[0].pid)


def environment_of(process: Path) -> dict[str, str]:
    """Once it runs the step, and no longer what started it."""
    until(lambda: b"pipelines" in (process / "cmdline").read_bytes())
    entries = (process / "environ").read_text().rstrip("\0").split("\0")
    return dict(entry.split("=", 1) for entry in entries)


def test_a_training_gets_all_it_needs_from_config_map_and_secret_and_leaves_its_result_in_the_store(
    cluster, settings, joined_store, mlflow_server, monkeypatch, tmp_path
):
    (spec,) = copy_of_code(tmp_path / "code", "in_a_pod").values()
    assemble.run(spec, FEBRUARY, joined_store)
    declared = settings | {"PYTHONPATH": str(tmp_path / "code"), "PYTHONSAFEPATH": "1"}
    secret = {"MLFLOW_TRACKING_URI": mlflow_server.uri, "AWS_SECRET_ACCESS_KEY": "hush-hush"}
    cluster.create_config_map("trainyard-steps", declared)
    cluster.create_secret("trainyard-steps", secret)
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "airflows-own")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")

    task, seen = Task("train", spec, run_id="manual__1", interval=SPAN), {}
    beside = threading.Thread(target=lambda: seen.update(environment_of(first_process(cluster, task))))
    beside.start()
    result = task.run()
    beside.join()

    (life,) = cluster.lives()
    told = {"TRAINYARD_POD": life.uid, "TRAINYARD_GPUS": "0", "TRAINYARD_GRACE_S": "60", "TRAINYARD_IMAGE": IMAGE}
    plain = {**told, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    of_the_image = {"PATH", "HOSTNAME", "HOME", "TMPDIR"}
    assert {name: value for name, value in seen.items() if name not in of_the_image} == declared | secret | plain
    assert json.loads(joined_store.read_file(step_result(life.uid))) == result
    assert result["references"]["candidate"] and joined_store.exists(result["references"]["candidate"])
    cost = result["cost"]
    assert cost["cpu_s"] > 0 and cost["wall_s"] > 0 and cost["gpu_s"] is None
    assert 0 < cost["peak_memory_mb"] * 2**20 < parse(resource_class("cpu-small").memory)


def test_the_callers_error_of_a_step_fails_at_once_with_its_own_sentence(cluster, settings, command):
    cluster.create_config_map("trainyard-steps", settings)
    model, span = find_model("flight_delay"), ("--start", "2014-01-01", "--end", "2014-02-01")
    arguments = ["--model", model.name, *span]
    with pytest.raises(AirflowFailException) as failed:
        Task("assemble", model, run_id="manual__1", arguments=arguments).run()
    assert str(failed.value) == command("assemble", *arguments).stderr.splitlines()[-1]
    assert "2014-01" in str(failed.value) and len(cluster.lives()) == 1


def test_a_step_that_saves_nothing_ends_when_asked_and_is_started_again(cluster, settings, joined_store):
    cluster.create_config_map("trainyard-steps", settings)
    task = Task("assemble", find_model("flight_delay"), run_id="manual__1", interval=SPAN)
    codes: list[int] = []

    def take_away() -> None:
        watcher = watch.Watch()
        until(lambda: catches_sigterm(first_process(cluster, task)))
        cluster.delete(task.pod_name)
        for event in watcher.stream(cluster.core.list_namespaced_pod, cluster.namespace, timeout_seconds=60):
            if ended := terminated(event["object"]):
                codes.append(ended.exit_code)
                watcher.stop()

    beside = threading.Thread(target=take_away)
    beside.start()
    result = task.run()
    beside.join()

    assert codes == [EXIT_TERMINATED]  # and not 137, after all of its grace
    assert task.tries == 1 and [life.labels["trainyard/restarts"] for life in cluster.lives()] == ["0", "1"]
    assert cluster.overlaps() == [] and joined_store.exists(result["references"]["training_set"])


def catches_sigterm(process: Path) -> bool:
    """Before, a signal to the first process of a container is dropped."""
    told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return bool(int(told["SigCgt"], 16) >> 14 & 1)
