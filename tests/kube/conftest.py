"""The cluster of the tests: the double, or a real one when TRAINYARD_KUBECONFIG names its kubeconfig.

A test marked `double_only("why")` asks for what no client can do to a real cluster.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import command, joined_home, joined_store, mlflow_server  # noqa: F401
from tests.kube.cluster import ClusterAccess, running_cluster
from tests.kube.cluster.pod_security import LABEL
from tests.kube.manifests import IMAGE
from tests.kube.programs import CLASSES, HEAD, MODEL
from tests.plugins import airflow_home  # noqa: F401  (before anything imports Airflow)
from tests.plugins.conftest import task_log  # noqa: F401

REAL = "TRAINYARD_KUBECONFIG"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "double_only(why): what only the double of a cluster can be made to do")


class RealCluster(ClusterAccess):
    """A namespace of its own in a real cluster; asked for a fault that it cannot be made to have, it skips the test."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"a real cluster has no `{name}`: run this test without {REAL}")


def _real(kubeconfig: Path) -> Iterator[RealCluster]:
    cluster = RealCluster(kubeconfig, f"trainyard-test-{uuid.uuid4().hex[:8]}")
    namespace = {"metadata": {"name": cluster.namespace, "labels": {LABEL: "restricted"}}}
    cluster.core.create_namespace(namespace)
    try:
        cluster.core.create_namespaced_service_account(cluster.namespace, {"metadata": {"name": "trainyard-steps"}})
        yield cluster
    finally:
        cluster.core.delete_namespace(cluster.namespace)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClusterAccess]:
    """An empty namespace `cluster.namespace` that enforces the restricted standard; see ClusterDouble for faults."""
    if kubeconfig := os.environ.get(REAL):
        if marker := request.node.get_closest_marker("double_only"):
            pytest.skip(f"only the double: {', '.join(marker.args)}")
        yield from _real(Path(kubeconfig))
        return
    with running_cluster(tmp_path / "cluster") as double:
        yield double


@pytest.fixture
def in_pods(cluster: ClusterAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment of Airflow says for steps to run in pods of the cluster."""
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(cluster.kubeconfig)}}
    for name, value in {
        "TRAINYARD_COMPUTE": "kubernetes",
        "TRAINYARD_STEPS_IMAGE": IMAGE,
        "TRAINYARD_NAMESPACE": cluster.namespace,
        "AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps(connection),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def steps(cluster: Any, in_pods: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the train task of flight_delay whose pod runs a given program with the step's arguments."""
    from tests.kube.task import Task

    (tmp_path / "classes.toml").write_text(CLASSES)
    store = tmp_path / "store"
    store.mkdir()
    cluster.create_config_map("trainyard-steps", {"TRAINYARD_STORE": str(store)})
    monkeypatch.setenv("TRAINYARD_STORE", str(store))
    monkeypatch.setenv("TRAINYARD_RESOURCE_CLASSES", str(tmp_path / "classes.toml"))

    def made(program: str, spec: Any = MODEL, run_id: str = "manual__1", **changes: Any) -> Task:
        def changed(operator: Any) -> None:
            prepare, operator.cmds = operator._prepare, ["python", "-c", HEAD + program]

            def prepared(*of_pod: Any, **named: Any) -> None:
                prepare(*of_pod, **named)
                vars(operator).update(changes)

            operator._prepare = prepared

        return Task("train", spec, run_id=run_id, changed=changed)

    return made


@pytest.fixture
def beside(cluster: Any) -> Any:
    """Runs a function of the running pod's name beside the task, once for each pod up to a count."""
    threads: list[threading.Thread] = []

    def watched(act: Callable[[str], None], times: int = 1, said: str = "working") -> None:
        def watch() -> None:
            seen: set[str] = set()
            give_up = time.monotonic() + 60
            while len(seen) < times and time.monotonic() < give_up:
                for pod in cluster.pods():
                    running = pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None
                    if running and pod.metadata.uid not in seen and said in cluster.log(pod.metadata.name):
                        seen.add(pod.metadata.uid)
                        act(pod.metadata.name)
                time.sleep(0.05)

        threads.append(threading.Thread(target=watch, daemon=True))
        threads[-1].start()

    yield watched
    for thread in threads:
        thread.join(60)
