"""What a test asks of any cluster, the double or a real one, through the official client."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client import CoreV1Api, V1Pod
from kubernetes.client.exceptions import ApiException
from kubernetes.config.kube_config import Configuration

POLL_S = 0.05


class ClusterAccess:
    """One namespace of one cluster."""

    is_double = False

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        configuration = Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=configuration)
        # The tests bring the server down on purpose: they see its absence at once.
        configuration.retries = False
        self.core = CoreV1Api(client.ApiClient(configuration))

    def create_pod(self, manifest: Mapping[str, Any]) -> V1Pod:
        return self.core.create_namespaced_pod(self.namespace, manifest)

    def create_config_map(self, name: str, data: Mapping[str, str]) -> None:
        self.core.create_namespaced_config_map(self.namespace, {"metadata": {"name": name}, "data": dict(data)})

    def create_secret(self, name: str, data: Mapping[str, str]) -> None:
        self.core.create_namespaced_secret(self.namespace, {"metadata": {"name": name}, "stringData": dict(data)})

    def pods(self, labels: str = "") -> list[V1Pod]:
        """labels: a label selector."""
        return self.core.list_namespaced_pod(self.namespace, label_selector=labels).items

    def pod(self, name: str) -> V1Pod | None:
        try:
            return self.core.read_namespaced_pod(name, self.namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def delete(self, name: str, grace_s: int | None = None) -> None:
        self.core.delete_namespaced_pod(name, self.namespace, grace_period_seconds=grace_s)

    def evict(self, name: str) -> None:
        """Through the eviction API, as a drained node does."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": self.namespace}}
        self.core.create_namespaced_pod_eviction(name, self.namespace, body)

    def log(self, name: str, container: str = "base") -> str:
        # The client would turn the text into the `repr` of its bytes.
        raw = self.core.read_namespaced_pod_log(name, self.namespace, container=container, _preload_content=False)
        return raw.data.decode(errors="backslashreplace")

    def events(self, name: str) -> list[tuple[str, str]]:
        """(reason, message) of a pod's events."""
        found = self.core.list_namespaced_event(self.namespace, field_selector=f"involvedObject.name={name}").items
        return [(event.reason, event.message) for event in found]

    def wait(self, name: str, until: Callable[[V1Pod | None], Any], timeout_s: float = 30) -> V1Pod | None:
        """The pod (None once it is gone) as it was when the condition held.

        Raises TimeoutError with the pod's last status.
        """
        give_up = time.monotonic() + timeout_s
        while not until(pod := self.pod(name)):
            if time.monotonic() > give_up:
                raise TimeoutError(f"pod {name} after {timeout_s} s: {pod.status if pod else 'gone'}")
            time.sleep(POLL_S)
        return pod

    def wait_phase(self, name: str, *phases: str, timeout_s: float = 30) -> V1Pod:
        return self.wait(name, lambda pod: pod is not None and pod.status.phase in phases, timeout_s)

    def wait_gone(self, name: str, timeout_s: float = 60) -> None:
        self.wait(name, lambda pod: pod is None, timeout_s)
