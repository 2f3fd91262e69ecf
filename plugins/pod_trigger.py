"""Waiting for a pod, in the triggerer, also for one whose node no longer says anything."""

from typing import Any

from airflow.providers.cncf.kubernetes.triggers.pod import ContainerState, KubernetesPodTrigger

from plugins.single_pod import is_stuck


class PodTrigger(KubernetesPodTrigger):
    """Airflow's own, which would wait for a lost node's pod until the task's time is over."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        _, arguments = super().serialize()
        return f"{__name__}.{type(self).__name__}", arguments

    def define_pod_container_state(self, pod: Any) -> ContainerState:
        return ContainerState.FAILED if is_stuck(pod) else super().define_pod_container_state(pod)
