"""The cluster of the tests: the double, or a real one when TRAINYARD_KUBECONFIG names its kubeconfig.

A test marked `double_only("why")` asks for what no client can do to a real cluster.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kube.cluster import ClusterAccess, running_cluster
from tests.kube.cluster.pod_security import LABEL
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
