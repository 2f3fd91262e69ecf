"""Pods as the Kubernetes API reports them, for what is read off them."""

from datetime import UTC, datetime
from typing import Any

from kubernetes.client import models as k8s

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def pod(
    *,
    phase: str = "Failed",
    reason: str | None = None,
    message: str | None = None,
    state: k8s.V1ContainerState | None = None,
    conditions: list[k8s.V1PodCondition] | None = None,
    deleted_at: datetime | None = None,
) -> k8s.V1Pod:
    base = k8s.V1Container(
        name="base",
        image="registry.example/steps:1a2b3c4",
        resources=k8s.V1ResourceRequirements(limits={"memory": "2Gi"}),
    )
    statuses = [container("airflow-xcom-sidecar", running()), container("base", state)] if state else None
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="train-1", namespace="trainyard", deletion_timestamp=deleted_at),
        spec=k8s.V1PodSpec(containers=[base], active_deadline_seconds=7200, node_name="node-7"),
        status=k8s.V1PodStatus(
            phase=phase, reason=reason, message=message, conditions=conditions, container_statuses=statuses
        ),
    )


def container(name: str, state: k8s.V1ContainerState) -> k8s.V1ContainerStatus:
    return k8s.V1ContainerStatus(name=name, state=state, image="i", image_id="", ready=True, restart_count=0)


def running() -> k8s.V1ContainerState:
    return k8s.V1ContainerState(running=k8s.V1ContainerStateRunning(started_at=NOON))


def ended(exit_code: int, reason: str = "Error", message: str | None = None) -> k8s.V1ContainerState:
    return k8s.V1ContainerState(
        terminated=k8s.V1ContainerStateTerminated(exit_code=exit_code, reason=reason, message=message)
    )


def waiting(reason: str, message: str) -> k8s.V1ContainerState:
    return k8s.V1ContainerState(waiting=k8s.V1ContainerStateWaiting(reason=reason, message=message))


def condition(kind: str, status: str, reason: str, message: str = "") -> Any:
    return k8s.V1PodCondition(type=kind, status=status, reason=reason, message=message)
