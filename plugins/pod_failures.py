"""How a step's pod ended, told apart by what the cluster says of it, each with what to do next.

Sources: kubernetes.io/docs/concepts/workloads/pods/disruptions (DisruptionTarget),
kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction, and the kubelet's own reasons.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipelines.errors import EXIT_CALLER_ERROR, EXIT_DONE, EXIT_NOTHING_TO_DO, EXIT_PREEMPTED, EXIT_TERMINATED

BASE = "base"
IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
CONFIG_REASON = "CreateContainerConfigError"
START_REASONS = ("CreateContainerError", "RunContainerError", "StartError")
# Of a pod's status, or of its condition DisruptionTarget.
INTERRUPTIONS = {
    "PreemptionByScheduler": "a pod of higher priority took its place",
    "Preempting": "a pod of higher priority took its place",
    "EvictionByEvictionAPI": "it was evicted, as by draining its node",
    "DeletionByTaintManager": "its node stopped answering",
    "DeletionByPodGC": "its node is gone",
    "NodeLost": "its node stopped answering",
    "Shutdown": "its node was shut down",
    "Terminated": "its node was shut down",
    "NodeShutdown": "its node was shut down",
    "NodeAffinity": "its node no longer fits it",
    "UnexpectedAdmissionError": "its node had given its device away",
}
# OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu: the node was fuller than the scheduler knew.
FULL_NODE = "OutOf"
# Of the disk, in the words of an eviction.
OWN_LIMITS = ("exceeds the limit", "exceeds the total limit", "exceeded its local ephemeral storage limit")


class Kind(Enum):
    DONE = "done"
    CALLER_ERROR = "caller's error"
    NOTHING_TO_DO = "nothing to do"
    INTERRUPTED = "interrupted"
    OUT_OF_MEMORY = "out of memory"
    IMAGE = "image"
    UNSCHEDULABLE = "unschedulable"
    NOT_STARTED = "not started"
    DEADLINE = "deadline"
    SCRATCH = "scratch space"
    FAILED = "failed"


@dataclass(frozen=True)
class Ending:
    """message: what happened; the remedy follows it where there is one that a person can apply."""

    kind: Kind
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}." if self.remedy else self.message


def ending_of(pod: Any, warnings: tuple[str, ...] = ()) -> Ending:
    """How the pod ended, from its V1Pod as last read, None when it is gone.

    warnings: messages of its events of type Warning, newest last.
    """
    if pod is None:
        return Ending(Kind.INTERRUPTED, "The pod is gone and left no result: it was deleted, or its node is gone")
    ended = terminated(pod)
    if ended is not None and ended.exit_code == EXIT_DONE:
        return Ending(Kind.DONE, "done")
    return (
        _killed(pod, ended)
        or _not_started(pod, warnings)
        or (_exited(pod, ended) if ended is not None else _never_ended(pod, warnings))
    )


def terminated(pod: Any) -> Any:
    """The step's container when it has ended, as a V1ContainerStateTerminated; None while it has not."""
    return next((state.terminated for state in _states(pod) if state.terminated), None)


def last_line(ended: Any) -> str:
    """What a terminated container said last; the kubelet keeps the end of its log as the message."""
    lines = [line.strip() for line in (ended.message or "").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _states(pod: Any) -> list[Any]:
    found = pod.status.container_statuses or []
    return [status.state for status in found if status.name == BASE and status.state]


def _killed(pod: Any, ended: Any) -> Ending | None:
    """What others did to it, which its exit code alone would not tell."""
    status = pod.status
    if ended is not None and ended.reason == "OOMKilled":
        return Ending(
            Kind.OUT_OF_MEMORY, f"The step ran out of memory ({_memory(pod)}). Its last line: {last_line(ended)}"
        )
    if status.reason == "DeadlineExceeded":
        seconds = pod.spec.active_deadline_seconds
        return Ending(
            Kind.DEADLINE,
            f"The pod was ended by its class's deadline of {seconds // 60 if seconds else '?'} min",
            "Training goes on from its checkpoint in the next try. Raise deadline_min of the class, or find out from "
            "the log why the step does not end",
        )
    if status.reason == "Evicted" and _own_fault(status.message or ""):
        return Ending(
            Kind.SCRATCH,
            f"The pod was evicted: {status.message}",
            "Raise scratch of its resource class, or name another",
        )
    return _interrupted(pod, ended)


def _interrupted(pod: Any, ended: Any) -> Ending | None:
    conditions = {condition.type: condition for condition in pod.status.conditions or []}
    disruption = conditions.get("DisruptionTarget")
    reason = disruption.reason if disruption is not None and disruption.status == "True" else pod.status.reason
    if reason is not None and reason.startswith(FULL_NODE):
        return Ending(Kind.INTERRUPTED, f"The node had no room left for the pod ({reason})")
    if reason in INTERRUPTIONS:
        return Ending(Kind.INTERRUPTED, f"The pod was interrupted: {INTERRUPTIONS[reason]} ({reason})")
    if reason in ("Evicted", "TerminationByKubelet"):
        return Ending(Kind.INTERRUPTED, f"The pod was evicted: {pod.status.message or reason}")
    if ended is not None and ended.exit_code == EXIT_PREEMPTED:
        return Ending(Kind.INTERRUPTED, f"The step was asked to end and saved what it had: {last_line(ended)}")
    if pod.metadata.deletion_timestamp is not None or (ended is not None and ended.exit_code == EXIT_TERMINATED):
        return Ending(Kind.INTERRUPTED, "The pod was deleted while it ran")
    if pod.status.phase == "Unknown":
        return Ending(Kind.INTERRUPTED, f"The node {pod.spec.node_name} stopped answering")
    return None


def _own_fault(message: str) -> bool:
    """Evicted for its own use of the disk: another node would not help."""
    return any(words in message for words in OWN_LIMITS)


def _not_started(pod: Any, warnings: tuple[str, ...]) -> Ending | None:
    waiting = next((state.waiting for state in _states(pod) if state.waiting), None)
    if waiting is not None and waiting.reason in IMAGE_REASONS:
        image = next(container.image for container in pod.spec.containers if container.name == BASE)
        return Ending(
            Kind.IMAGE,
            f"The image {image} cannot be pulled ({waiting.reason}): {waiting.message or 'no reason given'}",
            "Check TRAINYARD_STEPS_IMAGE (TRAINYARD_STEPS_GPU_IMAGE for a class with GPUs), that the tag was pushed, "
            "and the namespace's pull secret",
        )
    if waiting is not None and waiting.reason == CONFIG_REASON:
        return Ending(
            Kind.NOT_STARTED,
            f"The container could not be made ({waiting.reason}): {waiting.message}",
            "The ConfigMap trainyard-steps must be in the namespace: see deploy/",
        )
    if waiting is not None and waiting.reason in START_REASONS:
        return Ending(
            Kind.NOT_STARTED,
            f"The container could not be started ({waiting.reason}): {waiting.message}",
            "Check the image's entrypoint; on a GPU node, the driver and the NVIDIA runtime",
        )
    scheduled = next((one for one in pod.status.conditions or [] if one.type == "PodScheduled"), None)
    if scheduled is not None and scheduled.status == "False":
        return Ending(
            Kind.UNSCHEDULABLE,
            f"No node takes the pod: {scheduled.message or scheduled.reason}",
            "Name a smaller class, let the node pool grow, or give the class the node_selector and tolerations that "
            "the nodes ask for (pipelines/resource_classes.toml); nodes that grow from 0 may need a longer startup_min",
        )
    if pod.status.phase == "Pending":
        return Ending(Kind.NOT_STARTED, f"The pod did not start: {warnings[-1] if warnings else 'no event says why'}")
    return None


def _exited(pod: Any, ended: Any) -> Ending:
    said = last_line(ended)
    if ended.exit_code == EXIT_CALLER_ERROR:
        return Ending(Kind.CALLER_ERROR, said)
    if ended.exit_code == EXIT_NOTHING_TO_DO:
        return Ending(Kind.NOTHING_TO_DO, said)
    return Ending(Kind.FAILED, f"The step exited with {ended.exit_code} ({ended.reason}): {said}")


def _never_ended(pod: Any, warnings: tuple[str, ...]) -> Ending:
    said = pod.status.message or (warnings[-1] if warnings else "no event says why")
    return Ending(Kind.FAILED, f"The pod is {pod.status.phase} and its container never ended: {said}")


def _memory(pod: Any) -> str:
    limits = next(container.resources.limits for container in pod.spec.containers if container.name == BASE)
    return f"limit {limits['memory']}"
