"""A pod's status, from its containers' states. Source: pkg/kubelet/kubelet_pods.go."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.kube.cluster.pods import set_condition

if TYPE_CHECKING:
    from tests.kube.cluster.container import Container
    from tests.kube.cluster.pod_worker import PodWorker

ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Verdict:
    """Why the kubelet itself ended a pod; such a pod has failed, whatever its processes said."""

    reason: str
    message: str
    disruption: str = ""


def write_status(worker: "PodWorker", pod: dict[str, Any]) -> None:
    containers = list(worker.containers.values())
    phase = _phase(worker, containers)
    status = pod["status"]
    status |= {"phase": phase, "startTime": worker.started_at, "hostIP": ADDRESS, "podIP": ADDRESS}
    status["containerStatuses"] = [_container_status(one) for one in containers]
    if worker.verdict and phase == "Failed":
        status |= {"reason": worker.verdict.reason, "message": worker.verdict.message}
    ready = phase == "Running" and all(one.running for one in containers)
    ended = phase in ("Succeeded", "Failed")
    reason = "" if ready else "PodCompleted" if phase == "Succeeded" else "PodFailed" if ended else "ContainersNotReady"
    unready = [one.name for one in containers if not one.running]
    message = f"containers with unready status: [{' '.join(unready)}]" if reason == "ContainersNotReady" else ""
    set_condition(pod, "Initialized", True)
    for kind in ("Ready", "ContainersReady"):
        set_condition(pod, kind, ready, reason, message)


def _phase(worker: "PodWorker", containers: list["Container"]) -> str:
    if not worker.finished.is_set():
        return "Running" if any("waiting" not in one.state for one in containers) else "Pending"
    if worker.verdict:
        return "Failed"
    codes = [(one.state.get("terminated") or {}).get("exitCode") for one in containers]
    return "Succeeded" if all(code == 0 for code in codes) else "Failed"


def _container_status(container: "Container") -> dict[str, Any]:
    image = container.spec["image"]
    began = "waiting" not in container.state
    digest = hashlib.sha256(f"{container.folder.root}/{container.name}".encode()).hexdigest()
    return {
        "name": container.name,
        "image": image,
        "imageID": image if began else "",
        "containerID": f"containerd://{digest}" if began else "",
        "ready": container.running,
        "started": container.running,
        "restartCount": 0,
        "state": container.state,
        "lastState": {},
    }
